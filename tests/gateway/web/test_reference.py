"""What is served is written down: every route, every field, every status, every metric."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway.core.rights import Right
from gateway.meters import Meters
from gateway.people.rights import RIGHTS
from gateway.people.token_file import Entry
from gateway.web.exposition import LABELS
from gateway.web.openapi import document, plain_path, statuses
from gateway.web.routes import ROUTES

REFERENCE = Path(__file__).parents[3] / "docs/reference"
HTTP = (REFERENCE / "http.md").read_text()
PEOPLE = (REFERENCE / "people.md").read_text()
METRICS = (REFERENCE / "metrics.md").read_text()
CELLS = re.compile(r"^\| `([^`]+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)


def test_every_route_is_in_the_table_with_its_right() -> None:
    written = re.findall(r"^\| `([A-Z]+ /\S*)` \| `?(\w+)`? \| ", HTTP, re.MULTILINE)
    assert written == [(f"{route.method} {plain_path(route)}", str(route.right or "none").lower()) for route in ROUTES]


@pytest.mark.parametrize("name", document(ROUTES, "")["components"]["schemas"])
def test_every_field_of_a_body_or_an_answer_is_explained(name: str) -> None:
    schema = document(ROUTES, "")["components"]["schemas"][name]
    assert [field for field in schema.get("properties", {}) if not re.search(rf'[`"]{field}[`"]', HTTP)] == []


def test_every_parameter_of_a_query_is_explained() -> None:
    fields = {field for route in ROUTES if route.query for field in route.query.model_json_schema()["properties"]}
    assert {field for field in fields if f"`{field}`" not in HTTP} == set()


def test_every_status_is_explained() -> None:
    written = {int(status) for status in re.findall(r"^\| (\d{3}) \| ", HTTP, re.MULTILINE)}
    assert {status for route in ROUTES for status in statuses(route)} | {405, 500} == written


def test_every_role_is_told_with_its_rights() -> None:
    table = [line.split(" | ") for line in PEOPLE.partition("## Zones")[0].splitlines() if line.startswith("| ")]
    (head, *rows), told = table, re.compile(r"`(\w+)`")
    written = {
        told.findall(role)[0]: {told.findall(row[0])[0] for row in rows if row[column].startswith("yes")}
        for column, role in enumerate(head)
        if column
    }
    assert [told.findall(row[0])[0] for row in rows] == list(Right)
    assert written == {str(role): {str(right) for right in rights} for role, rights in RIGHTS.items()}


def test_every_field_of_the_token_file_is_told() -> None:
    assert [field for field in Entry.__struct_fields__ if f"`{field}`" not in PEOPLE] == []


def test_every_metric_is_told_with_its_type_and_labels() -> None:
    made = {
        collector._name + ("_total" if collector._type == "counter" else ""): (
            collector._type,
            list(collector._labelnames),
        )
        for collector in vars(Meters()).values()
        if hasattr(collector, "_labelnames")
    }
    made |= {name: ("gauge", list(labels)) for name, labels in LABELS.items()}
    written = {name: (kind, re.findall(r"`(\w+)`", labels)) for name, kind, labels in CELLS.findall(METRICS)}
    assert written == made


def test_the_example_of_a_call_is_one() -> None:
    (example,) = re.findall(r"POST /api/v1/calls\n(\{.*\})\n", HTTP)
    body = next(route.body for route in ROUTES if plain_path(route) == "/api/v1/calls")
    assert body is not None
    assert body.model_validate(msgspec.json.decode(example))
