"""What faults make of answers, without a wire: the specification, tried on any of them together."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulators.faults import SERIAL, TCP, UDP, Baud, Faults
from simulators.outbox import Outbox, Schedule, Step

COUNTS = st.integers(0, 4)
SECONDS = st.sampled_from([0.0, 0.001, 0.2, 3.0])
WHEN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "slow": {"seconds": SECONDS},
    "late": {"seconds": SECONDS, "count": COUNTS},
    "baud": {"rate": st.sampled_from([0, 9600, 115200])},
    "pieces": {"size": st.integers(0, 5)},
    "coalesce": {"seconds": SECONDS},
}
"""Faults that say when bytes come."""
WHAT: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "loss": {"percent": st.sampled_from([0, 30, 100]), "seed": COUNTS},
    "duplicate": {"count": COUNTS},
    "corrupt": {"bits": st.integers(1, 4), "count": COUNTS, "seed": COUNTS},
    "garbage": {"size": st.integers(1, 9), "count": COUNTS, "seed": COUNTS},
    "wrong_id": {"count": COUNTS},
    "cut": {"after": st.integers(0, 12), "count": COUNTS},
}
"""Faults that say which bytes come."""
ANSWERS = st.lists(st.tuples(st.binary(min_size=1, max_size=12), SECONDS), max_size=8)
Pull = tuple[str, dict[str, Any]]


def pulls(*kinds: dict[str, dict[str, st.SearchStrategy[Any]]]) -> st.SearchStrategy[Pull]:
    every = {name: fields for kind in kinds for name, fields in kind.items()}
    return st.sampled_from(sorted(every)).flatmap(
        lambda name: st.tuples(st.just(name), st.fixed_dictionaries(every[name]))
    )


def reverse(reply: bytes) -> bytes:
    return reply[::-1]


def faulty(*pulled: Pull) -> Faults:
    faults = Faults(misaddress=reverse)
    for name, params in pulled:
        faults.levers()[name](params)
    return faults


def stream(steps: Sequence[Step]) -> bytes:
    """What a peer reads."""
    return b"".join(step.what or b"" for step in sorted(steps, key=lambda step: step.at))


@given(st.lists(st.tuples(st.lists(pulls(WHEN), max_size=3), ANSWERS), max_size=4))
def test_faults_of_time_keep_every_byte_and_their_order(
    rounds: list[tuple[list[Pull], list[tuple[bytes, float]]]],
) -> None:
    faults, now, answered, steps = faulty(), 0.0, b"", list[Step]()
    schedule = Schedule(faults)
    for pulled, answers in rounds:
        for name, params in pulled:
            faults.levers()[name](params)
        for reply, pause_s in answers:
            new = schedule.answer(reply, now)
            assert all(step.at >= now for step in new)
            steps, answered, now = steps + new, answered + reply, now + pause_s
    assert steps == sorted(steps, key=lambda step: step.at)
    assert stream(steps) == answered


@given(st.lists(pulls(WHAT, WHEN), max_size=6), st.lists(st.binary(min_size=4, max_size=12), min_size=1, max_size=8))
def test_the_bytes_of_an_answer_are_the_specified_transformation(pulled: list[Pull], answers: list[bytes]) -> None:
    faults, asked = faulty(*pulled), dict(pulled)
    schedule = Schedule(faults)
    struck = 0  # an answer that is lost uses up no fault
    for reply in answers:
        steps = schedule.answer(reply, 0.0)
        if not steps:
            assert asked["loss"]["percent"] > 0
            continue
        strikes = {name for name, params in asked.items() if struck < params.get("count", 0)}
        struck += 1
        assert (steps[-1].what is None) == ("cut" in strikes)
        assert_spoiled(stream(steps), reply, strikes, asked)


def assert_spoiled(got: bytes, reply: bytes, strikes: set[str], asked: dict[str, Any]) -> None:
    """Whether bytes are those that the faults of these names make of a reply."""
    reply = reply[::-1] if "wrong_id" in strikes else reply
    before = asked["garbage"]["size"] if "garbage" in strikes else 0
    length = (before + len(reply)) * (2 if "duplicate" in strikes else 1)
    if "cut" in strikes:
        assert len(got) == min(length, asked["cut"]["after"])
        reply = reply[: max(0, len(got) - before)]
    else:
        assert len(got) == length
    half = got[: length // 2] if "duplicate" in strikes else got
    assert got == (half * 2)[: len(got)]
    flips = sum((a ^ b).bit_count() for a, b in zip(half[before:], reply, strict=False))
    most = asked["corrupt"]["bits"] if "corrupt" in strikes else 0
    assert flips <= most if "cut" in strikes else flips == most


@given(st.lists(pulls(WHAT, WHEN), max_size=6), st.lists(st.binary(max_size=12), max_size=8))
def test_the_same_levers_spoil_the_same_answers_in_the_same_way(pulled: list[Pull], answers: list[bytes]) -> None:
    one, two = Schedule(faulty(*pulled)), Schedule(faulty(*pulled))
    assert [one.answer(reply, 1.0) for reply in answers] == [two.answer(reply, 1.0) for reply in answers]


def test_a_reordered_answer_is_overtaken_by_those_behind_it() -> None:
    schedule = Schedule(faulty(("reorder", {"seconds": 1, "count": 1})))
    assert stream([step for reply in (b"1", b"2", b"3") for step in schedule.answer(reply, 0.0)]) == b"231"


def test_what_comes_twice_over_udp_is_two_datagrams() -> None:
    faults = Faults(UDP)
    faults.levers()["duplicate"]({})
    schedule = Schedule(faults)
    assert [step.what for reply in (b"1", b"2") for step in schedule.answer(reply, 0.0)] == [b"1", b"1", b"2"]


def test_bytes_on_a_paced_wire_come_when_their_last_bit_has() -> None:
    schedule = Schedule(Faults(SERIAL, baud=Baud(rate=1000)))
    steps = [*schedule.answer(b"ab", 0.0), *schedule.answer(b"c", 0.005)]
    assert [(round(step.at, 6), step.what) for step in steps] == [(0.01, b"a"), (0.02, b"b"), (0.03, b"c")]


def test_healing_leaves_a_wire_its_own_speed() -> None:
    faults = Faults(SERIAL, baud=Baud(rate=9600))
    faults.levers()["baud"]({"rate": 0})
    faults.levers()["mute"]({})
    faults.levers()["heal"]({})
    assert (faults.now.baud.rate, faults.now.mute.on) == (9600, False)


def test_a_wire_has_the_faults_of_its_kind() -> None:
    assert set(Faults(TCP).levers()) == (TCP - {"wrong_id"}) | {"heal"}
    assert "wrong_id" in Faults(UDP, misaddress=reverse).levers()
    assert {"reset", "baud", "pieces", "coalesce"} & set(Faults(UDP).levers()) == set()
    assert "reset" not in Faults(SERIAL).levers()


def test_every_fault_says_in_one_sentence_what_it_does_and_what_it_takes() -> None:
    for name, fault in faulty().levers().items():
        assert fault.help.endswith("."), name
        assert fault.schema()["type"] == "object"
    cut = faulty().levers()["cut"].schema()
    assert (cut["required"], cut["properties"]["after"]) == (["after"], {"type": "integer", "minimum": 0})


async def test_an_end_forgets_what_was_to_follow_and_so_does_clearing() -> None:
    got, ends = list[bytes](), list[bool]()
    faults = faulty(("cut", {"after": 1}))
    outbox = Outbox(faults, write=got.append, end=lambda: ends.append(True))
    faults.levers()["slow"]({"seconds": 0.001})
    outbox.send(b"12")
    outbox.send(b"34")
    await asyncio.sleep(0.01)
    assert (got, ends) == ([b"1"], [True])
    outbox.send(b"56")
    outbox.clear()
    await asyncio.sleep(0.005)
    assert got == [b"1"]
