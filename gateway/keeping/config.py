"""The section `journal` of the site file: how long what is recorded is kept."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, model_validator

from gateway.core.model import Retention
from gateway.journal.missing import LEAST_DAYS
from gateway.site.load import Section
from gateway.site.references import Complaint

MOST_DAYS = 36_500


def _hour(text: str) -> str:
    try:
        time.fromisoformat(text if len(text) == 5 else "")
    except ValueError as error:
        raise ValueError("must be a time of day such as 03:00") from error
    return text


Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]
LongDays = Annotated[int, Field(ge=LEAST_DAYS[Retention.AUDIT], le=MOST_DAYS)]  # of access and audit records


class KeepDays(BaseModel, frozen=True, extra="forbid"):
    """`journal.keep_days`: for how many whole days a payload is kept, by the class of its event."""

    access: LongDays = LEAST_DAYS[Retention.ACCESS]
    audit: LongDays = LEAST_DAYS[Retention.AUDIT]
    call: Days = 30
    device: Days = 30


class JournalConfig(BaseModel, frozen=True, extra="forbid"):
    """`journal`: how long what is recorded is kept."""

    keep_days: KeepDays = KeepDays()
    keep_rows_days: Days = Field(default=400, description="When whole sealed days leave the store.")
    nightly: Annotated[str, AfterValidator(_hour)] = Field(
        default="03:00", description="When payloads are erased and days leave, by the clock of the site."
    )

    @model_validator(mode="after")
    def _rows_last(self) -> "JournalConfig":
        longest = max(self.keep_days.model_dump().values())
        if self.keep_rows_days < longest:
            raise ValueError(f"keep_rows_days must be {longest} or more: some payloads are kept for so long")
        return self


def _no_check(_: Mapping[str, Any]) -> Iterable[Complaint]:
    return ()


SECTIONS = (Section("journal", JournalConfig, {}, _no_check),)
