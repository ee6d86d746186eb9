"""The actors of the story: the example as a process, and a person who clicks through its shop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# The example is no part of the package, so nothing has installed it.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

#: Seconds until a test gives up on something that should happen, on a busy machine.
PATIENCE = 20.0

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str) -> T:
    """The first true value of ``condition``, asked again and again until a deadline."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE} s"
        time.sleep(0.01)
    return value


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def ask(url: str, method: str = "GET", body: Any = None) -> bytes:
    """What a server answers, which must be a success."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, parts.path or "/", text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        assert response.status < 300, f"{url}: {response.status} {answer[:200]!r}"
        return answer
    finally:
        connection.close()


class Example:
    """``python -m example``, as somebody starts it who wants to see it."""

    def __init__(self, log: Path, *options: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "example", "--no-demonstration", *options],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "PYTHONUNBUFFERED": "1",
                    "FLASK_ANALYTICS_DIR": str(log.parent / "analytics"),
                },
            )

    def __enter__(self) -> Example:
        """Read the two addresses where a person reads them."""
        try:
            wait_until(lambda: "Ctrl-C" in self.output() or not self.is_running(), "the greeting")
            self.shop, self.destination, *self.others = re.findall(r"http://\S+", self.output())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> str:
        """End it, and return all that it has printed."""
        if self.is_running():
            self._process.send_signal(number)
        try:
            self._process.wait(2 * PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        return self.output()

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace")

    def events(self) -> list[dict[str, Any]]:
        """All that the destination has received, in the order of arrival."""
        told = json.loads(ask(f"{self.destination}/events.json"))
        return [entry["event"] for entry in told["events"]]


@pytest.fixture
def start_example(tmp_path: Path) -> Iterator[Callable[..., Example]]:
    """Start the example with options; it ends with the test."""
    started: list[Example] = []

    def start(*options: str) -> Example:
        started.append(Example(tmp_path / f"example-{len(started)}.log", *options))
        return started[-1].__enter__()

    yield start
    for example in started:
        example.stop()


@dataclass
class Story:
    """What was seen of one visit, by the person and by the destination."""

    #: The number on the receipt.
    order: str = ""
    #: Errors and warnings of the browser's console, and exceptions that nobody caught.
    console: list[str] = field(default_factory=list)
    #: What the destination received, the oldest first.
    events: list[dict[str, Any]] = field(default_factory=list)
    #: The texts of the rows on the destination's page: as its script put them there one by one,
    #: and as the server prints them.
    live_rows: list[list[str]] = field(default_factory=list)
    printed_rows: list[list[str]] = field(default_factory=list)
    #: What the example said in the end.
    last_words: str = ""

    def of(self, source: str, type_: str | None = None) -> list[dict[str, Any]]:
        """The events of one channel, in the order in which they happened."""
        chosen = [event for event in self.events if event["source"] == source]
        if type_ is not None:
            chosen = [event for event in chosen if event["type"] == type_]
        return sorted(chosen, key=lambda event: event["timestamp"])

    def named(self, name: str) -> list[dict[str, Any]]:
        """The custom events of a name."""
        return [event for event in self.events if event.get("event_name") == name]


#: A text that would do harm wherever it is not escaped.
HOSTILE = "<img src=x onerror=alert(1)>"

#: What anybody could send to the destination.
STRANGE = {"event_name": HOSTILE, "source": "a stranger"}

#: Events of the visit below: 13 of the server; of the browser 9 page views, how long each was
#: looked at, 5 forms, 2 hooks and the link to the other process; and the stranger's.
EVENTS = 13 + 9 + 9 + 5 + 2 + 1 + 1


@pytest.fixture(scope="module")
def story(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One visit to the shop, from the first page to the last event. The tests only read it."""
    ports = (f"--shop-port={free_port()}", f"--destination-port={free_port()}")
    with Example(tmp_path_factory.mktemp("story") / "example.log", *ports) as example:
        context = browser.new_context()
        context.set_default_timeout(PATIENCE * 1000)
        story = Person(context.new_page(), example).tell()
        context.close()
        story.last_words = example.stop()
    return story


class Person:
    """Somebody who knows nothing of the shop but what its pages say."""

    def __init__(self, page: Any, example: Example) -> None:
        self.page = page
        self.example = example
        self.story = Story()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.story.console.append(str(error)))

    def _hear(self, message: Any) -> None:
        if message.type in ("warning", "error"):
            self.story.console.append(message.text)

    def tell(self) -> Story:
        """The whole visit."""
        self.page.goto(self.example.shop)
        self.read()
        self.look_for("ink")
        self.choose("Royal blue ink", quantity=2)
        self.see("Royal blue ink is in your cart.")
        self.page.get_by_role("link", name="Quire").click()
        self.page.get_by_role("heading", name="Paper").wait_for()
        self.read()
        self.choose("Brass fountain pen")
        self.see("Brass fountain pen is in your cart.")
        self.page.get_by_role("button", name="Remove Brass fountain pen").click()
        self.see("Brass fountain pen is out of your cart.")
        self.page.get_by_role("button", name="Buy for €19.60").click()
        self.see("Thank you.")
        self.story.order = self.page.locator("dd").first.inner_text()
        self.watch()
        return self.story

    def look_for(self, words: str) -> None:
        self.page.get_by_role("searchbox", name="Search the shop").fill(words)
        self.page.get_by_role("searchbox").press("Enter")
        self.see("2 for “ink”")

    def choose(self, name: str, quantity: int = 1) -> None:
        self.page.get_by_role("link", name=name).click()
        self.page.get_by_role("heading", name=name).wait_for()
        self.read()
        self.page.get_by_label("Quantity").fill(str(quantity))
        self.page.get_by_role("button", name="Add to cart").click()

    def see(self, text: str) -> None:
        self.page.get_by_text(text).wait_for()
        self.read()

    def read(self) -> None:
        """Look at the page for as long as its scripts need to run; nobody clicks sooner, and who
        leaves before the module is there is not counted by it."""
        self.page.wait_for_load_state("networkidle")

    def watch(self) -> None:
        """Stay on the destination's page until everything has arrived, then load it again."""
        self.page.get_by_role("link", name="See the events arrive").click()
        self.page.get_by_role("heading", name="Events").wait_for()
        ask(f"{self.example.destination}/events", "POST", [STRANGE])
        self.page.locator("tbody tr").nth(EVENTS - 1).wait_for()
        self.story.live_rows = self.rows()
        self.story.events = self.example.events()
        self.page.reload()
        self.story.printed_rows = self.rows()

    def rows(self) -> list[list[str]]:
        """The table as text, cell by cell."""
        script = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
        rows: list[list[str]] = self.page.locator("tbody tr").evaluate_all(script)
        return rows
