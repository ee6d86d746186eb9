"""How the contract talks to a destination: what its requests and answers are like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask_analytics.collectors.client import HttpCollector
from flask_analytics.event import Event
from flask_analytics.testing import Answer, Received


def path(payload: Any, *keys: Any) -> Any:
    """What is found by walking into a payload, or None."""
    for key in keys:
        try:
            payload = payload[key]
        except (KeyError, IndexError, TypeError):
            return None
    return payload


@dataclass(frozen=True)
class Kind:
    """One destination."""

    name: str
    #: Builds the collector, given ``endpoint`` and other options.
    build: Callable[..., HttpCollector]
    #: The payloads of the events in one request, in order.
    payloads: Callable[[Received], list[Any]]
    #: The message id in a payload; None: this destination has no field for it.
    message_id: Callable[[Any], str | None]
    #: The time in a payload as the destination writes it; None: it stamps on arrival.
    moment: Callable[[Any], Any]
    #: The time in the same form, of seconds since the epoch.
    written: Callable[[float], Any]
    #: Who it was: people with unlike identities never share what this gives.
    identity: Callable[[Any], Any]
    #: What must never be seen in a log, a repr or an error.
    secrets: tuple[str, ...]
    #: An address that builds the same collector; ENDPOINT stands for the server.
    address: str
    #: What the destination has no word for.
    unsupported: tuple[Callable[[], Event], ...] = ()
    #: The address of the visitor in a payload or request; None: it is not sent.
    ip: Callable[[Received], str | None] = lambda received: None
    #: Whether it counts visitors by their address, and so refuses to have it trimmed.
    needs_ip: bool = False
    #: Whether it can trim addresses at all; a webhook passes on what it gets.
    trims: bool = True
    #: A good answer to so many events.
    good: Callable[[int], Answer] = lambda count: Answer()
    #: A good status that says of the event at this place that it was not taken, of so many, and
    #: the reason that it is counted by.
    partial: tuple[Callable[[int, int], Answer], str] | None = None
    #: Events that are cut or refused by a limit: the event, the payload's check or the reason.
    limits: Sequence[tuple[Event, Callable[[Any], bool] | str]] = field(default_factory=list)
    #: Arguments that the constructor refuses, and a word of the message.
    wrong: Sequence[tuple[dict[str, Any], str]] = field(default_factory=list)


def iso(seconds: float) -> str:
    """A time as msgspec writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
