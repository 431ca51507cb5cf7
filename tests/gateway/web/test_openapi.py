"""The OpenAPI document: 3.1 in form, every route in it, every reference resolved."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from webhall import WebHall

from gateway.core.rights import REASON
from gateway.web.openapi import document, plain_path
from gateway.web.routes import ROUTES

DOCUMENT = document(ROUTES, "0.0.0")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


async def test_the_gateway_serves_it(hall: WebHall) -> None:
    assert await hall.get("/openapi.json") == DOCUMENT


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"].keys() == {"title", "version"}
    assert DOCUMENT.keys() <= {"openapi", "info", "paths", "components"}


def test_every_route_is_in_it() -> None:
    assert {(path, method) for path, method, _ in operations()} == {
        (plain_path(route), route.method.lower()) for route in ROUTES
    }


def test_every_reference_leads_to_a_schema() -> None:
    found = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(DOCUMENT)))
    assert found == {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}


def test_every_parameter_of_a_path_is_declared() -> None:
    for path, _, operation in operations():
        declared = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"]
        assert declared == re.findall(r"\{(\w+)\}", path)


def test_no_two_operations_have_one_name() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_operation_says_what_it_answers() -> None:
    for _, _, operation in operations():
        assert operation["summary"]
        assert min(operation["responses"]) in ("101", "200", "201", "202", "303")
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"101|[2-5]\d\d", status)
            assert response["description"]
            assert response["content"]


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("/api/v1/calls", "post", "202 400 401 403 408 409 413 415 422 503"),
        ("/api/v1/events", "get", "200 401 403 422 503"),
        ("/healthz", "get", "200"),
        ("/inlet/{name}", "post", "200 404 408 413"),
    ],
)
def test_the_bad_statuses_follow_from_the_route(path: str, method: str, statuses: str) -> None:
    assert sorted(DOCUMENT["paths"][path][method]["responses"]) == statuses.split()


def test_who_is_asked_for_a_reason_is_told_that_it_stays() -> None:
    bodies = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for _, _, operation in operations()
        if "$ref" in str(operation.get("requestBody"))
    }
    asked = {name: fields["reason"] for name in bodies if "reason" in (fields := _fields(name))}
    assert {"AckBody", "CommandBody", "Erasure", "ForReason"} <= set(asked)
    assert {name for name, field in asked.items() if field["description"] != REASON} == set()


def _fields(schema: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema].get("properties", {})
    return found


def test_bodies_and_queries_are_told() -> None:
    command = DOCUMENT["paths"]["/api/v1/devices/{id}/commands/{verb}"]["post"]
    assert command["requestBody"]["required"] is False
    body = DOCUMENT["paths"]["/api/v1/calls"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = DOCUMENT["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert {"call_id", "window"} == set(schema["required"])
    assert schema["additionalProperties"] is False
    queries = [parameter["name"] for parameter in DOCUMENT["paths"]["/api/v1/events"]["get"]["parameters"]]
    places = ["door", "device", "part", "type", "person", "reason"]
    assert queries == [*places, "q", "from", "to", "after", "limit", "order", "wait_s"]
