"""The driver of a screen: what counts as seen, by whom, and what pages that lie or hang can do."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import msgspec
import pytest
from screenbox import NOW, Box, Contact, ended, opened_box, pending

from drivers.displays.web_screen import codec
from gateway.core.errors import CommandRejected
from gateway.core.model import Stage


@pytest.fixture
async def box(fails_on_pending_tasks: None) -> AsyncGenerator[Box]:
    async with opened_box() as box:
        yield box


async def test_the_first_content_is_a_snapshot_and_what_follows_are_deltas(box: Box) -> None:
    first, second = box.execute("show", text="A001"), None
    assert await pending(first)
    assert [(each["kind"], each["rev"]) for each in box.pushed] == [("snapshot", 1)]
    assert box.pushed[0]["content"]["text"] == "A001"
    await box.beat(rev=1)
    assert (await ended(first))["rev"] == 1
    second = box.execute("show", text="A002", colour="green")
    assert await pending(second)
    assert {key: box.pushed[1][key] for key in ("kind", "rev", "base", "set")} == {
        "kind": "delta",
        "rev": 2,
        "base": 1,
        "set": {"text": "A002", "colour": "green"},
    }
    await box.beat(rev=2)
    await ended(second)
    assert box.context.stages == [Stage.SENT, Stage.SENT]


async def test_a_long_change_goes_as_a_snapshot(box: Box) -> None:
    for rev in (1, 2):
        at = {"at": NOW.isoformat(), "window": "一" * 40, "ticket": "A" * 32}
        task = box.execute("board", rows=[{"call_id": f"{rev}-{n}", **at} for n in range(20)], title="综合" * 30)
        await pending(task)
        await box.beat(rev=rev)
        await ended(task)
    assert [each["kind"] for each in box.pushed] == ["snapshot", "snapshot"]


async def test_every_page_that_people_can_see_must_have_it_on_the_glass(box: Box) -> None:
    await box.beat("b")
    await box.beat("background", hidden=True)
    task = box.execute("show", text="A001")
    await box.beat("a", rev=1)
    assert await pending(task)
    await box.beat("b", rev=1, render_ms=40)
    assert (await ended(task))["pages"] == 2
    assert (box.points["clients"], box.points["text"], box.points["stale"]) == (3, "A001", False)


async def test_a_page_that_leaves_or_hangs_is_not_waited_for(box: Box) -> None:
    await box.beat("left")
    await box.beat("hangs")
    task = box.execute("show", text="A001")
    await box.beat("a", rev=1)
    await box.come(Contact("CLOSE", "of-left"))
    box.context.clock.seconds = 12.5
    assert await pending(task)
    await box.beat("a", rev=1)
    await ended(task)
    assert box.points["clients"] == 1


async def test_what_a_page_said_before_comes_late_and_does_not_count(box: Box) -> None:
    await box.beat("a", sent=5000, by="new")
    task = box.execute("show", text="A001")
    await box.beat("a", rev=1, sent=6000, by="new")
    await ended(task)
    late = await box.beat("a", sent=4000, by="of-a")
    assert (late.status, box.points["last_rev"], box.points["text"]) == (200, 1, "A001")
    await box.come(Contact("CLOSE", "of-a"))
    assert (box.points["clients"], box.points["last_rev"]) == (1, 1)


@pytest.mark.parametrize("how", ["gone", "closed"])
async def test_what_comes_late_of_a_page_that_has_left_holds_nothing_up(box: Box, how: str) -> None:
    await box.beat("new", sent=10)
    if how == "gone":
        await box.beat("a", sent=9000, by="another", gone=True)
    else:
        await box.beat("a", sent=9000)
        await box.come(Contact("CLOSE", "of-a"))
    assert (await box.beat("a", sent=8000, by="late")).status == 200
    task = box.execute("show", text="A001")
    assert await pending(task)
    await box.beat("new", rev=1, sent=11)
    assert (await ended(task))["pages"] == 1
    await box.beat("a", rev=1, sent=9500)
    assert box.points["clients"] == 2


async def test_what_is_remembered_of_pages_that_have_left_is_bounded(box: Box) -> None:
    for number in range(100):
        await box.beat(f"p{number}", gone=True)
    assert len(box.driver._pages._left) == 32


async def test_only_pages_in_the_background_prove_nothing(box: Box) -> None:
    await box.beat("a", hidden=True)
    task = box.execute("show", text="A001")
    await box.beat("a", rev=1, hidden=True)
    assert await pending(task)
    assert (box.points["last_rev"], box.points["clients"]) == (None, 1)
    await box.beat("a", rev=1)
    await ended(task)


async def test_what_an_earlier_run_sent_counts_for_nothing(box: Box) -> None:
    task = box.execute("show", text="A001")
    answer = await box.beat("a", rev=99, run="earlier", want=True)
    assert await pending(task)
    assert (answer.said["snapshot"]["run"], answer.said["snapshot"]["rev"]) == (box.run, 1)
    assert (box.points["stale"], box.points["text"]) == (True, None)
    await box.beat("a", rev=1)
    await ended(task)


async def test_a_gap_is_answered_with_a_snapshot_and_who_is_up_to_date_gets_none(box: Box) -> None:
    task = box.execute("show", text="A001")
    await box.beat(rev=1)
    await ended(task)
    assert (await box.beat(rev=1, want=True)).said["snapshot"] is None
    assert (await box.beat("b", want=True)).said["snapshot"]["content"]["text"] == "A001"


async def test_a_page_keeps_its_numbers_over_a_restart_until_something_is_wanted(box: Box) -> None:
    first = await box.beat("b", rev=7, run="earlier", want=True)
    assert first.said["snapshot"] is None
    second = await box.beat("b", rev=7, run="earlier", want=True)
    assert second.said["snapshot"]["content"]["rows"] is None


async def test_the_answer_tells_the_time(box: Box) -> None:
    answer = await box.beat()
    assert (answer.said["sent"], answer.said["now"]) == (1, NOW.timestamp() * 1000)


async def test_what_a_page_could_not_show_is_refused_in_harmless_words(box: Box) -> None:
    task = box.execute("show", text="A001")
    await box.beat(failed="old", failed_run="earlier", failed_rev=9)
    assert await pending(task)
    await box.beat(failed="Type\x1b[31mError\n", failed_run=box.run, failed_rev=1)
    with pytest.raises(CommandRejected, match=r"^tv: the page could not show it: Type\[31mError$"):
        await ended(task)


async def test_an_order_is_done_when_every_page_has_obeyed(box: Box) -> None:
    none: dict[str, Any] = {"done_run": box.run, "done": 0}
    one: dict[str, Any] = {**none, "done": 1}
    await box.beat("a", **none)
    await box.beat("b", **none)
    task = box.execute("identify", seconds=5)
    assert await pending(task)
    assert box.pushed[-1] == {"kind": "order", "run": box.run, "id": 1, "what": "identify", "seconds": 5}
    assert [each["id"] for each in (await box.beat("b", **none)).said["orders"]] == [1]
    await box.beat("a", **one)
    assert await pending(task)
    assert (await box.beat("b", **one)).said["orders"] == []
    assert await ended(task) == {"pages": 2}


async def test_what_a_page_obeyed_in_an_earlier_run_proves_nothing(box: Box) -> None:
    old: dict[str, Any] = {"done_run": "earlier", "done": 7}
    await box.come(Contact("CLOSE", "of-a"))
    assert (await box.beat("kept", **old)).said["run"] == box.run
    task = box.execute("identify", seconds=5)
    assert await pending(task)
    assert (await box.beat("kept", **old)).said["orders"] == []  # it begins behind the last one, and is pushed this one
    assert await pending(task)
    await box.beat("kept", done_run=box.run, done=1)
    assert await ended(task) == {"pages": 1}


async def test_a_page_that_was_there_before_the_order_has_not_obeyed_it_before_it_says_so(box: Box) -> None:
    task = box.execute("identify", seconds=5)
    await box.beat("a")
    assert await pending(task)
    await box.beat("a", done_run=box.run, done=1)
    await ended(task)


async def test_a_page_that_comes_back_still_owes_what_it_has_missed(box: Box) -> None:
    none: dict[str, Any] = {"done_run": box.run, "done": 0}
    await box.beat("a", **none)
    await box.come(Contact("CLOSE", "of-a"))
    task = box.execute("identify", seconds=5)
    assert await pending(task)
    assert [each["id"] for each in (await box.beat("a", **none)).said["orders"]] == [1]
    assert await pending(task)
    await box.beat("a", done_run=box.run, done=1)
    await ended(task)


async def test_a_page_that_came_after_an_order_has_nothing_to_do(box: Box) -> None:
    await box.beat("a", done_run=box.run, done=0)
    task = box.execute("reload")
    await pending(task)
    await box.come(Contact("CLOSE", "of-a"))
    answer = await box.beat("new")
    assert (answer.said["last_order"], answer.said["orders"]) == (1, [])
    await ended(task)


async def test_what_is_no_beat_is_refused_and_hurts_nobody(box: Box) -> None:
    contact = await box.come(Contact("MESSAGE", "of-x", b'{"page": "<b>"}'))
    assert (contact.status, contact.said.startswith("no beat: ")) == (400, True)
    assert (await box.beat()).status == 200


async def test_a_flood_of_pages_is_bounded(box: Box) -> None:
    for number in range(100):
        await box.beat(f"p{number}")
    assert box.points["clients"] == 32


async def test_the_page_that_is_furthest_behind_speaks_for_all(box: Box) -> None:
    task = box.execute("show", text="A001")
    await box.beat("b", rev=1, render_ms=5, fps=60, speech="ready", build="b2", rendered_at=1000)
    await box.beat("a", rev=0, build="b1\x07")
    assert (box.points["last_rev"], box.points["build"], box.points["stale"]) == (0, "b1", True)
    task.cancel()
    await asyncio.wait({task})


async def test_a_picture_is_of_what_is_seen(box: Box) -> None:
    assert box.driver.picture(None) is None
    rows = [{"call_id": "c1", "ticket": "Z012", "window": "1号窗口", "at": NOW.isoformat()}]
    task = box.execute("board", rows=rows)
    await pending(task)
    assert box.driver.picture(None) is None
    await box.beat(rev=1)
    await ended(task)
    picture = box.driver.picture(None)
    assert picture is not None
    assert (picture.width, picture.height) == (1024, 64)


async def test_black_shows_nothing(box: Box) -> None:
    for rev, make in enumerate((partial(box.execute, "show", text="A001"), partial(box.execute, "power", on=False)), 1):
        task = make()
        await pending(task)
        await box.beat(rev=rev)
        await ended(task)
    assert box.points["text"] == ""
    dark = box.driver.picture(None)
    assert dark is not None


async def test_what_is_shown_on_a_page_that_is_off_is_on_nobodys_glass(box: Box) -> None:
    told: list[Any] = []
    for rev, make in enumerate((partial(box.execute, "power", on=False), partial(box.execute, "show", text="A001")), 1):
        task = make()
        await pending(task)
        await box.beat(rev=rev, rendered_at=NOW.timestamp() * 1000)
        told.append(await ended(task))
    assert [(each["lit"], each["shown_at"]) for each in told] == [(False, None)] * 2


async def test_text_is_made_harmless(box: Box) -> None:
    task = box.execute("board", title="a\x1b\u202eb", rows=[], notice="c\nd")
    await pending(task)
    assert (box.pushed[0]["content"]["title"], box.pushed[0]["content"]["notice"]) == ("ab", "cd")
    await box.beat(rev=1)
    await ended(task)


async def test_a_text_over_the_board_takes_its_place_until_a_board_comes_without(box: Box) -> None:
    row = {"call_id": "c1", "ticket": "A1", "window": "1", "at": NOW.isoformat()}
    shown: list[Any] = []
    asked: list[tuple[str, dict[str, Any]]] = [
        ("show", {"text": "通知"}),
        ("board", {"rows": [row]}),
        ("board", {"over": {"text": "请疏散", "colour": "red"}}),
        ("show", {"text": "新通知"}),
        ("board", {"rows": [row]}),
    ]
    for rev, (verb, params) in enumerate(asked, 1):
        task = box.execute(verb, **params)
        await pending(task)
        await box.beat(rev=rev)
        await ended(task)
        content = box.driver._content
        shown.append((content.text, content.colour, content.rows and [each.ticket for each in content.rows]))
    assert shown == [
        ("通知", "red", None),
        ("通知", "red", ["A1"]),
        ("请疏散", "red", None),
        ("请疏散", "red", None),
        ("新通知", "red", ["A1"]),
    ]


async def test_a_page_that_has_something_else_than_it_was_sent_is_wrong_and_gets_everything_anew(box: Box) -> None:
    task = box.execute("board", rows=[], title="大厅", leaflets=[{"title": "须知", "rows": [["䶮"]]}])
    assert await pending(task)
    await box.beat(rev=1, mark="00000000")
    assert await pending(task)
    assert (box.points["intact"], box.points["last_rev"], box.points["stale"]) == (False, 0, True)
    again = box.pushed[-1]
    assert (again["kind"], again["rev"], again["afresh"], again["content"]["title"]) == ("snapshot", 2, True, "大厅")
    right = codec.mark(msgspec.convert(again["content"], codec.Content))
    await box.beat(rev=2, mark=right)
    await ended(task)
    assert (box.points["intact"], box.points["last_rev"]) == (True, 2)


async def test_a_page_that_cannot_be_helped_is_not_sent_the_same_at_every_beat(box: Box) -> None:
    task = box.execute("show", text="A001")
    for rev, seconds in ((1, 0.0), (2, 1.0), (2, 4.9), (2, 5.0), (3, 6.0)):
        box.context.clock.seconds = seconds
        await box.beat(rev=rev, mark="00000000")
    assert [each["rev"] for each in box.pushed if each.get("afresh")] == [2, 3]
    assert await pending(task)
    await box.beat(rev=3)
    await ended(task)


async def test_a_mark_of_what_is_not_newest_says_nothing(box: Box) -> None:
    task = box.execute("show", text="A001")
    await box.beat(rev=1)
    await ended(task)
    await box.beat(rev=1, run="earlier", mark="00000000")
    await box.beat(rev=1)
    assert box.points["intact"] is True
    assert [each["kind"] for each in box.pushed] == ["snapshot"]
