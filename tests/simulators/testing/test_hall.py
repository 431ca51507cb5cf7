"""The hall of a test: every device of any site file, those too that are clients of the gateway."""

from pathlib import Path

import pytest

from simulators.testing.hall import open_hall

SITE = """site: {id: liandu, name: A}
zones: [{id: yard, name: 院}]
devices: [{id: area-1, driver: displays.web_screen, zone: yard}]
screens: [{id: hall, device: area-1, zones: [yard]}]
"""


@pytest.mark.timeout(120)
def test_a_simulated_page_finds_its_gateway_also_after_a_restart_of_both(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(SITE)
    (folder := tmp_path / "hall").mkdir()
    with open_hall(site, folder) as hall:
        hall.kill_gateway()
        hall.restart_twins()
        hall.start_gateway()
        hall.online()
