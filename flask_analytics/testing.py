"""For the tests of your application: see the events of it, and nothing leaves the process.

Set ``TESTING`` before the first event; then there is no thread, no network and no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from .event import Event
from .signals import event_accepted


@contextmanager
def capture_events(app: Flask) -> Iterator[list[Event]]:
    """Collect what the application accepts while the block runs.

    >>> with capture_events(app) as events:
    ...     client.get("/")
    >>> events[0].matched_pattern
    '/'
    """
    events: list[Event] = []

    def receive(sender: Flask, event: Event) -> None:
        events.append(event)

    with event_accepted.connected_to(receive, sender=app):
        yield events
