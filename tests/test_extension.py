"""Setting up: once, loudly, for as many applications as there are."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, g, render_template_string
from flask.testing import FlaskClient

from flask_analytics import Analytics, Collector, Event, track
from flask_analytics.collectors import MemoryCollector
from flask_analytics.errors import AnalyticsError, ConfigurationError
from flask_analytics.testing import capture_events


def test_application_is_freed(make_app: Callable[..., Flask], analytics: Analytics) -> None:
    """A test suite that makes an application for each test does not keep them all."""
    apps = [weakref.ref(make_app(analytics)) for _ in range(3)]

    gc.collect()

    assert [app() for app in apps] == [None] * 3


def test_double_init_is_a_clear_error(app: Flask, analytics: Analytics) -> None:
    """Setting one application up twice says what to write instead."""
    with pytest.raises(ConfigurationError, match="already"):
        analytics.init_app(app)
    with pytest.raises(ConfigurationError, match="once"):
        Analytics(app)


def test_errors_are_one_tree() -> None:
    """Everything we raise can be caught by one name; set-up errors are ValueErrors too."""
    assert issubclass(ConfigurationError, AnalyticsError)
    assert issubclass(ConfigurationError, ValueError)


def test_state_lives_on_the_application(app: Flask, analytics: Analytics) -> None:
    """Nothing of an application is kept on the extension but a weak reference."""
    state = app.extensions["analytics"]
    assert state.app is app
    assert not any(value is app for value in vars(analytics).values())


def test_several_applications_in_one_process(make_app: Callable[..., Flask]) -> None:
    """Each application has its own settings, events and counters, also with one extension."""
    analytics = Analytics()
    shop, blog = make_app(analytics), make_app(analytics, ANALYTICS_BROWSER_PREFIX="/x")

    with capture_events(shop) as of_shop, capture_events(blog) as of_blog:
        shop.test_client().get("/")
        blog.test_client().get("/blog/a")
        with blog.app_context():
            analytics.track("job")

    assert [event.path for event in of_shop] == ["/"]
    assert [event.name for event in of_blog] == ["pageview", "job"]


def test_extension_without_context_knows_its_only_application(
    app: Flask, analytics: Analytics, client: FlaskClient
) -> None:
    """stats() in a shell needs no context while there is one application."""
    client.get("/")

    assert analytics.stats()["collectors"]["memory"]["delivered"] == 1
    assert analytics.flush()
    assert analytics.close()


def test_extension_of_several_needs_a_context(make_app: Callable[..., Flask]) -> None:
    """With two applications the extension asks which one is meant."""
    analytics = Analytics()
    apps = [make_app(analytics), make_app(analytics)]

    with pytest.raises(RuntimeError, match="app_context"):
        analytics.stats()
    with apps[0].app_context():
        assert analytics.stats()["queued"] == 0


def test_decorators_work_before_and_after_init(make_app: Callable[..., Flask]) -> None:
    """A factory declares on the module's extension, a script on a finished one."""
    analytics = Analytics()
    analytics.user_id(lambda: "before")
    app = make_app(analytics)
    analytics.before_send(lambda event: event)

    with capture_events(app) as events:
        app.test_client().get("/")

    assert [event.user_id for event in events] == ["before"]


def test_g_has_the_helpers_in_views_and_templates(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """g.analytics is there wherever g is, and other attributes of g are as ever."""

    def view() -> str:
        g.user = "me"
        g.analytics.track("a")
        return render_template_string("{{ g.analytics.track('b') }}{{ g.user }}")

    app.add_url_rule("/view", "view", view)

    assert client.get("/view").text == "Noneme"
    assert [event.name for event in events] == ["a", "b", "pageview"]
    with app.app_context():
        g.analytics.track("c")
        assert "user" not in g


def test_testing_uses_memory_only(make_app: Callable[..., Flask], tmp_path: Any) -> None:
    """Under TESTING the configured collectors are left alone, also when it is set late."""

    class Forbidden(Collector):
        def collect(self, event: Event) -> None:
            raise AssertionError("a test must not deliver")

    app = make_app(TESTING=False, ANALYTICS_COLLECTORS=[Forbidden()])
    app.config["TESTING"] = True

    app.test_client().get("/")

    with app.app_context():
        stats = app.extensions["analytics"].pipeline.stats()
    assert stats["collectors"] == {
        "memory": {
            "accepted": 1, "delivered": 1, "rejected": {}, "dropped": {}, "pending": 0,
            "trimmed": {}, "state": "ok", "since": None, "reason": None,
        }
    }  # fmt: skip


def test_real_delivery_outside_testing(make_app: Callable[..., Flask]) -> None:
    """Without TESTING events go through the thread to the collectors."""
    memory = MemoryCollector()
    analytics = Analytics()
    app = make_app(analytics, TESTING=False, ANALYTICS_COLLECTORS=[memory])

    app.test_client().get("/blog/a")
    with app.app_context():
        track("b")

    assert analytics.flush()
    assert [(event.name, event.path) for event in memory.events] == [
        ("pageview", "/blog/a"),
        ("b", None),
    ]
    assert analytics.stats()["collectors"]["memory"]["delivered"] == 2
    assert analytics.close()
    assert analytics.stats()["collectors"]["memory"]["state"] == "closed"


def test_wrong_collector_is_loud(make_app: Callable[..., Flask]) -> None:
    """A class instead of an instance is refused at set-up."""
    with pytest.raises(ConfigurationError, match="MemoryCollector is a class"):
        make_app(ANALYTICS_COLLECTORS=[MemoryCollector])


def test_init_after_the_first_request_is_refused() -> None:
    """Flask refuses late hooks; we do not hide it."""
    app = Flask("shop")
    app.test_client().get("/")

    with pytest.raises(AssertionError, match="no longer be called"):
        Analytics(app)
