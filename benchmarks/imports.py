"""Lines a second that ``flask analytics import`` takes in, by the kind of file and of store.

    python benchmarks/imports.py
    python benchmarks/imports.py --lines 1000000 --kinds log

Each file is read by what the command runs: format, checks, message ids, bookmark, store. *none* is
a store that only counts: what reading costs. *embedded* is the default store, with its sealing
processes beside it, as in life. *processor* is what the importing process took itself; while other
programs make it wait, the rate is smaller than that. The best of some rounds. The goal: 20,000
lines a second.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

GOAL = 20_000

AGENTS = [
    f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0"
    for n in range(80, 127)
]
PATHS = ["/", "/about", "/cart", "/style.css", "/logo.png", *(f"/blog/p{n}" for n in range(300))]
PATHS += [f"/item/{n}?utm_source=letter" for n in range(300)]


def visits(count: int) -> Iterator[tuple[datetime, int, str, str]]:
    """Time, visitor, user agent, path: 5 requests of each visitor on average."""
    rng = random.Random(7)
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)
    for n in range(count):
        who = rng.randrange(1 + count // 5)
        yield start + timedelta(seconds=n / 2), who, AGENTS[who % len(AGENTS)], rng.choice(PATHS)


def log(at: datetime, who: int, agent: str, path: str) -> str:
    address = f"10.{who >> 16 & 255}.{who >> 8 & 255}.{who & 255}"
    return (
        f'{address} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" 200 5120 '
        f'"https://news.example/" "{agent}"'
    )


def ndjson(at: datetime, who: int, agent: str, path: str) -> str:
    told: dict[str, Any] = {
        "type": "custom", "event_name": "look", "timestamp": at.isoformat(), "user_id": f"u{who}",
        "user_agent": agent, "properties": {"plan": "pro", "path": path, "price": who % 100},
    }  # fmt: skip
    return json.dumps(told)


def table(at: datetime, who: int, agent: str, path: str) -> str:
    return f"{at.isoformat()},look,u{who},{agent},pro,{path},{who % 100}"


def segment(at: datetime, who: int, agent: str, path: str) -> str:
    told = {
        "type": "track", "event": "look", "messageId": f"m-{who}-{at.timestamp():.1f}",
        "userId": f"u{who}", "timestamp": at.isoformat(),
        "context": {"userAgent": agent, "page": {"url": f"https://shop.example{path}"}},
        "properties": {"plan": "pro", "price": who % 100},
    }  # fmt: skip
    return json.dumps(told)


#: Kind -> a line of it, and the first line of its file.
KINDS: dict[str, tuple[Callable[..., str], str]] = {
    "log": (log, ""),
    "ndjson": (ndjson, ""),
    "csv": (
        table,
        "timestamp,event_name,user_id,user_agent,properties.plan,properties.path,properties.price",
    ),
    "segment": (segment, ""),
}


class Nowhere:
    """Counts."""

    def append(self, bodies: Sequence[bytes]) -> int:
        return len(bodies)

    def close(self) -> None:
        """Nothing is open."""


def opened(store: str, folder: Path) -> Any:
    from flask_analytics.store.embedded.store import EmbeddedStore
    from flask_analytics.store.memory import MemoryStore

    if store == "embedded":
        return EmbeddedStore(folder / "store")
    return MemoryStore(limit=10_000_000) if store == "memory" else Nowhere()


def measure(kind: str, file: Path, store: str) -> tuple[float, float]:
    """Lines a second: by the clock, and by the processor."""
    from flask_analytics.store.bookmark import Bookmark, Mark
    from flask_analytics.store.imports import formats, importer, intake, lineid
    from flask_analytics.store.imports.lines import Lines
    from flask_analytics.store.imports.report import Report
    from flask_analytics.store.imports.visitors import Visitors

    options = formats.Options(fixed={"hostname": "shop.example"}, visitor=Visitors(None))
    if kind != "log":
        options = formats.Options()
    now, report = datetime.now(UTC), Report()
    with (
        tempfile.TemporaryDirectory() as place,
        file.open("rb", buffering=0) as raw,
        closing(opened(store, Path(place))) as shelf,
    ):
        work = importer.Importer(
            formats.FORMATS[kind](options, report.changed),
            intake.Intake(ZoneInfo("UTC"), now, report.changed),
            report,
            shelf=shelf,
            bookmark=Bookmark(Path(place) / "mark.json", Mark),
            twins=lineid.Twins(options.salt()),
            keep_from=now - timedelta(395),
        )
        cpu, began = time.process_time(), time.perf_counter()
        work.run(Lines(raw))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert not report.refused, report.refused
    return report.records / took, report.records / cpu


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=KINDS)
    parser.add_argument("--stores", nargs="*", default=["none", "memory", "embedded"])
    options = parser.parse_args()
    print(f"{options.lines:,} lines, best of {options.rounds}; goal {GOAL:,} lines/s")
    print(f"{'file':9}{'store':10}{'lines/s':>10}{'processor':>22}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.kinds:
            make, first = KINDS[kind]
            file = Path(folder) / kind
            with file.open("w") as out:
                out.write(f"{first}\n" * bool(first))
                out.writelines(f"{make(*visit)}\n" for visit in visits(options.lines))
            for store in options.stores:
                found = [measure(kind, file, store) for _ in range(options.rounds)]
                rate, processor = max(rate for rate, _ in found), max(cpu for _, cpu in found)
                print(f"{kind:9}{store:10}{rate:10,.0f}{processor:14,.0f} lines/s")


if __name__ == "__main__":
    main()
