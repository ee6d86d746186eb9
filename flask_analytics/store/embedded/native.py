"""What gevent replaces in a patched process, as the operating system has it.

The store works in threads of the hub's pool, where waiting natively is right and where gevent's
own kind would start another hub.
"""

from __future__ import annotations

from typing import Any

from gevent import monkey

start_thread = monkey.get_original("_thread", "start_new_thread")
sleep = monkey.get_original("time", "sleep")
waitpid = monkey.get_original("os", "waitpid")
poll = monkey.get_original("select", "poll")


def posix_spawn(*args: Any, **options: Any) -> int:
    """Start a process. gevent's own, since 26.9, watches the child from the hub's loop, which a
    thread of a pool has not."""
    pid: int = monkey.get_original("os", "posix_spawn")(*args, **options)
    return pid
