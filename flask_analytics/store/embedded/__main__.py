"""The keeper's own process: python -m flask_analytics.store.embedded FOLDER [DAYS]."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .catalog import Catalog
from .keeper import Keeper
from .spawn import close_all


def main(folder: str, days: str | None = None) -> None:
    """Do what is due in a folder, at the lowest priority that still gets on."""
    close_all()
    os.nice(10)
    retention_days = None if days is None else int(days)
    Keeper(Catalog(Path(folder)), retention_days=retention_days).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
