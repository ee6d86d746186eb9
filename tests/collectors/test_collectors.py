"""Each collector against the real thing: a logger, memory, an HTTP server on loopback."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import logging
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import pytest

from flask_analytics import Collector, Event
from flask_analytics.collectors import (
    BatchCollector,
    MemoryCollector,
    StdoutCollector,
    WebhookCollector,
)
from flask_analytics.collectors.address import collectors, from_address
from flask_analytics.collectors.base import Batch
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.errors import ConfigurationError
from flask_analytics.event import encode
from flask_analytics.testing import Answer, FakeDestination

Deliver = Callable[..., Dispatcher]


@pytest.fixture
def deliver() -> Iterator[Deliver]:
    """Send events through a real dispatcher into one collector and wait for the end."""
    made: list[Dispatcher] = []

    def run(collector: Collector, *names: str, timeout: float = 5) -> Dispatcher:
        dispatcher = Dispatcher({"c": collector}, complete=lambda item: item)
        made.append(dispatcher)
        for name in names:
            dispatcher.put(Event(event_name=name, message_id=f"id-{name}"))
        dispatcher.flush(timeout)
        return dispatcher

    yield run
    for dispatcher in made:
        dispatcher.close(0.1)


def counts(dispatcher: Dispatcher) -> dict[str, Any]:
    stats: dict[str, Any] = dispatcher.stats()["collectors"]["c"]
    return stats


# -- the base


def test_life_of_a_collector_is_five_documented_methods() -> None:
    """Each method of the base is a no-op that says who calls it."""
    collector = Collector()
    assert collector.start() is None
    assert collector.collect(Event()) is None
    assert collector.flush() is None
    assert collector.close() is None
    for name in ("start", "collect", "flush", "close"):
        assert getattr(Collector, name).__doc__


def test_names_follow_the_class() -> None:
    """A collector of one's own needs no name; its repr shows nothing else."""

    class PigeonCollector(Collector):
        secret = "hunter2"

    assert (PigeonCollector.name, PigeonCollector.integration) == ("pigeon", "Pigeon")
    assert repr(PigeonCollector()) == "<PigeonCollector 'pigeon'>"


@pytest.mark.parametrize(
    "option",
    ["batch_size", "batch_bytes", "flush_interval", "timeout", "max_inflight", "max_age"],
)
@pytest.mark.parametrize("value", [0, -1, "5", True])
def test_sizes_and_times_are_above_zero(option: str, value: Any) -> None:
    """A wrong size is refused at once, by name."""
    with pytest.raises(ConfigurationError, match=option):
        WebhookCollector("http://localhost/", **{option: value})


def test_batch_collector_must_write_send() -> None:
    """Forgetting send is told."""

    class Empty(BatchCollector):
        pass

    with pytest.raises(NotImplementedError, match="Empty must write send"):
        Empty().send(Batch([]))


def test_batch_is_a_sequence_of_events() -> None:
    """A batch can be looped over, indexed, sliced, and is JSON already."""
    events = [Event(event_name=name, message_id=name) for name in "ab"]
    batch = Batch([encode(event) for event in events])

    assert len(batch) == 2
    assert list(batch) == [batch[0], batch[1]] == list(batch[0:2])
    assert batch.id == "a"
    assert [event["event_name"] for event in json.loads(batch.to_json())] == ["a", "b"]
    assert Batch([]).id == ""


def test_collector_that_would_do_nothing_is_refused() -> None:
    """Without a method of its own, or with one that is never awaited, events would go nowhere."""

    class Nothing(Collector):
        pass

    class Awaited(Collector):
        async def collect(self, event: Event) -> None:  # type: ignore[override]
            pass

    with pytest.raises(ConfigurationError, match="Nothing must write collect"):
        collectors([Nothing()])
    with pytest.raises(ConfigurationError, match="is a coroutine function"):
        collectors([Awaited()])


# -- memory and stdout


def test_memory_keeps_the_newest(deliver: Deliver) -> None:
    """The oldest go first; clear forgets all."""
    memory = MemoryCollector(maxlen=2)
    deliver(memory, "a", "b", "c")

    assert [event.event_name for event in memory.events] == ["b", "c"]
    memory.clear()
    assert len(memory.events) == 0


@pytest.fixture
def stdout_logger() -> Iterator[logging.Logger]:
    logger = logging.getLogger("flask_analytics.stdout")
    yield logger
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def test_stdout_is_one_json_line_an_event(
    deliver: Deliver, stdout_logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through logging, on standard output, without delay."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)

    deliver(StdoutCollector(), "a", "b")

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event_name"] for line in lines] == ["a", "b"]


def test_stdout_respects_the_applications_logging(
    deliver: Deliver, stdout_logger: logging.Logger
) -> None:
    """A handler of the application's is used instead of ours."""
    out = io.StringIO()
    stdout_logger.addHandler(logging.StreamHandler(out))
    stdout_logger.setLevel(logging.INFO)
    stdout_logger.propagate = False

    deliver(StdoutCollector(), "a")

    assert json.loads(out.getvalue())["message_id"] == "id-a"
    assert len(stdout_logger.handlers) == 1


# -- webhook


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
    "url",
    [
        "",
        "example.com",
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
    from flask_analytics.collectors.http import retry_after

    assert retry_after(None) is None
    assert retry_after("7") == 7.0
    assert retry_after(formatdate(1000, usegmt=True), now=990) == 10.0
    assert retry_after(formatdate(1000, usegmt=True), now=2000) == 0.0
    assert retry_after("soon") is None
    assert retry_after("\u00b2") is None


# -- by address


def test_addresses_build_collectors() -> None:
    """Text is enough for a deployment; options are in the query, the rest stays."""
    webhook = from_address(
        "webhook+https://u:p@example.com/in?key=1&batch_size=7&flush_interval=0.5&name=mine"
    )
    assert isinstance(webhook, WebhookCollector)
    assert (webhook.name, webhook.batch_size, webhook.flush_interval) == ("mine", 7, 0.5)
    assert webhook._url == "https://u:p@example.com/in?key=1"
    assert isinstance(from_address("stdout:"), StdoutCollector)
    assert isinstance(from_address("memory:"), MemoryCollector)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("batch_size", 0), ("max_inflight", "4"), ("timeout", -1), ("timeout", float("inf")),
        ("flush_interval", float("nan")), ("imports", ("no_such_module",)),
    ],
)  # fmt: skip
def test_attributes_of_ones_own_class_are_checked(attribute: str, value: Any) -> None:
    """A wrong one would end all delivery when the first event comes; so it is told at set-up."""
    kind = type("PigeonCollector", (MemoryCollector,), {attribute: value})
    with pytest.raises(ConfigurationError, match=f"PigeonCollector.{attribute}"):
        collectors([kind()])


def test_misspelt_option_is_warned_about() -> None:
    """It would silently become part of the address."""
    with pytest.warns(UserWarning, match="did you mean flush_interval"):
        from_address("webhook+https://a/?flush_intervall=1")


def test_names_are_unique_and_stable() -> None:
    """webhook, webhook-2, ... in order."""
    named = collectors(["webhook+http://a/", MemoryCollector(), "webhook+http://b/"])
    assert list(named) == ["webhook", "memory", "webhook-2"]


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("pigeon://secret@x", "pigeon"),
        ("secret@host", "Known are stdout:"),
        ("stdout", "write 'stdout:'"),
        ("console:", "'console'"),
        ("https://user:secret@host/", "webhook\\+https://"),
        ("webhook+https://u:secret@h\u2100x.example/", "address"),
        ("webhook+https://", "absolute"),
        ("webhook+https://a/?batch_size=many", "batch_size"),
        ("webhook+https://a/?batch_size=0", "batch_size"),
        ("stdout:?batch_size=5", "stdout"),
        (5, "int"),
        (MemoryCollector, "MemoryCollector is a class"),
    ],
)
def test_wrong_addresses_name_the_mistake(address: Any, word: str) -> None:
    """The error says what is wrong, and never shows the address: it may hold secrets."""
    with pytest.raises(ConfigurationError, match=word) as caught:
        from_address(address)
    assert "secret" not in str(caught.value)
