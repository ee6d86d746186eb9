"""A child process of our own, from whatever server this is: no shell, no pipes, no zombie.

``subprocess`` is gevent's in a patched process and wants its hub; the system's
``posix_spawn`` asks nobody.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import StoreError
from . import native

#: A server may ignore or block these; a child would inherit that.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE, signal.SIGHUP)


def spawn(module: str, arguments: Sequence[str]) -> int:
    """Run a module of the same installation in a new process. Returns its id.

    :raises StoreError: there is no interpreter, or no process is to be had.
    """
    command = [interpreter(), "-P", "-m", module, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    nothing = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in range(3)]
    try:
        return native.posix_spawn(
            command[0], command, environment, file_actions=nothing, setpgroup=0,
            setsigmask=(), setsigdef=_SIGNALS,
        )  # fmt: skip
    except OSError as error:
        raise StoreError(f"no process for {command[0]} -m {module}: {error}") from error


def interpreter() -> str:
    """Python itself: inside uWSGI ``sys.executable`` is the server, or nothing."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = [Path(sys.executable)] if Path(sys.executable or "-").name.startswith("python") else []
    homes = (sys.exec_prefix, sys.base_exec_prefix)
    others = [Path(home, "bin", name) for home in homes for name in (version, "python3", "python")]
    for candidate in own + others:
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise StoreError(
        f"no Python interpreter beside {sys.exec_prefix}: run 'flask analytics seal' regularly"
    )


def close_all() -> None:
    """In the child: let go of the sockets that a server made for its own children."""
    os.closerange(3, 65_536)
