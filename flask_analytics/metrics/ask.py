"""``analytics.metrics``: every question as a function, with the names of the read API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypedDict, Unpack, cast

from ..store import run
from ..store.base import Store
from . import words
from .active import ActiveAnswer
from .filters import Filter
from .funnel import FunnelAnswer, Step
from .latency import RouteLatency
from .person import Person, Seen
from .retention import RetentionAnswer
from .revenue import Sum
from .summary import Summary
from .top import Entry, Slice
from .visits import VisitsAnswer
from .volume import Point

#: A date is its midnight in ``tz``; so is a datetime without an offset in ``tz``.
Moment = str | date | datetime | None


class Scoped(TypedDict, total=False):
    """Keywords that every question about events takes.

    ``tz``: IANA time zone, default UTC. ``source``: only events that came through ``server``,
    ``browser`` or ``api``. ``bots``: count bots, too. ``filter``: conditions that all have to
    hold, as text (``"property.plan=pro"``) or ``Filter``; see ``metrics.filters``.
    """

    tz: str
    source: str | None
    bots: bool
    filter: str | Filter | Iterable[str | Filter]


class Metrics:
    """The questions to one store. Ranges are ``[from_, to)``, by default the last 7 local days
    with the whole of today; every answer is a frozen value.

    Each method raises ``QuestionError``, which names the argument and the cure, and
    ``StoreError`` where the store cannot answer now.

    :param store_of: gives the store; called at each question.
    :param clock: seconds since the epoch.
    """

    def __init__(self, store_of: Callable[[], Store], clock: Callable[[], float]) -> None:
        self._store_of = store_of
        self._clock = clock

    def volume(
        self,
        event: str | None = None,
        bucket: str = "day",
        from_: Moment = None,
        to: Moment = None,
        **scope: Unpack[Scoped],
    ) -> tuple[Point, ...]:
        """Counted events, or those of one name, in each hour, day, week or month; empty ones
        too. Exactly: ``metrics.volume.Volume``."""
        own = {"event": event, "bucket": bucket, "from": from_, "to": to}
        return cast(tuple[Point, ...], self._ask("volume", own, scope))

    def top_events(
        self,
        from_: Moment = None,
        to: Moment = None,
        limit: int = 10,
        people: bool = False,
        **scope: Unpack[Scoped],
    ) -> tuple[Entry, ...]:
        """Names of counted events, most first, then by name; with ``people`` also the distinct
        people of each. Exactly: ``metrics.top.TopEvents``."""
        own = {"from": from_, "to": to, "limit": limit, "people": people or None}
        return cast(tuple[Entry, ...], self._ask("top", own, scope))

    def top_properties(
        self,
        event: str,
        property: str,
        from_: Moment = None,
        to: Moment = None,
        limit: int = 10,
        **scope: Unpack[Scoped],
    ) -> tuple[Entry, ...]:
        """Values of one property of one event, as text, most first. null, lists and objects are
        no values. Exactly: ``metrics.top.TopProperties``."""
        own = {"event": _given(event), "property": _given(property), "limit": limit}
        return cast(tuple[Entry, ...], self._ask("top", {**own, "from": from_, "to": to}, scope))

    def breakdown(
        self,
        dimension: str,
        from_: Moment = None,
        to: Moment = None,
        event: str | None = None,
        limit: int = 10,
        **scope: Unpack[Scoped],
    ) -> tuple[Slice, ...]:
        """Page views, or events of one name, and their people by ``page``, ``route``,
        ``referrer``, ``origin``, ``medium``, ``campaign``, ``country``, ``device``, ``browser``,
        ``os``, ``hostname``, ``locale`` or ``group``. Exactly: ``metrics.top.Breakdown``."""
        own = {"dimension": dimension, "event": event, "limit": limit}
        return cast(
            tuple[Slice, ...], self._ask("breakdown", {**own, "from": from_, "to": to}, scope)
        )

    def funnel(
        self,
        steps: Sequence[str | Step | tuple[str, ...]],
        from_: Moment = None,
        to: Moment = None,
        window: str | float | timedelta | None = None,
        breakdown: str | None = None,
        limit: int | None = None,
        **scope: Unpack[Scoped],
    ) -> FunnelAnswer:
        """How many people get how far through 2 to 20 steps, in their order. Exactly:
        ``metrics.funnel.Funnel``.

        :param steps: names of events; with filters as ``("signup", "property.plan=pro")`` or a
            ``Step``.
        :param window: the time from the first step to the last at most: ``"7d"``, seconds, a
            timedelta; None is the whole range.
        :param breakdown: a filter field: one more funnel for each value at the first step, the
            ``limit`` largest.
        """
        # A list, because a tuple of names could be meant as one step with filters.
        own = {"step": [steps] if isinstance(steps, str) else list(steps), "window": window}
        more = {"breakdown": breakdown, "limit": limit, "from": from_, "to": to}
        return cast(FunnelAnswer, self._ask("funnel", {**own, **more}, scope))

    def retention(
        self,
        from_: Moment = None,
        offsets: Sequence[int] = (0, 1, 7),
        cohort_days: int | None = None,
        to: Moment = None,
        period: str = "day",
        start_event: str | None = None,
        return_event: str | None = None,
        grid: bool = False,
        **scope: Unpack[Scoped],
    ) -> RetentionAnswer:
        """Of those who came for the first time ever in a range, how many had an event on the nth
        local day, week or month after their own first. Exactly: ``metrics.retention.Retention``.

        :param cohort_days: local days from ``from_`` on, by default 1; or say ``to``.
        :param grid: also the cohort of each period; the range is widened to whole periods.
        """
        own = {"from": from_, "offset": list(offsets), "cohort_days": cohort_days, "to": to}
        more = {"period": period, "start_event": start_event, "return_event": return_event}
        values = {**own, **more, "grid": grid}
        return cast(RetentionAnswer, self._ask("retention", values, scope))

    def active_users(
        self,
        from_: Moment = None,
        to: Moment = None,
        interval: str | None = None,
        rolling: int | str | timedelta | None = None,
        event: str | None = None,
        **scope: Unpack[Scoped],
    ) -> ActiveAnswer:
        """Distinct people with a counted event, and with ``interval`` a series in which each
        point looks back ``rolling`` days (1: DAU, 7: WAU, 30: MAU). Exactly:
        ``metrics.active.ActiveUsers``."""
        own = {"from": from_, "to": to, "interval": interval, "rolling": rolling, "event": event}
        return cast(ActiveAnswer, self._ask("active", own, scope))

    def visits(
        self,
        from_: Moment = None,
        to: Moment = None,
        interval: str | None = None,
        **scope: Unpack[Scoped],
    ) -> VisitsAnswer:
        """Visits (a person's events with gaps under 30 minutes), bounces and engaged time; with
        ``interval`` also a series. Exactly: ``metrics.visits``."""
        own = {"from": from_, "to": to, "interval": interval}
        return cast(VisitsAnswer, self._ask("visits", own, scope))

    def revenue(
        self,
        from_: Moment = None,
        to: Moment = None,
        event: str | None = None,
        interval: str | None = None,
        **scope: Unpack[Scoped],
    ) -> tuple[Sum, ...]:
        """Exact sums, each currency apart; refunds are negative; with ``interval`` also those of
        each bucket. Exactly: ``metrics.revenue.Revenues``."""
        own = {"from": from_, "to": to, "event": event, "interval": interval}
        return cast(tuple[Sum, ...], self._ask("revenue", own, scope))

    def latency(
        self, from_: Moment = None, to: Moment = None, limit: int = 10, **scope: Unpack[Scoped]
    ) -> tuple[RouteLatency, ...]:
        """Requests, errors (status >= 500), p50 and p95 of seconds, by route. Exactly:
        ``metrics.latency``."""
        own = {"from": from_, "to": to, "limit": limit}
        return cast(tuple[RouteLatency, ...], self._ask("latency", own, scope))

    def dashboard(self, days: int = 7, limit: int = 10, **scope: Unpack[Scoped]) -> Summary:
        """``total_events``, ``dau``, ``wau`` and ``top_events`` of the last local days with the
        whole of today, and of as many before. Exactly: ``metrics.summary``."""
        return cast(Summary, self._ask("dashboard", {"days": days, "limit": limit}, scope))

    def people(
        self,
        search: str = "",
        from_: Moment = None,
        to: Moment = None,
        limit: int = 100,
        tz: str = "UTC",
    ) -> tuple[Seen, ...]:
        """Who was active, the last seen first. Exactly: ``metrics.person.People``."""
        own = {"search": search, "from": from_, "to": to, "limit": limit}
        return cast(tuple[Seen, ...], self._ask("people", own, {"tz": tz}))

    def traits(self, id: str | int) -> Person:
        """Who a user id or an anonymous id belongs to, and what is known of them. Exactly:
        ``metrics.person.Traits``."""
        return cast(Person, self._ask("traits", {"id": _given(id)}, {}))

    def timeline(
        self,
        id: str | int,
        from_: Moment = None,
        to: Moment = None,
        limit: int = 100,
        tz: str = "UTC",
    ) -> tuple[dict[str, Any], ...]:
        """What a person did, the newest first, as events under their wire names. Exactly:
        ``metrics.person.Timeline``."""
        own = {"id": _given(id), "from": from_, "to": to, "limit": limit}
        return cast(tuple[dict[str, Any], ...], self._ask("timeline", own, {"tz": tz}))

    def recent(
        self,
        event: str | None = None,
        like: str = "",
        from_: Moment = None,
        to: Moment = None,
        limit: int = 50,
        **scope: Unpack[Scoped],
    ) -> tuple[dict[str, Any], ...]:
        """The newest counted events, the newest first, as events under their wire names; at most
        500. Exactly: ``metrics.recent.Recent``.

        :param like: a part of the name, whatever the case of its letters A to Z.
        """
        own = {"event": event, "like": like, "from": from_, "to": to, "limit": limit}
        return cast(tuple[dict[str, Any], ...], self._ask("recent", own, scope))

    def ask(self, question: Any) -> Any:
        """Answer a question that is made already, such as ``Volume(...)``."""
        return run.answer(self._store_of(), question)

    def _ask(self, kind: str, own: dict[str, Any], scope: Any) -> Any:
        """``own`` are a kind's words, ``scope`` what a caller said besides."""
        values = {**own, **scope}
        now = datetime.fromtimestamp(self._clock(), UTC)
        return self.ask(words.question(kind, values, now))


def _given(value: Any) -> Any:
    """What must not be left out: None would mean that."""
    return "" if value is None else value
