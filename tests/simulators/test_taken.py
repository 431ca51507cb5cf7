"""A second `simulate` on one machine: it is told who is in its way, and does no harm to the first."""

import socket
from pathlib import Path

import pytest

from drivers.displays.onbon_k.config import OnbonKConfig
from drivers.displays.web_screen.config import WebScreenConfig
from simulators.serve import serve_all
from simulators.site import AddressTaken

LED = OnbonKConfig(
    id="led-1", driver="displays.onbon_k", address="tcp://10.8.1.13:5005", model="6K2", width=64, height=16
)
PAGE = WebScreenConfig(id="wait-1", driver="displays.web_screen")
WHO = "is in use already; another `simulate` probably holds it: stop that one, or give this one other addresses with"


async def refused(folder: Path, port: int, control: int) -> str:
    """What the second one says; it must have asked for nobody's key, which would end that of the first."""
    asked: list[str] = []

    def key(name: str) -> str:
        asked.append(name)
        return "key"

    with pytest.raises(AddressTaken) as error:
        await serve_all(
            [PAGE, LED],
            overlay=folder / "o.yaml",
            control_port=control,
            ready=print,
            port=port,
            field="127.0.0.1:1",
            key=key,
        )
    assert not asked
    return str(error.value)


async def test_a_device_address_in_use_leaves_the_keys_of_who_holds_it(tmp_path: Path) -> None:
    with socket.create_server(("127.77.0.1", 0)) as first:
        port = first.getsockname()[1]
        assert await refused(tmp_path, port, 0) == f"127.77.0.1:{port} {WHO} --base"


async def test_a_lever_address_in_use_leaves_the_keys_of_who_holds_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        assert await refused(tmp_path, 0, port) == f"127.0.0.1:{port} {WHO} --control"
