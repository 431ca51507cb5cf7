"""Addresses of web servers."""

import pytest
from pydantic import BaseModel, ValidationError

from gateway.core.config import HttpAddress
from simulators.site import real_port


class Section(BaseModel):
    address: HttpAddress


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("http://10.8.2.30", 10080),
        ("https://door.hall.example", 10443),
        ("http://10.8.2.30:8000", 8000),
        ("https://[fd00::30]:8443", 8443),
    ],
)
def test_the_address_of_a_web_server_is_a_host_and_perhaps_a_port(address: str, port: int) -> None:
    assert Section(address=address).address == address
    assert real_port(address) == port


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://",
            "http://10.8.2.30/",
            "http://10.8.2.30/ISAPI",
            "http://admin:12345@10.8.2.30",
            "http://10.8.2.30:0",
        ),
        *("http://10.8.2.30:70000", "http://10.8.2.30?x=1", "http://10.8.2.30#x", "ftp://10.8.2.30", "10.8.2.30"),
        *("HTTP://10.8.2.30", "http://door hall", "http://[::1", "http://10.8.2.30:"),
    ],
)
def test_all_else_is_refused_in_one_sentence(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Section(address=address)
    assert "must be http" in str(refused.value)
