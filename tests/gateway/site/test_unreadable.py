"""Files that are no site file at all: one mistake, never a traceback."""

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.calls.config import SECTIONS
from gateway.core.errors import GatewayError
from gateway.shipped import shipped
from gateway.site import positions
from gateway.site.load import load
from gateway.site.positions import Mistake

BROKEN = {
    "an empty file": (b"", "1: must be a mapping with the keys site, devices, …"),
    "a list at the top": (b"- site\n", "1: must be a mapping with the keys site, devices, …"),
    "a tab": (b"site:\n\tid: hall\n", "2: not YAML: a tab; YAML is indented with spaces"),
    "a key twice": (b"site:\n  id: hall\n  name: A\n  id: b\n", '4: not YAML: found duplicate key "id"'),
    "a bracket that is left open": (b"site: {id: hall\nzones: []\n", "2: not YAML: expected ',' or '}', but got ':'"),
    "a colon in a text": (
        b"site:\n  id: hall\n  name: A: B\n",
        "3: not YAML: a second ': ' in one value; put the value in quotes",
    ),
    "a text of another encoding": (
        "site:\n  id: hall\n  name: 大厅\n".encode("gb18030"),
        "3: is not UTF-8 text: save the file as UTF-8",
    ),
    "a zero byte": (b"site: \0\n", "1: not YAML: unacceptable character #x0000: special characters are not allowed"),
    "a date that is none": (b"site: 2026-02-30\n", "1: not YAML: day is out of range for month"),
    "a thousand brackets": (b"site: " + b"[" * 1_000, "1: is nested too deep, or contains itself"),
    "a mapping before a colon": (b"zones:\n- {id: [a]}:\n", "1: not YAML: a list or a mapping stands before a colon"),
    "too many bytes": (b"#" * 4_000_001, "1: the file has 4000001 bytes, at most 4000000 are allowed"),
}


@pytest.mark.parametrize(("content", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_at_all_is_one_mistake(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes(content)
    with pytest.raises(Mistake) as caught:
        load(path, SECTIONS)
    assert str(caught.value) == f"{path}:{expected}"


def test_aliases_that_unfold_without_end_are_one_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "MOST_VALUES", 20_000)
    levels = ["a: &a0 [x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 4)}]" for n in range(1, 40))]
    path = tmp_path / "site.yaml"
    path.write_text("\n".join(levels))
    with pytest.raises(Mistake, match=r"site\.yaml:1: not YAML: its aliases unfold into more than 20000 values$"):
        load(path, SECTIONS)


def test_a_file_that_is_missing_is_one_mistake(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"/lost\.yaml: cannot be read: No such file or directory$"):
        load(tmp_path / "lost.yaml")


KEYS = st.sampled_from(["site", "devices", "windows", "zones", "store", "mqtt", "calls", "http", "id", "driver", "key"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))
SNIPPETS = st.text(alphabet="ab:-{}[]&*!|>?<'\"%@` \n\t#,.0~=", max_size=8)
DEMO = shipped("demo.yaml").read_text()


@given(TREES)
def test_no_tree_ends_in_a_traceback(tree: object) -> None:
    refused(json.dumps(tree).encode())


@given(st.binary())
def test_no_bytes_end_in_a_traceback(content: bytes) -> None:
    refused(content)


@settings(deadline=None)  # it loads the drivers of a whole hall: how long that takes is nobody's promise
@given(st.integers(0, len(DEMO)), st.integers(0, 20), SNIPPETS)
def test_no_slip_of_the_pen_ends_in_a_traceback(at: int, deleted: int, typed: str) -> None:
    with suppress(GatewayError), TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_text(DEMO[:at] + typed + DEMO[at + deleted :])
        load(path, SECTIONS)


def refused(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "site.yaml"
        path.write_bytes(content)
        with pytest.raises(GatewayError):
            load(path, SECTIONS)
