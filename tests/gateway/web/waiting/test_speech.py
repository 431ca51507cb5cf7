"""The voice of the page in a real browser: its own where there is one, else audio; in order, and never stuck."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from chromium import Chromium
from screenhall import ScreenHall
from webhall import until

from gateway.calls.speaking import Language
from gateway.hub import Status

LIMIT_S = 25.0
MANDARIN = {"lang": "zh-CN", "name": "Ting-Ting", "localService": True}
VOICES = [{"lang": "en-US", "name": "Fred", "localService": True}, MANDARIN]
FAKE = """(how => {
  window.__said = [];
  window.__how = how;
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const tell = (words, kind, event) => { if (words["on" + kind]) { words["on" + kind](event || {}); } };
  const voice = {
    speaking: false, pending: false,
    getVoices() { return how.voices; },
    cancel() { this.speaking = false; },
    speak(words) {
      if (how.error) { setTimeout(() => tell(words, "error", { error: how.error }), 0); return; }
      window.__said.push([words.text, words.voice.name, words.volume, this.speaking]);
      this.speaking = true;
      if (how.mute) { return; }
      setTimeout(() => {
        tell(words, "start");
        if (how.hangs) { return; }
        setTimeout(() => { this.speaking = false; tell(words, "end"); }, how.ms);
      }, 0);
    }
  };
  Object.defineProperty(window, "speechSynthesis", { value: how.none ? undefined : voice });
})(%s)"""


@asynccontextmanager
async def page_with(screens: ScreenHall, chromium: Chromium, **how: Any) -> AsyncGenerator[Any]:
    """The page of a browser with such a voice, once its driver knows it."""
    async with chromium.context() as context:
        await context.add_init_script(FAKE % json.dumps({"voices": VOICES, "ms": 20, **how}))
        page, errors = await context.new_page(), list[str]()

        def note(error: Any) -> None:
            errors.append(str(error))

        page.on("pageerror", note)
        await page.goto(screens.url(), wait_until="commit")
        await page.wait_for_url(screens.url().partition("?")[0])
        life = screens.web.services.lives["free"]
        await until(lambda: asyncio.sleep(0, life.view.status), lambda status: status is Status.ONLINE, LIMIT_S)
        yield page
        assert errors == []


async def speak(screens: ScreenHall, text: str, *, audio: bool = False, within_s: float = 30, **more: Any) -> Any:
    renderer = screens.web.services.calls.voice.renderer
    name = renderer.offer(text, Language.ZH, "free") if audio else ""
    return await screens.command("speak", {"text": text, "audio": name, **more}, deadline_s=within_s)


async def said(page: Any) -> list[Any]:
    found: list[Any] = await page.evaluate("window.__said")
    return found


async def test_it_speaks_with_the_chinese_voice_and_tells_when_it_has_ended(
    screens: ScreenHall, chromium: Chromium
) -> None:
    async with page_with(screens, chromium) as page:
        result = await speak(screens, "请A 零幺二号到三号窗口", volume=40, repeat=2)
        assert (result["status"], result["detail"]) == ("confirmed", {"pages": 1, "by": ["voice"]})
        assert await said(page) == [["请A 零幺二号到三号窗口", "Ting-Ting", 0.4, False]] * 2
        await speak(screens, "Window 3", language="en")
        assert (await said(page))[-1][1] == "Fred"
        assert screens.point("speech") == "ready"


async def test_many_at_once_are_said_one_after_the_other(screens: ScreenHall, chromium: Chromium) -> None:
    async with page_with(screens, chromium, ms=60) as page:
        results = await asyncio.gather(*(speak(screens, f"请{number}号") for number in range(8)))
        assert {result["status"] for result in results} == {"confirmed"}
        told = await said(page)
        assert sorted(text for text, *_ in told) == [f"请{number}号" for number in range(8)]
        assert not any(over for *_, over in told)  # none while another was being said


@pytest.mark.parametrize("how", [{"none": True}, {"voices": []}, {"voices": VOICES[:1]}])
async def test_without_a_chinese_voice_it_plays_what_the_gateway_has_rendered(
    how: dict[str, Any], screens: ScreenHall, chromium: Chromium
) -> None:
    async with page_with(screens, chromium, **how) as page:
        result = await speak(screens, "一", audio=True)
        assert (result["status"], result["detail"]) == ("confirmed", {"pages": 1, "by": ["audio"]})
        assert await said(page) == []
        assert screens.point("speech") == ("none" if how.get("none") else "no voice")
        refused = await speak(screens, "二")
        assert (refused["status"], refused["detail"]["reason"]) == ("rejected", "no page has said it: no voice for zh")


async def test_a_voice_that_never_says_that_it_has_ended_is_given_up(screens: ScreenHall, chromium: Chromium) -> None:
    async with page_with(screens, chromium, hangs=True) as page:
        result = await speak(screens, "一")
        assert result["detail"]["by"] == ["voice"]  # it was heard
        await until(lambda: asyncio.sleep(0, screens.point("speech")), lambda state: state == "hung", LIMIT_S)
        assert (await speak(screens, "二", audio=True))["detail"]["by"] == ["audio"]
        assert len(await said(page)) == 1


async def test_a_voice_that_never_begins_is_replaced_at_once(screens: ScreenHall, chromium: Chromium) -> None:
    async with page_with(screens, chromium, mute=True):
        assert (await speak(screens, "一", audio=True))["detail"]["by"] == ["audio"]


async def test_a_voice_that_fails_is_replaced_at_once(screens: ScreenHall, chromium: Chromium) -> None:
    async with page_with(screens, chromium, error="network"):
        assert (await speak(screens, "一", audio=True))["detail"]["by"] == ["audio"]
        refused = await speak(screens, "二")
        assert refused["detail"]["reason"] == "no page has said it: the voice: network"


async def test_where_sound_needs_a_touch_it_is_told_and_seen_and_a_touch_is_enough(screens: ScreenHall) -> None:
    with Chromium(more=("--autoplay-policy=document-user-activation-required",)) as chromium:
        async with page_with(screens, chromium, none=True) as page:
            # nothing is asked of the page before: playwright asks as if a person had touched it
            refused = await speak(screens, "一", audio=True)
            assert (refused["status"], refused["detail"]["reason"]) == (
                "rejected",
                "no page has said it: needs a touch",
            )
            assert screens.point("speech") == "needs a touch"
            assert await page.is_visible("#touch")
            await page.click("#touch")
            await until(lambda: asyncio.sleep(0, screens.point("speech")), lambda state: state == "none", LIMIT_S)
            assert await page.is_hidden("#touch")
            assert (await speak(screens, "一", audio=True))["detail"]["by"] == ["audio"]


async def test_what_comes_too_late_or_twice_is_not_said(screens: ScreenHall, chromium: Chromium) -> None:
    async with page_with(screens, chromium, ms=1500) as page:
        first = asyncio.create_task(speak(screens, "一"))
        await until(lambda: said(page), bool, LIMIT_S)
        late = await speak(screens, "二", within_s=0.5)
        assert late["status"] == "timeout"
        assert (await first)["status"] == "confirmed"
        assert (await speak(screens, "三"))["status"] == "confirmed"
        assert [text for text, *_ in await said(page)] == ["一", "三"]


async def test_a_lost_connection_neither_interrupts_nor_repeats(screens: ScreenHall, chromium: Chromium) -> None:
    async with page_with(screens, chromium, ms=1000) as page:
        first = asyncio.create_task(speak(screens, "一"))
        await until(lambda: said(page), bool, LIMIT_S)
        await page.context.set_offline(offline=True)
        await page.context.set_offline(offline=False)
        assert (await first)["status"] == "confirmed"
        assert len(await said(page)) == 1


async def test_the_audio_of_a_screen_is_for_its_cookie_only(screens: ScreenHall) -> None:
    renderer = screens.web.services.calls.voice.renderer
    name = renderer.offer("一", Language.ZH, "free")
    url = f"{screens.web.field}/screens/free/voice/{name}"
    session = screens.web.session

    async def status(address: str, screen: str | None) -> int:
        cookies = {"Cookie": f"hall_screen={screens.keys[screen]}"} if screen else {}
        async with session.get(address, headers=cookies) as answer:
            if answer.status == 200:
                assert (answer.content_type, (await answer.read())[:4]) == ("audio/wav", b"RIFF")
            return answer.status

    assert [await status(url, who) for who in (None, "door", "free")] == [401, 401, 200]
    assert await status(url.replace("/free/", "/door/"), "door") == 404
    assert await status(url.replace(name, "0" * 32 + ".wav"), "free") == 404
