"""Until when a token is good, as people say it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.core.errors import WrongInput
from gateway.people.expiry import expiry

NOW = datetime(2026, 7, 17, 12, tzinfo=UTC)
LISHUI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90d", datetime(2026, 10, 15, 12, tzinfo=UTC)),
        ("12h", datetime(2026, 7, 18, 0, tzinfo=UTC)),
        ("90m", datetime(2026, 7, 17, 13, 30, tzinfo=UTC)),
        ("2026-12-31", datetime(2026, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_span_counts_from_now_and_a_day_is_good_to_its_end_at_the_site(text: str, moment: datetime) -> None:
    assert expiry(text, now=NOW, zone=LISHUI) == moment


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "90 d", "99999d", "2026-02-30", "9999-12-31", "soon", "９0d"])
def test_anything_else_is_wrong_and_told_how_it_is_right(text: str) -> None:
    with pytest.raises(WrongInput, match=r"must be a time such as 90d, 12h or 30m, or a last day such as 2026-12-31$"):
        expiry(text, now=NOW, zone=LISHUI)


def test_a_day_that_is_over_is_told_as_it_was_typed() -> None:
    assert expiry("2026-07-17", now=NOW, zone=LISHUI) == datetime(2026, 7, 17, 16, tzinfo=UTC)
    with pytest.raises(WrongInput, match=r"^'2026-07-16' is over: a token must expire in the future$"):
        expiry("2026-07-16", now=NOW, zone=LISHUI)
