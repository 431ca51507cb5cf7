"""The OpenAPI 3.1 document, made from the table of routes."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from pydantic.json_schema import models_json_schema

from gateway.web.answers import ProblemDetails
from gateway.web.route import Route

REF = "#/components/schemas/"
PARAMETER = re.compile(r"\{(\w+)[^}]*\}")
BODY_PROBLEMS = (400, 408, 413, 415, 422)


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The document of these routes."""
    models = [ProblemDetails, *(answer for route in routes for answer in route.answers.values() if _is_model(answer))]
    schemas, components = msgspec.json.schema_components(models, ref_template=REF + "{name}")
    _, bodies = models_json_schema(
        [(route.body, "validation") for route in routes if route.body], ref_template=REF + "{model}"
    )
    schema_of = dict(zip(models, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(plain_path(route), {})[route.method.lower()] = _operation(route, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "hall-gateway", "version": version},
        "paths": paths,
        "components": {
            "schemas": {**bodies["$defs"], **components},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def plain_path(route: Route) -> str:
    """The path without the patterns of its parameters."""
    return PARAMETER.sub(r"{\1}", route.path)


def statuses(route: Route) -> list[int]:
    """The bad statuses that a route can answer with."""
    rights, bodies = (401, 403, 503) if route.right else (), BODY_PROBLEMS if route.body else ()
    path, query = (404,) if PARAMETER.search(route.path) else (), (422,) if route.query else ()
    return sorted({*route.problems, *rights, *path, *query, *bodies})


def _operation(route: Route, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": schema_of[ProblemDetails]}}
    answers = {str(status): _answer(status, answer, schema_of) for status, answer in route.answers.items()}
    bad = {str(status): {"description": _phrase(status), "content": problem} for status in statuses(route)}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.handler.__module__.rpartition('.')[2]}.{route.handler.__name__}.{route.method.lower()}",
        "security": [{"bearer": []}] if route.right else [],
        "parameters": _parameters(route),
        "responses": answers | bad,
    }
    if route.body:
        schema = {"$ref": REF + route.body.__name__}
        wanted = any(field.is_required() for field in route.body.model_fields.values())
        operation["requestBody"] = {"required": wanted, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PARAMETER.findall(route.path)
    ]
    query: dict[str, Any] = route.query.model_json_schema()["properties"] if route.query else {}
    return path + [{"name": name, "in": "query", "schema": schema} for name, schema in query.items()]


def _answer(status: int, answer: Any, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    media_type, content = ("application/json", {"schema": schema_of[answer]}) if _is_model(answer) else (answer, {})
    return {"description": _phrase(status), "content": {media_type: content}}


def _is_model(answer: Any) -> bool:
    return not isinstance(answer, str)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
