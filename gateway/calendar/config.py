"""The section `roster` of the site file: calendars that screens show."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from gateway.core.config import Id
from gateway.site.load import Section
from gateway.site.references import Complaint, twice

KINDS = (".ics", ".csv")


class RosterConfig(BaseModel, frozen=True, extra="forbid"):
    """`roster[]`: who receives visitors when, from a calendar file that the office keeps."""

    id: Id
    title: str = Field(default="领导接访安排", min_length=1, max_length=80, description="Its heading on a screen.")
    file: str = Field(
        min_length=1, description="An iCalendar file (.ics) or a table (.csv), read again when it changes."
    )
    days: int = Field(default=7, ge=1, le=31, description="How many days it shows, today being the first.")

    @field_validator("file")
    @classmethod
    def _placed(cls, file: str, info: ValidationInfo) -> str:
        """The path, relative to the site file's folder."""
        if not file.endswith(KINDS):
            raise ValueError(f"must be a file that ends in {' or '.join(KINDS)}")
        context: Any = info.context
        folder = context.get("folder") if context else None
        return str(Path(folder) / file) if folder is not None else file


def _check(data: Mapping[str, Any]) -> Iterable[Complaint]:
    return twice(data, "roster", "id")


SECTIONS = (Section("roster", list[RosterConfig], [], _check),)
