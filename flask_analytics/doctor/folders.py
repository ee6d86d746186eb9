"""The folder of journal, store and salt: whose it is, who can read it, where it lies."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from shlex import quote

from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "folder"

#: Files that are looked at.
MOST = 10_000

#: Where locks and SQLite's shared memory do not work, or not always
#: (https://www.sqlite.org/wal.html, "All processes using a database must be on the same host").
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "9p",
     "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse"}
)  # fmt: skip

#: What is gone after a restart.
FLEETING = {"tmpfs": "memory", "ramfs": "memory", "overlay": "the container's own layer"}

#: Bytes that should be free.
ROOM = 512 * 1024 * 1024


def check(patient: Patient) -> Iterator[Finding]:
    """Every way in which it could be lost, locked or read by others."""
    home = patient.home
    closed = list(_usable(home))
    found = [*_placed(patient), *_static(patient), *closed]
    if not closed and home.is_dir():
        found += [*_private(home), *_owned(home), *_room(home)]
    yield from found or [Finding(NAME, OK, f"{home} is private, writable and on a local disk.")]


def _usable(home: Path) -> Iterator[Finding]:
    nearest = next(one for one in (home, *home.parents) if os.path.lexists(one))
    if nearest.is_dir() and os.access(nearest, os.R_OK | os.W_OK | os.X_OK):
        return
    if nearest == home and home.is_dir():
        yield Finding(
            NAME, PROBLEM, f"{home} cannot be read and written by this user.",
            "Run this as the user that the application runs as; if it is, chown the folder.",
        )  # fmt: skip
    else:
        yield Finding(
            NAME, PROBLEM, f"{home} cannot be made, or not be reached, by this user: {nearest} is "
            "in the way.", "Set ANALYTICS_DIR to a folder that the application may write.",
        )  # fmt: skip


def _private(home: Path) -> Iterator[Finding]:
    """Directories 0700, files 0600."""
    open_ = [path for path in _all(home) if _mode(path) & 0o077]
    if open_:
        first = open_[0]
        yield Finding(
            NAME, PROBLEM, f"Others may get at {len(open_):,} of its files and folders, such as "
            f"{first} ({stat.S_IMODE(_mode(first)):o}).",
            f"chmod -R go= {quote(str(home))}",
        )  # fmt: skip


def _owned(home: Path) -> Iterator[Finding]:
    owner = home.stat().st_uid
    others = [path for path in _all(home) if _owner(path) not in (owner, None)]
    if others:
        yield Finding(
            NAME, PROBLEM, f"{len(others):,} files belong to another user than their folder, such "
            f"as {others[0]}: the application cannot write them.",
            "chown -R --reference={0} {0}".format(quote(str(home))),
        )  # fmt: skip


def _static(patient: Patient) -> Iterator[Finding]:
    app = patient.app
    served = [app.static_folder, *(one.static_folder for one in app.blueprints.values())]
    home = patient.home.resolve()
    for folder in filter(None, served):
        if home.is_relative_to(Path(folder).resolve()):
            yield Finding(
                NAME, PROBLEM, f"{patient.home} lies in the static folder {folder}: everybody can "
                "download every event.", "Set ANALYTICS_DIR to a folder that is not served.",
            )  # fmt: skip


def _placed(patient: Patient) -> Iterator[Finding]:
    kind = kind_of(patient.home, patient.mounts)
    if kind in NETWORK:
        yield Finding(
            NAME, PROBLEM, f"{patient.home} is on a network file system ({kind}), where locks and "
            "SQLite cannot be relied on.",
            "Set ANALYTICS_DIR to a local disk; several machines share ClickHouse as a store.",
        )  # fmt: skip
    elif kind in FLEETING:
        yield Finding(
            NAME, WARNING, f"{patient.home} is in {FLEETING[kind]} ({kind}): it ends with it.",
            "Set ANALYTICS_DIR to a disk or volume that stays.",
        )  # fmt: skip


def kind_of(path: Path, mounts: str) -> str:
    """The kind of file system that a path is on; empty where nobody tells."""
    place, longest, kind = path.resolve(), -1, ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].encode().decode("unicode_escape"))
        if place.is_relative_to(point) and len(point.parts) >= longest:
            longest, kind = len(point.parts), fields[2]
    return kind


def _room(home: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(home).free
    if free < ROOM:
        yield Finding(
            NAME, WARNING, f"{free // 2**20:,} MiB are free where {home} is: when none are, events "
            "wait in memory.", "Make room, or lower ANALYTICS_RETENTION_DAYS.",
        )  # fmt: skip


def _all(home: Path) -> Iterator[Path]:
    return islice((home, *home.rglob("*")), MOST)


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode if not path.is_symlink() else 0
    except OSError:  # it went meanwhile
        return 0


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except OSError:
        return None
