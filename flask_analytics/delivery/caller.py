"""Calls into one collector: with a time limit, and in threads of its own if it blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.threadpool import ThreadPool

from ..collectors.base import (
    DELIVERED,
    Batch,
    BatchCollector,
    Collector,
    Misconfigured,
    Rejected,
    Retry,
    Verdict,
)
from ..guard import inside
from ..log import QuietLog
from .hub import LATE_THREADS
from .verdicts import Timeout, of_answer, of_error


class Caller:
    """Everything that runs a collector's own code.

    :param set_state: told ``stuck`` while a blocking call does not come back, then ``ok``.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        collector: Collector,
        name: str,
        *,
        log: QuietLog,
        set_state: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.collector = collector
        self._name = name
        self._log = log
        self._set_state = set_state
        self._clock = clock
        self._threads: ThreadPool | None = None
        #: When everything has to be over, once the end has begun.
        self.deadline: float | None = None
        self.is_closing = False

    def open(self) -> None:
        """Start the threads. Apart from the constructor, because they belong to one thread."""
        if self.collector.blocking:
            self._threads = ThreadPool(self.collector.max_inflight)
            if not LATE_THREADS:
                self._threads.size = self._threads.maxsize

    def attempt(self, batch: Batch) -> Sequence[Verdict]:
        """Let the collector try to deliver a batch."""
        if not isinstance(self.collector, BatchCollector):
            return self._one_by_one(batch)
        try:
            verdicts = of_answer(self.call(self.collector.send, batch), len(batch))
        except BaseException as error:
            return [self._verdict(error)] * len(batch)
        self._tell(verdicts)
        return verdicts

    def _tell(self, verdicts: Sequence[Verdict]) -> None:
        """Say why a destination that answers does not take what it is sent."""
        for verdict in verdicts:
            if isinstance(verdict, Misconfigured):
                self._log.warning(
                    f"misconfigured {self._name}",
                    "collector %s: %s: it takes nothing until its address or its keys are right; "
                    "events wait",
                    self._name,
                    verdict.reason,
                )
                return
            if isinstance(verdict, Retry):
                self._log.warning(
                    f"retry {self._name}", "collector %s: %s", self._name, verdict.reason
                )
                return

    def _one_by_one(self, batch: Batch) -> Sequence[Verdict]:
        """Collect in order, each event a call of its own; after one that must wait, the others
        wait too. Cut off by the end, it still tells what is done."""
        verdicts: list[Verdict] = []
        for event in batch:
            try:
                self.call(self.collector.collect, event)
                verdicts.append(DELIVERED)
            except gevent.GreenletExit as error:
                verdict = Retry("shutdown") if self.is_closing else self._verdict(error)
                return [*verdicts, *[verdict] * (len(batch) - len(verdicts))]
            except BaseException as error:
                verdict = self._verdict(error)
                if isinstance(verdict, Retry):
                    return [*verdicts, *[verdict] * (len(batch) - len(verdicts))]
                verdicts.append(verdict)
        return verdicts

    def call(self, function: Callable[..., Any], *args: Any, patient: bool = True) -> Any:
        """Call into the collector, in a thread if it blocks, else with a time limit.

        Nothing can end a thread: a patient caller waits on, so that no event is sent twice.
        """
        limit = self.collector.timeout
        if self.deadline is not None:
            limit = max(0.01, min(limit, self.deadline - self._clock()))
        if self._threads is None:
            with gevent.Timeout(limit, Timeout), inside():
                return function(*args)
        with gevent.Timeout(None if patient else limit):  # stuck threads leave no room
            result = self._threads.spawn(_caught, function, *args)
        try:
            value, error = result.get(timeout=limit)
        except gevent.Timeout:
            self._set_state("stuck")
            if not patient:
                raise
            value, error = result.get()
            self._set_state("ok")
        if error is not None:
            raise error
        return value

    def _verdict(self, error: BaseException) -> Verdict:
        if self.is_closing and isinstance(error, gevent.GreenletExit):
            raise error
        verdict = of_error(error)
        if isinstance(verdict, Misconfigured):
            self._tell([verdict])
        elif isinstance(verdict, Rejected) and verdict.reason == "error":
            self._log.warning(
                f"collect {self._name}", "collector %s raised", self._name, error=error
            )
        elif isinstance(verdict, Retry):  # only the kind: the text may show an address with keys
            self._log.warning(
                f"retry {self._name}", "collector %s: %s", self._name, type(error).__name__
            )
        return verdict

    def quietly(self, function: Callable[[], None]) -> None:
        """Call something of the collector that may fail without consequences."""
        try:
            self.call(function, patient=False)
        except BaseException as error:
            self._log.warning(
                f"{function.__name__} {self._name}", "%s of collector %s failed: %s",
                function.__name__, self._name, type(error).__name__,
            )  # fmt: skip

    def kill(self, seconds: float) -> None:
        """End the threads; a stuck one stays until the process ends."""
        if self._threads is not None:
            with gevent.Timeout(max(0.01, seconds), False):
                self._threads.kill()


def _caught(function: Callable[..., Any], *args: Any) -> tuple[Any, BaseException | None]:
    """Run in a thread of a pool, which no exception may leave: SystemExit would end it."""
    try:
        with inside():
            return function(*args), None
    except BaseException as error:
        return None, error
