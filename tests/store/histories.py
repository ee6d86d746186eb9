"""Histories that could have been, and questions about them, as hypothesis strategies.

Few people, few names, few moments: so that ties, logins, aliases in circles, echoes and second
deliveries happen all the time. Values are those that stores get wrong.
"""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from flask_analytics.event import Event, EventType, Revenue, Source, encode

#: The middle of what happens here, in the night of a change of clocks in Berlin and in New York.
CENTRE = {
    "Europe/Berlin": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 4, 15, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 1, 31, 18, 15, tzinfo=UTC),
    "UTC": datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC),
}

USERS = ["ann", "bob", "x1", "Zoë"]
VISITORS = ["x1", "x2", "x3", "名前"]
NAMES = ["buy", "search", "naïve ☕", "engagement", "pageview"]
VIEWS = ["view-1", "view-2", "view-3"]
KEYS = ["plan", "n", "a.b", 'q"uote', "ключ", "engaged_seconds"]
ROUTES = ["/", "/blog/<slug>", "/%_'\\"]
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
]
URLS = [
    "https://shop.example/?utm_source=news&utm_medium=mail&utm_campaign=May%20sale",
    "https://shop.example/?ref=friend",
    "https://shop.example/",
    "https://[broken",
]
REFERRERS = ["https://www.Search.example/q?x=1", "https://shop.example/", "nonsense"]

#: What makes keys of texts, numbers and booleans, and what makes none.
VALUES = [
    *(5, 5.0, "5", 0.1, "0.1", -0.0, 0, -7, 1e21, 10**17, -(10**15), 123456.789, 1e-7, 2.5),
    *(True, False, "true", "free", "Pro", "", " 5", "1e3", "½", "名前", "'; DROP", "nan", "a,b\n"),
    *(None, [], [1, "a"], {}, {"plan": "pro"}),
]
values = st.sampled_from(VALUES) | st.integers(-9, 9) | st.text(string.printable, max_size=3)


def moments(centre: datetime) -> st.SearchStrategy[datetime]:
    """Times around a moment: exact ties, edges of hours and visits, and some days apart."""
    gaps = [0, 1, 60, 1799, 1800, 3600, 5400, 86400, 6 * 86400, 40 * 86400]
    seconds = st.tuples(st.sampled_from(gaps), st.sampled_from([-1, 1]), st.integers(0, 3))
    micros = st.sampled_from([0, 0, 0, 1, 999_999])
    return st.builds(
        lambda s, us: centre + timedelta(seconds=s[0] * s[1] * s[2], microseconds=us),
        seconds,
        micros,
    )


def _maybe(options: list[Any], *, known: int = 1) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *options * known])


_revenues = st.builds(
    Revenue.of,
    st.sampled_from(["29.99", "-29.99", "0.1", "0.2", "0", "1000", "999999999999999999.99", "1e3"]),
    st.sampled_from(["EUR", "USD", "JPY"]),
)

_properties = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)

_contexts = st.sampled_from(
    [
        *({}, {"location": {"country": "NP"}}, {"country": "DE"}),
        *({"location": {"country": 5}, "country": "AU"}, {"location": "x", "library": {"n": 1}}),
    ]
)


def _fields(centre: datetime) -> dict[str, st.SearchStrategy[Any]]:
    """What any event may have."""
    return {
        "message_id": st.integers(0, 60).map("m{}".format),
        "timestamp": moments(centre),
        "source": st.sampled_from(Source),
        "user_id": _maybe(USERS),
        "anonymous_id": _maybe(VISITORS),
        "user_agent": _maybe(AGENTS, known=2),
        "client_ip": _maybe(["192.0.2.1"]),
        "context": _contexts,
    }


def _seen(view: Event) -> Event:
    """A view id is printed for one visitor: by the server's word all its views are of one kind."""
    if view.source == Source.SERVER and view.view_id:
        view.user_agent = AGENTS[-1] if view.view_id == VIEWS[-1] else AGENTS[0]
    return view


def _views(centre: datetime) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        type=st.just(EventType.PAGEVIEW),
        event_name=_maybe(["home"]),
        view_id=_maybe(VIEWS, known=2),
        matched_pattern=_maybe(ROUTES),
        path=_maybe(["/", "/blog/ä", "/BLOG"]),
        url=_maybe(URLS),
        referrer=_maybe(REFERRERS),
        hostname=_maybe(["shop.example", "www.shop.example"]),
        locale=_maybe(["de-DE", "en"]),
        method=_maybe(["GET"]),
        status_code=_maybe([200, 404, 500, 503]),
        duration=_maybe([0.0, 0.001, 0.25, 0.2505, 3.0]),
        properties=_properties,
        **_fields(centre),
    ).map(_seen)


def _things(centre: datetime) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        type=st.sampled_from([EventType.CUSTOM, EventType.ACTION]),
        event_name=_maybe(NAMES, known=2),
        action_name=_maybe(["buy", "save"]),
        status_code=_maybe([200, 500]),
        duration=_maybe([0.1, 1.5]),
        matched_pattern=_maybe(ROUTES),
        properties=_properties,
        revenue=st.none() | _revenues,
        group_id=_maybe(["acme"]),
        **_fields(centre),
    )


def _words(centre: datetime) -> st.SearchStrategy[Event]:
    """identify and group."""
    return st.builds(
        Event,
        type=st.sampled_from([EventType.IDENTIFY, EventType.GROUP]),
        traits=st.dictionaries(st.sampled_from(["plan", "n"]), values, max_size=2),
        group_id=_maybe(["acme"]),
        **_fields(centre),
    )


def _aliases(centre: datetime) -> st.SearchStrategy[Event]:
    """Chains and circles. No anonymous id beside: what an undone alias told of ids stays."""
    fields = _fields(centre) | {"anonymous_id": st.none(), "user_id": st.sampled_from(USERS)}
    return st.builds(
        Event,
        type=st.just(EventType.ALIAS),
        previous_id=st.sampled_from([*USERS, *VISITORS]),
        **fields,
    )


def events(centre: datetime) -> st.SearchStrategy[bytes]:
    """One event on the wire."""
    kinds = [_views(centre), _views(centre), _things(centre), _things(centre), _things(centre)]
    return st.one_of(*kinds, _words(centre), _aliases(centre)).map(encode)


def histories(centre: datetime) -> st.SearchStrategy[list[list[bytes]]]:
    """Batches in the order of their arrival, which is not that of time."""
    return st.lists(st.lists(events(centre), min_size=1, max_size=12), min_size=1, max_size=5)
