"""The keeper's own process: python -m flask_analytics.store.embedded FOLDER [RETENTION_DAYS]."""

from __future__ import annotations

import sys
from pathlib import Path

from .catalog import Catalog
from .keeper import Keeper
from .polite import polite
from .spawn import close_all


def main(folder: str, retention_days: str | None = None) -> None:
    """Do what is due in a folder, letting others go first where it may take its time."""
    close_all()
    days = None if retention_days is None else int(retention_days)
    Keeper(Catalog(Path(folder)), retention_days=days, work=polite()).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
