"""Every card shows what it showed when somebody looked at it, LED by LED, and the driver says the same."""

import pytest
from goldenscreens import FAMILIES, RENEW, SCREENS, golden, seen, showing


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_card_shows_what_was_looked_at(family: str, screen: str) -> None:
    async with showing(family, screen) as (driver, twin, clock):
        lit = seen(twin, clock, screen)
        kept = golden(family, screen).read_text("ascii")
        assert lit == kept, f"if that is how it shall look from now on: {RENEW}"
        assert driver.picture(None) == twin.picture()
        assert "R" in lit or "G" in lit or "Y" in lit


def test_no_picture_is_kept_that_nobody_looks_at() -> None:
    kept = {golden(family, screen) for family in FAMILIES for screen in SCREENS}
    assert set(next(iter(kept)).parent.iterdir()) == kept, RENEW
