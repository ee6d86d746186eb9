"""In a process patched by gevent, waiting for delivery lets the application's greenlets run."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Ticks while flush waits for a destination that never answers; a frozen loop would not tick.
STORY = """
from gevent import monkey
monkey.patch_all()
import warnings
warnings.simplefilter("error")
import gevent
from flask_analytics import Event
from flask_analytics.collectors import MemoryCollector, WebhookCollector
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.testing import Answer, FakeDestination

ticks = 0

def tick():
    global ticks
    while True:
        gevent.sleep(0.01)
        ticks += 1

with FakeDestination() as destination:
    destination.answers.extend([Answer(is_silent=True)] * 9)
    memory = MemoryCollector()
    dispatcher = Dispatcher(
        {"hanging": WebhookCollector(destination.url, batch_size=1), "memory": memory},
        complete=lambda item: item,
    )
    greenlet = gevent.spawn(tick)
    dispatcher.put(Event(event_name="a"))
    assert not dispatcher.flush(0.5)
    assert len(memory.events) == 1
    assert not dispatcher.close(0.3)
    greenlet.kill()
print(ticks)
"""


@pytest.mark.slow
def test_flush_in_a_patched_process_freezes_nobody() -> None:
    """A request that flushes waits alone."""
    result = subprocess.run(
        [sys.executable, "-c", STORY], capture_output=True, text=True, timeout=30
    )

    assert result.stderr.strip() == "collector hanging lost 1 events: shutdown"
    assert int(result.stdout) > 30
