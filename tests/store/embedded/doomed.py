"""A keeper that is killed at a point: python -m tests.store.embedded.doomed FOLDER WORK POINT N."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.compact import compact
from flask_analytics.store.embedded.erase import erase, forget
from flask_analytics.store.embedded.purge import purge
from flask_analytics.store.embedded.seal import seal
from flask_analytics.store.embedded.shelf import Shelf

from .actors import START


class Doom:
    """Kills this process the n-th time that it passes a point."""

    def __init__(self, point: str, times: int) -> None:
        self.point, self.left = point, times

    def __call__(self, point: str) -> None:
        self.left -= point == self.point
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def work(folder: Path, what: str, doom: Doom) -> None:
    """One thing that a keeper does."""
    shelf = Shelf(Catalog(folder), point=doom)
    with shelf.locked(wait=True):
        shelf.sweep()
        if what == "seal":
            seal(shelf)
        elif what == "compact":
            compact(shelf, least=2)
        elif what == "purge":
            purge(shelf, START)
        elif what == "forget":
            forget(shelf.catalog, "victim")
            doom("hidden")
            erase(shelf)


if __name__ == "__main__":
    folder, what, point, times = sys.argv[1:]
    work(Path(folder), what, Doom(point, int(times)))
