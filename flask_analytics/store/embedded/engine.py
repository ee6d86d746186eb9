"""DuckDB, in memory, as this store wants it: small, quiet, without the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

#: What a query or a seal may take before it spills.
MEMORY = "400MB"


def connect(
    threads: int = 1, memory: str = MEMORY, spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A database of its own. Imports the engine: 40 MB that only readers and the keeper need.

    :param spill: a folder for what does not fit into memory.
    """
    import duckdb

    return duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": str(spill or ""),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Looks at a sample of an array of objects and believes that the rest is like it.
            "pandas_analyze_sample": 0,
        }
    )


def load() -> None:
    """Import what a seal needs, which takes longer than a small seal."""
    import duckdb  # noqa: F401
    import numpy  # noqa: F401
