"""The same trivial Flask application, with different libraries telling of each request.

``minimal`` is the shortest call that a library's documentation shows; ``same`` sends the facts that
our automatic event has, which is what someone who wants them would have to write.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request

Flush = Callable[[], object]
Tell = Callable[[dict[str, Any]], object]


def trivial() -> Flask:
    app = Flask("benchmark")
    app.add_url_rule("/item/<id>", "item", lambda id: "<p>item</p>")
    return app


def minimal(response: Response) -> dict[str, Any]:
    return {"path": request.path, "status": response.status_code}


def same(response: Response) -> dict[str, Any]:
    rule = request.url_rule
    return {
        "url": request.url,
        "path": request.path,
        "method": request.method,
        "status": response.status_code,
        "route": rule and rule.rule,
        "endpoint": request.endpoint,
        "hostname": request.host,
        "referrer": request.referrer,
        "ip": request.remote_addr,
        "user_agent": request.user_agent.string,
        "locale": request.accept_languages.best,
    }


def bare(sink: str) -> tuple[Flask, Flush]:
    return trivial(), lambda: None


#: Where the journals of benchmarks are, set by ``sink.running``.
FOLDER = "BENCHMARK_FOLDER"


def durable(app: Flask, has_journal: bool) -> None:
    """With a journal, as by default, or with memory only."""
    app.config["ANALYTICS_DURABILITY"] = "journal" if has_journal else "memory"
    app.config["ANALYTICS_DIR"] = os.environ[FOLDER] if has_journal else None


def ours(sink: str, has_journal: bool = False) -> tuple[Flask, Flush]:
    from flask_analytics import Analytics

    app = trivial()
    app.config["ANALYTICS_STORE"] = None
    app.config["ANALYTICS_COLLECTORS"] = [f"webhook+{sink}/events"]
    durable(app, has_journal)
    analytics = Analytics(app)
    return app, lambda: analytics.flush(60)


def journaled(sink: str) -> tuple[Flask, Flush]:
    return ours(sink, has_journal=True)


def our_client(sink: str, has_journal: bool = False) -> tuple[Tell, Flush]:
    """``track`` outside a request: what the caller says, and nothing of a request."""
    from flask_analytics import Analytics

    app = trivial()
    app.config["ANALYTICS_STORE"] = None
    app.config["ANALYTICS_COLLECTORS"] = [f"webhook+{sink}/events"]
    app.config["ANALYTICS_QUEUE_EVENTS"] = 10**6
    durable(app, has_journal)
    analytics = Analytics(app)
    return (
        lambda facts: analytics.track("page_view", facts, user_id="user"),
        lambda: analytics.flush(60),
    )


def our_journaled_client(sink: str) -> tuple[Tell, Flush]:
    return our_client(sink, has_journal=True)


def segment_client(sink: str) -> tuple[Tell, Flush]:
    from segment.analytics.client import Client

    client = Client("key", host=sink, max_queue_size=10**6)
    return lambda facts: client.track("user", "page_view", facts), client.flush


def posthog_client(sink: str) -> tuple[Tell, Flush]:
    from posthog import Posthog

    client = Posthog("key", host=sink, max_queue_size=10**6)

    def tell(facts: dict[str, Any]) -> object:
        return client.capture("page_view", distinct_id="user", properties=facts)

    return tell, client.flush


def mixpanel_client(sink: str, is_buffered: bool = False) -> tuple[Tell, Flush]:
    """The two consumers of its documentation; both send in the caller's own thread."""
    from mixpanel import BufferedConsumer, Consumer, Mixpanel

    kind = BufferedConsumer if is_buffered else Consumer
    consumer = kind(events_url=f"{sink}/track")
    client = Mixpanel("token", consumer=consumer)
    return (
        lambda facts: client.track("user", "page_view", facts),
        getattr(consumer, "flush", lambda: None),
    )


def mixpanel_buffered_client(sink: str) -> tuple[Tell, Flush]:
    return mixpanel_client(sink, is_buffered=True)


def with_client(
    make: Callable[[str], tuple[Tell, Flush]], facts: Callable[[Response], dict[str, Any]]
) -> Callable[[str], tuple[Flask, Flush]]:
    def build(sink: str) -> tuple[Flask, Flush]:
        app = trivial()
        tell, flush = make(sink)

        def after(response: Response) -> Response:
            tell(facts(response))
            return response

        app.after_request(after)
        return app, flush

    return build


VARIANTS: dict[str, Callable[[str], tuple[Flask, Flush]]] = {
    "bare Flask": bare,
    "flask_analytics": ours,
    "flask_analytics, journal": journaled,
    "segment, minimal": with_client(segment_client, minimal),
    "segment, same facts": with_client(segment_client, same),
    "posthog, minimal": with_client(posthog_client, minimal),
    "posthog, same facts": with_client(posthog_client, same),
}

#: Libraries that are told of an event by a call, and how their documentation sets them up; but for
#: the queue, which would throw away what a benchmark gives it in one go.
CLIENTS: dict[str, Callable[[str], tuple[Tell, Flush]]] = {
    "flask_analytics": our_client,
    "flask_analytics, journal": our_journaled_client,
    "segment": segment_client,
    "posthog": posthog_client,
    "mixpanel, buffered": mixpanel_buffered_client,
    "mixpanel": mixpanel_client,
}
