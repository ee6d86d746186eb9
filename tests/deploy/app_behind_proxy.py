"""An application on a host of its own, which writes its events into a file, a line each.

``EVENTS``: the file. ``FOLDER``: where the journal is. ``PROXIES``: how many it stands behind, for
ProxyFix; not set: none. ``DEBUG``: set for debug mode. Its name is shop.test.
"""

from __future__ import annotations

import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_analytics import Analytics, Collector, Event
from flask_analytics.event import encode


class Lines(Collector):
    """Into the file, at once."""

    name = "lines"

    def collect(self, event: Event) -> None:
        with open(os.environ["EVENTS"], "ab") as file:
            file.write(encode(event) + b"\n")


app = Flask(__name__)
app.debug = "DEBUG" in os.environ
app.config["ANALYTICS_COLLECTORS"] = [Lines()]
app.config["ANALYTICS_STORE"] = "memory:"
app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
app.config["ANALYTICS_TRUSTED_HOSTS"] = ["shop.test"]
app.config["ANALYTICS_EXCLUDE"] = ["/ready"]
Analytics(app)
if "PROXIES" in os.environ:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ["PROXIES"]))  # type: ignore[method-assign]


@app.get("/page")
def page() -> str:
    return "<p>page</p>"


@app.get("/ready")
def ready() -> str:
    return "ready"
