"""What a visitor allows: decided in the request, carried by the event, kept to everywhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request, session
from flask.testing import FlaskClient

from flask_analytics import Analytics, Event, track
from flask_analytics.collectors import WebhookCollector
from flask_analytics.consent import allows, is_refused, read
from flask_analytics.errors import ConfigurationError
from flask_analytics.testing import capture_events

MakeApp = Callable[..., Flask]

ALL, NONE = {"store": True, "forward": True}, {"store": False, "forward": False}

BODY = json.dumps({"events": [{"event_name": "a"}, {"event_name": "b"}]})


def by_cookie(analytics: Analytics) -> None:
    """The application's own dialog has left its answer in a cookie."""
    analytics.consent(lambda: json.loads(request.cookies.get("consent", "true")))


def dropped(app: Flask) -> dict[str, int]:
    with app.app_context():
        found: dict[str, int] = app.extensions["analytics"].pipeline.stats()["dropped"]
        return found


@pytest.mark.parametrize(
    ("answer", "carried"),
    [
        (True, ALL),
        ({"forward": False}, {"store": True, "forward": False}),
        ({"store": False}, {"store": False, "forward": True}),
        ({"Memory": False, "ads": False}, {**ALL, "Memory": False, "ads": False}),
        ({}, ALL),
    ],
)  # fmt: skip
def test_an_event_carries_the_answer(
    make_app: MakeApp, answer: Any, carried: dict[str, bool]
) -> None:
    """Automatic event, helper and page's event alike."""
    analytics = Analytics()
    app = make_app(analytics, ANALYTICS_COLLECTORS=["memory:"])
    analytics.consent(lambda: answer)
    app.add_url_rule("/t", "t", lambda: track("tracked") or "<p>t</p>")

    with capture_events(app) as events:
        client = app.test_client()
        client.get("/t")
        client.post("/_a/e", data=BODY, content_type="text/plain")

    assert [event.name for event in events] == ["tracked", "pageview", "a", "b"]
    assert [event.consent for event in events] == [carried] * 4
    assert json.loads(json.dumps(events[0].to_wire()["consent"])) == carried


@pytest.mark.parametrize("answer", [False, NONE, {**NONE, "ads": True}])
def test_a_no_is_dropped_and_counted(make_app: MakeApp, answer: Any) -> None:
    """Nobody gets anything, and the view answers as ever."""
    analytics = Analytics()
    app = make_app(analytics)
    analytics.consent(lambda: answer)
    app.add_url_rule("/t", "t", lambda: track("tracked") or "<p>t</p>")

    with capture_events(app) as events:
        client = app.test_client()
        assert client.get("/t").status_code == 200
        assert client.post("/_a/e", data=BODY, content_type="text/plain").status_code == 204

    assert not events
    assert dropped(app) == {"consent": 4}


@pytest.mark.parametrize("answer", ["yes", 1, None, {"stroe": True}, {"store": "no"}, {1: True}])
def test_what_is_no_answer_is_a_no(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    """In production it is logged with the cure and counted; no view sees it."""
    analytics = Analytics()
    app = make_app(analytics, TESTING=False, ANALYTICS_DURABILITY="memory")
    analytics.consent(lambda: answer)
    app.add_url_rule("/t", "t", lambda: track("tracked") or "<p>t</p>")

    with caplog.at_level(logging.WARNING):
        assert app.test_client().get("/t").status_code == 200

    assert dropped(app) == {"consent_failed": 2}
    assert caplog.text.count("consent failed, which counts as a no") == 1
    assert (
        "consent must be" in caplog.text
        or "consent: there is no" in caplog.text
        or ("must be True or False" in caplog.text)
    )


def test_while_developing_a_helper_raises(make_app: MakeApp) -> None:
    """A wrong answer is loud where somebody looks."""
    analytics = Analytics()
    app = make_app(analytics)
    analytics.consent(lambda: {"Mixpanle": False})
    app.add_url_rule("/t", "t", lambda: track("tracked") or "<p>t</p>")

    with pytest.raises(ValueError, match="there is no 'Mixpanle', only store, forward, ads"):
        app.test_client().get("/t")


def test_one_that_raises_is_a_no(make_app: MakeApp) -> None:
    """Fails closed, and is told apart from those who said no."""
    analytics = Analytics()
    app = make_app(analytics)

    @analytics.consent
    def consent() -> bool:
        raise LookupError("no session")

    assert app.test_client().get("/").status_code == 200
    assert dropped(app) == {"consent_failed": 1}


@pytest.mark.parametrize("wrong", [lambda event: True, 3])
def test_a_function_that_wants_arguments_is_refused_at_once(wrong: Any) -> None:
    """Not in the first request."""
    with pytest.raises(ConfigurationError, match="without arguments"):
        Analytics().consent(wrong)


@pytest.mark.parametrize(
    ("settings", "headers", "carried"),
    [
        ({}, {"Sec-GPC": "1"}, {"forward": False}),
        ({}, {"Sec-GPC": "0", "DNT": "1"}, {}),
        ({"ANALYTICS_GPC": "ignore"}, {"Sec-GPC": "1"}, {}),
        ({"ANALYTICS_DNT": "forward"}, {"DNT": "1"}, {"forward": False}),
        ({"ANALYTICS_GPC": "all"}, {"Sec-GPC": "1"}, None),
        ({"ANALYTICS_DNT": "all"}, {"DNT": "1", "Sec-GPC": "1"}, None),
    ],
)  # fmt: skip
def test_what_the_browser_asks_for(
    make_app: MakeApp,
    settings: dict[str, str],
    headers: dict[str, str],
    carried: dict[str, bool] | None,
) -> None:
    """By default a visitor with Global Privacy Control is counted here, and told to nobody."""
    app = make_app(**settings)

    with capture_events(app) as events:
        app.test_client().get("/", headers=headers)

    assert [event.consent for event in events] == ([] if carried is None else [carried])
    assert dropped(app) == ({"consent": 1} if carried is None else {})


@pytest.mark.parametrize(
    ("cookie", "carried"),
    [
        ("true", {"store": True, "forward": False}),
        ('{"forward": true}', ALL),
        ('{"store": true}', {"store": True, "forward": False}),
        ("false", None),
    ],
)
def test_a_signal_gives_way_to_what_is_named(
    make_app: MakeApp, cookie: str, carried: dict[str, bool] | None
) -> None:
    """A general yes does not undo it; a visitor's word on that very purpose does."""
    analytics = Analytics()
    app = make_app(analytics)
    by_cookie(analytics)
    client = app.test_client()
    client.set_cookie("consent", cookie)

    with capture_events(app) as events:
        client.get("/", headers={"Sec-GPC": "1"})

    assert [event.consent for event in events] == ([] if carried is None else [carried])


def test_who_may_have_it() -> None:
    """A collector's own name goes before its service's, that before its purpose."""
    told = read({"forward": False, "Mixpanel": True, "second": False}, None)

    assert allows(told, "mixpanel", "Mixpanel", "forward")
    assert not allows(told, "second", "Mixpanel", "forward")
    assert not allows(told, "webhook", "Webhook", "forward")
    assert allows(told, "store", "Store", "store")
    assert allows(told, "memory", "Memory", None)
    assert allows({}, "webhook", "Webhook", "forward")
    assert not is_refused({**NONE, "webhook": True})


def test_programs_tell_it_themselves(make_app: MakeApp) -> None:
    """With a write key nobody is asked: the request is a machine's."""
    analytics = Analytics()
    app = make_app(analytics, ANALYTICS_WRITE_KEYS={"billing": "k" * 20})
    analytics.consent(lambda: False)
    told = [{"name": "a", "consent": {"forward": False}}, {"name": "b", "consent": NONE}]

    with capture_events(app) as events:
        answer = app.test_client().post(
            "/analytics/api/events", json={"events": told},
            headers={"Authorization": f"Bearer {'k' * 20}"},
        )  # fmt: skip

    assert answer.status_code == 202
    assert [(one.name, one.consent) for one in events] == [("a", {"store": True, "forward": False})]
    assert dropped(app) == {"consent": 1}


def test_before_send_may_take_it_back(make_app: MakeApp) -> None:
    """The last look may say no where the visitor was not asked."""
    analytics = Analytics()
    app = make_app(analytics)

    @analytics.before_send
    def staff(event: Event) -> Event:
        event.consent = dict(NONE)
        return event

    app.test_client().get("/")

    assert dropped(app) == {"consent": 1}


def test_what_may_not_be_kept_is_never_on_the_disk(
    make_app: MakeApp, tmp_path: Path, destination: Any
) -> None:
    """Passed on all the same, by way of memory; not even a dead letter shows it."""
    analytics = Analytics()
    webhook = WebhookCollector(destination.url, flush_interval=0.01)
    app = make_app(analytics, TESTING=False, ANALYTICS_STORE="embedded:",
                   ANALYTICS_COLLECTORS=[webhook])  # fmt: skip
    by_cookie(analytics)
    app.add_url_rule(
        "/t", "t", lambda: track("tracked", {"a": request.args["a"]}) or "ok"
    )  # fmt: skip
    client: FlaskClient = app.test_client()

    client.set_cookie("consent", '{"store": false}')
    client.get("/t?a=unkept-1")
    client.set_cookie("consent", '{"forward": false}')
    client.get("/t?a=private-2")
    client.set_cookie("consent", "false")
    client.get("/t?a=nobody-3")
    with app.app_context():
        assert analytics.flush(20)
        counts = analytics.stats()["collectors"]
        assert analytics.close(20)

    tracked = [one for one in destination.events if one.get("event_name") == "tracked"]
    assert [one["properties"]["a"] for one in tracked] == ["unkept-1"]
    assert counts["webhook"]["dropped"] == {"consent": 2}  # the page view, too
    assert counts["store"]["dropped"] == {"consent": 2}
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"private-2" in held
    assert b"unkept-1" not in held
    assert b"nobody-3" not in held


def test_a_dead_letter_needs_consent_too(make_app: MakeApp, tmp_path: Path) -> None:
    """What a destination refuses is only counted where it may not be kept."""
    from flask_analytics import Collector
    from flask_analytics.errors import Refused

    class No(Collector):
        def collect(self, event: Event) -> None:
            raise Refused("never")

    analytics = Analytics()
    app = make_app(analytics, TESTING=False, ANALYTICS_COLLECTORS=[No()])
    by_cookie(analytics)
    app.add_url_rule("/t", "t", lambda: track("tracked", {"a": request.args["a"]}) or "ok")
    client = app.test_client()

    client.get("/t?a=kept-1")
    client.set_cookie("consent", '{"store": false}')
    client.get("/t?a=unkept-2")
    with app.app_context():
        analytics.flush(20)
        assert analytics.stats()["collectors"]["no"]["rejected"] == {"never": 4}
        analytics.close(20)

    (letters,) = tmp_path.rglob("dead.jsonl")
    assert b"kept-1" in letters.read_bytes()
    assert b"unkept-2" not in letters.read_bytes()


def test_each_event_of_a_page_has_its_own(make_app: MakeApp) -> None:
    """What before_send makes of one is not the next one's."""
    analytics = Analytics()
    app = make_app(analytics, ANALYTICS_COLLECTORS=["memory:"])
    analytics.consent(lambda: {"ads": False})

    @analytics.before_send
    def allow(event: Event) -> Event:
        if event.name == "a":
            event.consent["ads"] = True
        return event

    with capture_events(app) as events:
        app.test_client().post("/_a/e", data=BODY, content_type="text/plain")

    assert [event.consent["ads"] for event in events] == [True, False]


def test_a_look_into_the_session_is_no_touch(make_app: MakeApp) -> None:
    """Or each page would vary by cookie, and no cache could keep it."""
    analytics = Analytics()
    app = make_app(analytics, SECRET_KEY="x")
    analytics.consent(lambda: session.get("choice", True))
    analytics.user_id(lambda: session.get("user"))

    with capture_events(app) as events:
        answer = app.test_client().get("/")

    assert len(events) == 1
    assert "Cookie" not in answer.headers.get("Vary", "")
