"""Whether the running code was called by us: events that it emits would call it for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_inside: ContextVar[bool] = ContextVar("flask_analytics_inside", default=False)

#: True in a step, a receiver or a collector.
is_inside = _is_inside.get


@contextmanager
def inside() -> Iterator[None]:
    """Mark what runs in this block as called by us."""
    token = _is_inside.set(True)
    try:
        yield
    finally:
        _is_inside.reset(token)
