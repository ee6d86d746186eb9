"""Writers of several processes wait for each other without asking all the time.

A named pipe beside ``store.db``: whoever is done puts a byte in, one of those who wait takes it
and tries. It is a hint and no lock: SQLite decides who writes, a byte that is lost costs PAUSE,
and a process that is killed or stopped keeps nobody out.
"""

from __future__ import annotations

import contextlib
import os
import select
import stat
from pathlib import Path

from ...delivery.folder import give
from . import native

#: Milliseconds after which a writer tries without having been called.
PAUSE = 10

#: Milliseconds between two tries where the file system has no pipes.
PAUSE_WITHOUT = 1

#: What a pipe holds: calls that nobody heard are cleared at once.
ALL = 65_536


class Turn:
    """Whose turn it is to write into one file. For any thread, and for a forked child."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pipe: int | None = None

    def wait(self) -> None:
        """Return when it is worth a try."""
        pipe = self._open()
        if pipe is None:
            native.sleep(PAUSE_WITHOUT / 1000)
            return
        poll = native.poll()
        poll.register(pipe, select.POLLIN)
        while poll.poll(PAUSE):
            with contextlib.suppress(BlockingIOError):  # another one was faster
                os.read(pipe, ALL)
                return

    def end(self) -> None:
        """Call one of those who wait."""
        pipe = self._open()
        if pipe is not None:
            with contextlib.suppress(OSError):  # full: nobody waits
                os.write(pipe, b".")

    def close(self) -> None:
        """Let go of the pipe."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            os.close(pipe)

    def _open(self) -> int | None:
        """The pipe; None: there can be none, or a copied folder has a file there. Two threads
        at once may open it: one is kept."""
        if self._pipe is not None:
            return self._pipe
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self._path, 0o600)
            pipe = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            give(pipe, self._path.parent)
            if self._pipe is None and stat.S_ISFIFO(os.fstat(pipe).st_mode):
                self._pipe = pipe
            else:
                os.close(pipe)
        return self._pipe
