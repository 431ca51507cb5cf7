"""What a right site file gives, what a wrong one hides from nobody, and how overlays change it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.calls.config import SECTIONS, CallsConfig
from gateway.core.config import SecretRef
from gateway.sections import load_site
from gateway.site.load import SiteError, load
from gateway.site.positions import Mistake

CARD = "driver: displays.onbon_k, model: 6K2, width: 64, height: 16"
GOOD = f"""\
site: {{id: liandu, name: 莲都区社会治理中心}}
store: {{url: sqlite:///hall.db, key: {{file: keys/journal.key}}}}
mqtt: {{url: mqtt://10.8.1.2, username: gateway, password: {{env: HALL_TEST_PASSWORD}}}}
zones: [{{id: reception, name: 综合接待区}}]
devices:
  - {{id: led-03, {CARD}, zone: reception, address: 'tcp://10.8.1.13:5005'}}
windows: [{{id: w03, label: 3号窗口, function: 矛盾纠纷受理, zone: reception, screens: [led-03]}}]
"""


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A right site file, and its secrets."""
    monkeypatch.setenv("HALL_TEST_PASSWORD", "hunter2")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "journal.key").write_text("5e" * 32)
    path = tmp_path / "site.yaml"
    path.write_text(GOOD)
    return path


def test_gives_everything_as_models_with_what_is_left_out(good: Path) -> None:
    site = load(good, SECTIONS)
    assert site.folder == good.parent
    assert (site.general.site.id, site.general.site.timezone) == ("liandu", "Asia/Shanghai")
    assert (site.general.http.console, site.general.http.field) == ("127.0.0.1:8080", None)
    assert [(device.id, device.driver, device.zone) for device in site.devices] == [
        ("led-03", "displays.onbon_k", "reception")
    ]
    assert [(window.label, window.screens) for window in site.sections["windows"]] == [("3号窗口", ["led-03"])]
    assert site.sections["calls"] == CallsConfig(show="{priority} {ticket}", paused="暂停服务", ttl_s=1800)


def test_a_file_from_a_windows_editor_is_read_as_any_other(good: Path) -> None:
    good.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(good, SECTIONS).general.site.name == "莲都区社会治理中心"


def test_secrets_lie_relative_to_the_site_file(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    store = load(good, SECTIONS).general.store
    assert store is not None
    assert store.key == SecretRef(file=str(good.parent / "keys" / "journal.key"))


def test_a_section_that_no_service_asked_for_is_unknown(good: Path) -> None:
    with pytest.raises(
        SiteError, match=r"site\.yaml:7: windows: unknown key 'windows'; allowed: devices, http, include, lines, mqtt"
    ):
        load(good)


def test_the_demo_hall_is_right() -> None:
    demo = Path(__file__).parents[3] / "config" / "demo.yaml"
    assert len(load_site(demo).devices) == 19


def test_overlays_change_devices_by_id_and_all_else_key_by_key(good: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(
        "devices: {led-03: {address: 'tcp://127.0.0.1:1', ping_s: 1}}\nmqtt: {url: mqtt://127.0.0.1:1884}\n"
    )
    second.write_text('{"devices": {"led-03": {"address": "tcp://127.0.0.1:2"}}, "http": {"console": "127.0.0.1:0"}}')
    site = load(good, SECTIONS, overlays=[first, second])
    [led] = site.devices
    assert led.model_dump(include={"address", "ping_s", "zone"}) == {
        "address": "tcp://127.0.0.1:2",
        "ping_s": 1,
        "zone": "reception",
    }
    mqtt = site.general.mqtt
    assert mqtt is not None
    assert (mqtt.url, mqtt.username) == ("mqtt://127.0.0.1:1884", "gateway")
    assert site.general.http.console == "127.0.0.1:0"


def test_an_overlay_that_cannot_be_read_is_named(good: Path, tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"/lost\.yaml: cannot be read: No such file or directory$"):
        load(good, SECTIONS, overlays=[tmp_path / "lost.yaml"])


def test_a_mistake_in_an_overlay_is_told_with_the_overlays_line(complaints: Callable[..., list[str]]) -> None:
    site = f"""\
site: {{id: hall, name: A}}
devices:
  - {{id: led-1, {CARD}, address: 'tcp://10.0.0.1:5005'}}
http: {{consol: nowhere}}
"""
    sim = """\
devices:

  led-1:
    address: udp://127.0.0.1:1
  led-9: {address: a}
zones: 5
"""
    assert complaints(site, sim=sim, other="devices: [led-1]\n", last="devices: {led-1: a}\n") == [
        "site:4: http.consol: unknown key 'consol' (did you mean 'console'?); allowed: console, field",
        "sim:4: devices.led-1.address: "
        'must be tcp://HOST:PORT or serial:///dev/NAME or rfc2217://HOST:PORT or line:ID; given: "udp://127.0.0.1:1"',
        "sim:5: devices.led-9: there is no device 'led-9' (did you mean 'led-1'?); there are: led-1",
        "sim:6: zones: must be a list; given: 5",
        "other:1: devices: must be a mapping from the ids of devices to what changes",
        "last:1: devices.led-1: must be a mapping of what changes",
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(complaints: Callable[..., list[str]]) -> None:
    text = f"""\
site: {{id: Hall, name: 大厅}}
windows:
  - {{id: w1, label: A, function: B, screens: [led-9]}}
devices:
  - {{id: led-1, {CARD.replace("64", "65")}, address: 'tcp://10.0.0.1:5005'}}
  - {{id: led-2, driver: displays.lost}}
  - {{id: led-3, {CARD}, zone: lost, address: 'tcp://10.0.0.1:5005'}}
calls: {{ttl: 5}}
store: {{url: sqlite:///hall.db, key: {{file: lost.key}}}}
"""
    assert [": ".join(line.split(": ")[:2]) for line in complaints(text)] == [
        "site:1: site.id",
        "site:3: windows[0].screens[0]",
        "site:5: devices[0].width",
        "site:6: devices[1].driver",
        "site:7: devices[2].address",
        "site:7: devices[2].zone",
        "site:8: calls.ttl",
        "site:9: store.key",
    ]


def test_a_reference_to_a_device_that_is_wrong_itself_is_no_second_mistake(
    complaints: Callable[..., list[str]],
) -> None:
    text = f"""\
site: {{id: hall, name: 大厅}}
devices:
  - {{id: led-1, {CARD}, address: tcp}}
windows:
  - {{id: w1, label: A, function: B, screens: [led-1]}}
"""
    assert len(complaints(text)) == 1


def test_a_site_without_a_site_is_a_mistake_of_the_first_line(complaints: Callable[..., list[str]]) -> None:
    assert complaints("\n\nzones: []\n") == ["site:1: site: is missing"]


def test_a_time_zone_that_is_misspelt_is_guessed(complaints: Callable[..., list[str]]) -> None:
    [complaint] = complaints("site: {id: hall, name: A, timezone: Asia/Shangai}\n")
    assert "for example Asia/Shanghai (did you mean 'Asia/Shanghai'?)" in complaint


def test_the_zone_of_beijing_is_that_of_shanghai(complaints: Callable[..., list[str]]) -> None:
    [complaint] = complaints("site: {id: hall, name: A, timezone: Asia/Beijing}\n")
    assert "(did you mean 'Asia/Shanghai'?)" in complaint


def test_a_secret_in_the_site_file_is_told_where_it_belongs(complaints: Callable[..., list[str]]) -> None:
    found = complaints("site: {id: hall, name: A}\nstore: {url: sqlite:///a.db, key: secretsecret}\n")
    assert found == [
        "site:2: store.key: must be {file: NAME} or {env: NAME}: a secret never stands in the site file itself"
    ]


def test_a_name_that_yaml_made_a_number_of_is_told_to_need_quotes(complaints: Callable[..., list[str]]) -> None:
    card = "{id: a, driver: displays.onbon_dynamic, address: 'tcp://10.0.0.1:5005', width: 64, height: 32, model: 6E1}"
    found = complaints(f"site: {{id: hall, name: A}}\ndevices: [{card}]\n")
    assert any("; given: 60.0, which YAML reads as a number: put what was meant in quotes" in text for text in found)


@pytest.mark.parametrize("zone", ["Asia", "Asia/Lishui", "", "../../etc/passwd", "Asia/Shanghai\x00"])
def test_a_time_zone_is_one_that_exists(zone: str, complaints: Callable[..., list[str]]) -> None:
    [complaint] = complaints(f"site: {{id: hall, name: A, timezone: {json.dumps(zone)}}}\n")
    assert complaint.startswith("site:1: site.timezone: must be the name of a time zone, for example Asia/Shanghai")
