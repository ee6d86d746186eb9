"""Rows 5 to 11 and 13 of the fault matrix: what the status of an answer means."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest

from flask_analytics.collectors.answer import Answer
from flask_analytics.delivery.retry import MAX_RETRY_AFTER, RetryPolicy

from ..deploy.actors import wait_until
from .actors import Faults, Shop, webhook

OpenShop = Callable[..., Shop]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_row_5_server_error_is_tried_again(
    open_shop: OpenShop, faults: Faults, status: int
) -> None:
    """It passes: the same bytes arrive two tries later."""
    shop = open_shop(webhook(faults.script(status, status)))
    shop.track("a")

    shop.wait_for(delivered=1, pending=0, state="ok")

    assert [request.status for request in faults.requests()] == [status, status, 200]
    assert len({request.body for request in faults.requests()}) == 1


@pytest.mark.parametrize("status", [501, 505])
def test_row_5_server_that_will_never_can_is_asked_once(
    open_shop: OpenShop, faults: Faults, status: int
) -> None:
    """501 and 505 say that no try will ever succeed."""
    shop = open_shop(webhook(faults.url(f"status/{status}")))
    shop.track("a")

    shop.wait_for(rejected={f"http_{status}": 1}, pending=0)

    assert len(faults.requests()) == 1


def test_row_6_retry_after_pauses_the_whole_collector_and_is_no_attempt(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Asked to wait a second, it waits, with other batches too; one attempt in all is enough."""
    url = faults.script({"status": 429, "headers": {"Retry-After": "1"}})
    shop = open_shop(webhook(url, batch_size=1, retry=RetryPolicy(attempts=1, base=0.01)))

    shop.track("a")
    wait_until(faults.requests, "nothing was sent")
    shop.track("b", "c")
    shop.wait_for(delivered=3, rejected={}, pending=0)

    refused, *others = faults.requests()
    assert refused.status == 429
    assert min(request.at for request in others) - refused.ended >= 0.95


def test_row_6_retry_after_zero_is_no_tight_loop(open_shop: OpenShop, faults: Faults) -> None:
    """ "Again at once" means after the usual shortest pause."""
    again = {"status": 429, "headers": {"Retry-After": "0"}}
    shop = open_shop(webhook(faults.script(*[again] * 5), retry=RetryPolicy(base=0.1)))
    shop.track("a")

    shop.wait_for(delivered=1, pending=0)

    assert sum(faults.gaps()) >= 0.25  # five uniform draws from 0 to 0.1 s, or five times 0.1 s


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("7", 7.0),
        ("date", 20.0),
        ("999999999", MAX_RETRY_AFTER),
        ("9" * 400, MAX_RETRY_AFTER),
        ("far date", MAX_RETRY_AFTER),
    ],
)
def test_row_6_retry_after_is_read_and_capped(header: str, pause: float) -> None:
    """Seconds and dates (RFC 9110, section 10.2.3), 300 s at most."""
    dates = {"date": formatdate(time() + 20, usegmt=True)}
    dates["far date"] = formatdate(time() + 10**8, usegmt=True)

    verdict: Any = Answer(429, {"Retry-After": dates.get(header, header)}, b"").verdict()

    assert RetryPolicy().pause(1, verdict.after) == pytest.approx(pause, abs=2)
    assert MAX_RETRY_AFTER == 300.0


def test_row_7_429_without_a_time_is_an_attempt(open_shop: OpenShop, faults: Faults) -> None:
    """It backs off as after any failure, and a limit of attempts counts it."""
    shop = open_shop(webhook(faults.url("status/429"), retry=RetryPolicy(attempts=3, base=0.01)))
    shop.track("a")

    shop.wait_for(rejected={"retries_exhausted": 1}, pending=0)

    assert len(faults.requests()) == 3


@pytest.mark.parametrize("status", [408, 425])
def test_row_8_timeout_and_too_early_are_tried_again(
    open_shop: OpenShop, faults: Faults, status: int
) -> None:
    """Both say that the same request may succeed later."""
    shop = open_shop(webhook(faults.script(status)))
    shop.track("a")

    shop.wait_for(delivered=1, pending=0)

    assert [request.status for request in faults.requests()] == [status, 200]


def test_row_9_one_bad_event_of_many_costs_only_itself(
    open_shop: OpenShop, faults: Faults, tmp_path: Path
) -> None:
    """A 400 is halved until the bad one is alone: it is rejected, and kept as a dead letter."""
    shop = open_shop(webhook(faults.url("picky"), batch_size=16, flush_interval=60))
    names = [f"good{n}" for n in range(15)]

    shop.track(*names[:6], "bad", *names[6:])
    shop.wait_for(delivered=15, rejected={"http_400": 1}, pending=0)

    assert sorted(faults.names()) == sorted(names)
    assert len(faults.requests()) <= 1 + 2 * 4  # 16 events: four halvings, two parts each
    (letter,) = dead_letters(tmp_path)
    assert (letter["collector"], letter["reason"]) == ("webhook", "http_400")
    assert letter["event"]["event_name"] == "bad"


@pytest.mark.parametrize("status", [401, 403])
def test_row_10_wrong_credentials_pause_the_collector(
    open_shop: OpenShop, faults: Faults, status: int
) -> None:
    """One request, not a storm; the events wait for somebody to mend the settings."""
    shop = open_shop(webhook(faults.url(f"status/{status}"), batch_size=1))

    shop.track("a")
    shop.wait_for(state="misconfigured")
    shop.track("b", "c", "d")
    shop.wait_for(accepted=4)
    shop.analytics.flush(0.2)

    assert shop.counts()["pending"] == 4
    assert len(faults.requests()) == 1


def test_row_11_too_large_batch_is_halved(open_shop: OpenShop, faults: Faults) -> None:
    """What fits arrives in smaller batches; an event that never fits is rejected, alone."""
    shop = open_shop(webhook(faults.url("small/3000"), batch_size=9, flush_interval=60))

    shop.track("a", "b", "c", "d", size="x" * 500)
    shop.track("giant", size="x" * 5000)
    shop.track("e", "f", "g", "h", size="x" * 500)
    shop.wait_for(delivered=8, rejected={"http_413": 1}, pending=0)

    assert sorted(faults.names()) == [*"abcdefgh"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_row_13_redirect_is_never_followed(
    open_shop: OpenShop, faults: Faults, status: int
) -> None:
    """The key of a header must not reach another address; the settings are wrong."""
    shop = open_shop(webhook(faults.url(f"redirect/{status}"), headers={"X-Key": "hunter2"}))
    shop.track("a", "b")

    counts = shop.wait_for(state="misconfigured", accepted=2)
    shop.analytics.flush(0.1)

    assert counts["pending"] == 2
    assert [request.path.split("/", 2)[2] for request in faults.requests()] == [
        f"redirect/{status}"
    ]


def dead_letters(folder: Path) -> list[dict[str, Any]]:
    """The lines of every dead-letter file below a folder."""
    files = folder.rglob("dead.jsonl")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
