"""Code that is not ours and misbehaves: it harms neither other collectors nor the process."""

from __future__ import annotations

import pytest

from .actors import Destination
from .scripts import delivered, run

pytestmark = pytest.mark.deploy


def test_a_stuck_collector_costs_the_deadline_and_no_more(destination: Destination) -> None:
    """Nothing can end a thread that sleeps in C; the process leaves without it."""
    ended = run(
        """
        class Stuck(Collector):
            def collect(self, event):
                time.sleep(30)

        set_up(Stuck(), timeout=1)
        emit("main", 10)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 10}


def test_a_collector_that_blocks_the_event_loop_cannot_keep_the_process(
    destination: Destination,
) -> None:
    """It said that it cooperates and does not: events may be lost, time is not."""
    ended = run(
        """
        class Liar(Collector):
            blocking = False

            def collect(self, event):
                time.sleep(30)

        set_up(Liar(), timeout=1)
        emit("main", 10)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(3)


@pytest.mark.parametrize("is_blocking", [True, False], ids=["blocking", "cooperative"])
@pytest.mark.parametrize(
    "what", ["SystemExit()", "KeyboardInterrupt()", "gevent.GreenletExit()", "RuntimeError()"]
)
def test_a_collector_that_raises_anything_harms_itself_only(
    destination: Destination, what: str, is_blocking: bool
) -> None:
    """One collector for each method that raises; the good one has every event in the end."""
    ended = run(
        f"""
        import gevent

        def raises(self, *args):
            raise {what}

        def bad(method):
            kept = {{"blocking": {is_blocking}, "collect": lambda self, event: None}}
            return type(method, (Collector,), {{**kept, method: raises}})()

        set_up(*map(bad, ["start", "collect", "flush", "close", "accepts"]), timeout=0.5)
        emit("main", 5)
        time.sleep(0.2)
        emit("later", 5)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 5, "later": 5}


def test_a_collector_that_exits_in_a_thread_harms_nobody(destination: Destination) -> None:
    """Not even itself: Python ends that thread and says nothing."""
    ended = run(
        """
        class Leaver(Collector):
            def collect(self, event):
                threading.Thread(target=sys.exit).start()

        set_up(Leaver(), timeout=1)
        emit("main", 10)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 10}


@pytest.mark.parametrize("what", ["SystemExit()", "KeyboardInterrupt()", "RuntimeError()"])
def test_a_receiver_that_raises_anything_harms_nobody(destination: Destination, what: str) -> None:
    """Receivers of signals are the application's code, called while events are on their way."""
    ended = run(
        f"""
        from flask_analytics.signals import batch_delivered

        class Good(Collector):
            def collect(self, event):
                pass

        @batch_delivered.connect
        def receive(sender, **facts):
            raise {what}

        analytics = set_up(Good(), timeout=1)
        emit("main", 5)
        analytics.flush()
        emit("later", 5)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 5, "later": 5}
