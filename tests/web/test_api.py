"""The read API: what each route answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics, Revenue
from flask_analytics.event import EventType
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.store.memory import MemoryStore

from .conftest import NOW, Ask

Keep = Callable[..., None]

TODAY = {"from": "2026-11-21T00:00:00+00:00", "to": "2026-11-22T00:00:00+00:00", "tz": "UTC"}

#: A question of each kind that can be asked of any store.
PLAIN = {
    "breakdown": "breakdown?dimension=page",
    "funnel": "funnel?step=a&step=b",
    "traits": "traits?id=u1",
    "timeline": "timeline?id=u1",
}


def test_volume_says_what_was_understood(ask: Ask, keep: Keep) -> None:
    """Every bucket is there, and every default is spelled out."""
    keep("a")
    keep("b")

    answer = ask("volume?from=2026-11-21&bucket=day&event=a").get_json()

    assert answer["results"] == [{"time": "2026-11-21T00:00:00+00:00", "count": 1}]
    assert answer["query"] == {**TODAY, "event": "a", "bucket": "day", "bots": False}


def test_defaults_are_seven_days(ask: Ask) -> None:
    """Without a word it is the last seven local days, today included."""
    answer = ask("volume?tz=Asia/Tokyo").get_json()

    assert [point["time"] for point in answer["results"]] == [
        f"2026-11-{day}T00:00:00+09:00" for day in range(15, 22)
    ]


def test_top(ask: Ask, keep: Keep) -> None:
    """Events without words, one property's values with them."""
    keep("buy", properties={"plan": "pro"})
    keep("buy", properties={"plan": 5})
    keep("buy", properties={"plan": 5.0})
    keep("look")

    assert ask("top?limit=1").get_json()["results"] == [{"key": "buy", "count": 3}]
    values = ask("top?event=buy&property=plan").get_json()["results"]
    assert values == [{"key": "5", "count": 2}, {"key": "pro", "count": 1}]


def test_filters_narrow(ask: Ask, keep: Keep) -> None:
    """All of them have to hold; they come back as they were read."""
    keep("buy", properties={"plan": "pro", "seats": 5})
    keep("buy", properties={"plan": "pro", "seats": 2})

    answer = ask("top?filter=property.plan%3Dpro&filter=property.seats%3E3").get_json()

    assert answer["results"] == [{"key": "buy", "count": 1}]
    assert answer["query"]["filter"] == ["property.plan=pro", "property.seats>3"]


def test_breakdown(ask: Ask, keep: Keep) -> None:
    """Page views by page, with their people."""
    keep(None, type=EventType.PAGEVIEW, path="/a")
    keep(None, "u2", type=EventType.PAGEVIEW, path="/a")

    assert ask("breakdown?dimension=page").get_json()["results"] == [
        {"key": "/a", "count": 2, "people": 2}
    ]


def test_funnel_with_groups_and_a_step_that_is_filtered(ask: Ask, keep: Keep) -> None:
    """Steps in order; groups only where a breakdown asks for them."""
    keep("signup", "u1", properties={"plan": "pro"})
    later = NOW - timedelta(hours=1) + timedelta(seconds=2.5)
    keep("buy", "u1", properties={"sum": 10}, timestamp=later)
    keep("signup", "u2", properties={"plan": "free"})
    keep("buy", "u2", properties={"sum": 1})
    question = "funnel?step=signup&step=buy&step_filter=2:property.sum%3E5&window=7d"

    answer = ask(question).get_json()
    grouped = ask(question + "&breakdown=property.plan").get_json()

    assert answer["results"] == [
        {"event": "signup", "count": 2, "conversion": 1.0, "median_seconds": None},
        {"event": "buy", "count": 1, "conversion": 0.5, "median_seconds": 2.5},
    ]
    assert "groups" not in answer
    assert answer["query"]["step_filter"] == ["2:property.sum>5"]
    assert answer["query"]["window"] == 604800
    counts = {group["key"]: [one["count"] for one in group["steps"]] for group in grouped["groups"]}
    assert counts == {"pro": [1, 1], "free": [1, 0]}
    times = {group["key"]: group["steps"][1]["median_seconds"] for group in grouped["groups"]}
    assert times == {"pro": 2.5, "free": None}
    assert grouped["results"] == answer["results"]


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_retention_names_what_its_offsets_count(ask: Ask, keep: Keep, period: str) -> None:
    """offset_days, offset_weeks, offset_months; what is not over yet says so."""
    keep("a")

    answer = ask(f"retention?from=2026-11-21&period={period}&offset=0&offset=1&grid=1").get_json()

    name = f"offset_{period}s"
    now, later = answer["results"]
    assert (now[name], now["returned"], answer["cohort"]) == (0, 1, 1)
    assert later == {name: 1, "returned": 0, "partial": True}
    (cohort,) = answer["cohorts"]
    assert (cohort["cohort"], cohort["results"][0][name]) == (1, 0)


def test_active(ask: Ask, keep: Keep) -> None:
    """Distinct people; with an interval the series, and the people beside it."""
    keep("a", "u1")
    keep("b", "u2")

    assert ask("active").get_json()["results"] == {"people": 2}
    answer = ask("active?interval=day&rolling=7d&from=2026-11-21").get_json()
    assert answer["results"] == [{"time": TODAY["from"], "count": 2}]
    assert answer["people"] == 2
    assert answer["query"]["rolling"] == "7d"


def test_visits_and_latency(ask: Ask, keep: Keep) -> None:
    """Objects and rows under the names of their definitions."""
    keep("a")

    assert ask("visits").get_json()["results"]["visits"] == 1
    assert "series" not in ask("visits").get_json()["results"]
    (point,) = ask("visits?interval=day&from=2026-11-21").get_json()["results"]["series"]
    assert point == {"time": TODAY["from"], "visits": 1, "engaged": None}
    assert ask("latency").get_json()["results"] == []


def test_revenue_is_exact(ask: Ask, keep: Keep) -> None:
    """Amounts are text, and never in scientific notation."""
    keep("buy", revenue=Revenue.of("0.1", "EUR"))
    keep("buy", revenue=Revenue.of("0.2", "EUR"))
    keep("buy", revenue=Revenue.of("1000", "JPY"))

    assert ask("revenue").get_json()["results"] == [
        {"currency": "EUR", "amount": "0.30", "count": 2},
        {"currency": "JPY", "amount": "1000", "count": 1},
    ]
    euros, _ = ask("revenue?interval=day&from=2026-11-21").get_json()["results"]
    assert euros["series"] == [{"time": TODAY["from"], "amount": "0.30", "count": 2}]


def test_dashboard_is_its_object(ask: Ask, keep: Keep) -> None:
    """The figures themselves, beside those of the days before."""
    keep("a")

    answer = ask("dashboard?days=7").get_json()

    assert (answer["total_events"], answer["dau"], answer["wau"]) == (1, 1, 1)
    assert answer["top_events"] == [{"key": "a", "count": 1}]
    assert answer["previous"]["total_events"] == 0


def test_people_traits_and_timeline(ask: Ask, keep: Keep) -> None:
    """Who was there, what is known of them, what they did."""
    keep("a", traits={"plan": "pro"})

    assert ask("people?search=u1").get_json()["results"][0]["id"] == "u1"
    person = ask("traits?id=u1").get_json()["results"]
    assert person == {"id": "u1", "ids": ["u1"], "traits": {"plan": "pro"}}
    (event,) = ask("timeline?id=u1").get_json()["results"]
    assert (event["event_name"], event["user_id"]) == ("a", "u1")


def test_somebody_who_did_nothing_lately_is_somebody(ask: Ask, keep: Keep) -> None:
    """An empty timeline is an answer; nobody is a 404."""
    keep("a")

    assert ask("timeline?id=u1&from=2026-01-01&to=2026-02-01").get_json()["results"] == []
    assert ask("traits?id=u1").get_json()["results"]["traits"] == {}


@pytest.mark.parametrize("kind", KINDS)
def test_same_content_is_not_sent_twice(ask: Ask, keep: Keep, kind: str) -> None:
    """A 304 for who has it, until it changes."""
    keep("a", traits={"x": 1})
    path = PLAIN.get(kind, kind)
    etag = ask(path).headers["ETag"]

    again = ask(path, headers={"If-None-Match": etag})
    other = ask(path, headers={"If-None-Match": '"other"'})

    assert (again.status_code, again.data) == (304, b"")
    assert other.status_code == 200
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in again.headers["Vary"]


def test_etag_follows_the_content(ask: Ask, keep: Keep) -> None:
    """One more event, and the copy is stale; CSV is another content."""
    etag = ask("top").headers["ETag"]
    keep("a")

    answer = ask("top", headers={"If-None-Match": etag})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag
    assert ask("top?format=csv").headers["ETag"] != answer.headers["ETag"]


@pytest.mark.parametrize("kind", KINDS)
def test_head_has_no_body(ask: Ask, keep: Keep, app: Flask, kind: str) -> None:
    """HEAD answers with the headers of GET."""
    keep("a")
    path = f"/analytics/api/{PLAIN.get(kind, kind)}"

    answer = app.test_client().head(path)

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["ETag"] == app.test_client().get(path).headers["ETag"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_question_is_a_table_too(ask: Ask, keep: Keep, kind: str) -> None:
    """CSV by ``format`` and by ``Accept``: a header, and rows of its length."""
    keep("a", traits={"x": 1})
    path = PLAIN.get(kind, kind)

    answer = ask(path, headers={"Accept": "text/csv"})
    named = ask(f"{path}{'&' if '?' in path else '?'}format=csv", headers={"Accept": "text/html"})

    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.data == named.data
    assert f"{kind}.csv" in answer.headers["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert all(len(row) == len(head) for row in rows)
    assert rows or kind in ("breakdown", "revenue", "latency")
    assert head == [name.strip() for name in head if name]


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/csv;q=0.5,application/json;q=0.4", "text/csv"),
        ("text/*", "text/csv"),
    ],
)
def test_accept_decides(ask: Ask, accept: str, mimetype: str) -> None:
    """JSON for whoever takes anything."""
    headers = {"Accept": accept} if accept else {}
    assert ask("top", headers=headers).mimetype == mimetype


def test_python_answers_the_same(
    ask: Ask, keep: Keep, app: Flask, analytics: Analytics, store: MemoryStore
) -> None:
    """analytics.metrics and the API ask the same store the same question."""
    keep("a")

    with app.app_context():
        (entry,) = analytics.metrics.top_events()

    results: list[dict[str, Any]] = ask("top").get_json()["results"]
    assert results == [{"key": entry.key, "count": entry.count}]
