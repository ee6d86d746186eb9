"""The newest events, whole."""

from __future__ import annotations

from typing import Any

import msgspec

from ...event import encode
from ...metrics import facts
from ...metrics.recent import Recent
from .selection import Selection


def recent(asked: Recent, among: Selection) -> tuple[dict[str, Any], ...]:
    """The newest first."""
    part = facts.folded(asked.like)
    found = [
        row
        for row in among.within(asked.range, among.whatever(asked.scope))
        if asked.event in (None, row.name) and part in facts.folded(row.name)
    ]
    return tuple(msgspec.json.decode(encode(row.event)) for row in found[: -asked.limit - 1 : -1])
