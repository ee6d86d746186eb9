"""The API's description (OpenAPI 3.1), made of the table of parameters and the answers' types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from ..metrics.kinds import KINDS, Kind
from ..metrics.parameters import TABLE
from . import batch, shapes, tracking_messages

_SCHEMAS = "#/components/schemas/{name}"

_SUMMARIES: Mapping[str, str] = {
    "volume": "Events in each hour, day, week or month",
    "top": "The most frequent events, or values of one property of one event",
    "breakdown": "Page views by what they tell: page, referrer, country, device, ...",
    "funnel": "How many people get how far through some steps",
    "retention": "How many of those who came for the first time come back",
    "active": "Distinct people, at once or as a series",
    "visits": "Visits, bounces and engaged time",
    "revenue": "Exact sums, each currency apart",
    "latency": "Requests, errors, p50 and p95, by route",
    "dashboard": "A few figures of the last days, beside those of the days before",
    "people": "Who was active",
    "traits": "Who an id belongs to, and what is known of them",
    "timeline": "What one person did",
    "recent": "The newest events",
}

#: Status, and when. 404 is for those without a store, and for ids of nobody.
_PROBLEMS = {
    400: "A parameter is wrong: `field` names it, `detail` the cure.",
    401: "The token is not known.",
    403: "Nobody let you in.",
    404: "There is no store, or nobody of this id.",
    406: "Neither JSON nor CSV is accepted.",
    414: "The query string is too long.",
    503: "The store cannot answer now; `Retry-After` has seconds.",
}

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and the cure."},
        "field": {"type": "string", "description": "The parameter that it is about."},
    },
}

_FORMAT = {
    "name": "format",
    "in": "query",
    "required": False,
    "description": "Overrules `Accept`.",
    "schema": {"type": "string", "enum": ["json", "csv"]},
}


@cache
def document(base: str) -> dict[str, Any]:
    """The whole description.

    :param base: the address that paths are relative to: ANALYTICS_URL_PREFIX.
    """
    answers = _answers()
    schemas = {**answers.pop("$defs"), "Problem": _PROBLEM}
    paths = {f"/api/{kind}": {"get": _operation(kind, answers[kind])} for kind in KINDS}
    paths["/api/events"] = {"post": _write("events", "Send events", batch.Events)}
    paths["/api/identify"] = {"post": _write("identify", "Say who somebody is", batch.Identify)}
    paths |= {f"/v1/{name}": {"post": _track(name)} for name in _CALLS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Analytics", "version": "1"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, **_requests()},
            "securitySchemes": {
                "read": {"type": "http", "scheme": "bearer"},
                "write": {"type": "http", "scheme": "bearer"},
                "writeBasic": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _answers() -> dict[str, Any]:
    """The schema of each kind's answer, and under ``$defs`` what they refer to."""
    beside = [(kind, name, type_) for kind, more in shapes.BESIDE.items()
              for name, type_ in more.items()]  # fmt: skip
    types = [*shapes.RESULTS.values(), *(type_ for _, _, type_ in beside)]
    found, defs = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    answers: dict[str, Any] = {"$defs": defs}
    for kind, schema in zip(shapes.RESULTS, found, strict=False):
        answers[kind] = schema if kind == "dashboard" else _wrapped(schema)
    for (kind, name, _), schema in zip(beside, found[len(shapes.RESULTS) :], strict=True):
        answers[kind]["properties"][name] = schema
    return answers


def _wrapped(results: Any) -> dict[str, Any]:
    query = {"type": "object", "description": "The question as it was understood."}
    return {
        "type": "object",
        "required": ["results", "query"],
        "properties": {"results": results, "query": query},
    }


def _operation(kind: str, answer: Any) -> dict[str, Any]:
    asked = KINDS[kind]
    return {
        "operationId": kind,
        "summary": _SUMMARIES[kind],
        "security": [{"read": []}],
        "parameters": [_parameter(name, asked) for name in asked.words] + [_FORMAT],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {
                    "application/json": {"schema": answer},
                    "text/csv": {"schema": {"type": "string"}},
                },
            },
            "304": {"description": "It still is what `If-None-Match` names."},
            **_refusals(_PROBLEMS),
        },
    }


def _parameter(name: str, asked: Kind) -> dict[str, Any]:
    row = TABLE[name]
    schema = {"type": "array", "items": row.schema} if row.is_repeated else row.schema
    if name == "limit":
        schema = {**schema, "default": asked.limit, "maximum": asked.most}
    more = {"style": "form", "explode": True} if row.is_repeated else {}
    return {
        "name": name,
        "in": "query",
        "required": name in asked.required,
        "description": row.what,
        "schema": schema,
        **more,
    }


def _write(name: str, summary: str, type_: type) -> dict[str, Any]:
    taken = {"description": "Taken; `rejected` has those that were not.",
             "content": {"application/json": {"schema": {"$ref": _ref("Receipt")}}}}  # fmt: skip
    return {
        "operationId": name,
        "summary": summary,
        "security": [{"write": []}, {"writeBasic": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _ref(type_.__name__)}}},
        },
        "responses": {"202": taken, **_refusals(batch.PROBLEMS)},
    }


#: What Segment's clients send, and what it is.
_CALLS: Mapping[str, str] = {
    "track": "Somebody did something",
    "identify": "Somebody is somebody, and what is known of them",
    "page": "Somebody saw a page",
    "screen": "Somebody saw a screen of an app",
    "group": "Somebody belongs to a company, team or account",
    "alias": "Two ids are one person",
    "batch": "Several of these",
    "import": "Several of the past, at the times they tell",
}


def _track(name: str) -> dict[str, Any]:
    """One of the calls of the tracking API, as Segment's clients make and understand them."""
    type_ = tracking_messages.Batch if name in ("batch", "import") else tracking_messages.Call
    taken = {"description": "Taken; `rejected` has those that were not.",
             "content": {"application/json": {"schema": {"$ref": _ref("Taken")}}}}  # fmt: skip
    return {
        "operationId": f"v1_{name}",
        "summary": _CALLS[name],
        "security": [{"writeBasic": []}, {"write": []}, {}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _ref(type_.__name__)}}},
        },
        "responses": {"200": taken, **_refusals(tracking_messages.PROBLEMS)},
    }


def _requests() -> dict[str, Any]:
    types = [batch.Events, batch.Identify, batch.Receipt]
    types += [tracking_messages.Call, tracking_messages.Batch, tracking_messages.Taken]
    return msgspec.json.schema_components(types, ref_template=_SCHEMAS)[1]


def _refusals(problems: Mapping[int, str]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": _ref("Problem")}}}
    return {
        str(status): {"description": why, "content": content} for status, why in problems.items()
    }


def _ref(name: str) -> str:
    return _SCHEMAS.format(name=name)
