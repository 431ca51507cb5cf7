"""The page runs in Chrome 69: neither its script nor its style has anything newer than ES2018 and the CSS of that time.

A tokenizer takes out what is text, and looks for what came later (ECMA-262 editions 10 to 15; caniuse.com, by feature).
"""

import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[4]
SCREEN = HOUSE / "gateway/web/screen"
TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
    r"""|(?<=[(,=:\[!&|?{};\n])\s*/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/[a-z]*""",
    re.DOTALL,
)
NEWER_JS = {
    "optional chaining": r"\?\.(?!\d)",
    "nullish coalescing": r"\?\?",
    "logical assignment": r"(&&|\|\||\?\?)=",
    "numeric separators, BigInt": r"\d_\d|\b\d+n\b",
    "catch without a name": r"\bcatch\s*\{",
    "private names, class fields": r"#[A-Za-z]|\bstatic\s*\{",
    "modules": r"\b(import|export)\b",
    "later globals": r"\b(globalThis|structuredClone|queueMicrotask|WeakRef|AggregateError|ResizeObserver)\b",
    "later methods": r"\.(flat|flatMap|fromEntries|matchAll|replaceAll|allSettled|any|at|hasOwn|findLast|findLastIndex"
    r"|trimStart|trimEnd|toSorted|toReversed|toSpliced|with|groupBy|replaceChildren|randomUUID|toggleAttribute)\(",
    "a service worker, which needs HTTPS": r"\bserviceWorker\b",
}
NEWER_CSS = {
    "flex gap": r"(?<![-\w])(row-|column-)?gap\s*:",
    "inset": r"(?<![-\w])inset(-\w+)*\s*:",
    "aspect-ratio": r"aspect-ratio",
    "min(), max(), clamp()": r"\b(min|max|clamp)\(",
    "later units": r"\d(dvh|svh|lvh|dvw|cqw|cqh|lh|rlh)\b",
    "later selectors": r":(is|where|has|focus-visible|not\([^)]*,)",
    "layers, containers, nesting": r"@(layer|container|property)|&",
    "single transforms": r"(?<![-\w])(translate|rotate|scale)\s*:",
    "later colours": r"\b(color-mix|oklch|oklab|lch|lab)\(|\brgba?\([^),]* ",
    "later values": r"overflow\s*:\s*clip|overflow-wrap\s*:\s*anywhere|backdrop-filter|accent-color|text-wrap",
}


def bare(text: str) -> str:
    """The source without comments, texts and regular expressions."""
    return TOKENS.sub(" ", text)


def found(text: str, newer: dict[str, str]) -> dict[str, str]:
    """What is newer, with its place."""
    hits = {name: re.search(pattern, bare(text)) for name, pattern in newer.items()}
    return {name: hit[0] for name, hit in hits.items() if hit}


def scripts() -> list[str]:
    shell = (HOUSE / "config/kiosk/shell.html").read_text()
    return [(SCREEN / "screen.js").read_text(), *re.findall(r"(?s)<script>(.*?)</script>", shell)]


def styles() -> list[str]:
    shell = (HOUSE / "config/kiosk/shell.html").read_text()
    return [(SCREEN / "screen.css").read_text(), *re.findall(r"(?s)<style>(.*?)</style>", shell)]


def test_the_scripts_are_es2018() -> None:
    assert [found(text, NEWER_JS) for text in scripts()] == [{}, {}]


def test_the_styles_are_those_of_chrome_69() -> None:
    assert [found(text, NEWER_CSS) for text in styles()] == [{}, {}]


@pytest.mark.parametrize(
    "planted",
    [
        *["a?.b", "a ?? b", "a ||= b", "1_000", "10n", "try {} catch {}", "class A { #b; }", "import('x')"],
        *["globalThis.a", "[].flat()", "Promise.allSettled([])", "navigator.serviceWorker", "x = /a/.test(b)?.c"],
    ],
)
def test_what_is_newer_in_a_script_is_found(planted: str) -> None:
    assert found(f"(function () {{ {planted}; }}());", NEWER_JS)


@pytest.mark.parametrize("harmless", ['"a?.b"', "// a ?? b", "/* x?.y */", "a ? .5 : 1", "/[?.]/.test(x)", "'import'"])
def test_text_is_no_code(harmless: str) -> None:
    assert found(f"x = {harmless};" if harmless[0] != "/" or harmless[1] == "[" else harmless, NEWER_JS) == {}


@pytest.mark.parametrize(
    "planted",
    ["gap: 1vw", "inset: 0", "width: min(1px, 2vw)", "height: 1dvh", "rotate: 1deg", "color: rgb(1 2 3)"],
)
def test_what_is_newer_in_a_style_is_found(planted: str) -> None:
    assert found(f"p {{ {planted}; }}", NEWER_CSS)


def test_nothing_is_fetched_from_elsewhere_and_nothing_becomes_html() -> None:
    for path in [*SCREEN.iterdir(), HOUSE / "config/kiosk/shell.html"]:
        text = path.read_text()
        assert re.findall(r"(?:src|href)=\"(?!/screens/\$screen/|refused/)[^\"]*\"|@import|url\(", text) == [], (
            path.name
        )
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


def test_every_letter_has_a_contrast_of_7_to_1() -> None:
    style = (SCREEN / "screen.css").read_text()
    full = re.sub(r"#(\w)(\w)(\w)\b(?!\w)", r"#\1\1\2\2\3\3", style)
    letters = set(re.findall(r"(?<![-\w])color: (#\w{6})", full))
    dark = {"#0b1a2b", "#12304e"}
    assert dark <= set(re.findall(r"background: (#\w{6})", full))
    arrow = {"#8fa9c4"}  # a sign between ticket and window, not a letter
    assert {colour for colour in letters - arrow if min(contrast(colour, ground) for ground in dark) < 7} == set()
    assert contrast("#f4f7fa", "#3d4650") >= 7  # the banner
