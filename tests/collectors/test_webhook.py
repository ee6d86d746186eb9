"""The webhook against a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
from email.utils import formatdate
from typing import Any

import pytest

from flask_analytics import Event
from flask_analytics.collectors import (
    MemoryCollector,
    WebhookCollector,
)
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.errors import ConfigurationError
from flask_analytics.testing import Answer, FakeDestination

from ..deploy.actors import wait_until
from .actors import Deliver, counts


def test_webhook_posts_a_json_array(deliver: Deliver, destination: FakeDestination) -> None:
    """One request for a batch, with its headers."""
    webhook = WebhookCollector(destination.url + "in?key=1", headers={"X-Key": "k"})

    dispatcher = deliver(webhook, "a", "b")

    (request,) = destination.requests
    assert request.path == "/in?key=1"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Key"] == "k"
    assert request.headers["Idempotency-Key"] == hashlib.sha256(request.body).hexdigest()
    assert "X-Analytics-Signature" not in request.headers
    assert [event["event_name"] for event in destination.events] == ["a", "b"]
    assert counts(dispatcher)["delivered"] == 2


def test_webhook_signs(deliver: Deliver, destination: FakeDestination) -> None:
    """HMAC-SHA256 of time and body, which the receiver can check."""
    deliver(WebhookCollector(destination.url, secret="s", clock=lambda: 1000.5), "a")

    (request,) = destination.requests
    digest = hmac.new(b"s", b"1000." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Analytics-Signature"] == f"t=1000,v1={digest}"


def test_webhook_batches_are_at_most_their_size(
    deliver: Deliver, destination: FakeDestination
) -> None:
    """A flood is cut into batches; none is larger than asked for."""
    deliver(WebhookCollector(destination.url, batch_size=10), *[str(n) for n in range(95)])

    sizes = [len(json.loads(request.body)) for request in destination.requests]
    assert sum(sizes) == 95
    assert max(sizes) == 10


def test_good_answer_may_refuse_some(deliver: Deliver, destination: FakeDestination) -> None:
    """The receiver names the message ids that it did not take; they are not sent again."""
    destination.answers.append(Answer(200, body=b'{"rejected": ["id-b", "id-unknown"]}'))

    dispatcher = deliver(WebhookCollector(destination.url), "a", "b", "c")

    assert counts(dispatcher)["delivered"] == 2
    assert counts(dispatcher)["rejected"] == {"refused": 1}
    assert len(destination.requests) == 1


@pytest.mark.parametrize(
    "body", [b'"rejected"', b'{"rejected": 3}', b'{"rejected": [null]}', b"{", b'{"rejected": []}']
)
def test_good_answer_may_say_anything(
    deliver: Deliver, destination: FakeDestination, body: bytes
) -> None:
    """What is no list of ids is somebody's own words: everything was taken."""
    destination.answers.append(Answer(200, body=body))

    dispatcher = deliver(WebhookCollector(destination.url), "a")

    assert counts(dispatcher)["delivered"] == 1


def test_connections_are_reused(deliver: Deliver, destination: FakeDestination) -> None:
    """Batches go side by side, at most as many as allowed."""
    deliver(
        WebhookCollector(destination.url, batch_size=1, max_inflight=3),
        *[str(n) for n in range(30)],
    )

    assert len(destination.events) == 30
    assert destination.most_at_once <= 3


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_answers_worth_another_try(
    deliver: Deliver, destination: FakeDestination, status: int
) -> None:
    """The same bytes under the same key come again and are taken."""
    destination.answers.append(Answer(status, {"Retry-After": "0"}))

    dispatcher = deliver(WebhookCollector(destination.url), "a")

    first, second = destination.requests
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert counts(dispatcher)["delivered"] == 1


@pytest.mark.parametrize("status", [400, 404, 410, 413, 422, 501, 505])
def test_answers_that_are_final(
    deliver: Deliver, destination: FakeDestination, status: int
) -> None:
    """Never again, counted with the status."""
    destination.answers.append(Answer(status))

    dispatcher = deliver(WebhookCollector(destination.url), "a")

    assert [request.path for request in destination.requests] == ["/"]
    assert counts(dispatcher)["rejected"] == {f"http_{status}": 1}


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403])
def test_answers_that_ask_for_a_person(destination: FakeDestination, status: int) -> None:
    """A redirect is not followed, a wrong key not tried again and again: the event is kept."""
    destination.answers.append(Answer(status, {"Location": destination.url + "elsewhere"}))
    collector = WebhookCollector(destination.url, batch_size=1)
    dispatcher = Dispatcher({"c": collector}, complete=lambda item: item)
    dispatcher.put(Event(event_name="a", message_id="a"))

    assert not dispatcher.flush(0.3)
    assert [request.path for request in destination.requests] == ["/"]
    assert (counts(dispatcher)["pending"], counts(dispatcher)["state"]) == (1, "misconfigured")
    dispatcher.close(0.1)


def test_endless_answer_is_not_read(deliver: Deliver, destination: FakeDestination) -> None:
    """At most 64 KiB of an answer are read, and the next request works."""
    destination.answers.append(Answer(200, body=b"x" * 1024 * 1024, pieces=50))

    dispatcher = deliver(WebhookCollector(destination.url, batch_size=1), "a", "b")

    assert counts(dispatcher)["delivered"] == 2


def test_dripping_answer_is_cut_by_the_total_timeout(
    deliver: Deliver, destination: FakeDestination
) -> None:
    """A destination that sends a byte now and then cannot hold a call for ever."""
    destination.answers.append(Answer(200, body=b"x", pieces=1000, pause=0.05))

    dispatcher = deliver(WebhookCollector(destination.url, timeout=0.3), "a")

    assert counts(dispatcher)["delivered"] == 1
    assert len(destination.requests) == 2


def test_silent_destination_disturbs_nobody(destination: FakeDestination) -> None:
    """While one destination hangs, another collector gets its events; the end comes in time."""
    destination.answers.extend([Answer(is_silent=True)] * 9)
    memory = MemoryCollector()
    dispatcher = Dispatcher(
        {"hanging": WebhookCollector(destination.url, batch_size=1), "memory": memory},
        complete=lambda item: item,
    )
    for n in range(3):
        dispatcher.put(Event(event_name=str(n)))

    assert not dispatcher.flush(0.2)
    assert len(memory.events) == 3
    assert not dispatcher.close(0.2)
    assert dispatcher.stats()["collectors"]["hanging"]["dropped"] == {"shutdown": 3}


def test_time_out_is_called_one(deliver: Deliver, destination: FakeDestination) -> None:
    """Whoever is on call reads the reason, not the code."""
    destination.answers.extend([Answer(is_silent=True)] * 99)

    dispatcher = deliver(WebhookCollector(destination.url, timeout=0.1), "a", timeout=0.1)

    wait_until(lambda: counts(dispatcher)["reason"] == "timeout", "the reason")


def test_refused_connection_is_tried_again(deliver: Deliver) -> None:
    """Nobody listens: the events wait."""
    with FakeDestination() as gone:
        url = gone.url

    dispatcher = deliver(WebhookCollector(url), "a", timeout=0.2)

    assert counts(dispatcher)["pending"] == 1


def test_environment_gives_no_proxy(
    deliver: Deliver, destination: FakeDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy from the environment could read every event: it is not used."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    dispatcher = deliver(WebhookCollector(destination.url), "a")

    assert counts(dispatcher)["delivered"] == 1


def test_unusable_header_is_refused_without_showing_it() -> None:
    """A key read from a file with its line end would fail on every event, and show in each log."""
    with pytest.raises(ConfigurationError, match="header Authorization") as caught:
        WebhookCollector("http://a/", headers={"Authorization": "Bearer hunter2\n"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"headers": {"X\n": "hunter2"}}, "no name of a header"),
        ({"headers": {"X:": "hunter2"}}, "no name of a header"),
        ({"headers": {5: "hunter2"}}, "no name of a header"),
        ({"headers": {"X-Key": "ключ hunter2"}}, "header X-Key"),
        ({"headers": ["hunter2"]}, "headers must be a dict"),
        ({"secret": b"hunter2"}, "secret must be text"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_set_up(options: Any, word: str) -> None:
    """It would fail on every event, and each would count as rejected."""
    with pytest.raises(ConfigurationError, match=word) as caught:
        WebhookCollector("http://a/", **options)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "http://a b/",
        "http://a/\nx",
        "http://a,http://b/",
        "http://a:99999/",
        "http://u:hunter2@h\u2100x.example/",
        "ftp://a/",
        "http://",
        "/x",
        None,
    ],
)
def test_webhook_url_must_be_absolute(url: Any) -> None:
    """A wrong address is told at set-up, with an example."""
    with pytest.raises(ConfigurationError, match=r"https://example\.com/events") as caught:
        WebhookCollector(url)
    assert "hunter2" not in str(caught.value)


def test_retry_after_forms() -> None:
    """Seconds, a date, or nonsense."""
    from flask_analytics.collectors.answer import retry_after

    assert retry_after(None) is None
    assert retry_after("7") == 7.0
    assert retry_after(formatdate(1000, usegmt=True), now=990) == 10.0
    assert retry_after(formatdate(1000, usegmt=True), now=2000) == 0.0
    assert retry_after("soon") is None
    assert retry_after("\u00b2") is None
