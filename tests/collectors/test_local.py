"""Memory and standard output."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from flask_analytics.collectors import (
    MemoryCollector,
    StdoutCollector,
)

from .actors import Deliver


def test_memory_keeps_the_newest(deliver: Deliver) -> None:
    """The oldest go first; clear forgets all."""
    memory = MemoryCollector(maxlen=2)
    deliver(memory, "a", "b", "c")

    assert [event.event_name for event in memory.events] == ["b", "c"]
    memory.clear()
    assert len(memory.events) == 0


@pytest.fixture
def stdout_logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("flask_analytics.stdout")
    _reset(logger)  # a collector of another test may have set it up
    yield logger
    _reset(logger)


def _reset(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def test_stdout_is_one_json_line_an_event(
    deliver: Deliver, stdout_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through logging, on standard output, without delay."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)

    deliver(StdoutCollector(), "a", "b")

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event_name"] for line in lines] == ["a", "b"]


def test_stdout_respects_the_applications_logging(
    deliver: Deliver, stdout_logger: logging.Logger
) -> None:
    """A handler of the application's is used instead of ours."""
    out = io.StringIO()
    stdout_logger.addHandler(logging.StreamHandler(out))
    stdout_logger.setLevel(logging.INFO)
    stdout_logger.propagate = False

    deliver(StdoutCollector(), "a")

    assert json.loads(out.getvalue())["message_id"] == "id-a"
    assert len(stdout_logger.handlers) == 1
