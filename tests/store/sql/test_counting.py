"""Volume, top lists, revenue, latency: answers worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from flask_analytics.errors import QuestionError
from flask_analytics.metrics.filters import Filter, Operator, Scope
from flask_analytics.metrics.latency import Latency, RouteLatency, nearest_rank
from flask_analytics.metrics.person import Traits
from flask_analytics.metrics.revenue import Revenues, Sum
from flask_analytics.metrics.top import (
    Breakdown,
    Dimension,
    Entry,
    Slice,
    TopEvents,
    TopProperties,
)
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Bucket
from flask_analytics.store.sql.answer import answer
from flask_analytics.store.sql.dialect import Query

from .plain import HourEngine, PlainEngine
from .stories import at, span


def counts(points: tuple) -> list[int]:
    return [point.count for point in points]


def test_volume_has_empty_buckets_and_days_of_23_hours() -> None:
    """Buckets are local: the spring day of Berlin ends an hour earlier in UTC."""
    engine = PlainEngine(
        {"ts": at(moment)}
        for moment in ("2026-03-28 23:00", "2026-03-29 21:59", "2026-03-29 22:00")
    )

    answered = answer(Volume(range=span("2026-03-28", "2026-04-01", "Europe/Berlin")), engine)

    assert counts(answered) == [0, 2, 1, 0]
    assert answered[1].time == "2026-03-29T00:00:00+01:00"
    assert answered[2].time == "2026-03-30T00:00:00+02:00"


@pytest.mark.parametrize("bucket", list(Bucket))
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_every_bucket_in_odd_zones_holds_what_python_puts_there(bucket: Bucket, zone: str) -> None:
    """Zones of half and quarter hours, and a clock change of half an hour."""
    moments = [at("2026-03-30 00:00") + n * 1_234_567_890 for n in range(900)]
    engine = PlainEngine({"ts": moment} for moment in moments)
    asked = Volume(range=span("2026-04-01", "2026-04-08", zone), bucket=bucket)

    answered = answer(asked, engine)

    inside = [at for at in moments if asked.range.start_us <= at < asked.range.end_us]
    edges = [at(point.time) for point in answered]
    expected = [0] * len(edges)
    for moment in inside:
        expected[max(n for n, edge in enumerate(edges) if edge <= moment)] += 1
    assert counts(answered) == expected


def test_events_before_1970_and_after_2200_have_their_bucket() -> None:
    """A clock that is far off breaks nothing."""
    engine = PlainEngine([{"ts": at("1965-05-05 05:05")}, {"ts": at("2201-01-01 00:00")}])

    for day, after in (("1965-05-05", "1965-05-06"), ("2201-01-01", "2201-01-02")):
        assert counts(answer(Volume(range=span(day, after)), engine)) == [1]


def test_quiet_types_count_only_by_name() -> None:
    """identify, group and alias are no activity, unless someone asks for them."""
    engine = PlainEngine(
        [{"ts": at("2026-01-01 10:00"), "type": kind} for kind in ("identify", "group", "action")]
    )
    day = span("2026-01-01", "2026-01-02")

    assert answer(TopEvents(range=day), engine) == (Entry("action", 1),)
    assert counts(answer(Volume(range=day, event="identify"), engine)) == [1]


def test_bots_and_echoes() -> None:
    """An echo counts where the view that it repeats does not, and where only browsers do."""
    base = {"ts": at("2026-01-01 10:00"), "type": "pageview"}
    engine = PlainEngine(
        [
            base | {"bot": True},
            base | {"source": "browser", "echo": 1},
            base | {"source": "browser", "echo": 2},
            base,
        ]
    )

    def total(**scope: object) -> int:
        asked = Volume(range=span("2026-01-01", "2026-01-02"), scope=Scope(**scope))
        return counts(answer(asked, engine))[0]

    assert total() == 2
    assert total(bots=True) == 2
    assert total(source="browser") == 2
    assert total(source="server") == 1


def test_top_events_reads_no_more_than_it_needs() -> None:
    """A scan of ten million rows is as fast as its columns are few."""
    engine = PlainEngine([{"ts": at("2026-01-01 10:00"), "name": name} for name in "babca"])

    answered = answer(TopEvents(range=span("2026-01-01", "2026-01-02"), limit=2), engine)

    assert answered == (Entry("a", 2), Entry("b", 2))
    assert engine.asked[0].names == {"name", "type", "bot", "echo"}


@pytest.mark.parametrize("engine", [PlainEngine, HourEngine])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata"])
def test_ragged_ends_of_whole_hours(engine: type[PlainEngine], zone: str) -> None:
    """Whole hours may come from a rollup, what sticks out is scanned, nothing counts twice."""
    moments = ("09:59", "10:30", "11:00", "11:59", "12:00", "12:30", "12:31")
    events = [{"ts": at(f"2026-01-01 {it}"), "name": it[:2]} for it in moments]
    whole = span("2026-01-01 10:00", "2026-01-01 12:31", zone)
    asked_of = engine(events)

    assert answer(TopEvents(range=whole), asked_of) == (
        Entry("11", 2),
        Entry("12", 2),
        Entry("10", 1),
    )
    assert sum(counts(answer(Volume(range=whole, bucket=Bucket.HOUR), asked_of))) == 5
    tiny = span("2026-01-01 11:59", "2026-01-01 12:01", zone)
    assert sum(counts(answer(Volume(range=tiny), asked_of))) == 2


def test_hours_that_an_engine_does_not_have_are_scanned() -> None:
    """Such as those from which somebody was just forgotten."""

    class Forgetful(HourEngine):
        def hours(self, query: Query, first: int, last: int) -> None:
            return None

    engine = Forgetful([{"ts": at("2026-01-01 10:30")}])

    assert counts(answer(Volume(range=span("2026-01-01", "2026-01-02")), engine)) == [1]


def test_filters_that_hours_do_not_know_are_scanned() -> None:
    """A rollup answers for names and sources, not for paths."""
    engine = HourEngine([{"ts": at("2026-01-01 10:30"), "path": "/a"}] * 2)
    for each, scans in (
        (Filter("event", Operator.EQUALS, "custom"), 0),
        (Filter("path", Operator.EQUALS, "/a"), 1),
    ):
        asked = TopEvents(range=span("2026-01-01", "2026-01-02"), scope=Scope(filters=(each,)))
        engine.asked.clear()
        assert answer(asked, engine) == (Entry("custom", 2),)
        assert len(engine.asked) == scans


def test_what_is_no_question() -> None:
    """It is said by name."""
    with pytest.raises(QuestionError, match="Traits"):
        answer(Traits("ann"), PlainEngine())


@pytest.mark.parametrize("limit", ["1; DROP TABLE events", "1"])
def test_a_limit_is_a_number(limit: str) -> None:
    """Text never becomes SQL, even where a caller forgot to check it."""
    asked = TopEvents(range=span("2026-01-01", "2026-01-02"), limit=limit)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="format code"):
        answer(asked, PlainEngine())


def test_one_key_for_a_number_and_its_text() -> None:
    """5, 5.0 and "5" are one value; null, lists and objects are none."""
    values = [5, 5.0, "5", True, "true", None, [1], {"a": 1}, 0.1, ""]
    engine = PlainEngine(
        {"ts": at("2026-01-01 10:00"), "name": "buy", "properties": {"n": value}}
        for value in values
    )
    asked = TopProperties(range=span("2026-01-01", "2026-01-02"), event="buy", property="n")

    assert answer(asked, engine) == (
        Entry("5", 3),
        Entry("true", 2),
        Entry("", 1),
        Entry("0.1", 1),
    )


def test_slices_have_people() -> None:
    """Nobody's page views count, but are nobody."""
    base = {"ts": at("2026-01-01 10:00"), "type": "pageview"}
    engine = PlainEngine(
        [
            base | {"path": "/a", "person": "ann"},
            base | {"path": "/a", "person": "ann"},
            base | {"path": "/a", "person": None},
            base | {"path": "/b", "person": "bob"},
            base | {"path": None},
            base | {"path": "/b", "type": "custom", "name": "buy", "person": "eve"},
        ]
    )
    day = span("2026-01-01", "2026-01-02")

    views = answer(Breakdown(range=day, dimension=Dimension.PAGE), engine)
    buys = answer(Breakdown(range=day, dimension=Dimension.PAGE, event="buy"), engine)

    assert views == (Slice("/a", 3, 1), Slice("/b", 1, 1))
    assert buys == (Slice("/b", 1, 1),)


@pytest.mark.parametrize("dimension", list(Dimension))
def test_every_dimension_has_a_column(dimension: Dimension) -> None:
    """No dimension is forgotten."""
    asked = Breakdown(range=span("2026-01-01", "2026-01-02"), dimension=dimension)

    assert answer(asked, PlainEngine()) == ()


def test_money_is_exact() -> None:
    """Sums of the largest and the smallest amounts lose nothing; zeros are as in the currency."""
    largest, smallest = Decimal(10**18 - 1), Decimal("0.000000000000000001")
    amounts = [("EUR", largest)] * 300 + [("EUR", smallest), ("USD", Decimal("-1.50"))]
    amounts += [("JPY", Decimal(100)), ("CHF", Decimal(1)), ("CHF", Decimal(-1)), (None, None)]
    engine = PlainEngine(
        {"ts": at("2026-01-01 10:00"), "currency": code, "amount": amount}
        for code, amount in amounts
    )

    answered = answer(Revenues(range=span("2026-01-01", "2026-01-02")), engine)

    assert [repr(each) for each in answered] == [
        repr(Sum("CHF", Decimal("0.00"), 2)),
        repr(Sum("EUR", Decimal("299999999999999999700.000000000000000001"), 301)),
        repr(Sum("JPY", Decimal(100), 1)),
        repr(Sum("USD", Decimal("-1.50"), 1)),
    ]


def test_latency_by_route() -> None:
    """Requests without a route are one row, which comes first among equals."""
    base = {"ts": at("2026-01-01 10:00"), "status": 200, "duration": 0.1}
    engine = PlainEngine(
        [
            base | {"route": "/a"},
            base | {"route": "/a", "status": 500, "duration": 0.3},
            base,
            base | {"duration": None},
            base | {"status": None},
            base | {"source": "browser"},
            base | {"route": "/b"},
        ]
    )
    day = span("2026-01-01", "2026-01-02")

    assert answer(Latency(range=day, limit=2), engine) == (
        RouteLatency(None, 2, 0, 0.0, 0.1, 0.1),
        RouteLatency("/a", 2, 1, 0.5, 0.1, 0.3),
    )


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 39, 40, 41, 200])
def test_ranks_are_those_of_the_definition(count: int) -> None:
    """No float makes the 95th of 100 the 96th."""
    engine = PlainEngine(
        {"ts": at("2026-01-01 10:00"), "status": 200, "duration": float(n)} for n in range(count)
    )

    (row,) = answer(Latency(range=span("2026-01-01", "2026-01-02")), engine)

    durations = [float(n) for n in range(count)]
    assert (row.p50, row.p95) == (nearest_rank(durations, 0.5), nearest_rank(durations, 0.95))
