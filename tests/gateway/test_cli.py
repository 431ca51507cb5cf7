"""The command line: what it says, and with which exit code."""

import argparse
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from child import Child, free_network, free_port

from gateway import registry
from gateway.cli import main, parser
from gateway.core.rights import REASON
from gateway.journal.version import NEWEST
from gateway.release import VERSION

PROGRAM = [sys.executable, "-P", "-m", "gateway.cli"]
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
VERBS = {
    "run",
    "check",
    "conformance-queue",
    "drivers",
    "schema",
    "simulate",
    "demo",
    "discover",
    "doors",
    "call",
    "devices",
    "alarms",
    "journal",
    "persons",
    "token",
}
NESTED = ("doors", "journal", "persons")
SITE = """\
site: {id: hall, name: 大厅}
store: {url: sqlite:///hall.db, key: {file: journal.key}}
http: {console: '127.0.0.1:%d'}
devices:
  - {id: led-1, driver: displays.onbon_k, address: 'tcp://127.0.0.1:1', model: 6K2, width: 64, height: 16}
windows: [{id: w1, label: 1号窗口, function: 综合受理, screens: [led-1]}]
"""
Ran = Callable[..., tuple[int, str, str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "journal.key").write_text("5e" * 32)
    (tmp_path / "journal.key").chmod(0o600)
    path = tmp_path / "site.yaml"
    path.write_text(SITE % free_port())
    return path


@pytest.fixture
def ran(capfd: pytest.CaptureFixture[str]) -> Ran:
    """Runs a verb in this process; gives exit code, output and error output."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        output, error = capfd.readouterr()
        return code, output, error

    return run


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the program as its users do."""
    command = [*PROGRAM, *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def verbs() -> dict[str, argparse.ArgumentParser]:
    actions: Any = parser()._actions
    found: dict[str, argparse.ArgumentParser] = next(each.choices for each in actions if hasattr(each, "add_parser"))
    return found


def leaves() -> dict[str, argparse.ArgumentParser]:
    """Every verb that does something: those of NESTED by both their words."""
    found = verbs()
    for verb in NESTED:
        inside: Any = found.pop(verb)._subparsers
        (each,) = inside._group_actions
        found |= {f"{verb} {what}": leaf for what, leaf in each.choices.items()}
    return found


def sections() -> dict[str, str]:
    """The reference, by the words in front of the first argument."""
    found = [section for section in REFERENCE.read_text().split("\n## ") if "`" in section]
    titles = [section.split("`")[1] for section in found]
    words = [title.split()[: 2 if title.startswith(NESTED) else 1] for title in titles]
    return {" ".join(word): section for word, section in zip(words, found, strict=True)}


def test_the_exit_code_tells_how_it_went(site: Path) -> None:
    runs = (program("check", site), program("journal", "verify", site), program("check", site.parent))
    assert [run.returncode for run in runs] == [0, 1, 2]


def test_helps_with_every_verb(ran: Ran) -> None:
    assert set(verbs()) == VERBS
    code, overview, _ = ran("--help")
    assert code == 0
    for verb in VERBS:
        assert re.search(rf"\n    {verb}\s", overview)
    for verb in leaves():
        code, output, _ = ran(*verb.split(), "--help")
        assert code == 0
        assert output.startswith(f"usage: hall-gateway {verb} [-h] [--json]")


def test_every_verb_is_there_behind_its_name() -> None:
    for name, leaf in leaves().items():
        module, _, function = leaf.get_default("run").partition(":")
        assert callable(getattr(import_module(module), function)), name


def test_a_verb_loads_no_more_than_it_needs() -> None:
    needed = {"gateway.cli": set[str](), "gateway.asking": {"aiohttp"}, "gateway.verbs": {"pydantic", "sqlalchemy"}}
    heavy = {"aiohttp", "alembic", "icalendar", "paho", "prometheus_client", "pydantic", "serial", "sqlalchemy"}
    for module, loaded in needed.items():
        words = f"import {module}, sys; print(*{heavy}.intersection(sys.modules))"
        done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True, timeout=30)
        assert set(done.stdout.split()) <= loaded, module


def test_the_reference_has_every_verb_and_every_option() -> None:
    written = sections()
    assert set(written) >= set(leaves())
    for verb, found in leaves().items():
        options = {option for action in found._actions for option in action.option_strings} - {"-h", "--help", "--json"}
        assert set(re.findall(r"(?m)^\| `(--[a-z-]+)", written[verb])) == options, verb


def test_every_argument_has_a_help_text() -> None:
    arguments = [(verb, action) for verb, found in leaves().items() for action in found._actions]
    assert [f"{verb} {action.dest}" for verb, action in arguments if not action.help] == []


def test_who_is_asked_for_a_reason_is_told_that_it_stays() -> None:
    reasons = [action.help for found in leaves().values() for action in found._actions if action.dest == "reason"]
    assert reasons == [REASON] * 5
    assert "no card numbers" in REASON


def test_the_reference_tells_every_option_once() -> None:
    rows = [re.findall(r"(?m)^\| `(--[a-z-]+)", section) for section in REFERENCE.read_text().split("\n## ")]
    assert [row for row in rows if len(row) != len(set(row))] == []


def test_tells_its_version(ran: Ran) -> None:
    assert ran("--version") == (0, f"{VERSION}\n", "")


WRONG = ["", "walk", "check", "token steal site.yaml", "demo --for soon", "demo --port 65536", "simulate a --control x"]
WRONG_SPEED = ["simulate a --speed 0", "simulate a --speed 3601"]


@pytest.mark.parametrize("arguments", WRONG + WRONG_SPEED)
def test_a_wrong_command_line_is_wrong_input(arguments: str, ran: Ran) -> None:
    code, output, error = ran(*arguments.split())
    assert (code, output) == (2, "")
    assert error.startswith("usage: hall-gateway")


WRONG_WORDS = {
    "token new SITE x --role veiwer": "argument --role: there is no role 'veiwer' (did you mean 'viewer'?); there are:",
    "alarms shelve a --for 10s": "argument --for: '10s' must be from 60s to 24h",
    "alarms shelve a --for 25h": "argument --for: '25h' must be from 60s to 24h",
    "demo --for soon": "argument --for: 'soon' must be a time such as 30s, 5m or 2h",
}


@pytest.mark.parametrize(("words", "sentence"), WRONG_WORDS.items())
def test_a_wrong_option_is_told_by_its_name(words: str, sentence: str, site: Path, ran: Ran) -> None:
    code, _, error = ran(*words.replace("SITE", str(site)).split())
    assert (code, sentence in error) == (2, True), error


def test_simulates_a_site_whose_secrets_are_elsewhere(site: Path, ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "journal.key").unlink()
    site.write_text(site.read_text() + "mqtt: {url: 'mqtt://10.0.0.1:1883', username: a, password: {file: none}}\n")
    assert ran("check", site)[0] == 2
    child = Child([*PROGRAM, "simulate", str(site), "--control", "0", "--base", free_network(10001)], tmp_path / "log")
    try:
        child.until(lambda: b"run the gateway with:" in child.log.read_bytes())
    finally:
        child.kill()


def test_simulate_says_that_run_needs_a_store(site: Path, tmp_path: Path) -> None:
    site.write_text(re.sub("store: .*\n", "", site.read_text()))
    child = Child([*PROGRAM, "simulate", str(site), "--control", "0", "--base", free_network(10001)], tmp_path / "log")
    says = b"run the gateway with, once the site file has a store, which `run` needs:"
    try:
        child.until(lambda: says in child.log.read_bytes())
    finally:
        child.kill()


def test_a_world_with_a_mistake_is_wrong_input(site: Path, ran: Ran, tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text('steps:\n  - {at: "09:00", lever: swipe}\n')
    code, output, error = ran("simulate", site, "--world", world, "--control", "0")
    assert (code, output) == (2, "")
    assert error.startswith(f"{world}:2: steps[0].lever: led-1 has no lever 'swipe'; it has: ")


def test_checks_a_right_site(site: Path, ran: Ran) -> None:
    assert ran("check", site) == (0, f"{site}: ok: 1 device, 1 window, 0 zones\n", "")
    code, output, _ = ran("check", site, "--json")
    assert (code, json.loads(output)) == (0, {"ok": True, "devices": 1, "windows": 1, "zones": 0, "warnings": []})


def test_warns_of_weak_choices_and_accepts_them(site: Path, ran: Ran) -> None:
    (site.parent / "journal.key").chmod(0o644)
    what = "everybody on this machine may use journal.key: chmod 600"
    assert ran("check", site) == (
        0,
        f"{site}: ok: 1 device, 1 window, 0 zones\n",
        f"{site}:2: warning: store.key: {what}\n",
    )
    code, output, error = ran("check", site, "--json")
    assert (code, error) == (0, "")
    assert json.loads(output)["warnings"] == [{"file": str(site), "line": 2, "where": "store.key", "text": what}]


def test_checks_a_site_with_mistakes(site: Path, ran: Ran) -> None:
    site.write_text(SITE.replace("width: 64", "width: 65").replace("[led-1]", "[led-2]") % 0)
    width = "must be a multiple of 8; given: 65"
    screen = "there is no device 'led-2' (did you mean 'led-1'?); there are: led-1"
    mistakes = f"{site}:5: devices[0].width: {width}\n{site}:6: windows[0].screens[0]: {screen}\n"
    assert ran("check", site) == (2, "", mistakes)
    code, output, error = ran("check", site, "--json")
    assert (code, error) == (2, "")
    assert json.loads(output) == {
        "ok": False,
        "mistakes": [
            {"file": str(site), "line": 5, "where": "devices[0].width", "text": width},
            {"file": str(site), "line": 6, "where": "windows[0].screens[0]", "text": screen},
        ],
    }


def test_checks_with_an_overlay(site: Path, tmp_path: Path, ran: Ran) -> None:
    overlay = tmp_path / "sim.yaml"
    overlay.write_text("devices: {led-1: {address: nowhere}}\n")
    code, _, error = ran("check", site, "--overlay", overlay)
    assert code == 2
    assert error.startswith(f"{overlay}:1: devices.led-1.address: must be tcp://HOST:PORT")


@pytest.mark.parametrize("verb", ["run", "simulate", "token list", "journal verify"])
def test_a_wrong_site_stops_every_verb(verb: str, site: Path, ran: Ran) -> None:
    site.write_text("site: {}\n")
    code, _, error = ran(*verb.split(), site)
    assert (code, error) == (2, f"{site}:1: site.id: is missing\n{site}:1: site.name: is missing\n")


def test_lists_the_drivers(ran: Ran) -> None:
    code, output, _ = ran("drivers")
    assert code == 0
    assert "displays.onbon_k         Drives an LED screen behind an Onbon BX-5K or BX-6K card" in output
    assert sorted(json.loads(ran("drivers", "--json")[1])) == registry.driver_names()


def test_lists_the_drivers_beside_one_that_cannot_be_loaded(ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {**registry._found(registry.DRIVERS), "lights.lamp": EntryPoint("lights.lamp", "hall_lost:Lamp", "any")}

    def found(_: str) -> dict[str, EntryPoint]:
        return points

    monkeypatch.setattr(registry, "_found", found)
    code, output, error = ran("drivers")
    told = "driver 'lights.lamp' cannot be loaded: No module named 'hall_lost'"
    assert (code, error) == (1, "")
    assert f"lights.lamp              ERROR: {told}\n" in output
    assert "displays.onbon_k         Drives an LED screen" in output
    code, output, _ = ran("drivers", "--json")
    assert (code, json.loads(output)["lights.lamp"]) == (1, {"error": told})


def test_prints_schemas(ran: Ran) -> None:
    assert "devices" in json.loads(ran("schema")[1])["properties"]
    assert "width" in json.loads(ran("schema", "displays.onbon_k")[1])["properties"]
    code, _, error = ran("schema", "displays.onbon")
    assert code == 2
    assert error.startswith("hall-gateway: there is no driver 'displays.onbon' (did you mean 'displays.onbon_k'?);")


def test_makes_lists_and_revokes_tokens(site: Path, ran: Ran) -> None:
    code, made, _ = ran("token", "new", site, "queue-system")
    assert (code, made[:5], made.count("\n")) == (0, "hall_", 1)
    boss = json.loads(ran("token", "new", site, "boss", "--role", "admin", "--json")[1])
    assert (boss["name"], boss["role"], boss["token"][:5]) == ("boss", "admin", "hall_")
    assert made.strip() not in (site.parent / "tokens.json").read_text()
    listed = [line.split() for line in ran("token", "list", site)[1].splitlines()]
    assert [line[:3] for line in listed] == [["boss", "admin", "every"], ["queue-system", "queue", "every"]]
    assert ran("token", "revoke", site, "boss") == (0, "token boss is revoked\n", "")
    assert [entry["name"] for entry in json.loads(ran("token", "list", site, "--json")[1])] == ["queue-system"]


def test_a_token_can_have_a_scope_and_an_end(site: Path, ran: Ran) -> None:
    page = "  - {id: area-1, driver: displays.web_screen}\n"
    zones = "zones: [{id: gate, name: 门}, {id: yard, name: 院}]\n"
    site.write_text(site.read_text().replace("windows:", f"{page}windows:") + zones)
    options = ["--role", "security", "--zone", "yard", "--zone", "gate", "--expires", "2099-12-31"]
    assert json.loads(ran("token", "new", site, "guard", *options, "--json")[1])["expires_at"] == "2099-12-31T16:00:00Z"
    assert ran("token", "new", site, "area", "--role", "screen", "--screen", "area-1")[0] == 0
    area, guard = ran("token", "list", site)[1].splitlines()
    assert guard.split() == ["guard", "security", "gate,yard", "until", "2099-12-31", "16:00Z", "never", "used"]
    assert " ".join(area.split()) == "area screen screen area-1 for ever never used"
    told = json.loads(ran("token", "list", site, "--json")[1])[1]
    assert (told["zones"], told["by"][:4], told["last_used_at"]) == (["gate", "yard"], "cli:", None)
    assert "sha256" not in told


WRONG_TOKENS = {
    "--zone attic": "there is no zone 'attic'; there are: none",
    "--expires soon": "--expires: 'soon' must be a time such as 90d, 12h or 30m, or a last day such as 2026-12-31",
    "--expires 2020-01-01": "--expires: '2020-01-01' is over: a token must expire in the future",
    "--role screen": "a token of the role screen is for one screen, and no other token is for a screen",
    "--role screen --screen led-1": (
        "a key opens the page of a screen: there is no such page 'led-1'; there are: none"
    ),
    "--screen led-1": "a token of the role screen is for one screen, and no other token is for a screen",
}


@pytest.mark.parametrize(("options", "sentence"), WRONG_TOKENS.items())
def test_a_token_that_makes_no_sense_is_wrong_input(options: str, sentence: str, site: Path, ran: Ran) -> None:
    assert ran("token", "new", site, "x", *options.split()) == (2, "", f"hall-gateway: {sentence}\n")
    assert not (site.parent / "tokens.json").exists()


def test_says_what_is_wrong_with_a_token(site: Path, ran: Ran) -> None:
    assert ran("token", "revoke", site, "lost") == (1, "", "hall-gateway: there is no token named 'lost'\n")
    assert ran("token", "new", site) == (2, "", "hall-gateway: token new: the NAME is missing\n")
    code, output, error = ran("token", "new", site, "--json")
    assert (code, json.loads(output), error) == (2, {"ok": False, "error": "token new: the NAME is missing"}, "")


@pytest.mark.parametrize("verb", [["call", "A012", "w1"], ["devices"]])
def test_asks_for_a_token_and_for_a_gateway_that_runs(
    verb: list[str], tmp_path: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HALL_TOKEN", raising=False)
    code, _, error = ran(*verb)
    assert code == 2
    assert error.startswith("hall-gateway: no token: set HALL_TOKEN or name a --token-file")
    code, _, error = ran(*verb, "--token-file", tmp_path / "lost")
    assert (code, "cannot be read: No such file or directory" in error) == (2, True)
    monkeypatch.setenv("HALL_TOKEN", "hall_x")
    code, _, error = ran(*verb, "--url", "http://127.0.0.1:1")
    assert code == 1
    assert error.startswith("hall-gateway: http://127.0.0.1:1 does not answer: ")


def test_run_wants_a_store(site: Path, ran: Ran) -> None:
    site.write_text("site: {id: hall, name: A}\n")
    code, _, error = ran("run", site)
    assert code == 2
    assert error.endswith("store: is missing: `run` needs a store and its key\n")
    assert ran("journal", "verify", site)[0] == 2


def test_simulate_says_which_address_it_cannot_have(site: Path, ran: Ran) -> None:
    code, _, error = ran("simulate", site, "--base", "192.0.2.1")
    assert code == 1
    assert error.startswith("hall-gateway: ")
    assert error.count("\n") == 1
    assert "192.0.2.1" in error


def test_a_running_gateway_is_asked_stopped_and_its_journal_proven(
    site: Path, tmp_path: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALL_TOKEN", ran("token", "new", site, "boss", "--role", "admin")[1].strip())
    gateway = Child([*PROGRAM, "run", str(site)], tmp_path / "gateway.log")
    try:
        gateway.until(lambda: b" serves http" in gateway.log.read_bytes())
        url = re.findall(r"serves (http://\S+)", gateway.log.read_text())[0]
        code, output, _ = ran("call", "A012", "w1", "--url", url)
        assert code == 0
        assert re.fullmatch(r"A012 is accepted for w1 \(call cli-[0-9a-f]{12}\)\n", output)
        assert json.loads(ran("call", "A013", "w1", "--url", url, "--json")[1])["seq"] == 2
        code, _, error = ran("call", "A012", "w9", "--url", url)
        assert (code, error) == (1, "hall-gateway: 422: there is no window 'w9'; there are: w1\n")
        code, output, _ = ran("devices", "--url", url)
        assert (code, output.split()[0], output.split()[2]) == (0, "led-1", "displays.onbon_k")
        boss = os.environ["HALL_TOKEN"]
        monkeypatch.setenv("HALL_TOKEN", ran("token", "new", site, "new", "--expires", "1h")[1].strip())
        assert ran("devices", "--url", url)[0] == 0
        ran("token", "revoke", site, "new")
        code, _, error = ran("devices", "--url", url)
        assert (code, error) == (1, "hall-gateway: 401: this token is unknown\n")
        monkeypatch.setenv("HALL_TOKEN", boss)
        code, _, error = ran("run", site)
        assert (code, str(gateway.process.pid) in error) == (1, True)
        assert ran("journal", "verify", site)[0] == 0
        code, _, error = ran("journal", "migrate", site)
        assert (code, str(gateway.process.pid) in error) == (1, True)
        assert gateway.stop() == 0
    finally:
        gateway.kill()
    assert json.loads(ran("journal", "migrate", site, "--json")[1]) == {"before": NEWEST, "after": NEWEST}
    rows = [json.loads(line) for line in ran("journal", "export", site)[1].splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert {"call.accepted", "device.offline", "token.made"} <= {row["type"] for row in rows}
    assert ran("journal", "export", site, "--out", tmp_path / "hall.db.rows")[0] == 0
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("hall.db*")}
    assert (set(FILES) - set(modes), set(modes.values())) == (set(), {0o600})
    code, output, error = ran("journal", "export", site, "--type", "call.acepted")
    assert (code, output) == (2, "")
    assert "--type: there is no type of event 'call.acepted' (did you mean 'call.accepted'?); there are: " in error
    code, output, error = ran("journal", "export", site, "--device", "led-2", "--out", tmp_path / "rows")
    assert (code, output, (tmp_path / "rows").exists()) == (2, "", False)
    assert "--device: there is no device 'led-2' (did you mean 'led-1'?); there are: led-1\n" in error
    code, output, error = ran("journal", "export", site, "--type", "call.voice", "--device", "led-1", "--part", "left")
    assert (code, output) == (0, "")
    assert "--type: there is no type of a row 'call.voice'" in error
    assert "--part: there is no part of a row 'left'; there are: none\n" in error
    error = ran("journal", "export", site, "--type", "call.accepted", "--to", "2020-01-01T00:00Z")[2]
    assert error == "0 rows\n"
    store = tmp_path / "hall.db"
    store.write_bytes(store.read_bytes().replace(b"A012", b"A013"))
    code, output, _ = ran("journal", "verify", site, "--json")
    broken = json.loads(output)
    assert (code, broken["ok"]) == (1, False)
    assert broken["broken_seq"] == next(row["seq"] for row in rows if "A012" in str(row["payload"]))


FILES = ("hall.db", "hall.db.lock", "hall.db.anchors", "hall.db.rows", "hall.db.rows.proof.json")


def test_output_that_nobody_reads_to_its_end_is_no_traceback(site: Path) -> None:
    with subprocess.Popen([*PROGRAM, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as schema:
        assert isinstance(schema.stdout, io.RawIOBase)
        schema.stdout.close()
        assert schema.stderr is not None
        assert schema.stderr.read() == b""
    assert schema.returncode == 1
