"""What is written down: links lead somewhere, the map is the territory, every decision is told in full."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
PAGES = sorted([*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md"), *(HOUSE / "drivers").rglob("*.md")])
DECISIONS = sorted((HOUSE / "docs/decisions").glob("*.md"))
README = (HOUSE / "README.md").read_text()


def titled(page: Path) -> str:
    return str(page.relative_to(HOUSE))


@pytest.mark.parametrize("page", PAGES, ids=titled)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", DECISIONS, ids=titled)
def test_a_decision_tells_its_context_and_its_consequences(page: Path) -> None:
    number = page.name.partition("-")[0]
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    assert headings[0].startswith(f"{number} ")
    assert headings[1:] == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.name[:4]) for page in DECISIONS] == list(range(len(DECISIONS)))


def test_the_readme_maps_what_is_there() -> None:
    (tree,) = re.findall(r"(?s)```text\n(.*?)```", README)
    named = [line.split()[0] for line in tree.splitlines() if line.strip()]
    assert [path for path in named if not (HOUSE / path).exists()] == []
    tops = {path.name for path in HOUSE.iterdir() if path.is_dir() and path.name[0] != "." and any(path.iterdir())}
    tops -= {"build", "dist"}
    assert tops == {path.split("/")[0] for path in named if "/" in path}


def test_the_readme_links_every_page_of_the_reference() -> None:
    pages = {str(page.relative_to(HOUSE)) for page in (HOUSE / "docs/reference").glob("*.md")}
    assert pages - set(re.findall(r"\]\(([^)#\s]+)", README)) == set()


def test_the_readme_names_targets_that_make_knows() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (HOUSE / "Makefile").read_text()))
    named = set(re.findall(r"`make ([a-z]+)", README))
    assert {"demo", "test"} <= named <= targets


def test_the_readme_names_verbs_that_the_program_knows() -> None:
    program = Path(sys.executable).with_name("hall-gateway")
    known = subprocess.run([program, "--help"], capture_output=True, text=True, check=True, timeout=20).stdout
    named = set(re.findall(r"(?m)(?:^|`)hall-gateway ([a-z]+)", README))
    assert {"check", "run", "simulate", "call"} <= named
    assert [verb for verb in named if not re.search(rf"\b{verb}\b", known)] == []
