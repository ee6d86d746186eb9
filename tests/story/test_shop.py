"""The story of the whole house: a person visits the example shop, and the events arrive."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from example.destination import create_app as create_destination
from example.destination.inbox import MOST
from example.shop import POLICY, create_app
from example.shop.catalogue import PRODUCTS
from flask_analytics import EventType, Revenue
from flask_analytics.testing import capture_events

from .conftest import EVENTS, HOSTILE, STRANGE, Example, Story, ask, wait_until

# -- a person with a browser


@pytest.mark.browser
def test_every_request_of_the_visit_is_one_event(story: Story) -> None:
    """Pages and actions, each once, with the pattern of its route and what it was."""
    told = [
        (event["method"], event["matched_pattern"], event["type"], event["status_code"])
        for event in story.of("server")
    ]

    assert told == [
        ("GET", "/", "pageview", 200),
        ("GET", "/search", "custom", 200),
        ("GET", "/product/<slug>", "pageview", 200),
        ("POST", "/cart/add", "action", 302),
        ("GET", "/cart", "pageview", 200),
        ("GET", "/", "pageview", 200),
        ("GET", "/product/<slug>", "pageview", 200),
        ("POST", "/cart/add", "action", 302),
        ("GET", "/cart", "pageview", 200),
        ("POST", "/cart/remove", "action", 302),
        ("GET", "/cart", "pageview", 200),
        ("POST", "/checkout", "custom", 302),
        ("GET", "/thanks/<order>", "pageview", 200),
    ]


@pytest.mark.browser
def test_the_browser_tells_of_the_same_views(story: Story) -> None:
    """Each page that was served was seen once, under the view id that the server printed."""
    served = [event for event in story.of("server") if event["method"] == "GET"]
    seen = story.of("browser", "pageview")

    assert len(seen) == len(served) == 9
    assert {event["view_id"] for event in seen} == {event["view_id"] for event in served}
    paths = {event["view_id"]: event["path"] for event in served}
    assert [event["path"] for event in seen] == [paths[event["view_id"]] for event in seen]
    assert seen[0]["properties"]["title"] == "Quire: paper, ink, and what goes between"


@pytest.mark.browser
def test_an_action_is_named_by_its_endpoint(story: Story) -> None:
    """Without a line in the views."""
    names = [event["action_name"] for event in story.of("server", "action")]

    assert names == ["shop.add_to_cart", "shop.add_to_cart", "shop.remove_from_cart"]


@pytest.mark.browser
def test_the_search_is_a_page_view_with_a_name(story: Story) -> None:
    """Its properties come from the view; its words, which may be private, do not come at all."""
    (search,) = story.named("search.submitted")

    assert search["source"] == "server"
    assert search["endpoint"] == "shop.search"
    assert search["properties"] == {"query_length": 3, "results": 2}
    assert search["url"].endswith("/search")


@pytest.mark.browser
def test_the_hook_of_the_page_arrives(story: Story) -> None:
    """It was emitted at the moment of leaving the page, and belongs to that page's view."""
    ink, pen = sorted(story.named("cart.item_added"), key=lambda event: event["timestamp"])
    views = {
        event["view_id"]: event["path"]
        for event in story.of("server", "pageview")
        if event["matched_pattern"] == "/product/<slug>"
    }

    assert ink["source"] == pen["source"] == "browser"
    assert views[ink["view_id"]] == ink["path"] == "/product/royal-blue-ink"
    assert views[pen["view_id"]] == pen["path"] == "/product/brass-fountain-pen"
    assert ink["properties"] == {
        "product": "royal-blue-ink",
        "price": "9.80",
        "currency": "EUR",
        "quantity": 2,
    }
    assert "revenue" not in ink


@pytest.mark.browser
def test_the_purchase_has_its_money(story: Story) -> None:
    """The action became a custom event; the amount is text, so that no cent is rounded."""
    (purchase,) = story.named("purchase")

    assert purchase["type"] == "custom"
    assert purchase["source"] == "server"
    assert purchase["action_name"] == purchase["endpoint"] == "shop.checkout"
    assert purchase["revenue"] == {"amount": "19.60", "currency": "EUR"}
    assert purchase["properties"] == {"order_id": story.order, "item_count": 2}
    assert purchase["path"] == "/checkout"


@pytest.mark.browser
def test_every_event_says_who_and_where(story: Story) -> None:
    """The server's facts stand on the events of both channels."""
    visit = [event for event in story.events if event != STRANGE]

    assert len(visit) == EVENTS - 1
    assert {event["client_ip"] for event in visit} == {"127.0.0.1"}
    assert {event["locale"] for event in visit} == {"de-DE"}
    assert {event["hostname"] for event in visit} == {"127.0.0.1"}
    assert all("Chrome" in event["user_agent"] for event in visit)


@pytest.mark.browser
def test_nothing_arrives_twice_or_late(story: Story) -> None:
    """All that had arrived when the visit ended is all that there ever was."""
    ids = Counter(event["message_id"] for event in story.events if event != STRANGE)

    assert set(ids.values()) == {1}
    assert len(story.events) == EVENTS
    assert f"Events that have arrived: {EVENTS}\n" in story.last_words
    assert "Traceback" not in story.last_words


@pytest.mark.browser
def test_the_console_stays_empty(story: Story) -> None:
    """The policy of neither page has anything to complain about."""
    assert story.console == []


@pytest.mark.browser
def test_the_destination_shows_what_arrives(story: Story) -> None:
    """Its script shows the same as its server; what a stranger sends is text and nothing else."""
    assert story.live_rows == story.printed_rows
    assert len(story.printed_rows) == EVENTS
    texts = ["|".join(row) for row in story.printed_rows]
    assert any("purchase" in text and "19.60 EUR" in text for text in texts)
    assert any(HOSTILE in text for text in texts)


# -- the process


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_last_event_arrives_when_it_ends(
    start_example: Callable[..., Example], number: signal.Signals
) -> None:
    """An event that still waits for others is delivered before the destination goes."""
    example = start_example("--shop-port=0", "--destination-port=0")

    ask(example.shop)
    said = example.stop(number)

    assert "Events that have arrived: 1\n" in said
    assert example.exit_code == 0


@pytest.mark.slow
def test_a_port_that_is_taken_is_replaced(start_example: Callable[..., Example]) -> None:
    """Both addresses are printed, and both answer."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        example = start_example(f"--shop-port={port}", f"--destination-port={port}")

        assert not example.shop.endswith(f":{port}")
        assert not example.destination.endswith(f":{port}")
        assert example.shop != example.destination
        assert b"Quire" in ask(example.shop)
        assert b"Nothing has arrived yet" in ask(example.destination)


@pytest.mark.slow
def test_the_demonstration_says_that_it_is_one(start_example: Callable[..., Example]) -> None:
    """Its events are in a store of their own; the shop's dashboard has none of them."""
    ports = ("--shop-port=0", "--destination-port=0")
    example = start_example(*ports, "--demonstration")
    own, made_up = example.others

    assert b"Demonstration data" in ask(made_up)
    assert b"Demonstration data" not in ask(own)
    wait_until(lambda: b"customer-" in ask(f"{made_up}people"), "made-up people")
    assert b"customer-" not in ask(f"{own}people")


# -- the shop without a browser


@pytest.fixture
def shop() -> Flask:
    """The shop as its own tests build it: no thread, no network."""
    return create_app({"TESTING": True, "SECRET_KEY": "of the tests"})


@pytest.fixture
def visitor(shop: Flask) -> Iterator[FlaskClient]:
    """Somebody with a cookie jar."""
    with shop.test_client() as client:
        yield client


def test_a_purchase_is_seen_by_capture_events(shop: Flask, visitor: FlaskClient) -> None:
    """How an application tests its own events."""
    visitor.post("/cart/add", data={"product": "soft-pencils", "quantity": "3"})

    with capture_events(shop) as events:
        answer = visitor.post("/checkout")

    (purchase,) = events
    assert purchase.name == "purchase"
    assert purchase.type is EventType.CUSTOM
    assert purchase.revenue == Revenue(Decimal("19.80"), "EUR")
    assert purchase.properties["item_count"] == 3
    assert answer.location == f"/thanks/{purchase.properties['order_id']}"
    assert visitor.get(answer.location).status_code == 200


def test_an_empty_cart_buys_nothing(shop: Flask, visitor: FlaskClient) -> None:
    """The attempt is an action, and no purchase."""
    with capture_events(shop) as events:
        answer = visitor.post("/checkout")

    assert answer.location == "/cart"
    assert [(event.type, event.name) for event in events] == [("action", "shop.checkout")]


def test_a_search_for_nothing_is_a_page_view(shop: Flask, visitor: FlaskClient) -> None:
    """Only what was asked for counts as a search."""
    with capture_events(shop) as events:
        visitor.get("/search")
        visitor.get("/search?q=unicorn")

    assert [event.name for event in events] == ["pageview", "search.submitted"]
    assert events[1].properties == {"query_length": 7, "results": 0}


def test_every_page_has_the_policy(visitor: FlaskClient) -> None:
    """Also a page that is missing, and a picture."""
    paths = ["/", "/cart", "/search?q=ink", "/product/nothing", "/nowhere", "/static/shop.css"]

    for path in paths:
        answer = visitor.get(path)
        assert answer.headers["Content-Security-Policy"] == POLICY, path
        answer.close()


def test_no_page_has_inline_code(visitor: FlaskClient) -> None:
    """Each script has an address, and there is no style in a page."""
    for path in ("/", "/product/paper-clips", "/cart"):
        html = visitor.get(path).text
        assert html.count("<script") == html.count('<script type="module" src="') == 2
        assert "<style" not in html
        assert " style=" not in html


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.slug)
def test_every_product_has_its_page_and_picture(visitor: FlaskClient, product: Any) -> None:
    """A slug is also the name of a file."""
    assert product.description in visitor.get(f"/product/{product.slug}").text
    with visitor.get(f"/static/pictures/{product.slug}.svg") as picture:
        assert picture.mimetype == "image/svg+xml"


def test_the_cart_takes_no_nonsense(visitor: FlaskClient) -> None:
    """Quantities stay between one and nine, whatever a form says; a product must exist."""
    for quantity in ("-5", "none", "100"):
        visitor.post("/cart/add", data={"product": "paper-clips", "quantity": quantity})
    assert "9 \N{MULTIPLICATION SIGN} €3.90" in visitor.get("/cart").text

    assert visitor.post("/cart/add", data={"product": "yacht"}).status_code == 404


def test_a_receipt_is_for_its_buyer(shop: Flask, visitor: FlaskClient) -> None:
    """Nobody else sees it."""
    visitor.post("/cart/add", data={"product": "paper-clips"})
    receipt = visitor.post("/checkout").location

    assert visitor.get(receipt).status_code == 200
    assert shop.test_client().get(receipt).status_code == 404


def test_the_shop_works_without_analytics() -> None:
    """One setting switches every event off; no page breaks."""
    shop = create_app({"TESTING": True, "ANALYTICS_ENABLED": False})

    with capture_events(shop) as events, shop.test_client() as visitor:
        assert "data-view" not in visitor.get("/").text
        assert visitor.get("/search?q=ink").status_code == 200
        visitor.post("/cart/add", data={"product": "paper-clips"})
        assert visitor.post("/checkout").status_code == 302

    assert events == []


# -- the destination without a browser


@pytest.fixture
def destination() -> FlaskClient:
    """A destination that nobody has sent anything to."""
    return create_destination().test_client()


def test_the_destination_keeps_the_newest(destination: FlaskClient) -> None:
    """The numbers go on where the oldest make room."""
    destination.post("/events", json=[{"event_name": str(n)} for n in range(MOST + 2)])

    kept = destination.get("/events.json").get_json()["events"]
    assert len(kept) == MOST
    assert (kept[0]["number"], kept[0]["event"]) == (3, {"event_name": "2"})
    newer = destination.get(f"/events.json?after={MOST + 1}").get_json()["events"]
    assert [entry["number"] for entry in newer] == [MOST + 2]


@pytest.mark.parametrize("body", [{}, "text", [1], [{}, None]])
def test_the_destination_takes_events_only(destination: FlaskClient, body: Any) -> None:
    """What is no array of objects is answered with the mistake."""
    assert destination.post("/events", json=body).status_code == 400
    assert destination.get("/events.json").get_json() == {"events": []}


def test_the_destination_shows_the_strangest_event(destination: FlaskClient) -> None:
    """Nothing in an event is what it should be, and the page is still there."""
    strange = {
        "event_name": HOSTILE,
        "timestamp": 5,
        "properties": [1],
        "revenue": "much",
        "path": {"a": None},
        "locale": None,
        "user_id": "x" * 10_000,
    }

    assert destination.post("/events", json=[strange]).status_code == 204

    html = destination.get("/").text
    assert HOSTILE not in html
    assert "&lt;img" in html
    assert "x" * 1000 not in html
