"""An inlet: a device posts, its driver answers once, and nobody is left waiting."""

import asyncio

import pytest

from gateway.core.errors import GatewayError
from gateway.wire import inlet as module
from gateway.wire.inlet import WAITING, Answer, HttpContact, Inlets

COME_AGAIN = Answer(503, b"busy, come again")


def post(body: bytes = b"") -> HttpContact:
    return HttpContact("POST", "/inlet/box", {"key": "value"}, body)


async def test_a_contact_reaches_the_driver_and_its_answer_the_device() -> None:
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        asking = asyncio.create_task(inlets.take("box", post(b"hello")))
        contact = await inlet.contact()
        assert (contact.method, contact.path, contact.query, contact.body) == (
            "POST",
            "/inlet/box",
            {"key": "value"},
            b"hello",
        )
        contact.answer(200, b"{}", "application/json")
        assert await asking == Answer(200, b"{}", "application/json")


async def test_contacts_come_in_order() -> None:
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        asking = [asyncio.create_task(inlets.take("box", post(bytes([n])))) for n in range(5)]
        for n in range(5):
            contact = await inlet.contact()
            contact.answer(200, contact.body)
            assert contact.body == bytes([n])
        assert [(await task).body for task in asking] == [bytes([n]) for n in range(5)]


async def test_only_the_first_answer_counts() -> None:
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        asking = asyncio.create_task(inlets.take("box", post()))
        contact = await inlet.contact()
        contact.answer(200)
        contact.answer(500)
        assert (await asking).status == 200
        contact.answer(500)


async def test_where_no_device_is_nothing_is_found() -> None:
    inlets = Inlets()
    assert (await inlets.take("box", post())).status == 404
    with inlets.open("http:box"):
        pass
    assert (await inlets.take("box", post())).status == 404


async def test_a_device_that_posts_too_much_is_told_to_come_again() -> None:
    inlets = Inlets()
    with inlets.open("http:box"):
        asking = [asyncio.create_task(inlets.take("box", post())) for _ in range(WAITING)]
        await asyncio.sleep(0)
        assert await inlets.take("box", post()) == COME_AGAIN
        assert not any(task.done() for task in asking)
    assert [await task for task in asking] == [COME_AGAIN] * WAITING


async def test_a_contact_that_its_driver_took_and_left_is_turned_away_when_it_closes() -> None:
    """Else the device would wait until its own time-out, and its next contact behind it."""
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        asking = asyncio.create_task(inlets.take("box", post()))
        await inlet.contact()
    async with asyncio.timeout(1):
        assert await asking == COME_AGAIN


async def test_an_answer_counts_though_the_inlet_closes_behind_it() -> None:
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        asking = asyncio.create_task(inlets.take("box", post()))
        (await inlet.contact()).answer(200, b"recorded")
    assert await asking == Answer(200, b"recorded")


async def test_a_driver_that_does_not_answer_in_time_does_not_keep_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.01)
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        assert await inlets.take("box", post()) == COME_AGAIN
        (await inlet.contact()).answer(200)


async def test_a_device_that_goes_away_does_not_disturb_its_driver() -> None:
    inlets = Inlets()
    with inlets.open("http:box") as inlet:
        asking = asyncio.create_task(inlets.take("box", post()))
        contact = await inlet.contact()
        asking.cancel()
        await asyncio.wait({asking})
        contact.answer(200)


@pytest.mark.parametrize("spec", ["box", "http:", "ftp:box", ""])
async def test_an_inlet_of_another_form_is_refused(spec: str) -> None:
    with pytest.raises(GatewayError, match="must be http:NAME"), Inlets().open(spec):
        pass


async def test_two_devices_cannot_have_one_inlet() -> None:
    inlets = Inlets()
    with inlets.open("http:box"), pytest.raises(GatewayError, match="already used"), inlets.open("http:box"):
        pass
