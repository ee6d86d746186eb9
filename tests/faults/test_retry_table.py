"""The retry rules, by the cases T01 to T22 of the node package of segmentio/analytics-next.

Its ``publisher.test.ts`` is the best list of such cases we know; here they are in our words and
by our rules. Where ours differ, and why:

- There is no X-Retry-Count. Instead every attempt has the same bytes and the same
  ``Idempotency-Key``, which is what a destination can act upon. (T01, T02, T18)
- 511 is tried again as any other 5xx: a captive portal passes. We know no token to renew. (T05)
- ``Retry-After`` counts wherever it stands, also beside 408 and 503 (RFC 9110, section 10.2.3);
  theirs ignores it there. (T07, T08)
- 410 and 460 are final as every other 4xx but 408, 425 and 429. (T11, T13)
- 401 and 403 reject nothing: the lane is paused as misconfigured, the events wait. (T19)
- 400 and 413 are final for a single event; a batch is halved first. (T12, T19)
- An event is given up by its age, 24 h by default, not by a count of attempts or by the time
  spent in backoff; no number of 429s gives it up earlier. (T16, T19, T20, T21)
- Their ids T04, T19 and T20 are used twice; the second use is T04b, T19b to T19d and T20b here.
  T20b needs hours: it is in test_hours.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from flask_analytics.collectors.answer import Answer
from flask_analytics.collectors.base import Verdict
from flask_analytics.delivery.retry import RetryPolicy

from ..deploy.actors import wait_until
from .actors import Faults, Shop, webhook

OpenShop = Callable[..., Shop]


def asks(status: int, after: str) -> dict[str, Any]:
    """An answer with Retry-After."""
    return {"status": status, "headers": {"Retry-After": after}}


@dataclass(frozen=True)
class Case:
    """What the destination answers, and what becomes of one event.

    :param script: its answers; the last one is given again and again, or 200 if there is none.
    :param statuses: what it has answered in the end; 0 is hanging up without a word.
    :param waits: the least seconds between the first two requests.
    """

    script: tuple[Any, ...]
    statuses: tuple[int, ...]
    outcome: dict[str, Any]
    attempts: int | None = None
    waits: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)


TAKEN = {"delivered": 1, "rejected": {}, "pending": 0}
PAUSED = {"delivered": 0, "rejected": {}, "pending": 1, "state": "misconfigured"}


def refused(reason: str) -> dict[str, Any]:
    """Rejected for that reason."""
    return {"delivered": 0, "rejected": {reason: 1}, "pending": 0}


TABLE = {
    "T01 success": Case((), (200,), TAKEN),
    "T02 500 passes": Case((500, 500), (500, 500, 200), TAKEN),
    "T03 501 is final": Case((501,), (501,), refused("http_501")),
    "T04 505 is final": Case((505,), (505,), refused("http_505")),
    "T05 511 passes, ours": Case((511,), (511, 200), TAKEN),
    "T06 429 with a time": Case((asks(429, "1"),), (429, 200), TAKEN, waits=1.0),
    "T07 408 with a time, ours waits": Case((asks(408, "1"),), (408, 200), TAKEN, waits=1.0),
    "T08 503 with a time, ours waits": Case((asks(503, "1"),), (503, 200), TAKEN, waits=1.0),
    "T09 429 without a time": Case((429,), (429, 200), TAKEN),
    "T10 408": Case((408,), (408, 200), TAKEN),
    "T11 410 is final, ours": Case((410,), (410,), refused("http_410")),
    "T12 413 of one event is final": Case((413,), (413,), refused("http_413")),
    "T13 460 is final, ours": Case((460,), (460,), refused("http_460")),
    "T14 404 is final": Case((404,), (404,), refused("http_404")),
    "T15 hangs up": Case((0,), (0, 200), TAKEN),
    "T16 attempts used up": Case(
        (500, 500, 500, 500), (500, 500, 500), refused("retries_exhausted"), attempts=3
    ),
    "T17 429 with a time is no attempt": Case(
        (asks(429, "1"),), (429, 200), TAKEN, attempts=1, waits=1.0
    ),
    "T18 one after the other": Case((408, 500), (408, 500, 200), TAKEN),
    "T19 400 of one event is final": Case((400,), (400,), refused("http_400")),
    "T19b 401 pauses, ours": Case((401,), (401,), PAUSED),
    "T19c 403 pauses, ours": Case((403,), (403,), PAUSED),
    "T21 many 429s with a time, ours goes on": Case(
        (asks(429, "0"),) * 12, (429,) * 12 + (200,), TAKEN, attempts=1
    ),
}


@pytest.mark.parametrize("case", TABLE.values(), ids=list(TABLE))
def test_retry_table(open_shop: OpenShop, faults: Faults, case: Case) -> None:
    """One event and the answers of the case: so many requests, all alike, and that outcome."""
    limit = {} if case.attempts is None else {"attempts": case.attempts}
    policy = RetryPolicy(base=0.01, cap=0.05, **limit)
    shop = open_shop(webhook(faults.script(*case.script), retry=policy))
    shop.track("a")

    shop.wait_for(**case.outcome)
    shop.analytics.flush(0.05)  # a request too many would come now

    requests = faults.requests()
    assert tuple(request.status for request in requests) == case.statuses
    assert len({request.body for request in requests}) == 1
    assert len({request.headers["Idempotency-Key"] for request in requests}) == 1
    if case.waits:
        assert faults.gaps()[0] >= 0.95 * case.waits


def test_retry_t04b_429_holds_up_what_comes_meanwhile(open_shop: OpenShop, faults: Faults) -> None:
    """A second event is not sent while the first one's pause lasts; then both are."""
    shop = open_shop(webhook(faults.script(asks(429, "1")), batch_size=1))
    shop.track("first")
    wait_until(faults.requests, "nothing was sent")

    shop.track("second")
    shop.wait_for(delivered=2, pending=0)

    assert sorted(request.status for request in faults.requests()) == [200, 200, 429]
    assert faults.gaps()[0] >= 0.95


def test_retry_t19d_age_ends_the_tries(open_shop: OpenShop, faults: Faults) -> None:
    """No count of attempts gives an event up, its age does."""
    shop = open_shop(webhook(faults.url("status/500"), max_age=1.3))
    shop.track("a")

    shop.wait_for(dropped={"expired": 1}, pending=0)

    assert len(faults.requests()) >= 3


def test_retry_t20_credentials_go_with_every_attempt(open_shop: OpenShop, faults: Faults) -> None:
    """A header of the configuration is there at the last try as at the first."""
    headers = {"Authorization": "Basic a2V5Og=="}
    shop = open_shop(webhook(faults.script(500, 500), headers=headers))
    shop.track("a")

    shop.wait_for(delivered=1)

    assert [request.headers["Authorization"] for request in faults.requests()] == [
        "Basic a2V5Og=="
    ] * 3


@pytest.mark.parametrize("status", [408, 429, 503])
def test_retry_t22_retry_after_is_capped_at_300_seconds(status: int) -> None:
    """600 seconds are cut to 300, whatever the status they come with."""
    verdict: Verdict = Answer(status, {"Retry-After": "600"}, b"").verdict()

    assert RetryPolicy().pause(1, getattr(verdict, "after", None)) == 300.0
