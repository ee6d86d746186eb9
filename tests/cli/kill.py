"""A million lines, and a SIGKILL in the middle: the same command goes on, nothing is lost, nothing
is there twice. ``test_kill`` is its bounded form.

    python -m tests.cli.kill
    python -m tests.cli.kill --lines 100000 --kills 3
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask_analytics.event import decode
from flask_analytics.store.embedded.store import EmbeddedStore

SHOP = """
from flask import Flask
from flask_analytics import Analytics

app = Flask("shop", instance_path={home!r})
Analytics(app)
"""

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


def write(path: Path, count: int) -> None:
    """A log, of which a tenth of the lines are equal to the one before."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
    with path.open("w") as file:
        for n in range(count):
            n -= n % 10 == 9
            at = start + timedelta(seconds=n)
            file.write(
                f'192.0.2.{n % 250} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET /p/{n} HTTP/1.1" 200 '
                f'512 "-" "{AGENT}"\n'
            )


def done(home: Path) -> int:
    """Records behind the bookmark, as its file says."""
    for path in (home / "analytics" / "imports").glob("*.json"):
        return int(json.loads(path.read_bytes())["records"])
    return 0


def killed(command: list[str], home: Path, at: int) -> None:
    """Begin, and kill when so many records are in."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while done(home) < at:
        if process.poll() is not None:
            raise SystemExit("The import ended before it could be killed.")
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def main() -> None:
    """Import, kill, import, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "shop.py").write_text(SHOP.format(home=folder))
        write(home / "access.log", options.lines)
        shop = ["--app", str(home / "shop.py"), "analytics", "import", str(home / "access.log")]
        command = [sys.executable, "-m", "flask", *shop]
        for number in range(options.kills):
            at = options.lines * (number + 1) // (options.kills + 1)
            killed(command, home, at)
            print(f"killed at {done(home):,} of {options.lines:,} lines", flush=True)
        began = time.monotonic()
        answer = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        (report,) = json.loads(answer.stdout)["files"]
        rate = (report["records"] - report["before"]) / (time.monotonic() - began)
        print(f"then {report['before']:,} were known, the rest at {rate:,.0f} lines a second")
        store = EmbeddedStore(home / "analytics" / "store", has_children=False)
        ids = [decode(body).message_id for body in store.events()]
        store.close()
    lost, twice = options.lines - len(set(ids)), len(ids) - len(set(ids))
    print(f"{len(ids):,} events: {lost:,} lost, {twice:,} twice")
    if lost or twice or report["refused"] or report["before"] < options.lines // 3:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
