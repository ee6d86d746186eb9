"""The same trivial Flask application, with different libraries telling of each request.

``minimal`` is the shortest call that a library's documentation shows; ``same`` sends the facts that
our automatic event has, which is what someone who wants them would have to write.
"""

from __future__ import annotations

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


def ours(sink: str) -> tuple[Flask, Flush]:
    from flask_analytics import Analytics

    app = trivial()
    app.config["ANALYTICS_COLLECTORS"] = [f"webhook+{sink}/events"]
    analytics = Analytics(app)
    return app, lambda: analytics.flush(60)


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
    "segment, minimal": with_client(segment_client, minimal),
    "segment, same facts": with_client(segment_client, same),
    "posthog, minimal": with_client(posthog_client, minimal),
    "posthog, same facts": with_client(posthog_client, same),
}
