"""Questions of every kind about the histories of ``histories.py``, as hypothesis strategies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from flask_analytics.metrics.active import ActiveUsers
from flask_analytics.metrics.filters import FIELDS, Filter, Operator, Scope, number
from flask_analytics.metrics.funnel import Funnel, Step
from flask_analytics.metrics.latency import Latency
from flask_analytics.metrics.person import People, Timeline, Traits
from flask_analytics.metrics.recent import Recent
from flask_analytics.metrics.retention import Period, Retention
from flask_analytics.metrics.revenue import Revenues
from flask_analytics.metrics.summary import Dashboard
from flask_analytics.metrics.top import Breakdown, Dimension, TopEvents, TopProperties
from flask_analytics.metrics.visits import Visits
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Bucket, Range, days

from .histories import CENTRE, KEYS, NAMES, USERS, VISITORS

ALL_NAMES = [*NAMES, "home", "save", "identify", "alias", "group", "custom"]

#: Texts that the histories know in one field or another, and some that they do not.
TEXTS = [
    *("5", "true", "false", "free", "Pro", "", "0.1", "1e+21", "100000000000000000", "-0", "0"),
    *("/", "/blog/<slug>", "/%_'\\", "%", "_", "'", "server", "browser", "search.example"),
    *("Firefox", "iOS", "mobile", "NP", "news", "mail", "May sale", "shop.example", "de-DE"),
    *("GET", "200", "503", "acme", "buy", "home", "名前", "e", "nobody"),
]

_fields = st.sampled_from(
    [*FIELDS, *(f"property.{key}" for key in KEYS), "trait.plan", "trait.n", "property.none"]
)

_numbers = st.sampled_from(["0", "5", "4.5", "-1", "1e3", "499", "0.1", "1e17"])


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    """One condition that the parser would let through."""
    operator = draw(st.sampled_from(Operator))
    is_order = operator in (Operator.ABOVE, Operator.BELOW)
    text = draw(_numbers if is_order else st.sampled_from(TEXTS))
    assert not is_order or number(text) is not None
    return Filter(draw(_fields), operator, text)


_some_filters = st.lists(filters(), max_size=2).map(tuple)

scopes = st.one_of(
    st.just(Scope()),
    st.just(Scope(bots=True)),
    st.builds(
        Scope,
        filters=_some_filters,
        source=st.sampled_from([None, None, "server", "browser", "api"]),
        bots=st.booleans(),
    ),
)


@st.composite
def ranges(draw: st.DrawFn, zone: str) -> Range:
    """Local days, or any moment to any other: also those that end with an event."""
    centre = CENTRE[zone]
    if draw(st.booleans()):
        return days(draw(st.sampled_from([1, 2, 8, 50])), zone, centre + timedelta(days=1))
    start = draw(st.sampled_from([0, 1, 3600, 4500, 86400, 10 * 86400, 130 * 86400]))
    end = draw(st.sampled_from([1, 60, 1800, 5400, 86400, 12 * 86400, 125 * 86400]))
    micros = timedelta(microseconds=draw(st.sampled_from([0, 0, 1])))
    return Range(centre - timedelta(seconds=start), centre + timedelta(seconds=end) + micros, zone)


_names = st.sampled_from(ALL_NAMES)
_any_name = st.none() | _names
_any_bucket = st.none() | st.sampled_from(Bucket)
_limits = st.sampled_from([1, 2, 3, 10, 1000])
_steps = st.builds(Step, _names, _some_filters | st.just(()))
_ids = st.sampled_from([*USERS, *VISITORS, "nobody"])


def questions(zone: str) -> st.SearchStrategy[Any]:
    """Any question at all, asked in a zone."""
    span = ranges(zone)
    common = {"range": span, "scope": scopes}
    return st.one_of(
        st.builds(Volume, event=_any_name, bucket=st.sampled_from(Bucket), **common),
        st.builds(TopEvents, limit=_limits, people=st.booleans(), **common),
        st.builds(
            TopProperties, event=_names, property=st.sampled_from(KEYS), limit=_limits, **common
        ),
        st.builds(
            Breakdown,
            dimension=st.sampled_from(Dimension),
            event=_any_name,
            limit=_limits,
            **common,
        ),
        funnels(common),
        retentions(common, CENTRE[zone]),
        st.builds(
            ActiveUsers,
            event=_any_name,
            interval=st.none() | st.sampled_from(Bucket),
            rolling=st.sampled_from([1, 2, 7, 30]),
            **common,
        ),
        st.builds(Visits, interval=_any_bucket, **common),
        st.builds(Revenues, event=_any_name, interval=_any_bucket, **common),
        st.builds(Latency, limit=_limits, **common),
        st.builds(
            Dashboard,
            range=st.sampled_from([1, 7, 30]).map(lambda n: days(n, zone, CENTRE[zone])),
            scope=scopes,
        ),
        st.builds(Traits, _ids),
        st.builds(Timeline, id=_ids, range=span, limit=_limits),
        st.builds(
            Recent,
            event=_any_name,
            like=st.sampled_from(["", "", "E", "é", "名", "%"]),
            limit=st.sampled_from([1, 2, 3, 50]),
            **common,
        ),
        st.builds(
            People, range=span, search=st.sampled_from(["", "x", "X", "%", "ë"]), limit=_limits
        ),
    )


def funnels(common: dict[str, Any]) -> st.SearchStrategy[Funnel]:
    """Two to four steps, often of one name."""
    return st.builds(
        Funnel,
        steps=st.lists(_steps, min_size=2, max_size=4).map(tuple),
        window=st.sampled_from([None, None, 0.0, 0.000001, 60.0, 1800.0, 86400.0]),
        breakdown=st.none() | _fields,
        limit=_limits,
        **common,
    )


def retentions(common: dict[str, Any], now: datetime) -> st.SearchStrategy[Retention]:
    """Offsets in any order, asked before, amid and after."""
    asked_at = [int((now + timedelta(days=d)).timestamp()) * 10**6 for d in (-1, 1, 9, 300)]
    return st.builds(
        Retention,
        now=st.sampled_from(asked_at),
        offsets=st.lists(st.sampled_from([0, 1, 2, 6, 7, 40]), min_size=1, max_size=4).map(tuple),
        period=st.sampled_from(Period),
        start_event=_any_name,
        return_event=_any_name,
        grid=st.booleans(),
        **common,
    )
