"""A keeper without rest, killed at a point or from outside: python -m ...keeping FOLDER POINT N."""

from __future__ import annotations

import sys
from pathlib import Path

from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.compact import compact
from flask_analytics.store.embedded.erase import erase, forget
from flask_analytics.store.embedded.purge import purge
from flask_analytics.store.embedded.seal import seal
from flask_analytics.store.embedded.shelf import Shelf

from .actors import START
from .doomed import Doom

if __name__ == "__main__":
    folder, point, times = sys.argv[1:]
    shelf = Shelf(Catalog(Path(folder)), point=Doom(point, int(times)))
    while True:
        with shelf.locked(wait=True):
            shelf.sweep()
            seal(shelf)
            forget(shelf.catalog, "nobody")
            erase(shelf)
            purge(shelf, START)
            compact(shelf, least=3)
