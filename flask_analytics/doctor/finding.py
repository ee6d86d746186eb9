"""What a check has found, and the cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from ..record import State

#: How bad it is: nothing to do; worth a thought; do something.
OK, WARNING, PROBLEM = "ok", "warning", "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing; what is no ``ok`` has a cure, in one sentence too."""

    check: str
    level: str
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What checks look at. They change nothing, and open nothing that is not there.

    :param home: ANALYTICS_DIR.
    :param environ: of the process.
    :param mounts: what ``/proc/mounts`` says; empty where there is none.
    :param folder: where settings of servers may lie, such as ``gunicorn.conf.py``.
    :param pages: paths whose policy is read.
    :param sends: whether collectors get a test event.
    :param clock: seconds since the epoch.
    """

    app: Flask
    state: State
    home: Path
    environ: Mapping[str, str]
    mounts: str
    folder: Path
    clock: Callable[[], float]
    pages: tuple[str, ...] = ("/",)
    sends: bool = False
    #: What the checks of one examination tell each other: the counts of all processes.
    notes: dict[str, Any] = field(default_factory=dict)


Check = Callable[[Patient], Iterator[Finding]]
