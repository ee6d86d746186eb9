"""Collectors of the parity tests that behave badly, or write down what is done with them."""

from __future__ import annotations

from flask_analytics import Collector, Event
from flask_analytics.collectors import BatchCollector
from flask_analytics.collectors.base import Batch
from flask_analytics.delivery.retry import RetryPolicy


class Raising(BatchCollector):
    """Raises what it is given, once; counts its calls."""

    flush_interval = 0.01

    def __init__(self, *errors: BaseException) -> None:
        super().__init__(name="raising", retry=RetryPolicy(base=0.01, cap=0.05))
        self.errors, self.calls = list(errors), 0

    def send(self, batch: Batch) -> None:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


class Diary(Collector):
    """Writes down what is done with it; raises where it is told to."""

    name = "diary"

    def __init__(self, *raising: str) -> None:
        self.raising = raising
        self.lines: list[str] = []

    def collect(self, event: Event) -> None:
        self._note(event.name)

    def flush(self) -> None:
        self._note("flush")

    def close(self) -> None:
        self._note("close")

    def _note(self, line: str) -> None:
        self.lines.append(line)
        if line in self.raising:
            raise RuntimeError(f"{line} does not work")


class Spoiler(Collector):
    """Changes what it is given."""

    name = "spoiler"
    blocking = False

    def collect(self, event: Event) -> None:
        event.properties.clear()
        event.event_name = "spoiled"
