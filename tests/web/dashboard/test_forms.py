"""What changes something: only forms of our own do."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_analytics import Analytics
from flask_analytics.delivery.dead import DeadLetters
from flask_analytics.event import encode
from flask_analytics.log import QuietLog
from flask_analytics.testing import FakeDestination
from flask_analytics.web.dashboard.form import COOKIE

from .conftest import event, history

#: Path of a form -> its fields.
FORMS = {
    "people/forget": {"id": "ann"},
    "people/export": {"id": "ann"},
    "delivery/replay": {"collector": "webhook"},
    "reports/save": {"name": "Mine", "page": "overview", "query": "days=7"},
    "reports/remove": {"name": "Mine"},
}

ATTACKS = (
    "no token", "wrong token", "another session's token", "token in the query", "no cookie",
    "cross-site", "same-site", "origin", "null origin", "origin that begins like ours",
)  # fmt: skip

#: What the browser says of the page that sends.
SAYS = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "origin": {"Origin": "https://evil.example"},
    "null origin": {"Origin": "null"},
    "origin that begins like ours": {"Origin": "http://localhost.evil.example"},
}

Send = Callable[..., TestResponse]


def test_every_form_is_attacked(app: Flask) -> None:
    """A new one has to be named above; a GET changes nothing, it leads nowhere."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("flask_analytics_dashboard.")
        and not rule.endpoint.endswith(".nowhere")
    ]

    changing = {rule.rule for rule in rules if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}}
    assert changing == {f"/analytics/{path}" for path in FORMS}
    assert not [rule for rule in rules if rule.rule in changing and "GET" in (rule.methods or ())]


@pytest.fixture
def send(analytics: Analytics, client: FlaskClient, keep: Callable[..., None]) -> Send:
    """Send a form from a page that was opened before."""
    analytics.access(lambda: True)
    keep(*history())
    page = client.get("/analytics/people?id=ann")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token

    def post(path: str, **fields: Any) -> TestResponse:
        return client.post(f"/analytics/{path}", data={"token": token[1], **fields})

    return post


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_other_page_can_send_a_form(
    send: Send, client: FlaskClient, path: str, attack: str
) -> None:
    """Without the token or the cookie, or when the browser says that it is from elsewhere."""
    cookie = client.get_cookie(COOKIE, path="/analytics/")
    assert cookie is not None
    data = {"token": cookie.value, **FORMS[path]}
    query = {}
    if attack == "no token":
        del data["token"]
    elif attack == "wrong token":
        data["token"] = "x"
    elif attack == "another session's token":
        page = client.application.test_client().get("/analytics/people?id=ann").text
        data["token"] = page.partition('name="token" value="')[2].partition('"')[0]
        assert data["token"] not in ("", cookie.value)
    elif attack == "token in the query":
        query["token"] = data.pop("token")
    elif attack == "no cookie":
        client.delete_cookie(COOKIE, path="/analytics/")

    headers = SAYS.get(attack, {})
    answer = client.post(f"/analytics/{path}", data=data, query_string=query, headers=headers)

    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert "id=ann" in client.get("/analytics/people").text


def test_the_cookie_is_of_no_use_to_others(send: Send, client: FlaskClient) -> None:
    """No script reads it, no other site has it sent."""
    cookie = client.get_cookie(COOKIE, path="/analytics/")

    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Strict")


def test_forget_erases(send: Send, client: FlaskClient) -> None:
    """The person is in no answer any more; the page says how many events went."""
    answer = send("people/forget", id="ann")
    page = client.get(answer.location)

    assert answer.status_code == 303
    assert re.search(r"5\d events were erased", page.text)
    assert "id=ann" not in page.text
    assert client.get("/analytics/people?id=ann").status_code == 400
    assert send("people/forget", id="ann").status_code == 400


def test_export_is_all_there_is(send: Send, app: Flask) -> None:
    """One JSON document, as the command writes it."""
    answer = send("people/export", id="ann")
    told = json.loads(answer.data)

    assert "attachment" in answer.headers["Content-Disposition"]
    assert (told["id"], told["traits"]) == ("ann", {"plan": "pro"})
    stored = app.extensions["analytics"].store().events(person="ann")
    assert [one["message_id"] for one in told["events"]] == [
        json.loads(body)["message_id"] for body in stored
    ]


def test_a_report_is_saved_and_taken_away(send: Send, client: FlaskClient) -> None:
    """For everybody who looks, in every page's menu."""
    answer = send("reports/save", name="Pro, mobile", page="events", query="days=7&event=a%26b")
    page = client.get("/analytics/people")

    assert answer.location == "/analytics/events?days=7&event=a%26b"
    assert "Pro, mobile" in page.text
    assert 'href="/analytics/events?days=7&amp;event=a%26b"' in page.text

    send("reports/remove", name="Pro, mobile")
    assert "Pro, mobile" not in client.get("/analytics/people").text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "page": "events", "query": ""},
        {"name": "x", "page": "//evil.example", "query": ""},
        {"name": "x", "page": "people/forget", "query": ""},
        {"name": "x", "page": "events", "query": "a" * 5000},
        {"name": "x" * 81, "page": "events", "query": ""},
    ],
)
def test_a_report_leads_to_our_pages_only(send: Send, fields: dict[str, str]) -> None:
    """Whatever the form says."""
    assert send("reports/save", **fields).status_code == 400


def test_dead_letters_go_to_their_collector_again(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """Through its lane, marked, under the same message id, and the store gets no second one."""
    with FakeDestination() as destination:
        app = make_app(
            analytics := Analytics(),
            TESTING=False,
            DEBUG=False,
            ANALYTICS_STORE="embedded:",
            ANALYTICS_COLLECTORS=[f"webhook+{destination.url}?flush_interval=0.1"],
        )
        analytics.access(lambda: True)
        folder = tmp_path / "analytics" / "journal"
        folder.mkdir(parents=True, mode=0o700)
        letter = event(5, "ann", event_name="lost", properties={"a": 1})
        DeadLetters(folder, QuietLog()).bury(encode(letter), "webhook", "400", time.time())
        client = app.test_client()
        page = client.get("/analytics/delivery")
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        assert token
        assert "Send 1 to webhook again" in page.text

        sent = {"token": token[1], "collector": "webhook"}
        answer = client.post("/analytics/delivery/replay", data=sent)
        assert analytics.flush(20)
        (arrived,) = destination.events
        stats = analytics.stats()["collectors"]
        analytics.close(5)

    assert "1 dead letters are on their way" in client.get(answer.location).text
    assert (arrived["message_id"], arrived["properties"]) == (letter.message_id, {"a": 1})
    assert "replayed_at" in arrived["context"]
    assert (stats["webhook"]["accepted"], stats["webhook"]["delivered"]) == (1, 1)
    assert stats["store"]["accepted"] == 0
    assert "None. Every event found its way" in client.get("/analytics/delivery").text


def test_of_two_webhooks_one_is_sent_to(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    """By the name that the ledger has; the other one's letters stay, and it gets nothing."""
    with FakeDestination() as first, FakeDestination() as second:
        app = make_app(
            analytics := Analytics(),
            TESTING=False,
            DEBUG=False,
            ANALYTICS_STORE="embedded:",
            ANALYTICS_COLLECTORS=[
                f"webhook+{one.url}?flush_interval=0.1" for one in (first, second)
            ],
        )
        analytics.access(lambda: True)
        folder = tmp_path / "analytics" / "journal"
        folder.mkdir(parents=True, mode=0o700)
        for nth, name in enumerate(("webhook", "webhook-2", "webhook-2")):
            letter = event(5 + nth, "ann", event_name="lost")
            DeadLetters(folder, QuietLog()).bury(encode(letter), name, "400", time.time())
        client = app.test_client()
        page = client.get("/analytics/delivery")
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        assert token

        sent = {"token": token[1], "collector": "webhook-2"}
        client.post("/analytics/delivery/replay", data=sent)
        assert analytics.flush(20)
        arrived = len(second.events)
        assert not first.events
        analytics.close(5)

    assert arrived == 2
    page = client.get("/analytics/delivery")
    assert "Send 1 to webhook again" in page.text
    assert "to webhook-2 again" not in page.text


def test_a_collector_that_is_none_is_told(send: Send) -> None:
    """By name, with those that there are."""
    assert "there are" in send("delivery/replay", collector="nobody").text
