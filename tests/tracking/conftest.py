"""A running shop, and those who send to it: clients that nobody here wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ..deploy.actors import PATIENCE, Process, environment, free_port, get, wait_until
from ..deploy.servers import BIN

HERE = Path(__file__).parent

#: Where npm puts the clients; no part of what we ship.
NODE_HOME = HERE.parents[1] / ".npm-clients"

KEY, TOKEN = "write-me-please", "read-me-please"

#: Seconds that npm may take.
NPM_PATIENCE = 180


class Shop:
    """``shop_for_clients.py`` under gunicorn, and what its store knows."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        #: What a client adds its own path to.
        self.host = f"{self.url}/analytics"
        #: The origin of another site: this machine by its other name.
        self.elsewhere = free_port()
        self._process = Process(
            [str(BIN / "gunicorn"), "--workers=1", "--no-control-socket",
             f"--bind=127.0.0.1:{self.port}", f"--chdir={HERE}", "shop_for_clients:app"],
            folder / "shop.log",
            FOLDER=str(folder / "analytics"),
            KEY=KEY,
            TOKEN=TOKEN,
            ORIGINS=f"http://127.0.0.1:{self.elsewhere}",
        )  # fmt: skip

    def __enter__(self) -> Shop:
        wait_until(self._is_up, "the shop did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__()

    def _is_up(self) -> bool:
        assert self._process.is_running(), self._process.output()
        try:
            return get(self.port, "/flush") == b"True"
        except OSError:
            return False

    def fail(self, *faults: tuple[int, dict[str, str]]) -> None:
        """Be out of order for the next calls."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(
            "POST", "/faults", json.dumps(faults), {"Content-Type": "application/json"}
        )
        assert connection.getresponse().status == 204
        connection.close()

    def arrivals(self) -> list[dict[str, Any]]:
        """The calls that came, and how each was answered."""
        told: list[dict[str, Any]] = json.loads(get(self.port, "/arrivals"))
        return told

    def statuses(self) -> list[int]:
        """How the calls were answered."""
        return [arrival["status"] for arrival in self.arrivals()]

    def ask(self, question: str) -> Any:
        """The results of the read API, of everything that came so far."""
        assert get(self.port, "/flush") == b"True"
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            connection.request("GET", f"/analytics/api/{question}", headers=headers)
            response = connection.getresponse()
            content = json.loads(response.read())
            assert response.status == 200, content
            return content["results"]
        finally:
            connection.close()

    def events(self, who: str) -> dict[str, dict[str, Any]]:
        """What somebody did, by its name; nobody does anything twice here."""
        told = self.ask(f"timeline?id={who}&from=2020-01-01")
        found = {event.get("event_name") or event["type"]: event for event in told}
        assert len(found) == len(told), told
        return found


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop that nobody has sent anything to."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with Shop(tmp_path) as started:
        yield started


@pytest.fixture
def failures() -> list[Any]:
    """What a client of the test could not send."""
    return []


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The clients of package.json; a reason for a skip where npm cannot bring them."""
    found = NODE_HOME / "node_modules"
    if not (NODE_HOME / "installed").exists():
        install()
    return found


def install() -> None:
    """Let npm bring the clients."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("there is no node with npm on the PATH")
    NODE_HOME.mkdir(exist_ok=True)
    shutil.copy(HERE / "package.json", NODE_HOME)
    words = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    try:
        done = subprocess.run(
            [npm, *words], cwd=NODE_HOME, capture_output=True, text=True, timeout=NPM_PATIENCE
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm took longer than {NPM_PATIENCE} s")
    if done.returncode:
        pytest.skip(f"npm cannot bring the clients: {done.stderr[-300:]}")
    (NODE_HOME / "installed").touch()


def run_node(script: str, node_modules: Path, **environ: str) -> Any:
    """What a script printed, as JSON."""
    done = subprocess.run(
        ["node", str(HERE / script)],
        env=environment({"NODE_PATH": str(node_modules), **environ}),
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
