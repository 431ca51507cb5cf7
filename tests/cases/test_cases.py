"""Every folder beside this file is a case: README.md tells how one is made of a bug report."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.site.positions import is_mapping
from simulators.testing.hall import Hall, open_hall

CASES = sorted(folder for folder in Path(__file__).parent.iterdir() if (folder / "script.yaml").exists())
EXPECTED = "expected.jsonl"
VARYING = {"at", "session", "digest"}
"""What differs from run to run, beside everything whose name ends in _at."""
pytestmark = pytest.mark.timeout(180)
Step = Callable[[Hall, Any], Any]


def call(hall: Hall, given: dict[str, Any]) -> Any:
    status, _ = hall.ask("POST", "/calls", given)
    return status


def command(hall: Hall, given: dict[str, Any]) -> Any:
    path = f"/devices/{given['device']}/commands/{given['verb']}"
    status, answer = hall.ask("POST", path, {"params": given.get("params", {})})
    return [status, answer.get("status")]


def lever(hall: Hall, given: dict[str, Any]) -> Any:
    hall.lever(given["of"], given["pull"], **given.get("params", {}))


def wait(hall: Hall, given: dict[str, Any]) -> Any:
    hall.wait(given["of"], *given["until"], within_s=given.get("within_s", 20))


def event(hall: Hall, given: dict[str, Any]) -> Any:
    """Wait until an event is in the journal, so that what follows it comes behind it."""
    end = time.monotonic() + 20
    while len(hall.events(type=given["type"])) < given.get("count", 1):
        assert time.monotonic() < end, f"no event {given}"
        time.sleep(0.02)


def see(hall: Hall, given: str) -> Any:
    return hall.text(given)


def kill(hall: Hall, given: str) -> Any:
    process = {"gateway": hall.gateway, "devices": hall.twins}[given]
    assert process is not None
    process.kill()


def start(hall: Hall, given: str) -> Any:
    {"gateway": hall.start_gateway, "devices": hall.restart_twins}[given]()
    hall.online(within_s=30)


STEPS: Mapping[str, Step] = {
    "call": call,
    "command": command,
    "lever": lever,
    "wait": wait,
    "event": event,
    "see": see,
    "kill": kill,
    "start": start,
}


def played(hall: Hall, script: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Do a script; gives what answered, and what was seen."""
    for number, step in enumerate(script, 1):
        ((name, given),) = step.items()
        answer = STEPS[name](hall, given)
        if answer is not None:
            yield {"step": number, name: answer}


def normal(found: Any) -> Any:
    """Without what differs from run to run."""
    if is_mapping(found):
        return {key: normal(value) for key, value in found.items() if key not in VARYING and not key.endswith("_at")}
    return found


def journalled(hall: Hall) -> Iterator[dict[str, Any]]:
    """All events but that of the test's own token; those of one device in order: there is none between devices."""
    happened = [event for event in hall.events() if event["type"] != "token.made"]
    for one in sorted(happened, key=lambda event: event["device"] or ""):
        payload = normal(one["payload"])
        if one["type"] == "device.offline":
            del payload["reason"]  # how an outage is noticed first is a matter of chance
        yield {"event": one["type"], "device": one["device"], "payload": payload}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_case_ends_as_expected(folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    yaml: Any = YAML(typ="safe")  # untyped
    script = yaml.load(folder / "script.yaml")
    with open_hall(folder / "site.yaml", tmp_path) as hall:
        try:
            found = [*played(hall, script), *journalled(hall)]
        except AssertionError as error:
            story = "\n".join(f"--- {title}\n{text}" for title, text in hall.story())
            raise AssertionError(f"{error}\n{story}") from error
    lines = [json.dumps(line, ensure_ascii=False, sort_keys=True) for line in found]
    if request.config.getoption("--update-cases", default=False):
        (folder / EXPECTED).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    assert lines == (folder / EXPECTED).read_text(encoding="utf-8").splitlines()
