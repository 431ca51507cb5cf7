"""What pages are to say: asked once, told when they have ended, and never late."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from screenbox import Box, Contact, ended, opened_box, pending

from drivers.displays.web_screen import codec, speech
from gateway.core.errors import CommandRejected


@pytest.fixture
async def box(fails_on_pending_tasks: None) -> AsyncGenerator[Box]:
    async with opened_box() as box:
        await box.beat()
        yield box


async def says(box: Box, page: str, *said: codec.Said, **more: Any) -> Contact:
    return await box.beat(page, said_run=box.run, said=said, **more)


def pushed(box: Box) -> list[Any]:
    return [message for message in box.pushed if message["kind"] == "say"]


async def test_it_ends_when_the_page_has_said_it(box: Box) -> None:
    task = box.execute("speak", text="请A\x07一号", repeat=2, volume=30, audio="0" * 32 + ".wav")
    assert await pending(task)
    [say] = pushed(box)
    assert (say["text"], say["repeat"], say["volume"], say["audio"]) == ("请A一号", 2, 30, "0" * 32 + ".wav")
    await says(box, "a", codec.Said(say["id"], "voice"))
    assert await ended(task) == {"pages": 1, "by": ["voice"]}


async def test_every_page_that_people_see_is_waited_for_and_no_other(box: Box) -> None:
    await box.beat("b")
    await box.beat("hidden", hidden=True)
    task = box.execute("speak", text="一")
    await pending(task)
    await box.beat("late")
    await says(box, "a", codec.Said(1, "voice"))
    assert await pending(task)
    await says(box, "b", codec.Said(1, "audio"))
    assert await ended(task) == {"pages": 2, "by": ["audio", "voice"]}


async def test_one_page_that_says_it_is_enough_and_none_is_a_refusal(box: Box) -> None:
    await box.beat("b")
    first, second = box.execute("speak", text="一"), box.execute("speak", text="二")
    await pending(first)
    await says(box, "a", codec.Said(1, "voice"), codec.Said(2, why="needs a touch"))
    await says(box, "b", codec.Said(1, why="no voice"), codec.Said(2, why="\u202eno voice"))
    assert (await ended(first))["pages"] == 1
    with pytest.raises(CommandRejected, match=r"^no page has said it: needs a touch$"):
        await ended(second)


async def test_where_nobody_can_see_a_page_nothing_is_waited_for(box: Box) -> None:
    await box.beat(hidden=True)
    with pytest.raises(CommandRejected, match="none is there that people can see"):
        await ended(box.execute("speak", text="一"))


async def test_what_an_earlier_run_said_counts_for_nothing(box: Box) -> None:
    task = box.execute("speak", text="一")
    await box.beat(said_run="earlier", said=(codec.Said(1, "voice"),))
    assert await pending(task)
    task.cancel()
    await asyncio.wait({task})


async def test_a_page_that_loses_its_connection_shortly_is_waited_for(box: Box) -> None:
    task = box.execute("speak", text="一")
    await pending(task)
    await box.come(Contact("CLOSE", "of-a"))
    assert await pending(task)
    await says(box, "a", codec.Said(1, "voice"))
    assert (await ended(task))["pages"] == 1


async def test_a_page_that_does_not_come_back_is_not(box: Box) -> None:
    task = box.execute("speak", text="一")
    await pending(task)
    await box.come(Contact("CLOSE", "of-a"))
    box.context.clock.seconds += speech.AWAY_S + 1
    await box.beat("b")
    with pytest.raises(CommandRejected, match="no page has said it"):
        await ended(task)


async def test_a_page_that_asks_is_told_what_may_still_be_said_and_nothing_that_was_given_up(box: Box) -> None:
    task = box.execute("speak", text="一")
    await pending(task)
    answer = await box.beat()
    assert [say["text"] for say in answer.said["says"]] == ["一"]
    task.cancel()
    await asyncio.wait({task})
    assert (await box.beat()).said["says"] == []


async def test_what_has_not_begun_by_its_deadline_is_marked_as_late(box: Box) -> None:
    task = box.execute("speak", within_s=7, text="一")
    await pending(task)
    assert pushed(box)[0]["until"] == int(1000 * (box.context.clock.now().timestamp() + 7))
    task.cancel()
    await asyncio.wait({task})


@pytest.mark.parametrize(
    "more",
    [
        {"audio": "../../etc/passwd"},
        {"audio": "a.wav"},
        {"language": "fr"},
        {"volume": 101},
        {"repeat": 6},
        {"text": ""},
    ],
)
async def test_wrong_parameters_are_refused(box: Box, more: dict[str, Any]) -> None:
    with pytest.raises(CommandRejected, match="bad parameters"):
        await ended(box.execute("speak", within_s=9, **({"text": "一"} | more)))
