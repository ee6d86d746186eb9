"""Who may read: the health routes, and whatever else shows numbers.

1. A machine with one of ANALYTICS_READ_TOKENS: it reads, and changes nothing.
2. Whoever the callable of ``@analytics.access`` lets in, where one is declared.
3. Without one nobody; in debug mode a browser on this very machine.

Everything is refused until somebody is let in, for every route of a guarded blueprint.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import IPv6Address, ip_address
from typing import Any

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from ..record import State
from . import headers, keys
from .problem import CONTENT_TYPE, problem

#: Names of this machine. Exactly these: a name of somebody else's can lead here, too.
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

#: Whoever sets these stands between us and the client, which then is not on this machine.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")

#: Where a request keeps that a token let it in.
_MACHINE = "flask_analytics.machine"

_CURE = (
    "Nobody may read this yet. Decorate a function that takes no arguments with @analytics.access "
    "and let it return True for those who may (False refuses, a response such as a redirect to "
    "your login is passed on); or give a machine a token in ANALYTICS_READ_TOKENS, to send as "
    '"Authorization: Bearer <token>".'
)


def guard(
    blueprint: Blueprint, state: State, dress: Callable[[Response], Response] | None = None
) -> None:
    """Refuse every request to a blueprint that is not let in.

    :param dress: makes a page for people of our own refusal.
    :raises ConfigurationError: a token of ANALYTICS_READ_TOKENS is a hash that is none.
    """
    digests = keys.digests("ANALYTICS_READ_TOKENS", state.settings.read_tokens)

    def look() -> AnyResponse | None:
        answer = refusal(state, digests, request)
        is_ours = isinstance(answer, Response) and answer.mimetype == CONTENT_TYPE
        return dress(answer) if dress and is_ours else answer  # type: ignore[arg-type]

    blueprint.before_request(look)
    blueprint.after_request(headers.dress)


def refusal(state: State, digests: Collection[bytes], current: Request) -> AnyResponse | None:
    """What to answer instead of the page, or None for those who may read."""
    given = keys.bearer(current)
    if given is not None and keys.is_known(given, digests):
        current.environ[_MACHINE] = True
        return None
    declared = state.callbacks.access
    if declared is not None:
        return _asked(state, declared)
    if given is not None:
        response = _problem(401, "This token is not one of ANALYTICS_READ_TOKENS.")
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    if state.app.debug and is_local(current):
        return None
    if digests:
        cure = 'Send one of ANALYTICS_READ_TOKENS: "Authorization: Bearer <token>".'
        response = _problem(401, cure)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return _problem(403, _CURE)


def is_machine(current: Request) -> bool:
    """Whether a request was let in by a read token, which lets nobody change anything."""
    return _MACHINE in current.environ


def is_local(current: Request) -> bool:
    """Whether a request comes from a browser on this machine, to a name of this machine.

    The name counts because of DNS rebinding: a page from anywhere can call 127.0.0.1 by a name
    of its own, and read the answer. By our name it cannot, unless the application allows it to
    (CORS), so whoever asks has to be one of our own pages, or the address bar.
    """
    if any(name in current.headers for name in _FORWARDED):
        return False
    if current.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return False
    host = current.host.lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name in _LOCAL and _is_loopback(current.remote_addr)


def _is_loopback(address: str | None) -> bool:
    try:
        parsed = ip_address(address or "")
    except ValueError:  # a Unix socket has none: whoever is behind it
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (mapped or parsed).is_loopback


def _asked(state: State, declared: Callable[[], Any]) -> AnyResponse | None:
    """The application's own answer. Only True lets in: what is merely true may be a mistake."""
    try:
        answer = state.app.ensure_sync(declared)()
    except HTTPException:  # abort(403) says it as well
        raise
    except Exception as error:
        if state.is_strict:
            raise
        state.pipeline.log.warning("access", "the callable of access failed", error=error)
        return _problem(403, "Whether you may read this could not be told. The log says why.")
    if answer is True:
        return None
    if isinstance(answer, AnyResponse):
        return answer
    if answer is not False and answer is not None:
        state.pipeline.log.warning(
            "access", "access must return True, False or a response, not %s", type(answer).__name__
        )
    return _problem(403, "You may not read this.")


def _problem(status: int, detail: str) -> Response:
    return problem(status, "Not for everybody.", detail)
