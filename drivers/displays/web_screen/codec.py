"""The messages between the gateway and the page of a screen: JSON, one object each. Pure.

The page sends `Beat`s: when it connects, every few seconds, and after it has shown or said something. The gateway
answers each with an `Answer`, and pushes a `Delta`, a whole `Snapshot`, an `Order` or a `Say` when there is something
new. Content has a revision `rev` within a `run`, an order and a `Say` each its `id`: all begin anew with every run of
the driver. A delta is good for the revision `base` only, for any other the page asks with `want`.
Source: none, both ends are ours; gateway/web/screen/screen.js and speech.js are the other end.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import msgspec

MOST_DELTA = 1024  # bytes; what is longer goes as a snapshot
MOST_BEAT = 4096  # bytes
MOST_SAID = 8
LATEST = 4_102_444_800_000  # the year 2100: no clock is right beyond
ShortText = Annotated[str, msgspec.Meta(max_length=64)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=LATEST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Row(msgspec.Struct, frozen=True):
    """A called number; `at` in milliseconds since 1970. `priority`: the tag of who comes before others."""

    id: str
    ticket: str
    window: str
    name: str | None
    at: int
    priority: str = ""


class Leaflet(msgspec.Struct, frozen=True):
    """Something to read beside the board: lines of columns, or the picture of that name."""

    title: str
    rows: tuple[tuple[str, ...], ...] = ()
    picture: str = ""


class Content(msgspec.Struct, frozen=True):
    """All that a page shows. `rows` None: it has no board, and shows the text over the whole screen."""

    title: str = ""
    notice: str = ""
    rows: tuple[Row, ...] | None = None
    size: int = 8
    text: str = ""
    colour: str = ""
    lit: bool = True
    leaflets: tuple[Leaflet, ...] = ()


class Snapshot(msgspec.Struct, frozen=True, tag_field="kind", tag="snapshot"):
    """The content as a whole, how often to beat, and when to hide the numbers.

    `afresh`: what is there is not to be trusted, make everything anew.
    """

    run: str
    rev: int
    beat_s: float
    hide_after_min: float
    content: Content
    afresh: bool = False


class Delta(msgspec.Struct, frozen=True, tag_field="kind", tag="delta"):
    """What makes `rev` out of `base`: fields set, rows dropped by their ids, then rows added on top."""

    run: str
    rev: int
    base: int
    set: dict[str, Any]
    add: tuple[Row, ...]
    drop: tuple[str, ...]


class Order(msgspec.Struct, frozen=True, tag_field="kind", tag="order"):
    """Something to do once: `reload`, or `identify` for some seconds."""

    run: str
    id: int
    what: str
    seconds: float = 0


class Say(msgspec.Struct, frozen=True, tag_field="kind", tag="say"):
    """Something to say once, behind what is being said: `repeat` times, `volume` of the loudest in percent.

    What has not begun by `until`, in our ms since 1970, is not said any more. `audio` is the name of the same below
    `voice/`, for a page without a voice; empty where there is none.
    """

    run: str
    id: int
    text: str
    language: str
    repeat: int
    volume: int
    until: int
    audio: str = ""


class Answer(msgspec.Struct, frozen=True, tag_field="kind", tag="answer"):
    """To a beat: its `sent` again, our time in ms since 1970, and what the page lacks.

    A page that knows no order of this `run` begins behind `last_order`.
    """

    sent: float
    now: int
    run: str
    last_order: int
    snapshot: Snapshot | None
    orders: tuple[Order, ...]
    says: tuple[Say, ...] = ()


Message = Snapshot | Delta | Order | Say | Answer


class Said(msgspec.Struct, frozen=True):
    """How a `Say` has ended on a page: `by` its own `voice` or the `audio`, or, where it is empty, `why` not at all."""

    id: Count
    by: Annotated[str, msgspec.Meta(max_length=16)] = ""
    why: ShortText = ""


class Beat(msgspec.Struct, frozen=True):
    """How a page stands: `run` and `rev` are what it has on the glass, `done` the last order of `done_run` it obeyed.

    `sent` counts the milliseconds since the page was loaded. `hidden`: nobody can see it. `gone`: it is being left, and
    says nothing more. `want` asks for a snapshot. `failed` says why it could not show the revision
    `failed_rev` of `failed_run`. `mark` is that of what stands in the page's document; None while it changes. `said`
    are the last things of `said_run` that were to be said, and have ended.
    """

    page: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9-]{1,40}$")]
    run: ShortText
    rev: Count
    sent: Milliseconds
    want: bool = False
    build: ShortText = ""
    viewport: Annotated[str, msgspec.Meta(pattern="^[0-9]{1,5}x[0-9]{1,5}$")] | None = None
    rendered_at: Milliseconds | None = None
    render_ms: Milliseconds | None = None
    fps: Annotated[float, msgspec.Meta(ge=0, le=1000)] | None = None
    speech: ShortText | None = None
    hidden: bool = False
    gone: bool = False
    stale: bool = False
    done: Count | None = None
    done_run: ShortText | None = None
    failed: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    failed_run: ShortText | None = None
    failed_rev: Count | None = None
    mark: ShortText | None = None
    said_run: ShortText | None = None
    said: Annotated[tuple[Said, ...], msgspec.Meta(max_length=MOST_SAID)] = ()


NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON: no UTF-8, or brackets without end, are not MsgspecErrors."""


class Noise(NamedTuple):
    """What is no beat, and why."""

    why: str


def read_beat(data: bytes) -> Beat | Noise:
    """Read what a page sent. Never raises."""
    if len(data) > MOST_BEAT:
        return Noise(f"longer than {MOST_BEAT} bytes")
    try:
        return msgspec.json.decode(data, type=Beat)
    except NO_JSON as error:
        return Noise(str(error))


def encode(message: Message | Beat) -> bytes:
    """A message as it goes out."""
    return msgspec.json.encode(message)


def read_message(data: bytes) -> Message | Noise:
    """Read what the gateway sent, for a simulated page. Never raises."""
    try:
        message: Message = msgspec.json.decode(data, type=Message)
        return message
    except NO_JSON as error:
        return Noise(str(error))


def change(old: Content, new: Content) -> Mapping[str, Any] | None:
    """The `set`, `add` and `drop` of a delta; None where only a snapshot tells the change."""
    before, after = msgspec.structs.asdict(old), msgspec.structs.asdict(new)
    found = {name: value for name, value in after.items() if name != "rows" and value != before[name]}
    if old.rows is None or new.rows is None:
        return None if old.rows is not new.rows else {"set": found, "add": (), "drop": ()}
    had, has = set(old.rows), set(new.rows)
    add = tuple(row for row in new.rows if row not in had)
    drop = tuple(row.id for row in old.rows if row not in has)
    delta = {"set": found, "add": add, "drop": drop}
    return delta if apply(old, delta) == new else None


def apply(content: Content, delta: Mapping[str, Any]) -> Content:
    """The content after a delta."""
    rows, fields = content.rows, dict(delta["set"])
    if delta["add"] or delta["drop"]:
        rows = (*delta["add"], *(row for row in rows or () if row.id not in delta["drop"]))
    if "leaflets" in fields:
        fields["leaflets"] = msgspec.convert(fields["leaflets"], tuple[Leaflet, ...])
    return msgspec.structs.replace(content, **fields, rows=rows)


def mark(content: Content) -> str:
    """What tells one content from another in a page's document: 32-bit FNV-1a of its texts, in UTF-16."""
    board = content.rows is not None
    notice, text = (content.text or content.notice, "") if board else ("", content.text)
    parts = [content.title, notice, text, "lit" if content.lit else "dark"]
    parts += [cell for row in content.rows or () for cell in (row.ticket, row.priority, row.window, row.name or "")]
    parts += [text for leaflet in _leaflets(content) for text in _texts(leaflet)]
    data = "\x1f".join(parts).encode("utf-16-le")
    value = 0x811C9DC5
    for unit in memoryview(data).cast("H"):
        value = (value ^ unit) * 0x01000193 & 0xFFFFFFFF
    return f"{value:08x}"


def _leaflets(content: Content) -> tuple[Leaflet, ...]:
    return () if content.rows is None else content.leaflets


def _texts(leaflet: Leaflet) -> tuple[str, ...]:
    return (leaflet.title, *(cell for row in leaflet.rows for cell in row), leaflet.picture)
