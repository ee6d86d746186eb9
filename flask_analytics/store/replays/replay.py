"""Sends what a store has to one collector again: batch after batch, by the collector's own lane.

Retry, splitting, the breaker and the verdicts are delivery's: the replay only hands events over
and waits until each has ended. Then the bookmark moves. A kill in between makes the destination
see the events of one batch again, with the message ids that they have always had.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

from ...errors import AnalyticsError
from ...event import Event, decode
from ...metrics.window import Range, micros, moment
from ..base import Store
from ..bookmark import Bookmark, Sent
from .choice import Choice
from .report import Report

#: Events that are looked at between two moves of the bookmark, if none of them is sent.
STRIDE = 5_000

#: Seconds between two looks at a destination that takes its time.
TURN = 0.5

#: Seconds without any progress after which the destination is given up for now: twice what it may
#: ask a lane to wait (``delivery.retry.MAX_RETRY_AFTER``).
PATIENCE = 600.0

#: What marks an event of a replay, in its context.
BACKFILL = "backfill"


class Delivery(Protocol):
    """The part of a dispatcher that a replay needs; it has one lane."""

    def put(self, item: Any) -> None: ...

    def flush(self, timeout: float) -> bool: ...

    def stats(self) -> dict[str, Any]: ...


class Stopped(AnalyticsError):
    """The destination takes nothing now. What was sent is marked: the same replay goes on."""


class Replay:
    """Sends the events of a range.

    :param to: the lane's name.
    :param lane: None: nothing is sent, the report tells what would be.
    :param batch: events that are handed over at once.
    :param rate: events a second, at most; None: as fast as the destination takes them.
    :param on_progress: called with the time that it has come to, and a word about the lane.
    :param clock: monotonic seconds.
    :param wait: waits so many seconds.
    """

    def __init__(
        self,
        source: Store,
        choice: Choice,
        report: Report,
        *,
        to: str,
        lane: Delivery | None,
        bookmark: Bookmark[Sent],
        batch: int = 100,
        rate: float | None = None,
        on_progress: Callable[[datetime, str], None] = lambda at, state: None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._source, self._choice, self.report = source, choice, report
        self._to, self._lane, self._bookmark = to, lane, bookmark
        self._size = batch if rate is None else max(1, min(batch, int(rate)))
        self._rate, self._on_progress = rate, on_progress
        self._clock, self._wait = clock, wait
        self._batch: list[Event] = []
        self._mark = Sent()
        self._began, self._sent = 0.0, 0

    def run(self, span: Range) -> Report:
        """From the bookmark to the end of the range.

        :raises Stopped: the destination takes nothing. The report and the bookmark stand.
        :raises StoreError: the store cannot be read now; the same.
        """
        self._mark = self._bookmark.read() or Sent(to=self._to, until=span.end_us)
        if self._mark.report:
            self.report.restore(self._mark.report)
        if self._mark.is_done:
            return self.report
        self._began = self._clock()
        at = span.start
        for event, us in self._left(span):
            at = moment(us)
            self._look_at(event, at)
            if len(self._batch) >= self._size or self.report.events % STRIDE == 0:
                self._send(at)
                self._move(us, event.message_id)
        self._send(at)
        self.report.is_done = self._mark.is_done = True
        self._move(self._mark.at, self._mark.message_id)
        return self.report

    def _left(self, span: Range) -> Iterator[tuple[Event, int]]:
        """The events behind the bookmark, in the order that every store has: by time, then id."""
        mark = self._mark
        start = span.start if mark.at is None else max(span.start, moment(mark.at))
        for body in self._source.events(Range(start, moment(mark.until), span.zone)):
            event = decode(body)
            assert event.timestamp is not None, "no store takes an event without a time"
            us = micros(event.timestamp)
            if mark.at is None or (us, event.message_id) > (mark.at, mark.message_id):
                yield event, us

    def _look_at(self, event: Event, at: datetime) -> None:
        report = self.report
        report.events += 1
        if not self._choice.asks_for(event):
            report.passed_over += 1
        elif reason := self._choice.why_not(at):
            report.skip(reason)
        else:
            event.context = {**event.context, BACKFILL: True}
            self._batch.append(event)

    def _send(self, at: datetime) -> None:
        """Hand the batch over, and wait until all of it has ended."""
        batch, self._batch = self._batch, []
        if batch and self._lane is not None:
            before = self._ledger(self._lane)
            for event in batch:
                self._lane.put(event)
            self._settle(self._lane, at)
            self.report.settle(before, self._ledger(self._lane), len(batch))
        else:
            self.report.sent += len(batch)
        for event in batch[:1] + batch[-1:]:
            self.report.see(event.timestamp or at)
        self._on_progress(at, "")
        self._pace(len(batch))

    def _settle(self, lane: Delivery, at: datetime) -> None:
        known, since = self._ledger(lane), self._clock()
        while not lane.flush(TURN):
            now = self._ledger(lane)
            self._on_progress(at, f"{now['state']} {now['reason'] or ''}".strip())
            if now["state"] == "misconfigured":
                raise Stopped(
                    f"{self._to} takes nothing ({now['reason']}): its address or its keys are wrong"
                )
            if now["pending"] != known["pending"]:
                known, since = now, self._clock()
            elif self._clock() - since > PATIENCE:
                raise Stopped(
                    f"{self._to} took nothing for {PATIENCE:.0f} seconds ({now['reason']})"
                )

    def _ledger(self, lane: Delivery) -> dict[str, Any]:
        found: dict[str, Any] = lane.stats()["collectors"][self._to]
        return found

    def _pace(self, count: int) -> None:
        """Wait as long as the rate asks for."""
        self._sent += count
        if self._rate is not None and self._lane is not None:
            early = self._began + self._sent / self._rate - self._clock()
            if early > 0:
                self._wait(early)

    def _move(self, us: int | None, message_id: str) -> None:
        if self._lane is None:
            return
        self._mark.at, self._mark.message_id = us, message_id
        self._mark.report = self.report.plain()
        self._bookmark.write(self._mark)


def until_of(bookmark: Bookmark[Sent]) -> datetime | None:
    """Where a replay that was begun ends."""
    mark = bookmark.read()
    return datetime.fromtimestamp(mark.until / 1_000_000, UTC) if mark else None
