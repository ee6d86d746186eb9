"""How a destination fails: one function for each mode of ``server.py``, chosen by the path."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

#: Seconds between two bytes of ``drip``, and how many bytes it promises.
DRIP_PAUSE, DRIP_LENGTH = 0.05, 100_000

#: Bytes of the answer of ``flood``.
FLOOD = 200 * 1024 * 1024

Mode = Callable[[Any, str], None]


def good(handler: Any, argument: str) -> None:
    """Keep the events and say so; with an argument only after so many seconds."""
    time.sleep(float(argument or 0))
    handler.keep(*handler.batch())
    handler.answer(200)


def status(handler: Any, argument: str) -> None:
    """Always that status; keep nothing."""
    handler.answer(int(argument))


def hang(handler: Any, argument: str) -> None:
    """Never answer."""
    threading.Event().wait()


def drip(handler: Any, argument: str) -> None:
    """Answer 200 a byte at a time, for longer than anybody waits."""
    handler.begin(DRIP_LENGTH)
    for _ in range(DRIP_LENGTH):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(DRIP_PAUSE)


def picky(handler: Any, argument: str) -> None:
    """400 whenever one of the events is called ``bad``; does not say which."""
    if any(event["event_name"] == "bad" for event in handler.batch()):
        handler.answer(400)
    else:
        good(handler, "")


def small(handler: Any, argument: str) -> None:
    """413 above that many bytes."""
    if len(handler.request_.body.encode()) > int(argument):
        handler.answer(413)
    else:
        good(handler, "")


def redirect(handler: Any, argument: str) -> None:
    """Send elsewhere, on this server: a client that follows leaves a request there."""
    token = handler.path.split("/")[1]
    handler.answer(int(argument), Location=f"/{token}/good")


def flood(handler: Any, argument: str) -> None:
    """Keep the events and answer with 200 MB."""
    handler.keep(*handler.batch())
    handler.request_.status = 200
    handler.begin(FLOOD)
    piece = b"x" * 1024 * 1024
    for _ in range(FLOOD // len(piece)):
        handler.wfile.write(piece)


def endless(handler: Any, argument: str) -> None:
    """Ask for more and more, and never come to the answer."""
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 4000)


def broken(handler: Any, argument: str) -> None:
    """Keep the events and answer 200; the first time the answer stops in the middle.

    ``reset``: with a reset of the connection, ``cut``: with an end that looks orderly, ``stall``:
    with silence.
    """
    handler.keep(*handler.batch())
    if handler.story.memory.setdefault("was broken", False):
        handler.answer(200)
        return
    handler.story.memory["was broken"] = True
    handler.begin(1000)
    handler.wfile.write(b"x" * 10)
    handler.wfile.flush()
    if argument == "stall":
        hang(handler, "")
    time.sleep(0.05)  # the head has arrived
    if argument == "reset":
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.rfile.close()
        handler.connection.close()
    handler.close_connection = True


def each(handler: Any, argument: str) -> None:
    """200, with a word for each event: ``bad`` is refused, ``later`` only taken the second time."""
    known = handler.story.memory.setdefault("known", set())
    words = []
    for event in handler.batch():
        name = event["event_name"]
        is_late = name.startswith("later") and name not in known
        known.add(name)
        words.append("refused" if name == "bad" else "later" if is_late else "taken")
        if words[-1] == "taken":
            handler.keep(event)
    handler.answer(200, words)


def silent(handler: Any, argument: str) -> None:
    """202 and a header that says how many events were not taken: all that are called ``bad``."""
    good_ones = [event for event in handler.batch() if event["event_name"] != "bad"]
    handler.keep(*good_ones)
    handler.answer(202, X_Dropped=str(len(handler.batch()) - len(good_ones)))


def scripted(handler: Any, argument: str) -> None:
    """The next answer of the script: ``status``, ``headers``, and seconds of ``delay``."""
    with handler.story.lock:
        script = handler.story.script
        answer = script.popleft() if script else {}
    time.sleep(answer.get("delay", 0))
    code = answer.get("status", 200)
    if 200 <= code < 300:
        handler.keep(*handler.batch())
    if code == 0:  # hang up without a word
        handler.close_connection = True
        return
    handler.answer(code, **answer.get("headers", {}))


MODES: dict[str, Mode] = {
    mode.__name__: mode
    for mode in (
        good, status, hang, drip, picky, small, redirect, flood, endless, broken, each, silent,
        scripted,
    )
}  # fmt: skip
