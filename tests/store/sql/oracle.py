"""Random histories and questions, and an engine that holds just what a memory store does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from flask_analytics.event import Event, EventType, Revenue, Source, encode
from flask_analytics.metrics.active import ActiveUsers
from flask_analytics.metrics.filters import FIELDS, Filter, Operator, Scope, number
from flask_analytics.metrics.funnel import Funnel, Step
from flask_analytics.metrics.latency import Latency
from flask_analytics.metrics.person import People
from flask_analytics.metrics.retention import Period, Retention
from flask_analytics.metrics.revenue import Revenues
from flask_analytics.metrics.summary import Dashboard
from flask_analytics.metrics.top import Breakdown, Dimension, TopEvents, TopProperties
from flask_analytics.metrics.visits import Visits
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Bucket, Range
from flask_analytics.store.memory import MemoryStore
from flask_analytics.store.memory.row import Row
from flask_analytics.store.memory.selection import Selection

from .plain import FunnelEngine, HourEngine

#: Texts that break out of quotes, look like placeholders or numbers, or are no ASCII.
TEXTS = (
    "a'b", '"', "\\", "; DROP TABLE events; --", "\0", "x\0y", "$1", "?", "{p1:String}", "{x}",
    "%s", "äöü", "𝄞", "\uff15", "5", "05", "5.0", "-1e3", "1e999", "nan", "inf", " 5", "5\n",
    "true", "", "NULL", "%", "_", "pro", "Pro", "/*", "*/", "0.1", "/shop/<id>",
)  # fmt: skip

NAMES = ("view", "buy", "engagement", "a'b", "identify")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
AGENTS = (CHROME, CHROME, CHROME, None, "Googlebot/2.1 (+http://www.google.com/bot.html)")

texts = st.sampled_from(TEXTS)
values = st.one_of(
    texts, st.integers(-3, 3), st.booleans(), st.none(), st.just([1]),
    st.sampled_from((5, 5.0, -0.0, 0.1, 1e15, 1e16, 123456789012345678, 1.5e-7, 0.1 + 0.2)),
)  # fmt: skip

#: Half an hour apart at times, more often less; around clock changes of the zones below.
START = datetime(2026, 3, 25, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York")
moments = st.builds(
    lambda day, minute, us: START + timedelta(days=day, minutes=minute, microseconds=us),
    st.integers(0, 14),
    st.sampled_from((0, 1, 29, 30, 59, 60, 90, 719, 720, 1380, 1439)),
    st.sampled_from((0, 0, 0, 1, 999_999)),
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any event, of few people, names and times, so that they meet."""
    kind = draw(st.sampled_from((*EventType, EventType.PAGEVIEW, EventType.CUSTOM)))
    named = kind in (EventType.CUSTOM, EventType.ACTION)
    return Event(
        message_id=draw(st.uuids(version=4)).hex,
        type=kind,
        event_name=draw(st.sampled_from(NAMES)) if named else None,
        timestamp=draw(moments),
        source=draw(st.sampled_from(tuple(Source))),
        user_id=draw(st.sampled_from((None, "u1", "u2", "x"))),
        anonymous_id=draw(st.sampled_from((None, "a1", "a2", "x"))),
        previous_id=draw(st.sampled_from(("a1", "u2"))) if kind is EventType.ALIAS else None,
        user_agent=draw(st.sampled_from(AGENTS)),
        view_id=draw(st.sampled_from((None, "v1", "v2"))),
        path=draw(maybe(texts)),
        matched_pattern=draw(st.sampled_from((None, "/a", "/<b>"))),
        referrer=draw(st.sampled_from((None, "https://www.other.example/", "https://own.example"))),
        hostname=draw(st.sampled_from((None, "own.example"))),
        status_code=draw(st.sampled_from((None, 200, 404, 500, 503))),
        duration=draw(st.sampled_from((None, 0.001, 0.25, 1.0))),
        revenue=draw(maybe(st.builds(
            Revenue, st.decimals("-99", "99", places=3), st.sampled_from(("EUR", "JPY"))
        ))),
        properties={
            key: value
            for key in ("plan", "a.b", "engaged_seconds")
            if (value := draw(values)) is not None
        },
        traits=draw(st.dictionaries(st.sampled_from(("plan", "n")), values, max_size=1)),
        context=draw(st.sampled_from(({}, {"country": "DE"}, {"location": {"country": "FR"}}))),
    )  # fmt: skip


histories = st.lists(events(), max_size=40)


# -- questions

fields = st.sampled_from((*FIELDS, "property.plan", "property.a.b", "trait.plan", "trait.n"))
words = st.one_of(texts, st.sampled_from(("200", "404", "4", "server", "own.example", "buy", "DE")))


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """Any filter that could be parsed."""
    operator = draw(st.sampled_from(tuple(Operator)))
    than = operator in (Operator.ABOVE, Operator.BELOW)
    value = draw(words.filter(lambda it: number(it) is not None) if than else words)
    return Filter(draw(fields), operator, value)


scopes = st.builds(
    Scope,
    filters=st.lists(filters(), max_size=2).map(tuple),
    source=st.sampled_from((None, None, *map(str, Source))),
    bots=st.booleans(),
)


@st.composite
def ranges(draw: st.DrawFn, whole: bool = False) -> Range:
    """A few days of some zone, or any two moments."""
    zone = draw(st.sampled_from(ZONES))
    start, end = sorted((draw(moments), draw(moments)))
    if whole or draw(st.booleans()):
        tz = Range(start, end, zone).tz
        start, end = (
            it.astimezone(tz).replace(hour=0, minute=0, microsecond=0) for it in (start, end)
        )
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    return Range(start, end + timedelta(days=not start < end), zone)


steps = st.builds(Step, st.sampled_from(NAMES), st.lists(filters(), max_size=1).map(tuple))
names = st.sampled_from((None, *NAMES))
limits = st.integers(1, 5)
intervals = st.sampled_from((None, *Bucket))

questions = st.one_of(
    st.builds(Volume, range=ranges(), scope=scopes, event=names, bucket=st.sampled_from(Bucket)),
    st.builds(TopEvents, range=ranges(), scope=scopes, limit=limits, people=st.booleans()),
    st.builds(
        TopProperties, range=ranges(), scope=scopes, limit=limits,
        event=st.sampled_from(NAMES), property=st.sampled_from(("plan", "a.b", "none")),
    ),
    st.builds(
        Breakdown, range=ranges(), scope=scopes, limit=limits, event=names,
        dimension=st.sampled_from(Dimension),
    ),
    st.builds(Revenues, range=ranges(), scope=scopes, event=names, interval=intervals),
    st.builds(Latency, range=ranges(), scope=scopes, limit=limits),
    st.builds(
        ActiveUsers, range=ranges(), scope=scopes, event=names,
        interval=intervals, rolling=st.sampled_from((1, 2, 7)),
    ),
    st.builds(
        Retention, range=ranges(), scope=scopes, start_event=names, return_event=names,
        period=st.sampled_from(Period), grid=st.booleans(),
        offsets=st.lists(st.integers(0, 9), min_size=1, max_size=3).map(tuple),
        now=moments.map(lambda it: Range(it, it).start_us),
    ),
    st.builds(Visits, range=ranges(), scope=scopes, interval=intervals),
    st.builds(
        Funnel, range=ranges(), scope=scopes, limit=limits,
        steps=st.lists(steps, min_size=2, max_size=3).map(tuple),
        window=st.sampled_from((None, 0.0, 60.0, 86400.0)), breakdown=maybe(fields),
    ),
    st.builds(People, range=ranges(), limit=limits, search=st.sampled_from(("", "u", "a1", "'"))),
    st.builds(Dashboard, range=ranges(whole=True), scope=scopes, limit=limits),
)  # fmt: skip


# -- the engine


def remembered(history: list[Event]) -> MemoryStore:
    """A memory store of these events."""
    store = MemoryStore()
    store.append([encode(event) for event in history])
    return store


class OracleEngine(FunnelEngine, HourEngine):
    """With everything that an engine may have."""


def engine_of(store: MemoryStore) -> OracleEngine:
    """An engine of the same events, with everything derived as the store derives it."""
    among = Selection(store._rows, store._people, store._echoes)
    people = {f"{key[0]}:{key[1]}": key for row in among.rows if (key := among.people.of(row))}
    return OracleEngine(
        [_logical(row, among) for row in among.rows],
        {who: among.people.traits(key) for who, key in people.items()},
        {who: (among.people.id(key), *among.people.ids(key)) for who, key in people.items()},
    )


def _logical(row: Row, among: Selection) -> dict[str, Any]:
    event, person = row.event, among.people.of(row)
    echoes = [among._echoes.is_counted(row, bots) for bots in (False, True)]
    derived = {name: row.value(name) for name in FIELDS if name not in ("event", "group")}
    derived["action_name"] = derived.pop("action")
    return derived | {
        "message_id": event.message_id,
        "ts": row.us,
        "name": row.name,
        "type": str(event.type),
        "source": str(event.source),
        "bot": row.bot,
        "echo": 1 if echoes[0] else 2 if echoes[1] else 0,
        "person": f"{person[0]}:{person[1]}" if person else None,
        "status": event.status_code,
        "duration": event.duration,
        "group_id": among.value(row, "group"),
        "amount": event.revenue and Decimal(event.revenue.amount),
        "currency": event.revenue and event.revenue.currency,
        "engaged": row.engaged,
        "properties": event.properties,
    }
