"""Forty requests under real servers, then the end: what arrives at a destination, and how fast.

Nothing is sent before the end (flush interval 60 s). Under --preload five more events are emitted
in the master, before it forks.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.deploy.actors import Destination
from tests.deploy.servers import FLASK_RUN, PLAIN, PRELOADING, REQUESTS, WAITRESS, Server, visit

EARLY = 5


def measure(server: Server, folder: Path) -> tuple[int, int, int, float]:
    """Events of requests, of the master, duplicates, and seconds to stop."""
    early = EARLY if server in PRELOADING else 0
    with Destination(folder) as destination:
        process, port = server.start(
            folder / "server.log", DESTINATION=destination.url, EARLY=str(early)
        )
        with process:
            visit(server, process, port)
            seconds = process.stop(server.signal)
            names = [event.get("event_name") for event in destination.events()]
            told = names.count("early")
            return len(names) - told, told, destination.duplicates(), seconds


def main() -> None:
    print(f"{'':34}{'delivered':>10}{'early':>7}{'twice':>7}{'stops in':>10}")
    for server in (*PLAIN, *PRELOADING, FLASK_RUN, WAITRESS):
        with tempfile.TemporaryDirectory() as folder:
            delivered, early, twice, seconds = measure(server, Path(folder))
        told = f"{early}/{EARLY}" if server in PRELOADING else "-"
        name = f"{server.name}, {server.signal.name}"
        print(f"{name:34}{delivered:7}/{REQUESTS}{told:>7}{twice:7}{seconds:8.1f} s")


if __name__ == "__main__":
    main()
