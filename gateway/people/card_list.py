"""A list of cards and the people who carry them, as spreadsheets write it: CSV with a line of headings."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gateway.core.errors import WrongInput
from gateway.people.known_as import known_as
from gateway.people.pseudonyms import Person

HEADINGS = {
    "card": "card",
    "卡号": "card",
    "employee": "employee",
    "工号": "employee",
    "name": "name",
    "姓名": "name",
    "department": "department",
    "部门": "department",
}
IDENTIFIERS = ("card", "employee")
MOST_NAME, MOST_ROWS = 40, 20_000
SURPLUS = ""  # the key of what stands behind the last column
Row = Mapping[str, str]


class BadLine(msgspec.Struct, frozen=True):
    """A line that cannot be taken, and why."""

    line: int
    why: str


class CardList(msgspec.Struct, frozen=True):
    """What was read: the people in the order of the lines, and all lines that are bad."""

    people: list[Person]
    bad: list[BadLine]


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or what spreadsheets write in China, GB 18030. Raises WrongInput."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WrongInput("the list is neither UTF-8 nor GB 18030 text")


def read(text: str) -> CardList:
    """Read a list; every bad line is told, not only the first. Raises WrongInput when its headings are wrong."""
    rows = csv.DictReader(io.StringIO(text, newline=""), restkey=SURPLUS, strict=True)
    _headed(rows.fieldnames or [])
    found = CardList([], [])
    seen: dict[str, int] = {}
    for line, row in _lines(rows, found):
        try:
            person = _person(row)
            if (first := seen.setdefault(person.known_as, line)) != line:
                raise WrongInput(f"{person.known_as.partition(':')[0]} is that of line {first} already")
            found.people.append(person)
        except WrongInput as error:
            found.bad.append(BadLine(line, str(error)))
    return found


def _headed(names: Sequence[str]) -> None:
    known = [HEADINGS.get(name.strip().lower()) for name in names]
    allowed = "card (卡号), employee (工号), name (姓名), department (部门)"
    for name, heading in zip(names, known, strict=True):
        if heading is None:
            raise WrongInput(f"line 1: {name[:40]!r} is no heading; headings: {allowed}")
    if len(set(known)) < len(known) or "name" not in known or not set(IDENTIFIERS) & set(known):
        raise WrongInput(f"line 1: must have name, and card or employee, each once; headings: {allowed}")


def _lines(rows: "csv.DictReader[str]", found: CardList) -> Iterator[tuple[int, Row]]:
    """The rows that are not empty, by the line on which each ends, until one breaks the file."""
    try:
        for row in rows:
            plain = {HEADINGS.get(name.strip().lower(), SURPLUS): _plain(text) for name, text in row.items()}
            if any(plain.values()):
                yield rows.line_num, plain
            if rows.line_num > MOST_ROWS:
                raise WrongInput(f"the list has more than {MOST_ROWS} lines: import it in smaller parts")
    except csv.Error as error:
        found.bad.append(BadLine(rows.line_num, f"is no CSV: {error}"))


def _plain(text: str | list[str] | None) -> str:
    """A cell without the blanks around it; of the surplus ones, what they hold together."""
    return "".join(text or "").strip(" \t\r\n\u3000\xa0")


def _person(row: Row) -> Person:
    if row.get(SURPLUS):
        raise WrongInput("has more columns than line 1 has headings")
    given = [(kind, row[kind]) for kind in IDENTIFIERS if row.get(kind)]
    if len(given) != 1:
        raise WrongInput("must have exactly one of card and employee")
    name, department = row["name"], row.get("department") or None
    if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
        raise WrongInput(f"name must have 1 to {MOST_NAME} characters that can be printed")
    if department and (len(department) > MOST_NAME or not department.isprintable()):
        raise WrongInput(f"department must have at most {MOST_NAME} characters that can be printed")
    return Person(known_as(*given[0]), name, department)
