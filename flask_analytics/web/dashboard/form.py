"""Forms that change something: nobody else's page can send them.

The browser must say that the form is ours (``Sec-Fetch-Site``, ``Origin``), and send the same token
in the form and in a cookie that other sites cannot read, nor have sent.
"""

from __future__ import annotations

import hmac
import secrets

from flask import Response, request, url_for

from ..origin import is_same_origin

COOKIE = "analytics_form"

#: The field of a form.
FIELD = "token"

#: Where a request keeps the token that it was the first to need.
_KEY = "flask_analytics.form"


def token() -> str:
    """The token of the one who looks at the page; made when a page first needs one."""
    known = request.cookies.get(COOKIE) or request.environ.get(_KEY)
    if not known:
        known = request.environ[_KEY] = secrets.token_urlsafe(24)
    return str(known)


def remember(response: Response, home: str) -> None:
    """Let the browser keep a token that was made for this response."""
    made = request.environ.get(_KEY)
    if made:
        response.set_cookie(
            COOKIE, made, path=url_for(home), httponly=True, samesite="Strict",
            secure=request.is_secure,
        )  # fmt: skip


def is_ours() -> bool:
    """Whether the form that was sent is one of ours."""
    kept, sent = request.cookies.get(COOKIE, ""), request.form.get(FIELD, "")
    is_same = bool(kept) and hmac.compare_digest(kept.encode(), sent.encode())
    return is_same and is_same_origin(request)
