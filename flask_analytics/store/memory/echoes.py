"""Which browser page views are views that the server counts already."""

from __future__ import annotations

from ...event import Source
from .row import Row


class Echoes:
    """The page views that the server saw, by the view id printed in the page.

    :param limit: views that are remembered at most; beyond it the first that came are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._views: dict[str, bool] = {}

    def learn(self, row: Row) -> None:
        """Remember a view of the server's, and whether only bots made it."""
        view = row.server_view
        if view is None:
            return
        self._views[view] = row.bot and self._views.get(view, True)
        if len(self._views) > self._limit:
            del self._views[next(iter(self._views))]

    def is_counted(self, row: Row, bots: bool) -> bool:
        """Is this a browser's word of a page view that counts already by the server's?"""
        if not row.is_view or row.event.source != Source.BROWSER or not row.event.view_id:
            return False
        by_bot = self._views.get(row.event.view_id)
        return by_bot is not None and (bots or not by_bot)
