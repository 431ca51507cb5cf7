"""Runs the folders below: a site, a script, and what came of it."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-cases", action="store_true", help="write expected.jsonl anew, to be read before a commit"
    )
