"""Kills keepers and writers while others read: python -m tests.store.embedded.kill --kills 100.

At the end every event that was acknowledged is there, none is there twice, and no reader has ever
seen anything else.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from subprocess import Popen

from flask_analytics.store.embedded.catalog import Catalog

from .actors import House, look, start

POINTS = ("written", "renamed", "inserted", "deleted", "swapped", "committed")

#: Processes that write.
WRITERS = 2


class Siege:
    """Writers, one keeper at a time, and a reader that believes nobody."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, folder / "store"
        self.house = House(self.store)
        self.catalog = Catalog(self.store)
        self.kills: Counter[str] = Counter()
        self.looks = 0
        self._before: set[str] = set()
        self._writers = [self._writer() for _ in range(WRITERS)]

    def _writer(self) -> Popen[str]:
        return start("writing", self.store, self.folder / f"acks-{time.time_ns()}", 0)

    def run(self, kills: int) -> None:
        """Kill so many processes, every fourth time at a random moment, then compare."""
        for number in range(kills):
            point = POINTS[number % len(POINTS)] if number % 4 else ""
            self._kill_keeper(point)
            if number % 5 == 4:
                self._kill_writer()
        for writer in self._writers:
            writer.kill()
            writer.communicate()
        self.check()

    def _kill_keeper(self, point: str) -> None:
        keeper = start("keeping", self.store, point or "nowhere", random.randrange(1, 5))
        give_up = time.monotonic() + (60 if point else random.uniform(0.5, 3))
        while keeper.poll() is None and time.monotonic() < give_up:
            self.check()
        keeper.kill()
        output, _ = keeper.communicate()
        assert keeper.returncode == -9, output
        self.kills[point or "anywhere"] += 1

    def _kill_writer(self) -> None:
        number = random.randrange(WRITERS)
        self._writers[number].kill()
        self._writers[number].communicate()
        self._writers[number] = self._writer()
        self.kills["writer"] += 1

    def acked(self) -> set[str]:
        """What appends have promised."""
        paths = self.folder.glob("acks-*")
        lines = [line for path in paths for line in path.read_text().splitlines(keepends=True)]
        return {line.strip() for line in lines if line.endswith("\n")}

    def check(self) -> None:
        """One look of a reader."""
        acked = self.acked()
        found = look(self.catalog)
        seen = set(found)
        assert len(seen) == len(found), f"{len(found) - len(seen)} twice"
        assert acked <= seen, f"{len(acked - seen)} lost"
        assert self._before <= seen, "a reader went back in time"
        self._before = seen
        self.looks += 1


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        siege = Siege(Path(folder))
        siege.run(kills)
        print(f"{dict(siege.kills)}: {len(siege.acked())} events, 0 lost, 0 twice,")
        print(f"{siege.looks} looks; {siege.house.catalog.describe()}")


if __name__ == "__main__":
    main()
