"""Which gateway the command line asks."""

import pytest

from gateway.cli import main, parser


@pytest.mark.parametrize("url", ["hall", "127.0.0.1:8080", "ftp://hall", "http://", "http://hall:x", "http://a b"])
def test_a_url_that_is_none_is_told_in_one_sentence(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HALL_TOKEN", "t")
    assert main(["devices", "--url", url]) == 2
    assert capsys.readouterr().err == f"hall-gateway: --url: {url!r} must be http://HOST:PORT or https://HOST:PORT\n"


@pytest.mark.parametrize(("given", "url"), [("http://hall:1", "http://hall:1"), ("", "http://127.0.0.1:8080")])
def test_the_variable_names_the_gateway_where_the_command_line_does_not(
    given: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALL_URL", given)
    assert parser().parse_args(["devices"]).url == url
    assert parser().parse_args(["devices", "--url", "http://b"]).url == "http://b"
