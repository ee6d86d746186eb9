"""The keeper's own process: python -m flask_analytics.store.embedded FOLDER."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .catalog import Catalog
from .keeper import Keeper
from .spawn import close_all


def main(folder: str) -> None:
    """Do what is due in a folder, at the lowest priority that still gets on."""
    close_all()
    os.nice(10)
    Keeper(Catalog(Path(folder))).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
