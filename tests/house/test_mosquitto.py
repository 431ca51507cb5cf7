"""The broker that the tests start, and the configuration that we ship for one."""

import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from child import program
from mosquitto import Mosquitto

CONFIG = Path(__file__).parents[2] / "config/mosquitto"


def publish(broker: Mosquitto, topic: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [program("mosquitto_pub"), "-p", str(broker.port), "-h", "127.0.0.1", "-V", "5", "-q", "1", "-t", topic]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=10)


def retained(broker: Mosquitto, topic: str, *arguments: str) -> str:
    command = [program("mosquitto_sub"), "-p", str(broker.port), "-h", "127.0.0.1", "-t", topic, "-C", "1", "-W", "1"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=10).stdout


def test_a_killed_broker_comes_back_empty_on_the_same_port(mosquitto: Mosquitto) -> None:
    publish(mosquitto, "a", "-m", "kept", "-r")
    assert retained(mosquitto, "a") == "kept\n"
    port = mosquitto.port
    mosquitto.kill()
    assert publish(mosquitto, "a", "-m", "lost").returncode != 0
    mosquitto.restart()
    assert (mosquitto.port, retained(mosquitto, "a")) == (port, "")


@pytest.fixture
def shipped(tmp_path: Path) -> Generator[Mosquitto]:
    """A broker with the shipped configuration; only its port and the paths of its files are the test's."""
    passwords = tmp_path / "passwd"
    for name in ("gateway", "queue", "operator", "homeassistant", "viewer"):
        create = [] if passwords.exists() else ["-c"]
        subprocess.run([program("mosquitto_passwd"), *create, "-b", str(passwords), name, name], check=True)
    lines = [line for line in (CONFIG / "hall-gateway.conf").read_text().splitlines() if line and line[0] != "#"]
    paths = {"password_file": passwords, "acl_file": CONFIG / "hall-gateway.acl"}
    options = [f"{key} {paths.get(key, value)}" for key, value in (line.split(" ", 1) for line in lines)]
    with Mosquitto(*(option for option in options if not option.startswith("listener "))) as broker:
        yield broker


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        ("gateway", "hall/liandu/dev/led-03/state", True),
        ("queue", "hall/liandu/calls", True),
        ("queue", "hall/liandu/dev/led-03/state", False),
        ("gateway", "homeassistant/device/hall-liandu/led-03/config", True),
        ("operator", "hall/liandu/do/led-03/power", True),
        ("operator", "hall/liandu/done/k-1", False),
        ("operator", "hall/liandu/calls", False),
        ("queue", "hall/liandu/do/led-03/power", False),
        ("homeassistant", "homeassistant/status", True),
        ("homeassistant", "homeassistant/device/hall-liandu/led-03/config", False),
        ("homeassistant", "hall/liandu/do/led-03/power", False),
        ("viewer", "hall/liandu/calls", False),
        ("viewer", "hall/liandu/do/led-03/power", False),
    ],
)
def test_the_shipped_configuration_lets_each_party_say_only_its_own(
    shipped: Mosquitto, user: str, topic: str, *, allowed: bool
) -> None:
    done = publish(shipped, topic, "-m", "x", "-u", user, "-P", user)
    assert ("Not authorized" not in done.stderr) is allowed, done.stderr


def test_the_shipped_configuration_refuses_strangers(shipped: Mosquitto) -> None:
    assert publish(shipped, "hall/liandu/calls", "-m", "{}").returncode != 0
    assert publish(shipped, "hall/liandu/calls", "-m", "{}", "-u", "queue", "-P", "wrong").returncode != 0
