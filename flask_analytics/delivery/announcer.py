"""Tells listeners what happened to events, outside the event loop's thread.

A receiver is the application's code: it may be slow. It must hold up neither the event loop nor
a request, and the more there is to tell, the less a late word is worth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent

from . import hub

Send = Callable[..., None]

#: Words that may wait for slow receivers; the oldest go.
MAX_WAITING = 1000


class Announcer:
    """Sends signals in order, in a thread that is neither the hub's nor a request's.

    :param send: sends a signal: its name, then its arguments. Must not raise.
    :param listens: whether anyone listens to the signal of that name.
    """

    def __init__(self, send: Send, listens: Callable[[str], bool]) -> None:
        self._send = send
        self._listens = listens
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MAX_WAITING)
        self._speaker: gevent.Greenlet | None = None

    def __call__(self, name: str, **facts: Any) -> None:
        """Tell whoever listens to the signal ``name``."""
        if not self._listens(name):
            return
        self._waiting.append((name, facts))
        thread = hub.current()
        if thread.is_own_thread():
            self._begin()
        else:
            thread.call(self._begin)

    def _begin(self) -> None:
        if self._speaker is None or self._speaker.dead:
            self._speaker = gevent.spawn(self._speak)

    def _speak(self) -> None:
        threads = gevent.get_hub().threadpool  # those for DNS: they run already, also at the end
        while self._waiting:
            name, facts = self._waiting.popleft()
            threads.spawn(self._quietly, name, **facts).wait()

    def _quietly(self, name: str, **facts: Any) -> None:
        try:
            self._send(name, **facts)
        except BaseException:  # a receiver that tries to exit: only errors are logged
            pass
