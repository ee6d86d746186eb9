"""Kinds of questions: for each its parameters, and how it is built of their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ..errors import QuestionError
from . import window
from .active import ActiveUsers
from .filters import Scope
from .funnel import MAX_STEPS, MIN_STEPS, Funnel, Step
from .latency import Latency
from .person import People, Timeline, Traits
from .readers import few_filters
from .recent import DEFAULT_RECENT, MAX_RECENT, Recent
from .retention import MAX_OFFSETS, Period, Retention
from .revenue import Revenues
from .summary import Dashboard
from .top import DEFAULT_LIMIT, MAX_LIMIT, Breakdown, TopEvents, TopProperties
from .visits import Visits
from .volume import Volume
from .window import MAX_POINTS, Bucket, Range

Values = Mapping[str, Any]

RANGE = ("from", "to", "tz")
SCOPE = ("source", "bots", "filter")

#: Rows where each is a person or an event.
MANY = 100

#: Cohorts of one grid.
MAX_COHORTS = 1000


class Kind(NamedTuple):
    """One kind of question: its parameters, and what builds it of their values."""

    words: tuple[str, ...]
    build: Callable[[Values, datetime], Any]
    required: tuple[str, ...] = ()
    #: Rows where nobody says how many, and the most that may be asked for.
    limit: int = DEFAULT_LIMIT
    most: int = MAX_LIMIT


def _range(values: Values, now: datetime) -> Range:
    return window.read(values.get("from"), values.get("to"), values.get("tz", "UTC"), now)


def _scope(values: Values) -> Scope:
    return Scope(
        filters=few_filters("filter", values.get("filter", ())),
        source=values.get("source"),
        bots=values.get("bots", False),
    )


def _plain(type_: type[Any], *names: str) -> Callable[[Values, datetime], Any]:
    """A builder of questions whose fields are named as their parameters are."""

    def build(values: Values, now: datetime) -> Any:
        given = {name: values[name] for name in names if name in values}
        return type_(range=_range(values, now), scope=_scope(values), **given)

    return build


def _volume(values: Values, now: datetime) -> Volume:
    built: Volume = _plain(Volume, "event", "bucket")(values, now)
    _check_points("bucket", built.range, built.bucket)
    return built


def _active(values: Values, now: datetime) -> ActiveUsers:
    if "rolling" in values and "interval" not in values:
        raise QuestionError("rolling", "is of a series: add interval=day, or leave it out")
    built: ActiveUsers = _series(ActiveUsers, "event", "interval", "rolling")(values, now)
    return built


def _series(type_: type[Any], *names: str) -> Callable[[Values, datetime], Any]:
    """A plain builder of questions whose answer has a series where there is an ``interval``."""
    plain = _plain(type_, *names)

    def build(values: Values, now: datetime) -> Any:
        built = plain(values, now)
        if built.interval is not None:
            _check_points("interval", built.range, built.interval)
        return built

    return build


#: The longest that a bucket can be.
_LENGTHS = {
    Bucket.HOUR: timedelta(hours=1),
    Bucket.DAY: timedelta(hours=25),
    Bucket.WEEK: timedelta(days=7, hours=1),
    Bucket.MONTH: timedelta(days=31, hours=1),
}


def _check_points(field: str, span: Range, bucket: Bucket, most: int = MAX_POINTS) -> None:
    if (span.end - span.start) / _LENGTHS[bucket] > most:
        raise QuestionError(
            field,
            f"more than {most} {bucket}s: choose something longer, or a shorter range",
        )


def _top(values: Values, now: datetime) -> TopEvents | TopProperties:
    if "event" not in values and "property" not in values:
        events: TopEvents = _plain(TopEvents, "limit", "people")(values, now)
        return events
    if values.get("people"):
        raise QuestionError("people", "is of the top events: leave it out, or event and property")
    for name, other in (("event", "property"), ("property", "event")):
        if name not in values:
            raise QuestionError(
                name, f"is missing: top values are of one property of one event; add {name}, "
                f"or leave {other} out for the top events"
            )  # fmt: skip
    built: TopProperties = _plain(TopProperties, "event", "property", "limit")(values, now)
    return built


def _funnel(values: Values, now: datetime) -> Funnel:
    steps = values["step"]
    if not MIN_STEPS <= len(steps) <= MAX_STEPS:
        raise QuestionError(
            "step", f"{len(steps)} given: a funnel has {MIN_STEPS} to {MAX_STEPS} steps"
        )
    if "limit" in values and "breakdown" not in values:
        raise QuestionError("limit", "is of groups: add breakdown, or leave it out")
    given = {name: values[name] for name in ("window", "breakdown", "limit") if name in values}
    narrowed = _narrowed(steps, values.get("step_filter", ()))
    return Funnel(range=_range(values, now), scope=_scope(values), steps=narrowed, **given)


def _narrowed(steps: tuple[Step, ...], placed: tuple[Any, ...]) -> tuple[Step, ...]:
    for place, _ in placed:
        if not 1 <= place <= len(steps):
            raise QuestionError(
                "step_filter", f"there is no step {place}: they are counted from 1 to {len(steps)}"
            )
    own = [[found for at, found in placed if at == place] for place in range(1, len(steps) + 1)]
    return tuple(
        Step(step.event, few_filters("step_filter", (*step.filters, *more)))
        for step, more in zip(steps, own, strict=True)
    )


def _retention(values: Values, now: datetime) -> Retention:
    span = _cohort(values, now)
    period = values.get("period", Period.DAY)
    grid = values.get("grid", False)
    if grid:
        span = window.widened(span, Bucket(period))
        _check_points("grid", span, Bucket(period), MAX_COHORTS)
    given = {name: values[name] for name in ("start_event", "return_event") if name in values}
    if "offset" in values:
        given["offsets"] = _offsets(values["offset"])
    return Retention(
        range=span, now=window.micros(now), period=period, scope=_scope(values), grid=grid, **given
    )


def _cohort(values: Values, now: datetime) -> Range:
    tz = values.get("tz", "UTC")
    if "to" not in values:
        if "from" in values:
            return window.cohort(values["from"], values.get("cohort_days", 1), tz)
        return window.days(values.get("cohort_days", window.DEFAULT_DAYS), tz, now)
    if "cohort_days" in values:
        raise QuestionError("cohort_days", "says the same as to: leave one of them out")
    return _range(values, now)


def _offsets(given: tuple[int, ...]) -> tuple[int, ...]:
    unique = tuple(dict.fromkeys(given))
    if not 1 <= len(unique) <= MAX_OFFSETS:
        raise QuestionError("offset", f"{len(unique)} given: 1 to {MAX_OFFSETS} are allowed")
    return unique


def _dashboard(values: Values, now: datetime) -> Dashboard:
    days = values.get("days", window.DEFAULT_DAYS)
    span = window.days(days, values.get("tz", "UTC"), now)
    given = {"limit": values["limit"]} if "limit" in values else {}
    return Dashboard(range=span, scope=_scope(values), **given)


def _timeline(values: Values, now: datetime) -> Timeline:
    given = {name: values[name] for name in ("id", "limit") if name in values}
    return Timeline(range=_range(values, now), **{"limit": MANY, **given})


def _people(values: Values, now: datetime) -> People:
    given = {name: values[name] for name in ("search", "limit") if name in values}
    return People(range=_range(values, now), **{"limit": MANY, **given})


def _recent(values: Values, now: datetime) -> Recent:
    if values.get("limit", 0) > MAX_RECENT:
        raise QuestionError(
            "limit", f"{values['limit']} whole events: {MAX_RECENT} are the most; ask for those "
            "before the last one's time next"
        )  # fmt: skip
    built: Recent = _plain(Recent, "event", "like", "limit")(values, now)
    return built


#: Every kind of question, by the word that asks it.
KINDS: Mapping[str, Kind] = {
    "volume": Kind((*RANGE, "event", "bucket", *SCOPE), _volume),
    "top": Kind((*RANGE, "event", "property", "people", "limit", *SCOPE), _top),
    "breakdown": Kind(
        (*RANGE, "dimension", "event", "limit", *SCOPE),
        _plain(Breakdown, "dimension", "event", "limit"),
        ("dimension",),
    ),
    "funnel": Kind(
        (*RANGE, "step", "step_filter", "window", "breakdown", "limit", *SCOPE),
        _funnel,
        ("step",),
    ),
    "retention": Kind(
        (
            *RANGE, "cohort_days", "offset", "period", "start_event", "return_event", "grid", *SCOPE
        ),
        _retention,
    ),
    "active": Kind((*RANGE, "event", "interval", "rolling", *SCOPE), _active),
    "visits": Kind((*RANGE, "interval", *SCOPE), _series(Visits, "interval")),
    "revenue": Kind((*RANGE, "event", "interval", *SCOPE), _series(Revenues, "event", "interval")),
    "latency": Kind((*RANGE, "limit", *SCOPE), _plain(Latency, "limit")),
    "dashboard": Kind(("days", "tz", "limit", *SCOPE), _dashboard),
    "people": Kind((*RANGE, "search", "limit"), _people, limit=MANY),
    "traits": Kind(("id",), lambda values, now: Traits(values["id"]), ("id",)),
    "timeline": Kind(("id", *RANGE, "limit"), _timeline, ("id",), MANY),
    "recent": Kind(
        (*RANGE, "event", "like", "limit", *SCOPE), _recent, limit=DEFAULT_RECENT, most=MAX_RECENT
    ),
}  # fmt: skip
