"""Each collector: a test event tells whether its address and keys are right."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from ..collectors.answer import Answer
from ..collectors.base import (
    Batch,
    BatchCollector,
    Collector,
    Delivered,
    Dropped,
    Misconfigured,
    Retry,
    Verdict,
)
from ..collectors.client import HttpCollector
from ..collectors.ga4 import GA4Collector
from ..collectors.public import is_public
from ..collectors.store import StoreCollector
from ..delivery.verdicts import of_answer, of_error
from ..event import Event, Source, encode
from . import clock
from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "collectors"

#: What the test event is called, wherever it arrives.
EVENT = "analytics_doctor_test"

_AGENT = "Mozilla/5.0 (compatible; flask_analytics doctor)"

#: Services that say yes to whatever comes.
_SAYS_NOTHING = {
    "Google Analytics 4": "Google takes the event's form, and never tells whether the secret is "
    "right: see Realtime or DebugView",
}


def check(patient: Patient) -> Iterator[Finding]:
    """Every one but the store's own, which its own check is about."""
    named = patient.state.collectors.items()
    others = {name: one for name, one in named if not isinstance(one, StoreCollector)}
    for name, collector in others.items():
        yield from _encrypted(name, collector)
        if patient.sends:
            yield from _tried(patient, name, collector)
    if not patient.sends:
        names = f"{', '.join(others)}: not tried" if others else "There is none but the store"
        more = " --send sends each a test event." if others else ""
        yield Finding(NAME, OK, f"{names}.{more}")


def _encrypted(name: str, collector: Collector) -> Iterator[Finding]:
    target = getattr(collector, "target", "")
    parts = urlsplit(target)
    host = parts.hostname or ""
    is_near = host == "localhost" or "." not in host or (host[-1:].isdigit() and
                                                         not is_public(host))  # fmt: skip
    if parts.scheme == "http" and not is_near:
        yield Finding(
            NAME, WARNING, f"{name}: its address begins with http, so its key and every event can "
            "be read on the way.", "Use https.",
        )  # fmt: skip


def _tried(patient: Patient, name: str, collector: Collector) -> Iterator[Finding]:
    heard: list[Answer] = []
    verdict = _verdict(patient, collector, heard.append)
    yield _told(name, collector, verdict)
    for answer in heard[-1:]:
        try:
            at = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except (KeyError, ValueError, TypeError):
            continue
        yield from clock.skew(name, at, patient.clock())


def _verdict(
    patient: Patient, collector: Collector, hear: Callable[[Answer], None]
) -> Verdict | Exception:
    """What becomes of a test event, by the collector's own judgement."""
    own = copy.copy(collector)
    if isinstance(own, GA4Collector):
        own.debug = True  # its validation server says what is wrong, and keeps nothing
    try:
        own.start()
        if isinstance(own, HttpCollector):
            own.http.hear = hear
        event = _event(patient)
        if not isinstance(own, BatchCollector):
            own.collect(event)
            own.flush()
            return Delivered()
        batch = Batch([encode(event)], patient.clock())
        return of_answer(own.send(batch), 1)[0]
    except Exception as error:
        return error
    finally:
        own.close()


def _event(patient: Patient) -> Event:
    hosts = patient.state.settings.trusted_hosts or ("localhost",)
    host = hosts[0].lstrip(".")
    now = patient.clock()
    return Event(
        message_id=str(uuid4()), event_name=EVENT, source=Source.SERVER,
        timestamp=datetime.fromtimestamp(now, UTC), anonymous_id="analytics-doctor",
        hostname=host, path="/", url=f"https://{host}/", user_agent=_AGENT,
        properties={"test": True},
    )  # fmt: skip


def _told(name: str, collector: Collector, verdict: Verdict | Exception) -> Finding:
    if isinstance(verdict, Exception):
        found = of_error(verdict)
        reason = type(verdict).__name__ if isinstance(found, Retry) else _reason(found)
        verdict = found
    else:
        reason = _reason(verdict)
    if isinstance(verdict, Delivered):
        more = _SAYS_NOTHING.get(collector.integration)
        return Finding(NAME, OK, f"{name}: took the test event {EVENT}.{f' {more}.' * bool(more)}")
    if isinstance(verdict, Dropped):
        return Finding(NAME, WARNING, f"{name}: has no word for a test event ({reason}).",
                       "Look there whether other events arrive.")  # fmt: skip
    if isinstance(verdict, Misconfigured):
        cure = "Correct its key or address; docs/health.md says what each reason means."
    elif isinstance(verdict, Retry):
        cure = "Look whether this machine reaches its address: name, firewall, proxy, certificate."
    else:
        cure = "Its page in docs/destinations says what is refused, and why."
    return Finding(NAME, PROBLEM, f"{name}: did not take the test event ({reason}).", cure)


def _reason(verdict: Any) -> str:
    return str(getattr(verdict, "reason", type(verdict).__name__))
