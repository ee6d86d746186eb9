"""Problem documents (RFC 9457): what went wrong, for programs and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Response

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int,
    title: str,
    detail: str,
    field: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """An answer that says no.

    :param detail: what is wrong here, and the cure.
    :param field: the parameter or the part of the body that it is about.
    :param more: members besides.
    """
    content: dict[str, Any] = {"title": title, "status": status, "detail": detail}
    if field:
        content["field"] = field
    return json_response(status, {**content, **(more or {})}, CONTENT_TYPE)


def json_response(status: int, content: Any, mimetype: str = "application/json") -> Response:
    """Content as JSON; amounts are text."""
    return Response(_encode(content), status=status, mimetype=mimetype)


_encode = msgspec.json.Encoder(decimal_format="string").encode
