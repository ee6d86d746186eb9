"""What an address tells of where something happened, and in which language."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote, urlsplit

from ...enrich import language_tag
from ...event import Event


def locate(event: Event) -> None:
    """Fill in host and path by the event's address."""
    if event.url:
        hostname, path = _parts(event.url)
        event.hostname = event.hostname or hostname
        event.path = event.path or path


def readable(path: str | None) -> str | None:
    """A path as people read it, without its query."""
    return unquote(path.partition("?")[0]) if path else None


def language(told: str | None) -> str | None:
    """As events have it, such as ``de-DE``."""
    return language_tag(told) if told else None


@lru_cache(4096)
def _parts(url: str) -> tuple[str | None, str | None]:
    """Nothing of what is no address: the intake tells that it is none."""
    try:
        parts = urlsplit(url)
        return parts.hostname, unquote(parts.path) or "/"
    except ValueError:
        return None, None
