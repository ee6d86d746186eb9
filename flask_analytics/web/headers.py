"""Headers that keep an answer to itself: nothing of ours runs elsewhere, is framed or is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from werkzeug.wrappers import Response

R = TypeVar("R", bound=Response)

#: A page: only our own files, no inline script or style, in nobody's frame.
PAGE: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

#: Everything else: should a browser ever take it for a page, that page can do nothing.
ANSWER: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
}


def dress(response: R) -> R:
    """Give an answer what it lacks. Nobody keeps it, unless its route says otherwise.

    A page that reaches us undressed is the application's own, such as its login, or its page for
    a 404: our policy would take its style and scripts away.
    """
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype != "text/html" or response.calculate_content_length() == 0:
        for name, value in ANSWER.items():
            response.headers.setdefault(name, value)
    return response


def page(response: R) -> R:
    """Dress a page of the dashboard."""
    for name, value in PAGE.items():
        response.headers[name] = value
    return response
