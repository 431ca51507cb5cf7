"""Which alarm is the cause of another."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.alarms.causes import ancestors, root_of

EDGES = {"led": {"switch", "line"}, "switch": {"router"}, "line": {"switch"}, "camera": {"switch"}}


def test_what_a_thing_depends_on_is_found_nearest_first_and_once() -> None:
    assert list(ancestors(EDGES, "led")) == ["line", "switch", "router"]
    assert list(ancestors(EDGES, "router")) == []


def test_a_thing_alone_stands_for_itself() -> None:
    assert root_of(EDGES, "led", {}, itself=False) is None
    assert root_of(EDGES, "led", {"led": "off.led", "camera": "off.camera"}, itself=False) is None


def test_the_cause_is_what_is_out_behind_it_and_the_last_of_several() -> None:
    assert root_of(EDGES, "led", {"switch": "off.switch"}, itself=False) == "off.switch"
    both = {"switch": "off.switch", "router": "off.router", "line": "silent.line"}
    assert root_of(EDGES, "led", both, itself=False) == "off.router"
    assert root_of(EDGES, "switch", both, itself=False) == "off.router"
    assert root_of(EDGES, "router", both, itself=False) is None


def test_the_outage_of_a_thing_is_the_cause_of_its_other_alarms() -> None:
    assert root_of(EDGES, "led", {"led": "off.led"}, itself=True) == "off.led"
    assert root_of(EDGES, "led", {"led": "off.led", "line": "silent.line"}, itself=True) == "silent.line"


def test_things_that_depend_on_one_another_hide_nothing() -> None:
    circle = {"a": {"b"}, "b": {"a"}}
    down = {"a": "off.a", "b": "off.b"}
    assert [root_of(circle, each, down, itself=False) for each in "ab"] == [None, None]


NAMES = st.sampled_from("abcdef")


@given(st.dictionaries(NAMES, st.sets(NAMES)), st.sets(NAMES))
def test_a_root_is_never_suppressed_itself(edges: dict[str, set[str]], out: set[str]) -> None:
    down = {name: f"off.{name}" for name in out}
    for name in sorted(out):
        root = root_of(edges, name, down, itself=False)
        if root is not None:
            assert root_of(edges, root.removeprefix("off."), down, itself=False) is None
