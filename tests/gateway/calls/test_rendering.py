"""Audio for pages without a voice, by the real espeak-ng: what it says, and what it can never do."""

import asyncio
import io
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from smallhall import until

from gateway.calls import rendering
from gateway.calls.rendering import MOST_KEPT, MOST_KNOWN, NotRendered, Renderer
from gateway.calls.speaking import Language

TEXT = "请A 零幺二号到十二号窗口"


@pytest.fixture
def renderer() -> Renderer:
    assert rendering.installed(), "scripts/install-test-programs installs espeak-ng"
    return Renderer()


def a_program(folder: Path, body: str) -> str:
    """A program that stands in for espeak-ng."""
    path = folder / "espeak-ng"
    path.write_text(f"#!{sys.executable}\nimport sys, time\n{body}\n")
    path.chmod(0o755)
    return str(path)


async def test_a_sentence_becomes_audio_of_its_true_length(renderer: Renderer) -> None:
    audio = await renderer.audio(renderer.offer(TEXT, Language.ZH, "tv"), "tv")
    with wave.open(io.BytesIO(audio)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 22050)
        assert 1.5 < sound.getnframes() / sound.getframerate() < 6
        assert len(sound.readframes(10**7)) == 2 * sound.getnframes() == len(audio) - 44


def test_the_voice_says_chinese_and_not_its_pinyin_spelled_in_english() -> None:
    command = [str(rendering.installed()), "-v", rendering.VOICES[Language.ZH], "-b", "1", "--stdin", "-q", "-x"]
    said = subprocess.run(command, input="A 零幺二三号", capture_output=True, text=True, check=True, timeout=20).stdout
    assert "(en)" not in said
    assert said.split("_|")[:5] == ["'ei51", " l'i35N", " j'Au55", " '@r51", " s'a55n"]


async def test_english_has_a_voice_of_its_own(renderer: Renderer) -> None:
    names = {renderer.offer("Room 5", language, "tv") for language in Language}
    first, second = [await renderer.audio(name, "tv") for name in names]
    assert first != second


async def test_what_was_not_offered_to_a_screen_is_not_rendered_for_it(renderer: Renderer) -> None:
    name = renderer.offer(TEXT, Language.ZH, "tv")
    assert Renderer().offer(TEXT, Language.ZH, "tv") != name  # it cannot be computed from the text
    for wrong, screen in ((name, "other"), ("0" * 32 + ".wav", "tv")):
        with pytest.raises(NotRendered, match="nothing of this name was offered to this screen"):
            await renderer.audio(wrong, screen)
    assert renderer.offer(TEXT, Language.ZH, "other") == name
    assert await renderer.audio(name, "other")


async def test_the_same_is_rendered_once(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    name = renderer.offer(TEXT, Language.ZH, "tv")
    first, other = await asyncio.gather(*(renderer.audio(name, "tv") for _ in range(2)))
    monkeypatch.setattr(rendering, "installed", lambda: "/nowhere")
    assert first is other is await renderer.audio(name, "tv")


async def test_memory_is_bounded(renderer: Renderer) -> None:
    for number in range(MOST_KNOWN + 5):
        renderer.offer(str(number), Language.ZH, "tv")
        renderer._keep(str(number), bytes(MOST_KEPT // 10))
    assert (len(renderer._known), len(renderer._kept)) == (MOST_KNOWN, 10)


async def test_without_the_program_nothing_is_offered(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    name = renderer.offer(TEXT, Language.ZH, "tv")
    monkeypatch.setattr(rendering, "installed", lambda: None)
    assert renderer.offer(TEXT, Language.ZH, "tv") == ""
    with pytest.raises(NotRendered, match="espeak-ng is not installed"):
        await renderer.audio(name, "tv")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit(1)", "espeak-ng gave no audio of at most"),
        ("print('hello')", "espeak-ng gave no audio of at most"),
        ("sys.stdout.buffer.write(b'RIFF'); sys.exit(0)", "espeak-ng gave no audio of at most"),
        ("sys.stdout.buffer.write(b'RIFF' + bytes(2**24)); time.sleep(60)", "espeak-ng gave no audio of at most"),
        ("time.sleep(60)", "espeak-ng did not end within 0.5 s"),
        ("sys.stdin.close(); sys.stdout.close(); time.sleep(60)", "espeak-ng did not end within 0.5 s"),
    ],
)
async def test_a_program_that_misbehaves_is_ended_and_told(
    body: str, said: str, tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_program(tmp_path, body)
    monkeypatch.setattr(rendering, "installed", lambda: path)
    monkeypatch.setattr(rendering, "LIMIT_S", 0.5)
    with pytest.raises(NotRendered, match=said):
        await renderer.audio(renderer.offer("一" * 200, Language.ZH, "tv"), "tv")


async def test_a_program_that_cannot_be_started_is_told(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "installed", lambda: "/nowhere/espeak-ng")
    with pytest.raises(NotRendered, match="espeak-ng cannot be started"):
        await renderer.audio(renderer.offer(TEXT, Language.ZH, "tv"), "tv")


async def test_one_runs_at_a_time(tmp_path: Path, renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = tmp_path / "begun"
    path = a_program(tmp_path, f"open({str(begun)!r}, 'a').write('x'); time.sleep(60)")
    monkeypatch.setattr(rendering, "installed", lambda: path)
    tasks = [asyncio.create_task(renderer.audio(renderer.offer(text, Language.ZH, "tv"), "tv")) for text in "一二三"]
    await until(begun.exists)
    await asyncio.wait(tasks, timeout=0.3)
    assert begun.read_text() == "x"
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
