"""Who may send: machines with one of ANALYTICS_WRITE_KEYS, and pages of the configured origins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Request

from ..config import Settings
from ..event import Event
from ..pipeline import Draft, Pipeline
from . import keys

_CURE = (
    'Nobody may write here: give each sender a key in ANALYTICS_WRITE_KEYS, such as {"mobile": '
    '"a-long-random-key"}, to send as "Authorization: Bearer <key>".'
)

#: Methods that have an answer of their own: there is only POST.
WRONG_METHODS = ("GET", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """Why somebody may not send: an answer's status, and the cure."""

    status: int
    detail: str


class Senders:
    """Those who may send to one application.

    :raises ConfigurationError: a key of ANALYTICS_WRITE_KEYS is a hash that is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._digests: Collection[bytes] = keys.digests("ANALYTICS_WRITE_KEYS", settings.write_keys)
        self._origins = frozenset(settings.cors_origins)

    @property
    def has_keys(self) -> bool:
        """Whether anybody may send at all."""
        return bool(self._digests)

    def unknown(self, given: bytes | None) -> Unwelcome | None:
        """What to say to whoever shows this key, or none; None: welcome."""
        if not self._digests:
            return Unwelcome(403, _CURE)
        if given is not None and keys.is_known(given, self._digests):
            return None
        return Unwelcome(
            401,
            'Send a write key, as "Authorization: Bearer <key>" or as the user name of Basic.'
            if given is None
            else "This key is not one of ANALYTICS_WRITE_KEYS.",
        )

    def foreign(self, current: Request) -> Unwelcome | None:
        """What to say to a page of somebody else's; None: it is ours, or no page at all."""
        origin = current.headers.get("Origin")
        if origin is None or origin in self._origins or is_own(origin, current):
            return None
        return Unwelcome(
            403,
            f"Pages of {origin[:80]!r} may not send: add it to ANALYTICS_CORS_ORIGINS, exactly "
            f'so, such as ["https://app.example.com"].',
        )

    def allows(self, origin: str | None) -> bool:
        """Whether pages of another origin may send, and read what they are answered."""
        return origin in self._origins


def shown(current: Request) -> bytes | None:
    """The key that a request shows in ``Authorization``, or None."""
    return keys.bearer(current) or keys.basic(current)


def is_own(origin: str, current: Request) -> bool:
    """Whether an origin is this very host. Behind a proxy the scheme may be another one."""
    return urlsplit(origin).netloc == current.host if "://" in origin else False


def accept(pipeline: Pipeline, event: Event) -> None:
    """Take an event on its way, without the facts of the request that brought it: its address
    and user agent are those of a machine."""
    pipeline.accept(Draft(event, pipeline.clock()))
