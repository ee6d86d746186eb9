"""The folder that the processes of an application share: journals, counts, dead letters.

They need ``flock``, which Windows has not: there everything stays in memory.
"""

from __future__ import annotations

import os
import re
import stat
import zlib
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
    import resource
except ImportError:
    fcntl = resource = None  # type: ignore[assignment]

#: Whether files can be locked here at all.
HAS_LOCKS = fcntl is not None

#: To lock a file: for this process alone, or together with other readers; never waiting.
ALONE = fcntl.LOCK_EX | fcntl.LOCK_NB if HAS_LOCKS else 0
TOGETHER = fcntl.LOCK_SH | fcntl.LOCK_NB if HAS_LOCKS else 0
FREE = fcntl.LOCK_UN if HAS_LOCKS else 0

#: Open files for journals, however many the system allows.
MOST_FILES = 4096


def lock(file: int, how: int) -> None:
    """Lock an open file. The kernel takes the lock back when the process dies in whatever way.

    ``flock`` and not ``fcntl`` locks: any ``close`` of the file would drop those.

    :raises OSError: somebody else has it.
    """
    fcntl.flock(file, how)


def most_files() -> int:
    """Open files that this process may have for its journals: an eighth of what the system gives
    it, because most of them are for the application's own connections."""
    if resource is None:
        return MOST_FILES
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if allowed < 0 else min(MOST_FILES, allowed // 8)


def file_prefix(app: str) -> str:
    """What the names of an application's files begin with; without the sign that ends it. Names
    that differ only in what no file name can hold get a sum to tell them apart."""
    name = re.sub(r"[^A-Za-z0-9_.]", "_", app)[:50] or "app"
    return name if name == app else f"{name[:41]}_{zlib.crc32(app.encode(errors='replace')):08x}"


def make(folder: Path) -> None:
    """Make the folder, for this user only.

    :raises OSError: it cannot be made, or not written; or anybody may put files into it.
    """
    if not folder.exists():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"  # people's data is not for repositories
        ignore.touch(0o600)
        ignore.write_text("*\n")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, "permission denied", str(folder))
    found = folder.stat()
    is_ours = not os.geteuid() or found.st_uid in (os.geteuid(), 0)
    if not is_ours or found.st_mode & stat.S_IWOTH:
        raise PermissionError(1, "others may write it: chown and chmod 700", str(folder))


def give(file: int, folder: Path) -> None:
    """Let a file that root has made, from a shell or before it became somebody else, belong to
    whom the folder belongs to: no worker could adopt it otherwise."""
    if not os.geteuid():
        owner = folder.stat()
        with suppress(OSError):  # a root without that right
            os.fchown(file, owner.st_uid, owner.st_gid)
