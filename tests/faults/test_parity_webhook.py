"""Defects 16 to 18, 24 and 25 of the reference implementation (Piko): its collectors.

As far as they concern a webhook and its lane.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable

import pytest

from flask_analytics import Collector, Event

from ..deploy.actors import free_port, wait_until
from .actors import Faults, Shop, webhook

OpenShop = Callable[..., Shop]


def test_defect_16_retry_keeps_every_part(open_shop: OpenShop, faults: Faults) -> None:
    """Properties, revenue and context are there at the second try. See also row 18."""
    shop = open_shop(webhook(faults.script(503)))

    shop.analytics.track("a", {"colour": "red"}, revenue=(5, "EUR"), context={"plan": "free"})
    shop.wait_for(delivered=1)

    first, second = (json.loads(request.body)[0] for request in faults.requests())
    assert first == second
    assert (second["properties"], second["context"]) == ({"colour": "red"}, {"plan": "free"})
    assert second["revenue"] == {"amount": "5", "currency": "EUR"}


def test_defect_17_what_succeeded_is_not_sent_again(open_shop: OpenShop, faults: Faults) -> None:
    """Of three requests one fails: only that one is repeated. See also row 17."""
    shop = open_shop(webhook(faults.script(200, 503, 200), batch_size=1, max_inflight=1))

    shop.track("a", "b", "c")
    shop.wait_for(delivered=3)

    assert len(faults.requests()) == 4
    assert sorted(faults.names()) == ["a", "b", "c"]


SECRETS = ("hunter2", "open-sesame", "abracadabra", "swordfish")


@pytest.mark.parametrize("fault", ["refused", "status/500", "status/400", "broken/reset", "hang"])
def test_defect_18_secrets_of_an_address_are_never_shown(
    open_shop: OpenShop, faults: Faults, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log line or its traceback, not in a repr, not in the counters."""
    caplog.set_level(logging.DEBUG, "flask_analytics")
    url = f"http://127.0.0.1:{free_port()}/x" if fault == "refused" else faults.url(fault)
    url = url.replace("http://", "http://user:hunter2@") + "?api_secret=open-sesame"
    headers = {"Authorization": "Bearer abracadabra"}
    collector = webhook(url, headers=headers, secret="swordfish", timeout=0.2)
    shop = open_shop(collector)

    shop.track("a")
    wait_until(lambda: collector.tries >= 1, "nothing was sent")
    shop.analytics.close(0.4)

    shown = caplog.text + repr(collector) + str(shop.analytics.stats()) + repr(shop.app.extensions)
    assert [secret for secret in SECRETS if secret in shown] == []


def test_defect_18_secrets_in_an_exception_of_a_collector_are_masked(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture
) -> None:
    """A traceback that tells an address tells it without its keys."""

    class Leaky(Collector):
        def collect(self, event: Event) -> None:
            raise RuntimeError(
                "401 for https://user:hunter2@a.example/mp?api_secret=open-sesame&v=1, "
                "Authorization: Bearer abracadabra"
            )

    shop = open_shop(Leaky())
    shop.track("a")

    shop.wait_for("leaky", rejected={"error": 1})

    assert "a.example" in caplog.text
    assert [secret for secret in SECRETS if secret in caplog.text] == []


def test_defect_24_one_content_type_a_signature_and_a_key(
    open_shop: OpenShop, faults: Faults
) -> None:
    """A Content-Type of one's own replaces ours, however it is written. Redirects: row 13."""
    headers = {"content-type": "application/vnd.shop+json"}
    shop = open_shop(webhook(faults.url("good"), headers=headers, secret="swordfish"))
    shop.track("a")

    shop.wait_for(delivered=1)

    (request,) = faults.requests()
    sent = {name.lower(): value for name, value in request.headers.items()}
    assert sent["content-type"] == "application/vnd.shop+json"
    assert sent["idempotency-key"] == hashlib.sha256(request.body.encode()).hexdigest()
    at, _, digest = sent["x-analytics-signature"].removeprefix("t=").partition(",v1=")
    signed = f"{at}.{request.body}".encode()
    assert digest == hmac.new(b"swordfish", signed, hashlib.sha256).hexdigest()


def test_defect_25_every_event_has_an_id_of_its_own(open_shop: OpenShop, faults: Faults) -> None:
    """The same at every destination and every try, different for each event."""
    other = webhook(faults.url("good"), name="other")
    shop = open_shop(webhook(faults.script(503)), other)
    shop.track(*["same name"] * 20)

    shop.wait_for(delivered=20)
    shop.wait_for("other", delivered=20)

    ids = [event["message_id"] for event in faults.events()]
    assert len(set(ids)) == 20
    assert {ids.count(one) for one in ids} == {2}
