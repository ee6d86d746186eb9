"""An application that one person uses, and another, for test_forget.py.

Run as a program it does so, tells its counters, and then whatever standard input says: ``go`` lets
it deliver what waits and end. ``flask --app`` runs commands of it.
"""

from __future__ import annotations

import json
import os
import sys
import time

from flask import Flask, request

from flask_analytics import Analytics, Collector, Event, alias, identify, track
from flask_analytics.collectors import WebhookCollector
from flask_analytics.errors import Refused


class Refusing(Collector):
    """Takes nothing: each event is a dead letter."""

    def collect(self, event: Event) -> None:
        raise Refused("never")


waiting = WebhookCollector(os.environ["DESTINATION"], batch_size=1000, flush_interval=600)

app = Flask("planted")
app.config.update(
    ANALYTICS_DIR=os.environ["FOLDER"],
    ANALYTICS_COLLECTORS=[waiting, Refusing()],
    ANALYTICS_DURABILITY=os.environ.get("DURABILITY"),
)
app.config.from_prefixed_env()
analytics = Analytics(app)
analytics.user_id(lambda: request.headers.get("X-User"))


@app.get("/")
def home() -> str:
    """A page view, and what the person tells."""
    user = request.headers.get("X-User")
    if user is not None:
        told = json.loads(os.environ["TOLD"]) if user == os.environ["PERSON"] else {"plan": "x"}
        identify(user, told, anonymous_id=f"device-of-{user}")
        track("noted", {"note": told}, anonymous_id=f"device-of-{user}")
        alias(f"old-{user}", user)
    return "<p>home</p>"


def use() -> None:
    """Both are here, and what they did is stored; for the webhook it waits."""
    client = app.test_client()
    for user in (os.environ["PERSON"], "other"):
        assert client.get("/", headers={"X-User": user, "User-Agent": "Mozilla/5.0"}).text


def tell() -> None:
    print(json.dumps(analytics.stats()), flush=True)


def is_over() -> bool:
    """Whether all is stored, where there is a store, and refused."""
    found = analytics.stats()["collectors"]
    ended = [found["refusing"]["rejected"].get("never")]
    ended += [found[name]["delivered"] for name in ("store",) if name in found]
    return set(ended) == {8}


if __name__ == "__main__":
    use()
    while not is_over():
        time.sleep(0.02)  # a flush would deliver the rest, too
    tell()
    for word in sys.stdin:
        if word == "forget\n":
            print(analytics.forget(os.environ["PERSON"]), flush=True)
        elif word == "go\n":
            app.test_client().get("/", headers={"X-User": "late", "User-Agent": "Mozilla/5.0"})
            analytics.flush(20)
            tell()
            break
