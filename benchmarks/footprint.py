"""Memory of a worker that only takes events in, beside one of bare Flask.

Real gunicorn workers (sync), each asked for the same pages; then their resident memory is read.
Goal: at most 40 MB above bare Flask with everything at its default, the embedded store included.

    python benchmarks/footprint.py --requests 5000
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

import click

HERE = Path(__file__).parent

#: The same application, with and without.
APP = """
import os
from flask import Flask
app = Flask(__name__)
app.add_url_rule("/<path:path>", "page", lambda path: f"<p>{path}</p>")
if os.environ["KIND"] != "bare":
    from flask_analytics import Analytics
    app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
    if os.environ["KIND"] == "without store":
        app.config["ANALYTICS_STORE"] = None
    Analytics(app)
"""

KINDS = ("bare", "without store", "embedded store")

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/{}.0"


def worker_of(master: int) -> int:
    """The only child of gunicorn's master."""
    found = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return int(found[0])


def resident(pid: int) -> float:
    """Resident memory of a process, MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/up")
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("gunicorn did not start")


def measure(kind: str, requests: int, folder: Path) -> float:
    """Serve so many requests of 200 visitors, and read the worker's memory a little later."""
    (folder / "application.py").write_text(APP)
    port = 18_500 + os.getpid() % 1000
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    command = [gunicorn, f"--bind=127.0.0.1:{port}", "--workers=1", "--no-control-socket",
               "application:app"]  # fmt: skip
    environ = {**os.environ, "KIND": kind, "FOLDER": str(folder / "data")}
    with subprocess.Popen(command, cwd=folder, env=environ, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(port)
            for number in range(requests):
                connection = HTTPConnection("127.0.0.1", port, timeout=10)
                agent = {"User-Agent": AGENT.format(number % 200)}
                connection.request("GET", f"/page/{number % 50}", headers=agent)
                connection.getresponse().read()
                connection.close()
            time.sleep(3)  # the store's lane writes within half a second
            return resident(worker_of(server.pid))
        finally:
            server.terminate()


@click.command()
@click.option("--requests", default=5000, show_default=True)
def main(requests: int) -> None:
    """Print the resident memory of a worker of each kind."""
    base = 0.0
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            size = measure(kind, requests, Path(folder))
        base = base or size
        click.echo(f"{kind:16} {size:6.1f} MB   {size - base:+6.1f} MB above bare Flask")


if __name__ == "__main__":
    main()
