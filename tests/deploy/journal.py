"""What lies in the folder of a journal, seen from outside: files, frames and the dead."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

#: Files of events, by their names; dead letters and the counts of processes may stay.
EVENTS = re.compile(r"\.j(\.ack|\.new)?$")


def left(dir: Path) -> list[str]:
    """The files of the journal that should have gone when everything is delivered."""
    return sorted(path.name for path in files(dir) if EVENTS.search(path.name))


def files(dir: Path) -> list[Path]:
    """Every file of the journal."""
    folder = dir / "journal"
    return sorted(folder.iterdir()) if folder.exists() else []


def only(dir: Path) -> Path:
    """The one journal that a killed process has left."""
    (path,) = [path for path in files(dir) if path.suffix == ".j"]
    return path


def frames(path: Path) -> list[bytes]:
    """The lines of a journal, each with its newline."""
    return path.read_bytes().splitlines(keepends=True)


def dead(dir: Path) -> list[dict[str, Any]]:
    """The events that were given up, with the collector and the reason."""
    path = dir / "journal" / "dead.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
