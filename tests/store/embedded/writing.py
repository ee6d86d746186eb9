"""A process that writes: python -m tests.store.embedded.writing FOLDER ACKS BATCHES (0: for ever).

Some batches come twice, as lanes send them again. Every id whose append has returned is in ACKS.
"""

from __future__ import annotations

import random
import sys
import time
from itertools import count
from pathlib import Path

from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.hot import Hot

from .actors import SECOND, START, id_of, make

#: Events of one batch.
BATCH = 50

#: Seconds between batches: whoever checks reads everything each time.
PAUSE = 0.1


def write(folder: Path, acks: Path, batches: int) -> None:
    """Append, tell, again."""
    hot = Hot(Catalog(folder))
    with acks.open("a") as told:
        for number in range(batches) if batches else count():
            at = START + number * SECOND + random.randrange(SECOND)
            events = [
                make(at=at + n, user_id=f"u{random.randrange(500)}", properties={"n": n, "k": "v"})
                for n in range(BATCH)
            ]
            hot.append(events)
            if random.random() < 0.2:
                hot.append(events)
            told.write("".join(f"{id_of(body)}\n" for body in events))
            told.flush()
            time.sleep(PAUSE)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
