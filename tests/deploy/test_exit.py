"""The end of a process: events still arrive, and no destination can hold the process up."""

from __future__ import annotations

import pytest

from .actors import Destination
from .scripts import delivered, either, run

pytestmark = pytest.mark.deploy


@either
def test_a_hanging_destination_costs_the_deadline_and_no_more(
    destination: Destination, is_patched: bool
) -> None:
    """The other collector's events are delivered meanwhile."""
    ended = run(
        """
        set_up(hanging(), timeout=1)
        emit("main", 10)
        leave()
        """,
        destination,
        is_patched=is_patched,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 10}
    assert destination.arrivals()["/hang"] >= 1


@pytest.mark.parametrize("path", ["/drip", "/500"])
def test_a_destination_that_never_finishes_costs_no_more_either(
    destination: Destination, path: str
) -> None:
    """An answer that drips, or one that always says to come back later."""
    ended = run(
        f"""
        set_up(WebhookCollector(destination + "{path}", flush_interval=0.01), timeout=1)
        emit("main", 10)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 10}


def test_the_end_finds_what_came_while_the_queue_was_read(destination: Destination) -> None:
    """Events and the end may come while the event loop is busy with the event before them."""
    ended = run(
        """
        begun = threading.Event()

        class Slow(Collector):
            blocking = False

            def accepts(self, event):
                begun.set()
                time.sleep(0.2)
                return True

            def collect(self, event):
                pass

        set_up(Slow(), timeout=3)
        emit("main")
        begun.wait()
        emit("main", 2)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 3}


def test_names_can_be_looked_up_after_a_pause(destination: Destination) -> None:
    """gevent ends idle threads, and Python 3.12 starts no new ones while it exits."""
    ended = run(
        """
        from gevent import config

        config.threadpool_idle_task_timeout = 0.1
        set_up()
        emit("main")
        time.sleep(0.5)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert delivered(destination) == {"main": 1}


@either
def test_a_thread_that_outlives_main_is_heard(destination: Destination, is_patched: bool) -> None:
    """Python waits for such threads, so their events count."""
    ended = run(
        """
        set_up()
        emit("main")

        def late():
            time.sleep(0.3)
            emit("late")

        threading.Thread(target=late).start()
        """,
        destination,
        is_patched=is_patched,
    )

    assert ended.is_clean()
    assert delivered(destination) == {"main": 1, "late": 1}


@pytest.mark.parametrize("first", ["emit('main')", "pass"], ids=["after others", "first of all"])
def test_an_event_of_an_exit_hook_never_raises(destination: Destination, first: str) -> None:
    """It may come after our own hook, or start everything; delivered or not, it is silent."""
    ended = run(
        f"""
        import atexit

        atexit.register(emit, "before ours")
        set_up()
        {first}
        atexit.register(emit, "after ours")
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)


def test_leaving_a_busy_event_loop_crashes_nothing(destination: Destination) -> None:
    """The thread still runs while the interpreter is taken down around it."""
    ended = run(
        """
        set_up(hanging(), WebhookCollector(destination + "/drip", flush_interval=0.01), timeout=0)
        emit("main", 500)
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.left_within(2)


def test_the_request_that_starts_the_thread_is_let_go(destination: Destination) -> None:
    """A thread inherits the context it is started in, and would keep that request for ever."""
    ended = run(
        """
        import gc
        import weakref

        from flask import request
        from stage import app
        from werkzeug.test import EnvironBuilder

        analytics = set_up()
        requests = []

        @app.get("/")
        def index():
            requests.append(weakref.ref(request._get_current_object()))
            return "<p>first</p>"

        def visit():
            answer = app.wsgi_app(EnvironBuilder("/").get_environ(), lambda *args: None)
            list(answer)
            answer.close()

        visit()
        assert analytics.flush()
        gc.collect()
        print("request is", "kept" if requests[0]() else "let go")
        """,
        destination,
    )

    assert ended.is_clean()
    assert "request is let go" in ended.stdout
