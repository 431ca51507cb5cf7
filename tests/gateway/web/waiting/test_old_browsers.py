"""The page runs in Chrome 69: its scripts are ES2018, its styles those of that time. It fetches from nowhere else."""

import re
from pathlib import Path

import pytest
from chrome69 import newer_in_scripts, newer_in_style

HOUSE = Path(__file__).parents[4]
SCREEN = HOUSE / "gateway/web/screen"
SHELL = HOUSE / "config/kiosk/shell.html"
GROUNDS = {"#0b1a2b", "#12304e"}
"""What letters of the page stand on."""


def inside(tag: str) -> list[str]:
    return re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", SHELL.read_text())


def test_the_scripts_are_es2018() -> None:
    scripts = {path.name: path.read_text() for path in sorted(SCREEN.glob("*.js"))}
    found = newer_in_scripts([*scripts.values(), *inside("script")])
    assert "screen.js" in scripts
    assert dict(zip([*scripts, "shell"], found, strict=True)) == {name: [] for name in [*scripts, "shell"]}


def test_the_styles_are_those_of_chrome_69() -> None:
    styles = {path.name: path.read_text() for path in sorted(SCREEN.rglob("*.css"))}
    assert {name: newer_in_style(text) for name, text in styles.items()} == {name: [] for name in styles}
    assert [newer_in_style(text) for text in inside("style")] == [[]]


PLANTED = [
    *["a?.b", "a ?? b", "a ||= b", "1_000", "10n", "try {} catch {}", "class A { #b; }", "import('x')", "/(?<!a)b/v"],
    *[
        "globalThis.a",
        "[].flat()",
        "Promise.allSettled([])",
        "x = /a/.test(b)?.c",
        "new ResizeObserver(f)",
        "`${a?.b}`",
    ],
]
HARMLESS = [
    *['"a?.b"', "/* x?.y */ 1", "1 ? .5 : 1", "/[?.]/.test('')", "'import'", "async function () { await 1; }"],
    *["({ ...{ at: 1 } }).at", "`${1}`", "/(?<year>[0-9]+)/u.exec('')"],
]


def test_what_is_newer_in_a_script_is_found_and_text_is_no_code() -> None:
    given = "const a = 1, b = 2, f = 3; let x;"
    scripts = [f'(function () {{ "use strict"; {given} {planted}; }}());' for planted in PLANTED]
    found = dict(zip(PLANTED, newer_in_scripts(scripts), strict=True))
    assert [planted for planted, newer in found.items() if not newer] == []
    harmless = [f"(function () {{ const x = {each}; return x; }}());" for each in HARMLESS]
    assert dict(zip(HARMLESS, newer_in_scripts(harmless), strict=True)) == {each: [] for each in HARMLESS}


@pytest.mark.parametrize(
    "planted",
    [
        *["p { gap: 1vw }", "p { inset: 0 }", "p { width: min(1px, 2vw) }", "p { height: 1dvh }", "p { rotate: 1deg }"],
        *["p { color: rgb(1 2 3) }", "p { aspect-ratio: 1 }", "p { overflow: clip }", "p:has(b) { top: 0 }"],
        *["p { b { top: 0 } }", "@layer a { p { top: 0 } }", "@media (width > 1px) { p { top: 0 } }", "@import 'x';"],
        "p:not(a, b) { top: 0 }",
    ],
)
def test_what_is_newer_in_a_style_is_found(planted: str) -> None:
    assert newer_in_style(planted)


def test_what_is_old_in_a_style_is_not_found() -> None:
    old = "/* gap: 1 */ @media (orientation: portrait) { .a::before, #b > i { content: 'gap:1;}'; top: 1vh } }"
    assert newer_in_style(old) == []


def test_nothing_is_fetched_from_elsewhere_and_nothing_becomes_html() -> None:
    texts = [path for path in SCREEN.rglob("*") if path.suffix in (".html", ".css", ".js")]
    for path in [*texts, SHELL]:
        text = path.read_text()
        elsewhere = (
            r"(?:src|href)=\"(?!/screens/\$screen/|refused/)[^\"]*\"|@import|url\((?!\"fonts/[\w.-]+\"\))|https?://"
        )
        assert re.findall(elsewhere, text) == [], path.name
        assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text) == []
    for name in ("page.html", "refused.html", "go_on.html"):
        assert re.findall(r"style=|\bon\w+=", (SCREEN / name).read_text()) == []  # the policy forbids them


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio of two #rrggbb."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colours(style: str, key: str) -> set[str]:
    full = re.sub(r"#(\w)(\w)(\w)\b(?!\w)", r"#\1\1\2\2\3\3", style)
    return set(re.findall(rf"(?<![-\w]){key}: (#\w{{6}})", full))


def test_every_letter_has_a_contrast_of_7_to_1_on_every_ground() -> None:
    style = "".join(path.read_text() for path in SCREEN.glob("*.css"))
    assert colours(style, "background") == GROUNDS | {"#3d4650", "#000000"}  # the banner, and a dark screen
    arrow = {"#8fa9c4"}  # a sign between ticket and window, not a letter
    letters = colours(style, "color") - arrow
    assert len(letters) > 5
    assert {colour for colour in letters if min(contrast(colour, ground) for ground in GROUNDS) < 7} == set()
    banner = re.findall(r"#stale[^{]*\{[^}]*?[^-]color: (#\w+)", style)
    assert min(contrast(colour.ljust(7, colour[-1]), "#3d4650") for colour in banner) >= 7
