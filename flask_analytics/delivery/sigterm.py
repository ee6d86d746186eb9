"""SIGTERM for servers that die of it at once: flask run, waitress, plain scripts.

Python ends a process at SIGTERM without its exit hooks, so what waits is neither delivered nor
counted. With ANALYTICS_SIGTERM the process leaves by ``SystemExit`` instead, through all of them.
"""

from __future__ import annotations

import signal
import threading
import warnings
from types import FrameType

#: What a shell reports of a process that SIGTERM has ended: 128 and the signal's number.
STATUS = 128 + signal.SIGTERM


def install() -> bool:
    """End this process through its exit hooks at SIGTERM; tell whether that will be so.

    It never takes a handler's place: gunicorn and uWSGI have their own, and end properly. Called
    where it cannot work, it warns and names the cure.
    """
    if threading.current_thread() is not threading.main_thread():
        return _warn("init_app runs in a thread, and Python takes handlers in the main one only")
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return signal.getsignal(signal.SIGTERM) is _leave or _warn("something else handles it")
    signal.signal(signal.SIGTERM, _leave)
    return True


def _leave(number: int, frame: FrameType | None) -> None:
    # A second one, from somebody without patience, ends it as ever.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise SystemExit(STATUS)


def _warn(why: str) -> bool:
    warnings.warn(
        f"ANALYTICS_SIGTERM has no effect: {why}. Leave it out if your server ends properly by "
        "itself, as gunicorn and uWSGI do; else call analytics.close() in your own handler",
        RuntimeWarning,
        stacklevel=4,
    )
    return False
