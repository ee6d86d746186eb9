"""Matomo's visits log, as its API and its tables write it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .actors import Terminal
from .test_import import events, only

Write = Callable[..., Path]

VISIT: dict[str, Any] = {
    "idSite": "1",
    "idVisit": "2199",
    "visitorId": "0123456789abcdef",
    "visitIp": "192.0.2.0",
    "userId": None,
    "siteCurrency": "EUR",
    "languageCode": "de-de",
    "countryCode": "de",
    "city": "Berlin",
    "browserName": "Firefox",
    "operatingSystemName": "Linux",
    "deviceType": "Desktop",
    "referrerUrl": "https://news.example/",
    "actionDetails": [
        {
            "type": "action", "url": "https://shop.example/shoes?utm_source=letter",
            "pageTitle": "Shoes", "pageId": "4263", "timeSpent": "2", "timestamp": 1577865600,
            "dimension1": "blue",
        },
        {
            "type": "event", "url": "https://shop.example/shoes", "pageId": "4264",
            "eventCategory": "Account", "eventAction": "signup", "eventName": "pro",
            "eventValue": 3, "timestamp": 1577865660,
        },
        {"type": "outlink", "url": "https://a.example/", "pageId": 4265, "timestamp": 1577865670},
        {"type": "ecommerceOrder", "orderId": "o-1", "revenue": "29.90", "timestamp": 1577865680},
        {"type": "form", "timestamp": 1577865690},
    ],
}  # fmt: skip


def test_visits_of_matomo(terminal: Terminal, write: Write) -> None:
    """Each action is an event, with what its visit tells."""
    path = write("visits.json", json.dumps([VISIT, {**VISIT, "actionDetails": []}]).encode())

    report = only(terminal.ask("import", path))

    view, signup, click, order = events(terminal)
    assert (report["format"], report["stored"]) == ("matomo", 4)
    assert report["left_out"] == {"a visit without actions": 1, "an action of type 'form'": 1}
    del view["message_id"]
    assert view == {
        "type": "pageview", "timestamp": "2020-01-01T08:00:00Z", "source": "api",
        "anonymous_id": "0123456789abcdef", "locale": "de-DE", "hostname": "shop.example",
        "url": "https://shop.example/shoes?utm_source=letter", "path": "/shoes",
        "referrer": "https://news.example/", "context": {"country": "DE"},
        "properties": {
            "browser": "Firefox", "os": "Linux", "device": "Desktop", "city": "Berlin",
            "title": "Shoes", "time_spent": "2", "dimension1": "blue",
        },
    }  # fmt: skip
    assert (signup["event_name"], signup["properties"]["value"]) == ("signup", 3)
    assert (click["event_name"], click["properties"]["url"]) == (
        "outbound_click", "https://a.example/",
    )  # fmt: skip
    assert order["revenue"] == {"amount": "29.90", "currency": "EUR"}


def test_visit_that_went_on(terminal: Terminal, write: Write) -> None:
    """A later export has the visit with more actions, and others have changed: only those that
    are new come in. So does a page of the export that overlaps another."""
    terminal.ask("import", write("visits.ndjson", [json.dumps(VISIT)]))
    more = json.loads(json.dumps(VISIT))
    more["actionDetails"][0]["timeSpent"] = "99"
    more["actionDetails"].append({**more["actionDetails"][0], "pageId": "4300"})

    report = only(
        terminal.ask("import", write("later.ndjson", [json.dumps(more), json.dumps(more)]))
    )

    assert (report["stored"], report["known"]) == (1, 9)


def table(delimiter: str) -> str:
    """The visit as Matomo writes it into a table."""
    told = {key: value or "" for key, value in VISIT.items() if key != "actionDetails"}
    for number, action in enumerate(VISIT["actionDetails"]):
        told |= {f"{key} (actionDetails {number})": value for key, value in action.items()}
    return "\n".join(delimiter.join(str(cell) for cell in row) for row in (told, told.values()))


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8"), ("\t", "utf-16")])
def test_table_of_matomo(terminal: Terminal, write: Write, delimiter: str, encoding: str) -> None:
    """CSV, and the TSV in UTF-16 that Matomo makes for spreadsheets: the same events."""
    terminal.ask("import", write("visits.json", json.dumps([VISIT]).encode()))
    path = write("export.csv", f"{table(delimiter)}\n".encode(encoding))

    report = only(terminal.ask("import", path))

    assert (report["format"], report["known"], report["stored"]) == ("matomo", 4, 0)


def test_last_line_without_an_end(terminal: Terminal, write: Write) -> None:
    """All actions of a visit whose line is not closed come in, not the first alone."""
    path = write("visits.ndjson", json.dumps(VISIT).encode())

    assert only(terminal.ask("import", path))["stored"] == 4
    assert only(terminal.ask("import", path))["known"] == 4
