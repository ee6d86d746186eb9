"""Where questions are answered: a few at a time, and never in a patched process's loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from flask_analytics.delivery import latch
from flask_analytics.errors import QuestionError, StoreError
from flask_analytics.store import run
from flask_analytics.store.memory import MemoryStore


class Slow(MemoryStore):
    """Answers when it is told to, and counts who is being answered."""

    def __init__(self) -> None:
        super().__init__()
        self.go = latch.Native()
        self.inside = 0
        self.most = 0
        self.threads: set[int] = set()

    def answer(self, question: Any) -> Any:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.threads.add(latch.monkey.get_original("_thread", "get_ident")())
        assert self.go.wait(30)
        self.inside -= 1
        return question


class Quick(MemoryStore):
    """Answers by a function."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.answer = function  # type: ignore[method-assign]


def fail(error: Exception) -> Any:
    raise error


def start(store: Slow, turns: run.Turns, answers: list[Any], question: int) -> threading.Thread:
    """Ask in a thread of its own; under gevent a greenlet."""

    def ask() -> None:
        try:
            answers.append(run.answer(store, question, 30.0, turns))
        except StoreError as error:
            answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let others run until something is so."""
    pause = threading.Event()
    for _ in range(3000):
        if is_so():
            return
        pause.wait(0.01)
    pytest.fail("it never came to that")


def test_answers_and_errors_pass_through() -> None:
    """What the store gives or raises is what the asker gets."""
    assert run.answer(Quick(lambda question: question + 1), 1) == 2
    for error in (QuestionError("from", "no"), StoreError("later"), KeyError("x")):
        with pytest.raises(type(error)) as caught:
            run.answer(Quick(lambda question, error=error: fail(error)), 1)
        assert caught.value is error


def test_errors_are_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """A wrong question is no news for the server's log."""
    with pytest.raises(QuestionError):
        run.answer(Quick(lambda question: fail(QuestionError("from", "no"))), 1)

    assert capfd.readouterr().err == ""


def test_two_at_once_and_the_third_waits() -> None:
    """The third is answered when one of the first is done."""
    store, turns, answers = Slow(), run.Turns(2), []
    threads = [start(store, turns, answers, question) for question in range(4)]
    wait_until(lambda: store.inside == 2)

    store.go.set()
    for thread in threads:
        thread.join(30)

    assert sorted(answers) == [0, 1, 2, 3]
    assert store.most == 2


def test_who_waits_too_long_is_told() -> None:
    """A StoreError that says when to come back; the turn of the others is theirs still."""
    store, turns, answers = Slow(), run.Turns(1), []
    thread = start(store, turns, answers, 1)
    wait_until(lambda: store.inside == 1)

    with pytest.raises(run.Busy, match="again soon") as caught:
        run.answer(store, 2, 0.0, turns)
    store.go.set()
    thread.join(30)

    assert caught.value.after > 0
    assert answers == [1]
    assert run.answer(store, 3, 0.0, turns) == 3


def test_an_error_ends_the_turn() -> None:
    """As many errors as one likes."""
    turns = run.Turns(1)
    for _ in range(3):
        with pytest.raises(StoreError, match="no"):
            run.answer(Quick(lambda question: fail(StoreError("no"))), 1, 0.0, turns)


@pytest.mark.skipif(not latch.is_patched(), reason="only a patched process has a loop to spare")
def test_a_patched_process_goes_on() -> None:
    """The loop's own thread answers nothing, and other greenlets run meanwhile."""
    import gevent

    store, turns, answers = Slow(), run.Turns(1), []
    thread = start(store, turns, answers, 1)
    wait_until(lambda: store.inside == 1)  # which only another greenlet can see
    store.go.set()
    thread.join(30)

    assert answers == [1]
    assert latch.monkey.get_original("_thread", "get_ident")() not in store.threads
    gevent.sleep(0)


@pytest.mark.skipif(not latch.is_patched(), reason="only greenlets are killed")
def test_a_killed_greenlet_keeps_its_turn_until_the_thread_is_done() -> None:
    """Else a server that gives up on requests would start more and more threads."""
    import gevent

    store, turns = Slow(), run.Turns(1)
    asking = gevent.spawn(run.answer, store, 1, 30.0, turns)
    wait_until(lambda: store.inside == 1)
    asking.kill()

    with pytest.raises(run.Busy):
        run.answer(store, 2, 0.0, turns)
    store.go.set()
    wait_until(lambda: store.inside == 0)

    assert run.answer(store, 3, 30.0, turns) == 3
