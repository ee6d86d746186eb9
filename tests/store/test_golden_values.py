"""What events tell: properties, dimensions, filters, money, speed; every kind of store."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from flask_analytics.event import EventType, Source
from flask_analytics.metrics.filters import Filter, Operator, Scope
from flask_analytics.metrics.latency import Latency, RouteLatency
from flask_analytics.metrics.revenue import Revenues, Sum
from flask_analytics.metrics.top import Breakdown, Dimension, Entry, Slice, TopProperties
from flask_analytics.metrics.window import Bucket
from flask_analytics.store.base import Store

from .tale import (
    FIREFOX,
    GOOGLEBOT,
    IPHONE,
    MARCH,
    alias,
    days,
    event,
    identify,
    total,
    view,
    where,
)


def tops(store: Store, name: str = "p", event: str = "x", limit: int = 100) -> dict[str, int]:
    asked = TopProperties(range=MARCH, event=event, property=name, limit=limit)
    return {entry.key: entry.count for entry in store.answer(asked)}


# -- top properties


def test_values_are_keys_as_text(store: Store) -> None:
    """5, 5.0 and "5" are one; true is "true"; null, missing, lists and objects are no values."""
    values: list[Any] = [5, 5.0, "5", True, "true", False, 0.1, "0.1", 1e21, 10**17, -0.0, ""]
    nothing: list[Any] = [None, [], ["5"], {}, {"p": 5}]
    store.append([event("9:00", "x", properties={"p": value}) for value in values + nothing])
    store.append([event("9:00", "x"), event("9:00", "x", properties={"q": 5})])
    assert tops(store) == {
        "5": 3, "true": 2, "0.1": 2, "false": 1, "0": 1, "": 1, "1e+21": 1, str(10**17): 1
    }  # fmt: skip


def test_numbers_keep_fifteen_digits_and_integers_all(store: Store) -> None:
    """So that sums of floats are the key that people expect."""
    values = [0.1 + 0.2, 0.3, 9007199254740993, 999999999999999, 1e15, 123456.789, 1e-7]
    store.append([event("9:00", "x", properties={"p": value}) for value in values])
    keys = ["9007199254740993", "999999999999999", "1e+15", "123456.789", "1e-07"]
    assert tops(store) == {"0.3": 2} | dict.fromkeys(keys, 1)


def test_a_property_may_change_its_type(store: Store) -> None:
    """From one event to the next, also when they came in different batches."""
    for day, value in enumerate([1, "one", True, [1], 1.5, None, {"a": 1}, "1"], 2):
        store.append([event(f"{day} 9:00", "x", properties={"p": value})])
        store.tend()
    assert tops(store) == {"1": 2, "1.5": 1, "one": 1, "true": 1}


@pytest.mark.parametrize("name", ["a.b", 'q"uote', "it's", "ключ", "$.a", "a b", "%", "ts", "\\"])
def test_a_property_may_have_any_name(store: Store, name: str) -> None:
    """Names are data: a point, a quote or the name of a column is a letter like others."""
    store.append([event("9:00", "x", properties={name: "yes", "a": {"b": "no"}})])
    store.tend()
    assert tops(store, name) == {"yes": 1}
    assert total(store, scope=where(f"property.{name}=yes")) == 1


def test_names_that_differ_in_capitals(store: Store) -> None:
    """Are different names."""
    store.append([event("9:00", "x", properties={"Plan": "a", "plan": "b"})])
    store.tend()
    assert (tops(store, "Plan"), tops(store, "plan")) == ({"a": 1}, {"b": 1})


def test_values_are_ordered_by_count_then_by_code_point(store: Store) -> None:
    """And only events of the name count, in the range, in the scope."""
    for value in ["b", "b", "10", "9", "ä", "Z"]:
        store.append([event("9:00", "x", properties={"p": value})])
    store.append([event("9:00", "y", properties={"p": "b"})])
    store.append([event("9:00", "x", properties={"p": "b"}, user_agent=GOOGLEBOT)])
    asked = TopProperties(range=MARCH, event="x", property="p", limit=4)
    assert store.answer(asked) == (Entry("b", 2), Entry("10", 1), Entry("9", 1), Entry("Z", 1))
    assert store.answer(TopProperties(range=days(3), event="x", property="p")) == ()


def test_properties_of_what_is_no_activity(store: Store) -> None:
    """Named, it counts."""
    store.append([identify("9:00", "ann", {}, properties={"p": 1}), alias("9:00", "a", "b")])
    assert tops(store, event="identify") == {"1": 1}


# -- breakdown

CAME = {
    "url": "https://shop.example/?utm_source=news&utm_medium=mail&utm_campaign=May%20sale",
    "path": "/blog/a",
    "matched_pattern": "/blog/<slug>",
    "referrer": "https://www.Search.example/?q=x",
    "hostname": "shop.example",
    "locale": "de-DE",
    "group_id": "acme",
    "user_agent": FIREFOX,
    "context": {"location": {"country": "NP"}, "country": "DE"},
}


@pytest.mark.parametrize(
    ("dimension", "key"),
    [
        *(("page", "/blog/a"), ("route", "/blog/<slug>"), ("referrer", "search.example")),
        *(("origin", "news"), ("medium", "mail"), ("campaign", "May sale"), ("country", "NP")),
        *(("device", "desktop"), ("browser", "Firefox"), ("os", "Linux"), ("locale", "de-DE")),
        *(("hostname", "shop.example"), ("group", "acme")),
    ],
)
def test_page_views_by(store: Store, dimension: str, key: str) -> None:
    """Each dimension: views that have none are left out, so are other events."""
    store.append([view("9:00", "ann", **CAME), view("9:01", "ann", **CAME), view("9:02", **CAME)])
    store.append([view("9:03", "bob"), event("9:04", "x", "bob", **CAME)])
    asked = Breakdown(range=MARCH, dimension=Dimension(dimension))
    assert store.answer(asked) == (Slice(key, 3, 1),)
    named = Breakdown(range=MARCH, dimension=Dimension(dimension), event="x")
    assert store.answer(named) == (Slice(key, 1, 1),)


def test_apps_without_an_address_tell_their_campaign(store: Store) -> None:
    """In the context, as Segment's clients do; an address that tells one wins."""
    told = {"campaign": {"source": "news", "medium": "mail", "name": "May sale"}}
    store.append([event("9:00", "x", context=told)])
    store.append([event("9:01", "x", context=told, url="https://shop.example/?utm_source=ad")])
    store.append([event("9:02", "x", context={"campaign": {"source": 5, "name": ""}})])
    store.append([event("9:03", "x", context={"campaign": "news"})])
    assert total(store, scope=where("origin=news", "medium=mail", "campaign=May sale")) == 1
    assert total(store, scope=where("origin=ad")) == 1


def test_an_origin_is_the_referrer_without_a_campaign(store: Store) -> None:
    """Unless the referrer is our own."""
    own = {"referrer": "https://www.shop.example/", "hostname": "shop.example"}
    store.append([view("9:00", referrer="https://a.example/"), view("9:00", **own)])
    store.append([view("9:00", url="https://shop.example/?ref=b")])
    answer = store.answer(Breakdown(range=MARCH, dimension=Dimension.ORIGIN))
    assert answer == (Slice("a.example", 1, 0), Slice("b", 1, 0))


def test_a_country_is_text(store: Store) -> None:
    """That of the location first; what is no text is unknown."""
    contexts: list[dict[str, Any]] = [
        *({"country": "DE"}, {"location": {"country": 5}, "country": "AU"}),
        *({"location": "here", "country": "AU"}, {"country": ["NP"]}, {"location": {}}, {}),
    ]
    store.append([view("9:00", context=context) for context in contexts])
    answer = store.answer(Breakdown(range=MARCH, dimension=Dimension.COUNTRY))
    assert answer == (Slice("AU", 2, 0), Slice("DE", 1, 0))


def test_slices_are_ordered_and_count_people_once(store: Store) -> None:
    """By events, then by key; an anonymous id of a user is that user."""
    store.append([view("9:00", "ann", visitor="x", path="/a"), view("9:01", path="/b")])
    store.append([view("9:02", visitor="x", path="/a"), view("9:03", "bob", path="/B")])
    answer = store.answer(Breakdown(range=MARCH, dimension=Dimension.PAGE, limit=2))
    assert answer == (Slice("/a", 2, 1), Slice("/B", 1, 1))


# -- filters


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["property.n=5"], {"five", "text"}),
        (["property.n=5.0"], set()),
        (["property.n!=5"], {"tenth", "true", "none", "list", "pro"}),
        (["property.n>4"], {"five", "text"}),
        (["property.n>5"], set()),
        (["property.n<5"], {"tenth"}),
        (["property.n<1e3"], {"five", "text", "tenth"}),
        (["property.n=true"], {"true"}),
        (["property.n~r"], {"true", "pro"}),
        (["property.n~P"], {"pro"}),
        (["property.n~p"], set()),
        (["property.n~"], {"five", "text", "tenth", "true", "pro"}),
        (["property.n="], set()),
        (["property.n!="], {"five", "text", "tenth", "true", "none", "list", "pro"}),
        (["property.n~5", "event!=text"], {"five"}),
        (["property.n>0", "property.n<1"], {"tenth"}),
        (["property.other=5"], set()),
        (["property.other!=5"], {"five", "text", "tenth", "true", "none", "list", "pro"}),
    ],
)
def test_filters_of_a_property(store: Store, filters: list[str], expected: set[str]) -> None:
    """Compared as text, or as numbers where both are; != also passes without any value."""
    values = {"five": 5, "text": "5", "tenth": 0.1, "true": True, "list": [5], "pro": "Pro"}
    store.append([event("9:00", name, properties={"n": of}) for name, of in values.items()])
    store.append([event("9:00", "none")])
    scope = where(*filters)
    assert {name for name in [*values, "none"] if total(store, name, scope)} == expected


@pytest.mark.parametrize(
    "condition",
    [
        *("event=pageview", "type=pageview", "type~view", "action!=save"),
        *("route=/blog/<slug>", "path=/blog/a", "source=server", "status=503"),
        *("referrer=search.example", "device=mobile", "browser=Mobile Safari", "os=iOS"),
        *("country=NP", "origin=news", "medium=mail", "campaign=May sale", "locale=de-DE"),
        *("hostname=shop.example", "method=GET", "group=acme", "status>499", "status<504"),
        *("route~<slug>", "path!=/", "status~03", "property.100%=a_b", "property.100%~%"),
    ],
)
def test_filters_of_every_field(store: Store, condition: str) -> None:
    """An event that has it passes; one that has nothing passes only what it differs from."""
    told = CAME | {"user_agent": IPHONE, "source": Source.SERVER, "method": "GET"}
    store.append([view("9:00", status_code=503, properties={"100%": "a_b%"}, **told)])
    store.append([event("9:00", "other")])
    found = total(store, scope=where(condition.replace("=a_b", "=a_b%")))
    assert found == (2 if "!=" in condition else 1)


def test_an_action_is_one_under_any_name(store: Store) -> None:
    """Also after ``set_event_name``; what was tracked beside it is none, nor is a page view."""
    save = {"action_name": "save", "method": "POST"}
    store.append([event("9:00", type=EventType.ACTION, message_id="1", **save)])
    store.append([event("9:01", "signup", message_id="2", **save)])
    store.append([event("9:02", "tracked", message_id="3", method="POST")])
    store.append([event("9:03", "answered", type=EventType.PAGEVIEW, message_id="4", **save)])
    store.append([event("9:04", type=EventType.ACTION, message_id="5")])
    store.append([event("9:05", "named", action_name="", type=EventType.ACTION, message_id="6")])
    store.tend()
    assert total(store, scope=where("action=save")) == 2
    assert total(store, scope=where("action~")) == 4
    assert total(store, scope=where("action!=")) == 6
    assert total(store, scope=where("action=action")) == total(store, scope=where("action=named"))
    assert total(store, scope=where("action=named")) == 1


HOSTILE = ["'; DROP TABLE events; --", '"', "%", "_", "\\", "$1", "{x}", "?", "a\n名", " ", "\t"]


def test_a_filter_is_data(store: Store) -> None:
    """Whatever stands in it: quotes, signs of SQL and of patterns are letters like others."""
    store.append([event("9:00", "x", properties={"p": text}) for text in HOSTILE])
    store.append([event("9:00", "x", properties={"p": "between"})])
    for text in HOSTILE:
        for operator, count in ((Operator.EQUALS, 1), (Operator.DIFFERS, len(HOSTILE))):
            scope = Scope(filters=(Filter("property.p", operator, text),))
            assert total(store, scope=scope) == count
        scope = Scope(filters=(Filter("property.p", Operator.CONTAINS, text),))
        assert total(store, scope=scope) == sum(text in other for other in HOSTILE)


def test_filters_of_a_trait(store: Store) -> None:
    """The person's, as it is known now, for all that they ever did, by any of their ids."""
    store.append([event("9:00", "x", visitor="a"), event("9:01", "x", "ann", "a")])
    store.append([event("9:02", "x", "bob"), event("9:03", "x"), event("9:04", "x", "cat")])
    store.append([identify("9:05", "ann", {"plan": "free", "n": 5})])
    store.append([identify("9:06", "ann", {"plan": "pro"}), identify("9:06", "bob", {"n": "7"})])
    counts = {
        text: total(store, "x", where(text))
        for text in ["trait.plan=pro", "trait.plan=free", "trait.plan!=pro", "trait.n>5"]
    }
    expected = {"trait.plan=pro": 2, "trait.plan=free": 0, "trait.plan!=pro": 3, "trait.n>5": 1}
    assert counts == expected
    assert total(store, "x", where("trait.n~5")) == 2


# -- money


def test_revenue_is_exact_and_each_currency_apart(store: Store) -> None:
    """Refunds are negative; trailing zeros go; zero is an event too."""
    amounts = ["0.10 EUR", "0.20 EUR", "29.70 EUR", "100 USD", "-100.50 USD", "0 JPY", "1200 JPY"]
    store.append([event("9:00", "buy", revenue=amount) for amount in amounts])
    store.append([event("9:00", "buy"), event("9:00", "rent", revenue="5 EUR")])
    answer = store.answer(Revenues(range=MARCH, event="buy"))
    assert answer == (
        Sum("EUR", Decimal("30"), 3),
        Sum("JPY", Decimal("1200"), 2),
        Sum("USD", Decimal("-0.5"), 2),
    )
    assert [str(of.amount) for of in answer] == ["30.00", "1200", "-0.50"]
    assert store.answer(Revenues(range=MARCH))[0] == Sum("EUR", Decimal("35"), 4)


def test_revenue_as_a_series(store: Store) -> None:
    """Each currency its own, empty days too, in the days of the zone."""
    store.append([event("2 9:00", "buy", revenue="1.50 EUR"), event("2 9:00", "buy")])
    store.append(
        [event("2 23:30", "buy", revenue="2 EUR"), event("4 9:00", "buy", revenue="3 EUR")]
    )
    store.append([event("4 10:00", "buy", revenue="-4 EUR"), event("3 9:00", "x", revenue="5 JPY")])
    asked = Revenues(range=days(2, 4, "Europe/Berlin"), interval=Bucket.DAY)
    euros, yen = store.answer(asked)
    assert [(of.time, str(of.amount), of.count) for of in euros.series] == [
        ("2026-03-02T00:00:00+01:00", "1.50", 1),
        ("2026-03-03T00:00:00+01:00", "2.00", 1),
        ("2026-03-04T00:00:00+01:00", "-1.00", 2),
    ]
    assert [str(of.amount) for of in yen.series] == ["0", "5", "0"]
    assert (str(euros.amount), euros.count) == ("2.50", 4)


def test_revenue_of_any_size(store: Store) -> None:
    """All digits of the largest and of the smallest amount."""
    amounts = ["999999999999999999.99 EUR", "0.000000000000000001 EUR", "0.01 EUR"]
    store.append([event("9:00", "buy", revenue=amount) for amount in amounts])
    (answer,) = store.answer(Revenues(range=MARCH))
    assert str(answer.amount) == "1000000000000000000.000000000000000001"


def test_revenue_of_bots_and_of_none(store: Store) -> None:
    """Counts where they count; nothing is nothing, not zero."""
    assert store.answer(Revenues(range=MARCH)) == ()
    store.append([event("9:00", "buy", revenue="5 EUR", user_agent=GOOGLEBOT)])
    assert store.answer(Revenues(range=MARCH)) == ()
    answer = store.answer(Revenues(range=MARCH, scope=where(bots=True)))
    assert answer == (Sum("EUR", Decimal("5"), 1),)


# -- speed


def request(route: str | None, status: int | None, took: float | None, **fields: Any) -> bytes:
    told = {"source": Source.SERVER, "user_agent": FIREFOX, **fields}
    return view("9:00", matched_pattern=route, status_code=status, duration=took, **told)


def test_latency_by_route(store: Store) -> None:
    """Nearest rank over what is known; errors from 500 on; no route is a group too."""
    store.append([request("/", 200, took / 100) for took in range(1, 21)])
    store.append([request("/b", status, None) for status in (500, 503, 499, 404)])
    store.append([request(None, 404, 0.25), request("/c", 200, 1.5)])
    assert store.answer(Latency(range=MARCH)) == (
        RouteLatency("/", 20, 0, 0.0, 0.1, 0.19),
        RouteLatency("/b", 4, 2, 0.5, None, None),
        RouteLatency(None, 1, 0, 0.0, 0.25, 0.25),
        RouteLatency("/c", 1, 0, 0.0, 1.5, 1.5),
    )
    assert [of.route for of in store.answer(Latency(range=MARCH, limit=3))] == ["/", "/b", None]


def test_latency_is_of_what_the_server_answered(store: Store) -> None:
    """Actions too; not what has no status, came otherwise, or was a bot's."""
    store.append(
        [
            request("/", 200, 0.5, type=EventType.ACTION),
            request("/", None, 9.0),
            request("/", 200, 9.0, source=Source.API),
            request("/", 200, 9.0, source=Source.BROWSER),
            request("/", 200, 9.0, user_agent=GOOGLEBOT),
        ]
    )
    assert store.answer(Latency(range=MARCH)) == (RouteLatency("/", 1, 0, 0.0, 0.5, 0.5),)
