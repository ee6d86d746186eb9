"""The actors of the fault stories: a destination that fails, and an application that sends."""

from __future__ import annotations

import itertools
import json
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

from flask import Flask

from flask_analytics import Analytics, Collector
from flask_analytics.collectors import WebhookCollector
from flask_analytics.collectors.base import Batch, Verdict
from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.retry import RetryPolicy

from ..deploy.actors import PATIENCE, Process, wait_until

HERE = Path(__file__).parent

#: A breaker that a test about something else never opens.
NO_BREAKER = {"threshold": 10_000, "cooldown": 30.0}


@dataclass(frozen=True)
class Received:
    """A request as the server saw it; times are seconds of its monotonic clock."""

    path: str
    headers: dict[str, str]
    body: str
    at: float
    ended: float
    status: int

    def names(self) -> list[str]:
        """The names of its events."""
        return [event["event_name"] for event in json.loads(self.body)]


class FaultServer:
    """``server.py`` as a process."""

    def __init__(self, folder: Path, port: int = 0, certificate: Path | None = None) -> None:
        command = [sys.executable, str(HERE / "server.py"), str(port)]
        self.scheme = "https" if certificate else "http"
        self._process = Process(
            [*command, *([str(certificate)] if certificate else [])], folder / "server.log"
        )
        self._tokens = itertools.count()

    def __enter__(self) -> FaultServer:
        self.port = int(wait_until(self._first_line, "the server did not start"))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__()

    def _first_line(self) -> str | None:
        head, newline, _ = self._process.output().partition("\n")
        return head if newline else None

    def story(self, authority: Path | None = None) -> Faults:
        """A part of the server that nobody else asks.

        :param authority: whom to trust, if the server speaks TLS.
        """
        return Faults(self, f"story-{next(self._tokens)}", authority)


class Faults:
    """What one test sees of the server."""

    def __init__(self, server: FaultServer, token: str, authority: Path | None = None) -> None:
        self._server = server
        self._token = token
        self._context = ssl.create_default_context(cafile=authority) if authority else None

    def url(self, mode: str, host: str = "127.0.0.1") -> str:
        """The address of a mode, such as ``status/500``."""
        return f"{self._server.scheme}://{host}:{self._server.port}/{self._token}/{mode}"

    def script(self, *answers: int | dict[str, Any]) -> str:
        """Have ``scripted`` answer so, then 200; the answer is its address."""
        full = [{"status": item} if isinstance(item, int) else item for item in answers]
        self._ask("POST", "script", json.dumps(full))
        return self.url("scripted")

    def requests(self) -> list[Received]:
        """Every request so far, in the order of arrival."""
        return [Received(**request) for request in self._ask("GET", "requests")]

    def events(self) -> list[dict[str, Any]]:
        """Every event that the destination kept, also those that it kept twice."""
        events: list[dict[str, Any]] = self._ask("GET", "events")
        return events

    def names(self) -> list[str]:
        """The names of the events that it kept."""
        return [event["event_name"] for event in self.events()]

    def gaps(self) -> list[float]:
        """Seconds between the end of a request and the arrival of the next."""
        return [after.at - before.ended for before, after in itertools.pairwise(self.requests())]

    def _ask(self, method: str, what: str, body: str | None = None) -> Any:
        connection = self._connection()
        try:
            connection.request(method, f"/{self._token}/{what}", body)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        port = self._server.port
        if self._context is None:
            return HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        return HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=self._context)


class Counting(WebhookCollector):
    """A webhook that counts its tries: a destination that nobody reaches cannot."""

    name = "webhook"
    tries = 0

    def send(self, batch: Batch) -> Verdict:
        self.tries += 1
        return super().send(batch)


def webhook(url: str, **options: Any) -> Counting:
    """A webhook that is quick to send and quick to try again, unless a test says otherwise."""
    quick = {
        "flush_interval": 0.01,
        "retry": RetryPolicy(base=0.01, cap=0.05),
        "breaker": Breaker(**NO_BREAKER),
    }
    return Counting(url, **{**quick, **options})


class Shop:
    """A real application, not under TESTING, whose first page is an event of its own."""

    def __init__(self, folder: Path, collectors: Sequence[Collector], **config: Any) -> None:
        self.app = Flask("shop", instance_path=str(folder))
        self.app.config["ANALYTICS_STORE"] = None
        self.app.config["ANALYTICS_COLLECTORS"] = list(collectors)
        self.app.config["ANALYTICS_DIR"] = str(folder / "analytics")
        self.app.config.update(config)
        self.analytics = Analytics()
        self.analytics.init_app(self.app)
        self.app.add_url_rule("/", "home", lambda: "<p>home</p>")

    def track(self, *names: str, **properties: Any) -> None:
        """Emit events outside any request."""
        for name in names:
            self.analytics.track(name, properties)

    def visit(self) -> float:
        """Ask for the page; the answer is the seconds that this took."""
        began = time.perf_counter()
        assert self.app.test_client().get("/").status_code == 200
        return time.perf_counter() - began

    def counts(self, name: str = "webhook") -> dict[str, Any]:
        """The ledger of a collector, after a look at the sum."""
        stats = self.analytics.stats()
        for ledger in stats["collectors"].values():
            ended = sum(ledger["rejected"].values()) + sum(ledger["dropped"].values())
            assert ledger["accepted"] == ledger["delivered"] + ended + ledger["pending"], stats
        counts: dict[str, Any] = stats["collectors"][name]
        return counts

    def wait_for(self, name: str = "webhook", **expected: Any) -> dict[str, Any]:
        """The ledger as soon as it says what is expected of it; it adds up all the while."""
        deadline = time.monotonic() + 20
        while True:
            counts = self.counts(name)
            if all(counts[key] == expected[key] for key in expected):
                return counts
            assert time.monotonic() < deadline, f"expected {expected}, but {counts}"
            time.sleep(0.01)
