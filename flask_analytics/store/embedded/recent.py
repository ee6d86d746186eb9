"""The newest events, whole."""

from __future__ import annotations

from typing import Any

import msgspec

from ...metrics.recent import Recent
from ..sql.recent import newest
from . import records
from .catalog import Catalog
from .view import View


def recent(asked: Recent, catalog: Catalog, view: View) -> tuple[dict[str, Any], ...]:
    """The newest first."""
    bodies = records.marked(view, catalog, newest(asked, view))
    return tuple(msgspec.json.decode(body) for body in bodies)
