"""Rows 14 to 18 of the fault matrix: answers that are too long, cut off, or only half a yes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from flask_analytics.collectors import BatchCollector, http
from flask_analytics.collectors.answer import Answer
from flask_analytics.collectors.base import DELIVERED, Batch, Delivered, Rejected, Retry, Verdict
from flask_analytics.collectors.http import Http
from flask_analytics.delivery.retry import RetryPolicy

from ..deploy.actors import environment
from .actors import Faults, Shop, webhook

OpenShop = Callable[..., Shop]

#: Sends an event to the address given, and prints what became of it and by how many KiB the
#: greatest memory of the process grew meanwhile.
FLOODED = """
import resource, sys
from flask import Flask
from flask_analytics import Analytics
from flask_analytics.collectors import WebhookCollector

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

app = Flask("flooded", instance_path=sys.argv[2])
good, flood = sys.argv[1] + "good", sys.argv[1] + "flood"
app.config["ANALYTICS_STORE"] = None
app.config["ANALYTICS_COLLECTORS"] = [WebhookCollector(good), WebhookCollector(flood)]
analytics = Analytics(app)
analytics.track("warm-up", integrations={"All": False})
analytics.flush(5)
before = peak()
analytics.track("a")
analytics.flush(10)
print(analytics.stats()["collectors"]["webhook-2"]["delivered"], peak() - before)
"""


def test_row_14_200_mb_of_answer_are_not_read(faults: Faults, tmp_path: Any) -> None:
    """The event is delivered, and memory grows by what one request costs."""
    command = [sys.executable, "-c", FLOODED, faults.url(""), str(tmp_path)]

    done = subprocess.run(
        command, env=environment({}), capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 0, done.stderr
    delivered, kib = map(int, done.stdout.split())
    assert delivered == 1
    assert kib < 30 * 1024
    assert len(faults.names()) == 2


@pytest.mark.parametrize("how", ["reset", "cut", "stall"])
def test_row_15_answer_that_stops_in_the_middle_is_tried_again(
    open_shop: OpenShop, faults: Faults, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether it arrived: the same bytes go again, so that ids show the double."""
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.2)  # a stall lasts longer than that
    shop = open_shop(webhook(faults.url(f"broken/{how}"), batch_size=2, flush_interval=60))
    shop.track("a", "b")

    shop.wait_for(delivered=2, rejected={}, pending=0)

    first, second = faults.requests()
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    ids = [event["message_id"] for event in faults.events()]
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2


class Http2xx(BatchCollector):
    """A destination of one's own that reads what the answer says."""

    blocking = False
    imports = ("flask_analytics.collectors.http",)
    flush_interval = 0.01

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(retry=RetryPolicy(base=0.01, cap=0.05), **options)
        self.url = url

    def start(self) -> None:
        self.http = Http()

    def send(self, batch: Batch) -> Sequence[Verdict]:
        return self.read(self.http.post(self.url, batch.to_json(), {}), batch)

    def read(self, answer: Answer, batch: Batch) -> Sequence[Verdict]:
        raise NotImplementedError

    def close(self) -> None:
        self.http.close()


class Words(Http2xx):
    """Reads a word for each event from the body."""

    VERDICTS: dict[str, Verdict] = {
        "taken": Delivered(), "refused": Rejected("bad_name"), "later": Retry("busy"),
    }  # fmt: skip

    def read(self, answer: Answer, batch: Batch) -> Sequence[Verdict]:
        return [self.VERDICTS[word] for word in json.loads(answer.body)]


class Header(Http2xx):
    """Reads from a header that events were dropped; sends them one by one to know which."""

    def read(self, answer: Answer, batch: Batch) -> Sequence[Verdict]:
        return [Rejected("dropped_there") if int(answer.headers["X-Dropped"]) else DELIVERED]


def test_row_16_a_2xx_that_dropped_the_event_is_a_rejection(
    open_shop: OpenShop, faults: Faults
) -> None:
    """A collector that reads the answer makes the silent loss visible."""
    shop = open_shop(Header(faults.url("silent"), batch_size=1, max_inflight=1))

    shop.track("a", "bad", "b")

    shop.wait_for("header", delivered=2, rejected={"dropped_there": 1}, pending=0)
    assert faults.names() == ["a", "b"]


def test_row_17_only_what_failed_is_sent_again(open_shop: OpenShop, faults: Faults) -> None:
    """What the first answer took or refused is not in the second request."""
    shop = open_shop(Words(faults.url("each"), batch_size=5, flush_interval=60))

    shop.track("a", "later1", "bad", "later2", "b")

    shop.wait_for("words", delivered=4, rejected={"bad_name": 1}, pending=0)
    assert [request.names() for request in faults.requests()] == [
        ["a", "later1", "bad", "later2", "b"],
        ["later1", "later2"],
    ]
    assert sorted(faults.names()) == ["a", "b", "later1", "later2"]


@pytest.mark.parametrize("tries", [4])
def test_row_18_every_attempt_has_the_same_bytes(
    open_shop: OpenShop, faults: Faults, tries: int
) -> None:
    """Serialised once: properties and revenue are there at the last try as at the first."""
    properties = {"colour": "red", "sizes": [1, 2], "nested": {"a": None}}
    shop = open_shop(webhook(faults.script(*[503] * (tries - 1))))

    shop.analytics.track("a", properties, revenue=("29.99", "EUR"))
    properties["colour"] = "changed later"
    shop.wait_for(delivered=1, pending=0)

    assert len(faults.requests()) == tries
    assert len({request.body for request in faults.requests()}) == 1
    assert len({request.headers["Idempotency-Key"] for request in faults.requests()}) == 1
    (event,) = faults.events()
    assert event["properties"] == {"colour": "red", "sizes": [1, 2], "nested": {"a": None}}
    assert event["revenue"] == {"amount": "29.99", "currency": "EUR"}
