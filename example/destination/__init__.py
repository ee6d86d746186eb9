"""A destination for the events of the shop: takes them as a webhook, shows them on one page.

``POST /events`` takes a JSON array of events, ``GET /`` shows them, newest first, and
``GET /events.json?after=12`` gives those that came after the twelfth.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, abort, render_template, request

from .inbox import MOST, Inbox
from .row import COLUMNS, row

#: Bytes of one request: a hundred events of 32 KB, which is the most that the webhook sends.
LARGEST_BODY = 4 * 1024 * 1024

#: Events come from strangers; whatever is in them, this page runs its own files only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'none'; base-uri 'none'"
)


def create_app() -> Flask:
    """Build the destination. What it has received is gone when it stops."""
    app = Flask(__name__)
    app.config.from_mapping(MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.config.from_prefixed_env()
    inbox = Inbox()

    @app.post("/events")
    def receive() -> tuple[str, int]:
        """Take a batch. Any answer of the 2xx kind tells the webhook that it has arrived."""
        events = request.get_json()
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            abort(400, "Send a JSON array of events.")
        inbox.add(events)
        return "", 204

    @app.get("/")
    def show() -> str:
        rows = [(number, row(event)) for number, event in reversed(inbox.after(0))]
        return render_template("events.html", rows=rows, columns=COLUMNS, most=MOST)

    @app.get("/events.json")
    def tell() -> dict[str, Any]:
        """The events after a number, oldest first, as they came and as the page shows them."""
        after = request.args.get("after", 0, type=int)
        return {
            "events": [
                {"number": number, "event": event, "row": row(event)}
                for number, event in inbox.after(after)
            ]
        }

    @app.after_request
    def add_policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app
