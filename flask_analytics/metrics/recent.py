"""The newest events, whole: what just happened, or the last times that something did."""

from __future__ import annotations

import msgspec

from .filters import Scope
from .window import Range

#: Events of an answer.
MAX_RECENT = 500
DEFAULT_RECENT = 50


class Recent(msgspec.Struct, frozen=True, kw_only=True):
    """The newest counted events, identify, group and alias too, by time, then message id, both
    descending. Answered by a tuple of events as plain data under their wire names.

    :param event: only events of this name.
    :param like: only events whose name contains this, whatever the case of its letters A to Z.
    :param limit: events, 1 to 500: each is read whole.
    """

    range: Range
    scope: Scope = Scope()
    event: str | None = None
    like: str = ""
    limit: int = DEFAULT_RECENT
