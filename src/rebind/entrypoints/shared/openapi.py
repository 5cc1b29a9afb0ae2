"""OpenAPI 3.1 from the route table: nothing in it is written twice.

Statuses and codes come from the refusals of each line, schemas from the structs, examples of
problems from the English texts of the catalogue. Neighbour: `routes.py` is the table.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from rebind.domain.refusals import CATALOGUE, WORK_INVALID, Refusal, Refused
from rebind.entrypoints.shared.problems import CONTENT_TYPE, TYPES, UNAVAILABLE, Problem
from rebind.entrypoints.shared.routes import Auth, Parameter, Route
from rebind.entrypoints.shared.spelling import ID_PATTERN, NO_ID, moment
from rebind.templates.refusals import explain

REFERENCE = "#/components/schemas/{name}"
_EXAMPLE_MOMENT = 1_767_603_600_000
_EXAMPLE_DIGITS = 6
_FIGURE = re.compile(r"\{([a-z_]+)\}")

_SECURITY: dict[Auth, list[dict[str, list[str]]]] = {
    Auth.NONE: [],
    Auth.WHERE_NEEDED: [{}, {"session": []}],
    Auth.LINK: [],
    Auth.REQUEST: [{"request": []}, {"session": []}],
    Auth.SESSION: [{"session": []}],
    Auth.CASE: [{"case": []}, {"session": []}],
}
_SCHEMES = {
    "session": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a session, given when a request that opens one is done.",
    },
    "request": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a request that was begun without a session, given once.",
    },
    "case": {
        "type": "http",
        "scheme": "bearer",
        "description": "What the link of a case carries after `/support/`: in each message about "
        "it, and as `case` of the request that opened it.",
    },
}
_HEADERS: dict[str, Any] = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "Titles, details and messages come in Russian or in English.",
        "schema": {"type": "string", "examples": ["ru", "en"]},
    },
    "Device": {
        "name": "Rebind-Device",
        "in": "header",
        "description": "The key of this app or browser, given once with its first session.",
        "schema": {"type": "string", "maxLength": 120, "pattern": "^rd_[A-Za-z0-9_-]+$"},
    },
    "Work": {
        "name": "Rebind-Work",
        "in": "header",
        "description": "A solved challenge, `challenge.nonce`: see `work` in a refusal.",
        "schema": {"type": "string", "maxLength": 400, "pattern": r"^[0-9]+-[A-Za-z0-9_-]+\..+$"},
    },
}
_ANSWER_HEADERS = {
    "Content-Language": {"schema": {"type": "string", "enum": ["en", "ru"]}},
}


def document(routes: Sequence[Route], title: str, version: str, about: str) -> dict[str, Any]:
    """The whole description, ready to be encoded."""
    types = [Problem]
    for route in routes:
        types += [each for each in (route.body, route.answer) if each is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    by_type = dict(zip(map(_key, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": about},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _SCHEMES,
            "parameters": _HEADERS,
        },
        "x-refusals": {
            refusal.code: {"status": refusal.status, "title": refusal.title}
            for refusal in CATALOGUE.values()
        },
    }


def _key(type_: Any) -> str:
    """Types such as unions need not be hashable; their spelling is."""
    return repr(type_)


def _operation(route: Route, by_type: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": [route.tag],
        "security": _SECURITY[route.auth],
        "parameters": _parameters(route),
        "responses": {str(route.status): _success(route, by_type), **_refused(route)},
    }
    if route.body is not None:
        content: dict[str, Any] = {"schema": by_type[_key(route.body)]}
        if route.examples:
            content["examples"] = {name: {"value": value} for name, value in route.examples.items()}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    if route.streams:
        # What it is says the content alone; the header is not believed.
        anything = {"schema": {"type": "string", "format": "binary"}}
        content = {"application/octet-stream": anything}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found = [_parameter(each, "path") for each in route.parameters]
    found += [_parameter(each, "query") for each in route.query]
    headers = ["AcceptLanguage"]
    if route.auth not in (Auth.NONE, Auth.LINK):
        headers.append("Device")
    if WORK_INVALID in route.refusals:
        headers.append("Work")
    return found + [{"$ref": f"#/components/parameters/{name}"} for name in headers]


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "pattern": parameter.pattern}
    if parameter.pattern == ID_PATTERN:
        schema["examples"] = [NO_ID.hex()]
    return {
        "name": parameter.name,
        "in": place,
        "required": place == "path",
        "description": parameter.description,
        "schema": schema,
    }


def _success(route: Route, by_type: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        answer["content"] = {"application/json": {"schema": by_type[_key(route.answer)]}}
    return answer


def _refused(route: Route) -> dict[str, Any]:
    """One response for each status that its refusals have, and that of a database away."""
    by_status: dict[int, list[Refusal]] = {}
    for refusal in (*route.every_refusal, UNAVAILABLE):
        by_status.setdefault(refusal.status, []).append(refusal)
    return {str(status): _problem(status, by_status[status]) for status in sorted(by_status)}


def _problem(status: int, refusals: list[Refusal]) -> dict[str, Any]:
    headers: dict[str, Any] = dict(_ANSWER_HEADERS)
    if status in (429, 503):
        headers["Retry-After"] = {
            "required": True,
            "description": "Seconds until asking again makes sense.",
            "schema": {"type": "integer", "minimum": 1},
        }
    if status == 401:
        headers["WWW-Authenticate"] = {"required": True, "schema": {"const": "Bearer"}}
    codes = [refusal.code for refusal in refusals]
    schema = {
        "allOf": [
            {"$ref": REFERENCE.format(name=Problem.__name__)},
            {"properties": {"status": {"const": status}, "code": {"enum": codes}}},
        ]
    }
    examples = {refusal.code: {"value": _example(refusal)} for refusal in refusals}
    return {
        "description": "; ".join(refusal.title for refusal in refusals),
        "headers": headers,
        "content": {CONTENT_TYPE: {"schema": schema, "examples": examples}},
    }


def _example(refusal: Refusal) -> dict[str, Any]:
    timed = "until" in _FIGURE.findall(refusal.text)
    refused = Refused(refusal, _EXAMPLE_MOMENT if timed else None)
    title, detail = explain(refused, "en", _EXAMPLE_MOMENT, digits=_EXAMPLE_DIGITS)
    example: dict[str, Any] = {
        "type": TYPES + refusal.code,
        "title": title,
        "status": refusal.status,
        "detail": detail,
        "code": refusal.code,
    }
    if timed:
        example["until"] = moment(_EXAMPLE_MOMENT)
    return example
