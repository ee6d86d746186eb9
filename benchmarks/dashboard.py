"""The dashboard's pages with a million events behind them: milliseconds of the server and bytes.

Each page is asked for once after events have come (the store has to compute) and then again and
again (its answers still hold). Prints medians: of the clock, and of the processor, which is what
to trust on a machine that others use too.

    python benchmarks/dashboard.py --events 1000000
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask.testing import FlaskClient

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from example.demonstration.history import DAYS, History
from flask_analytics import Analytics
from flask_analytics.event import encode
from flask_analytics.store.embedded.store import EmbeddedStore

#: Events of a day of a history of scale 1, roughly.
A_DAY = 950

#: Name -> address.
PAGES = {
    "overview, 30 days": "",
    "overview, today": "?days=1",
    "overview, filtered": "?filter=device%3Dmobile",
    "events": "events",
    "one event": "events?event=purchase",
    "funnel of 3": "funnels?step=pageview&step=shop.add_to_cart&step=purchase",
    "retention, weeks": "retention",
    "people": "people",
    "errors and speed": "speed",
    "delivery": "delivery",
    "live": "live",
}

BATCH = 5_000
ROUNDS = 15


def build(folder: str, count: int) -> Flask:
    """An application whose store has so many events, sealed as they would be."""
    app = Flask("shop")
    app.config.update(ANALYTICS_DIR=folder, ANALYTICS_COLLECTORS=[])
    Analytics(app).access(lambda: True)
    store = EmbeddedStore(Path(folder, "store"), has_children=False)
    app.extensions["analytics"].store = lambda: store
    ask(app.test_client(), "")
    for number, day in enumerate(History(scale=count / DAYS / A_DAY).days()):
        for first in range(0, len(day), BATCH):
            store.append([encode(event) for event in day[first : first + BATCH]])
        if number % 10 == 9:
            store.tend()
    return app


def ask(client: FlaskClient, path: str) -> tuple[float, float, bytes]:
    """Milliseconds of the clock and of the thread's processor, and the page."""
    begin, cpu = time.perf_counter(), time.thread_time()
    answer = client.get(f"/analytics/{path}")
    took, used = (time.perf_counter() - begin) * 1000, (time.thread_time() - cpu) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return took, used, answer.data


def times(client: FlaskClient, path: str) -> list[tuple[float, float]]:
    return [ask(client, path)[:2] for _ in range(ROUNDS)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        begin = time.perf_counter()
        app = build(folder, options.events)
        store = app.extensions["analytics"].store()
        print(
            f"{store.describe()['events']:,} events in {time.perf_counter() - begin:.0f} s\n",
            flush=True,
        )
        client = app.test_client()
        ask(client, "")  # imports and connections
        news = History().moment
        print(f"{'page':22}{'computed':>12}{'from cache':>12}{'processor':>12}{'packed':>10}")
        for name, path in PAGES.items():
            store.append([encode(event) for event in news()])
            cold, _, page = ask(client, path)
            warm, used = map(statistics.median, zip(*times(client, path), strict=True))
            size = len(gzip.compress(page)) / 1024
            print(f"{name:22}{cold:9.0f} ms{warm:9.1f} ms{used:9.1f} ms{size:7.1f} KB")
        store.close()


if __name__ == "__main__":
    main()
