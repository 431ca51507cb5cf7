"""Renders speech as audio, for pages whose browser has no voice: espeak-ng, where it is installed.

It is a process of its own, never a library: it is under GPLv3. The text is given on its standard input: nothing of a
call becomes a word of a command line.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import struct
from collections import OrderedDict
from functools import cache

from gateway.calls.speaking import Language
from gateway.core.errors import GatewayError

PROGRAM = "espeak-ng"
VOICES = {Language.ZH: "cmn-latn-pinyin", Language.EN: "en"}
"""Of espeak-ng 1.51. Its voice cmn says most characters by their pinyin, spelled in English."""
LIMIT_S = 5.0  # for one sentence: it takes 5 to 50 ms
MOST_BYTES = 4 * 1024 * 1024  # of one sentence: 95 s of 16 bits at 22 050 Hz
MOST_KEPT = 16 * 1024 * 1024
MOST_KNOWN = 256  # sentences that can be asked for
HEAD = 44  # bytes before the samples


class NotRendered(GatewayError):
    """There is no audio: nobody was offered it, the program is missing or failed, or took too long."""


@cache
def installed() -> str | None:
    """The path of the program, None where it is not installed."""
    return shutil.which(PROGRAM)


class Renderer:
    """The sentences that may be asked for, and their audio once somebody has asked; one is rendered at a time."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[str, tuple[str, Language, set[str]]] = OrderedDict()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._in_turn = asyncio.Lock()

    def offer(self, text: str, language: Language, device: str) -> str:
        """Let a device ask for a sentence by the name that is given, which nobody guesses; empty if it cannot be."""
        if installed() is None:
            return ""
        name = hashlib.blake2b(f"{language}:{text}".encode(), key=self._key, digest_size=16).hexdigest() + ".wav"
        known = self._known.setdefault(name, (text, language, set()))
        known[2].add(device)
        self._known.move_to_end(name)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return name

    async def audio(self, name: str, device: str) -> bytes:
        """The sentence of this name as WAV. Raises NotRendered."""
        text, language, devices = self._known.get(name, ("", Language.ZH, ()))
        if device not in devices:
            raise NotRendered("nothing of this name was offered to this screen")
        if name not in self._kept:
            async with self._in_turn:
                if name not in self._kept:
                    self._keep(name, await _render(text, language))
        self._kept.move_to_end(name)
        return self._kept[name]

    def _keep(self, name: str, audio: bytes) -> None:
        self._kept[name] = audio
        while sum(map(len, self._kept.values())) > MOST_KEPT:
            self._kept.popitem(last=False)


async def _render(text: str, language: Language) -> bytes:
    """Have the program say it. Raises NotRendered."""
    program = installed()
    if program is None:
        raise NotRendered(f"{PROGRAM} is not installed")
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *("-v", VOICES[language], "-b", "1", "--stdin", "--stdout"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
        )
    except OSError as error:
        raise NotRendered(f"{PROGRAM} cannot be started: {error}") from error
    try:
        async with asyncio.timeout(LIMIT_S):
            audio = await _said(process, text)
            status = await process.wait()
    except TimeoutError as error:
        raise NotRendered(f"{PROGRAM} did not end within {LIMIT_S:g} s") from error
    finally:
        await _end(process)
    if status != 0 or not HEAD <= len(audio) <= MOST_BYTES or not audio.startswith(b"RIFF"):
        raise NotRendered(f"{PROGRAM} gave no audio of at most {MOST_BYTES} bytes, and ended with {status}")
    return _sized(audio)


def _sized(audio: bytes) -> bytes:
    """The same with its true sizes: what goes to standard output claims to be endless (RIFF WAVE, chunk sizes)."""
    sizes = struct.pack("<I", len(audio) - 8), struct.pack("<I", len(audio) - HEAD)
    return audio[:4] + sizes[0] + audio[8 : HEAD - 4] + sizes[1] + audio[HEAD:]


async def _said(process: asyncio.subprocess.Process, text: str) -> bytes:
    """Hand over the text, take the audio; of too much only so much that it is seen to be too much."""
    if process.stdin is None or process.stdout is None:
        raise NotRendered(f"{PROGRAM} has no pipes")
    process.stdin.write(text.encode())
    process.stdin.close()
    audio = bytearray()
    while len(audio) <= MOST_BYTES and (piece := await process.stdout.read(65536)):
        audio += piece
    if len(audio) > MOST_BYTES:
        process.kill()
    return bytes(audio)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
