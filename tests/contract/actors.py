"""What the contract's tests do with a destination."""

from __future__ import annotations

from flask_analytics import Event
from flask_analytics.collectors.base import Batch, Verdict
from flask_analytics.collectors.client import HttpCollector
from flask_analytics.delivery.verdicts import of_answer, of_error
from flask_analytics.event import encode
from flask_analytics.testing import FakeDestination

from . import events
from .conftest import AT_ONCE
from .kind import Kind


def collector(kind: Kind, destination: FakeDestination, **options: object) -> HttpCollector:
    """The collector, one batch at a time, sent without waiting for others."""
    given = {"endpoint": destination.url, "flush_interval": 0.01, "retry": AT_ONCE, **options}
    return kind.build(**given)


def supported(kind: Kind) -> list[Event]:
    """One event of each kind that the destination has a word for."""
    unsupported = {make().message_id for make in kind.unsupported}
    return [event for event in events.everything() if event.message_id not in unsupported]


def payloads(kind: Kind, destination: FakeDestination) -> list[object]:
    """Everything that has come, in order."""
    return [payload for received in destination.requests for payload in kind.payloads(received)]


def good(kind: Kind, destination: FakeDestination, requests: int = 20) -> None:
    """Have the destination answer well."""
    destination.answers.extend([kind.good(1)] * requests)


def attempt(sender: HttpCollector, event: Event) -> Verdict:
    """The verdict of one try, as a lane reads it."""
    sender.start()
    try:
        return said(sender, event)
    finally:
        sender.close()


def said(sender: HttpCollector, event: Event) -> Verdict:
    """The same, of a collector that is started."""
    try:
        answer = sender.send(Batch([encode(event)], events.NOW.timestamp()))
        return of_answer(answer, 1)[0]
    except Exception as error:
        return of_error(error)
