"""An event's way from a request to delivery: event -> steps -> dispatcher.

A step is a plain function that takes an event and returns it, changed or not; raising
``DropEvent`` ends the event's way. While there is no step and nobody listens, the request only
hands over a draft, and the event is completed in the dispatcher's thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from . import signals
from .consent import Consent, is_refused, may_keep
from .errors import DropEvent
from .event import MAX_EVENT_BYTES, Event, decode, encode
from .guard import inside, is_inside
from .ids import Ids, write
from .log import QuietLog
from .tally import Tally

Step = Callable[[Event], Event]

#: A page view's number and the time it was drawn, of which its id is written.
View = tuple[int, float]

#: An event's number, and the prefixes of message and view ids in the process that accepted it.
Stamp = tuple[int, str, str]

_encode = msgspec.json.Encoder(decimal_format="string").encode


class Draft(msgspec.Struct, gc=False, array_like=True, tag="draft", tag_field="kind"):
    """An event that is accepted but not complete yet: what is costly is done later."""

    event: Event
    #: Seconds since the epoch when it happened.
    at: float
    #: What the request told (see ``enrich.capture``), or None outside a request.
    facts: tuple[Any, ...] | None = None
    view: View | None = None
    #: What its message id is made of, once that is fixed.
    stamp: Stamp | None = None

    @property
    def consent(self) -> Consent:
        """What the visitor allows."""
        return self.event.consent

    def freeze(self, pipeline: Pipeline) -> None:
        """Fix what could come out otherwise in another process."""
        self.stamp = pipeline.stamp()
        if self.facts is not None:
            self.facts = pipeline.redact(self.facts)

    def draft(self, pipeline: Pipeline) -> Draft:
        """Itself."""
        return self

    def to_json(self) -> bytes:
        """What the journal keeps of it, once it is frozen."""
        return _encode(self)


class Unfinished(Protocol):
    """What a pipeline accepts: a ``Draft``, or a request's own record."""

    @property
    def consent(self) -> Consent | None: ...

    def freeze(self, pipeline: Pipeline) -> None: ...

    def draft(self, pipeline: Pipeline) -> Draft: ...


class Sink(Protocol):
    """Where accepted events go: the dispatcher, or ``Direct`` in tests."""

    def put(self, item: Any, keep: bool = True) -> None: ...

    def flush(self, timeout: float) -> bool: ...

    def close(self, timeout: float) -> bool: ...

    def stats(self) -> dict[str, Any]: ...


class Pipeline:
    """Accepts the events of one application.

    :param sender: the application, which signals are sent by.
    :param open_sink: builds the sink, given what completes a draft. Called at the first event,
        because TESTING is often set after the extension.
    :param enrich: fills an event from a request's facts.
    :param redact: takes out of these facts what must not be on a disk.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self,
        sender: object,
        *,
        open_sink: Callable[[Callable[[Any], Event]], Sink],
        enrich: Callable[[Event, Any], None],
        redact: Callable[[tuple[Any, ...]], tuple[Any, ...]] = tuple,
        log: QuietLog | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.steps: list[Step] = []
        #: The last steps: what these cannot look at goes no further.
        self.redactions: list[Step] = []
        self.log = log or QuietLog()
        self.clock = clock
        #: Apart from message ids, because these are printed in pages and those must not be guessed.
        self.views = Ids()
        self._ids = Ids()
        self._pid = 0
        self._prefixes = ("", "")
        self._sender = sender
        self._open_sink = open_sink
        self._enrich = enrich
        self.redact = redact
        self._opened: list[Sink] = []
        self._sink: Sink | None = None
        self._dropped = Tally()
        #: Parts of events that had to go, and arguments that had to be changed.
        self.trimmed = Tally()
        #: Bodies of pages that were too many, and what the application has excluded.
        self.refused = Tally()

    @property
    def sink(self) -> Sink:
        """Where events go; opened at first use."""
        if self._sink is None:
            # Appending is atomic: threads that race here all get the first; the others never start.
            self._opened.append(self._open_sink(self.complete))
            self._sink = self._opened[0]
        return self._sink

    def accept(self, draft: Unfinished) -> None:
        """Take an event on its way."""
        if is_inside():  # a step, receiver or collector that tracks would call itself for ever
            self.count_dropped("reentrant")
        elif (consent := draft.consent) and is_refused(consent):
            self.count_dropped("consent")
        elif self.steps or self.redactions or signals.event_accepted.receivers:
            with inside():
                self._walk(self.complete(draft))
        else:
            self._put(draft, consent)

    def stamp(self) -> Stamp:
        """Fix an event's message id without writing it."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._prefixes = self._ids.prefix(), self.views.prefix()
        return (self._ids.draw(), *self._prefixes)

    def freeze(self, item: Unfinished | Event) -> tuple[Unfinished, bytes]:
        """What the journal keeps of an accepted event; ``record.thaw`` reads it. To complete it
        here would cost the request as much again as everything else that we do."""
        unfinished = Draft(item, self.clock()) if isinstance(item, Event) else item
        unfinished.freeze(self)
        return unfinished, _encode(unfinished)

    def complete(self, item: Unfinished | Event) -> Event:
        """The event of a draft, with ids, time and the facts of its request."""
        if isinstance(item, Event):
            return item
        draft = item.draft(self)
        event, at = draft.event, draft.at
        number, prefix, views = draft.stamp or self.stamp()
        if not event.message_id:
            event.message_id = write(prefix, number, at)
        if event.timestamp is None:
            event.timestamp = datetime.fromtimestamp(at, UTC)
        if event.view_id is None and draft.view is not None:
            event.view_id = write(views, *draft.view)
        self._enrich(event, draft.facts)
        if event.properties or event.traits or event.context or event.integrations:
            self._fit(event)
        return event

    def _walk(self, event: Event) -> None:
        try:
            for step in self.steps:
                event = self._looked_at(event, step)
            for step in self.redactions:
                event = self._redacted(event, step)
            if (self.steps or self.redactions) and not self._is_readable(event):
                raise DropEvent("invalid")
            if is_refused(event.consent):
                raise DropEvent("consent")
        except DropEvent as drop:
            self.count_dropped(drop.reason)
            return
        self.send_signal("event_accepted", event=event)
        self._put(event, event.consent)

    def _looked_at(self, event: Event, step: Step) -> Event:
        try:
            return _step(event, step)
        except DropEvent:
            raise
        except Exception as error:  # the event goes on as it is
            self.log.warning("step", "before_send raised", error=error)
            return event

    def _redacted(self, event: Event, step: Step) -> Event:
        """:raises DropEvent: nobody knows what is still in it."""
        try:
            return _step(event, step)
        except DropEvent:
            raise
        except Exception as error:
            # Its text alone: the lines of code around it may show what should not be seen.
            self.log.warning("redact", "redact raised %s: an event is lost", type(error).__name__)
            raise DropEvent("redact_failed") from None

    def _put(self, item: Any, consent: Consent | None) -> None:
        if consent and not may_keep(consent):
            self.sink.put(item, keep=False)
        else:
            (self._sink or self.sink).put(item)

    def _is_readable(self, event: Event) -> bool:
        """Whether a collector could read what the steps made, such as a ``user_id`` of 42."""
        try:
            decode(encode(event))
        except Exception as error:
            self.log.warning("invalid", "before_send made an event that is none", error=error)
            return False
        return True

    def _fit(self, event: Event) -> None:
        """Take out the largest values until the event is within its limit, and count them."""
        excess = len(encode(event)) - MAX_EVENT_BYTES
        if excess > 0 and any(type(wish) is not bool for wish in event.integrations.values()):
            # Who may have it stands, whatever else goes; only options of destinations are left out.
            event.integrations = {name: bool(wish) for name, wish in event.integrations.items()}
            self.trimmed.count("event_size")
            excess = len(encode(event)) - MAX_EVENT_BYTES
        while excess > 0:
            home = max((event.properties, event.traits, event.context), key=lambda d: len(repr(d)))
            if not home:
                return
            del home[max(home, key=lambda key: len(repr(home[key])))]
            self.trimmed.count("event_size")
            excess = len(encode(event)) - MAX_EVENT_BYTES

    def send_signal(self, name: str, **facts: Any) -> None:
        """Send a signal if anyone listens; a receiver that raises is logged."""
        signal = signals.BY_NAME[name]
        for receiver in signal.receivers_for(self._sender) if signal.receivers else ():
            try:
                receiver(self._sender, **facts)
            except Exception as error:
                self.log.warning(f"signal {name}", "a receiver of %s raised", name, error=error)

    def listens(self, name: str) -> bool:
        """Whether anyone listens to a signal."""
        return bool(signals.BY_NAME[name].receivers)

    def count_dropped(self, reason: str) -> None:
        """Count an event that goes no further, and say so."""
        self._dropped.count(reason)
        self.send_signal("event_dropped", collector=None, reason=reason, count=1)

    def stats(self) -> dict[str, Any]:
        """Every counter: see ``Analytics.stats``."""
        stats = self.sink.stats()
        for reason, count in self._dropped.summary().items():
            stats["dropped"][reason] = stats["dropped"].get(reason, 0) + count
        stats["trimmed"] = self.trimmed.summary()
        stats["refused"] = self.refused.summary()
        return stats


def _step(before: Event, step: Step) -> Event:
    """What a step makes of an event. Its id and its time are not lost on the way."""
    event = step(before)
    event.message_id = event.message_id or before.message_id
    event.timestamp = event.timestamp or before.timestamp
    return event
