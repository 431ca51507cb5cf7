"""Two hundred mixed screens lose their power and get it back: until every one shows again what it shall.

The simulated cards are killed and started again; the time begins once the last of them listens. A text counts as read
off the screen, that of cards with bitmaps from their pixels; at the end every framebuffer must be as before, to the
pixel. The limit program connects to all of them and has their drivers write one text each.
"""

import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import fleet
from child import Child, free_network, free_port
from figures import broken, cpu_s, say

from gateway.people.rights import Role
from gateway.people.tokens import Tokens
from simulators.testing.processes import Processes, until

HERE = Path(__file__).parent
SCREENS, CALLED = 200, 60
OUTAGE_S = 15.0  # the waits between two tries have grown to their longest by then
BLINKS_S = 4.0  # a new number blinks for three seconds
ONLINE_S = 60.0


def main() -> None:
    """Run it; a minute and a half."""
    base, port = free_network(5005), free_port()
    screens = fleet.fleet(SCREENS, base)
    with tempfile.TemporaryDirectory(prefix="hall-bench-") as name:
        folder = Path(name)
        site = fleet.write_site(folder, screens, port)
        token = Tokens(folder / "tokens.json").new("bench", Role.ADMIN)
        hall = Processes(site, folder, base=base, port=port, token=token)
        try:
            took_s, busy_s = _cut(hall, screens)
            limit_s = _limit(hall, folder, screens)
        finally:
            hall.close()
    print(f"{SCREENS} screens of four families without power for {OUTAGE_S:g} s, {CALLED} of them with a called number")
    say("power back to the last screen right again", took_s, "s", budget=10, limit=limit_s)
    say("gateway's processor time for it", busy_s, "s")


def _cut(hall: Processes, screens: list[fleet.Section]) -> tuple[float, float]:
    overlay = hall.folder / "twins.sim.yaml"
    hall.start_twins(overlay)
    hall.run([overlay])
    hall.online(SCREENS, ONLINE_S)
    wanted = {screen["id"]: _call(hall, number) for number, screen in enumerate(screens)}
    until(lambda: not _wrong(hall, wanted), ONLINE_S)
    time.sleep(BLINKS_S)
    before = {id_: _picture(hall, id_) for id_ in wanted}
    assert hall.twins is not None
    assert hall.gateway is not None
    hall.twins.kill()
    time.sleep(OUTAGE_S)
    used_s = cpu_s(hall.gateway.process.pid)
    hall.start_twins(overlay)
    back = time.monotonic()
    until(lambda: not _wrong(hall, wanted), ONLINE_S)
    took_s, busy_s = time.monotonic() - back, cpu_s(hall.gateway.process.pid) - used_s
    time.sleep(BLINKS_S)
    changed = [id_ for id_, picture in before.items() if _picture(hall, id_) != picture]
    assert not changed, f"other pixels than before: {changed[:3]}"
    assert all(hall.seen(id_)["reboots"] == 0 for id_ in wanted), "not the new processes"
    return took_s, busy_s


def _call(hall: Processes, number: int) -> str:
    """Call a number to some of the windows; gives what the screen above the window shall show."""
    if number >= CALLED:
        return fleet.FUNCTION
    ticket = f"A{number:03d}"
    status, answer = hall.ask("POST", "/calls", {"call_id": ticket, "window": fleet.window(number), "ticket": ticket})
    assert status == 202, answer
    return fleet.SHOWN.format(ticket=ticket, label=f"{number + 1}号窗口")


def _wrong(hall: Processes, wanted: Mapping[str, str]) -> list[str]:
    """The screens that show something else; a text that blinks is seen while it is there."""
    seen = hall.box("GET", "/seen")
    return [id_ for id_, text in wanted.items() if seen[id_]["text"].replace("\n", "") != text]


def _picture(hall: Processes, id_: str) -> bytes:
    picture: bytes = hall.box("GET", f"/devices/{id_}/picture.png")
    return picture


def _limit(hall: Processes, folder: Path, screens: list[fleet.Section]) -> float:
    assert hall.gateway is not None
    hall.gateway.stop()
    plan, log = folder / "fleet.json", folder / "limit"
    plan.write_text(json.dumps(screens))
    limit = Child([sys.executable, str(HERE / "fleet_limit.py"), str(plan), str(free_port())], log)
    try:
        limit.until(lambda: "shown" in log.read_text())
        return float(log.read_text().split()[1])
    finally:
        limit.kill()


if __name__ == "__main__":
    main()
    sys.exit(1 if broken else 0)
