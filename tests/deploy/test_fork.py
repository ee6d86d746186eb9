"""Forks: what a parent and its children emit arrives, once, whoever forked and whenever."""

from __future__ import annotations

import json

import pytest

from .actors import Destination
from .scripts import delivered, either, run

pytestmark = pytest.mark.deploy


@either
def test_parent_and_forked_children_deliver_their_own(
    destination: Destination, is_patched: bool
) -> None:
    """What waits in the parent at a fork is the parent's alone; a child's events are its own."""
    ended = run(
        """
        set_up()
        emit("parent", 20)
        children = []
        for number in range(10):
            pid = os.fork()
            if pid == 0:
                emit(f"child {number}", 3)
                sys.exit()
            children.append(pid)
            emit("parent", 2)
        wait_for_children(*children)
        """,
        destination,
        is_patched=is_patched,
    )

    assert ended.is_clean()
    assert delivered(destination) == {"parent": 40} | {f"child {n}": 3 for n in range(10)}


def test_children_of_multiprocessing_deliver(destination: Destination) -> None:
    """They leave without atexit before Python 3.13, and with atexit emptied since."""
    ended = run(
        """
        import multiprocessing

        set_up()
        emit("parent", 5)
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=emit, args=(f"child {n}", 3)) for n in range(5)]
        for child in children:
            child.start()
        for child in children:
            child.join()
            assert child.exitcode == 0, child.exitcode
        """,
        destination,
    )

    assert ended.is_clean()
    assert delivered(destination) == {"parent": 5} | {f"child {n}": 3 for n in range(5)}


def test_a_grandchild_delivers(destination: Destination) -> None:
    """A child that has emitted may fork in its turn."""
    ended = run(
        """
        set_up()
        emit("parent")
        child = os.fork()
        if child == 0:
            emit("child")
            grandchild = os.fork()
            if grandchild == 0:
                emit("grandchild")
                sys.exit()
            wait_for_children(grandchild)
            sys.exit()
        wait_for_children(child)
        """,
        destination,
    )

    assert ended.is_clean()
    assert delivered(destination) == {"parent": 1, "child": 1, "grandchild": 1}


@either
def test_a_storm_of_forks_loses_and_doubles_nothing(
    destination: Destination, is_patched: bool
) -> None:
    """Four threads emit and another destination hangs while the process forks twelve times."""
    ended = run(
        """
        import json

        set_up(hanging(), timeout=2)
        is_over = threading.Event()
        home = os.getpid()

        def emit_on(who):
            while not is_over.is_set():
                if os.getpid() == home:  # greenlets, unlike threads, are copied
                    emit(who)
                time.sleep(0.001)

        threads = [threading.Thread(target=emit_on, args=(f"thread {n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        children = []
        for number in range(12):
            pid = os.fork()
            if pid == 0:
                emit(f"child {number}")
                sys.exit()
            children.append(pid)
            time.sleep(0.02)
        is_over.set()
        for thread in threads:
            thread.join()
        wait_for_children(*children)

        from stage import _emitted
        print(json.dumps(_emitted))
        """,
        destination,
        is_patched=is_patched,
    )

    assert ended.is_clean()
    emitted = next(json.loads(line) for line in ended.stdout.splitlines() if line[0] == "{")
    assert len(emitted) == 4
    assert delivered(destination) == emitted | {f"child {number}": 1 for number in range(12)}


def test_a_child_that_never_emits_leaves_at_once(destination: Destination) -> None:
    """It has no events, so nothing holds it up, not even a destination that hangs."""
    ended = run(
        """
        set_up(hanging(), timeout=10)
        emit("parent")
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            sys.exit()
        wait_for_children(child)
        print("child took", time.monotonic() - began)
        """,
        destination,
    )

    assert ended.is_clean()
    took = next(line for line in ended.stdout.splitlines() if line.startswith("child took"))
    assert float(took.split()[-1]) < 9  # the deadline of one that is held up: 10
    assert delivered(destination) == {"parent": 1}


def test_nothing_is_imported_first_in_our_threads(destination: Destination) -> None:
    """A fork in the middle of such an import leaves the child half a module, or a held lock.

    Several collectors, so that names are looked up, connections refused and handshakes fail.
    """
    ended = run(
        """
        home = threading.get_ident()

        def listen(name, arguments):
            if name == "import" and threading.get_ident() != home:
                os.write(2, f"imported elsewhere: {arguments[0]}\\n".encode())

        sys.addaudithook(listen)
        port = destination.rpartition(":")[2]
        addresses = {
            "localhost": f"http://localhost:{port}/events",
            "refused": "http://127.0.0.1:9/",
            "unknown": "http://nowhere.invalid/",
            "no-tls": f"https://localhost:{port}/",
            "failing": f"{destination}/500",
            "dripping": f"{destination}/drip",
        }
        analytics = set_up(
            *(WebhookCollector(url, name=name, flush_interval=0.01, timeout=0.5)
              for name, url in addresses.items()),
            timeout=1,
        )
        emit("parent")
        while analytics.stats()["collectors"]["localhost"]["delivered"] == 0:
            time.sleep(0.01)
        """,
        destination,
    )

    assert ended.is_clean()
