"""The life of a collector, and the words in which a configuration names one."""

from __future__ import annotations

import json
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
from flask_analytics.errors import ConfigurationError
from flask_analytics.event import encode


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
        ("flush_interval", float("nan")), ("imports", ("no_such_module",)), ("name", 5),
        ("name", "two\nlines"), ("retry", 3), ("breaker", 3), ("accepts", "yes"),
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
        ("ga4://secret:secret", "write ga4://MEASUREMENT_ID:API_SECRET@"),
        ("ga4://G-1:a?secret@", "write \\? as %3F"),
        ("webhook+https://secret\udcff@a.example/", "cannot be read"),
        ("mixpanel://secret", "write mixpanel://TOKEN@"),
        ("posthog://secret/secret@", "%2F"),
        ("segment://secret:secret@", "write segment://WRITE_KEY@"),
        ("matomo://secret.example", "write matomo://SITE_ID:TOKEN_AUTH@"),
        ("plausible://secret.example@", "an @"),
        ("segment://secret@?endpoint=secret.example", "segment: endpoint must be"),
        ("segment://secret@?endpoint=https://a.example/x?key=secret", "without \\?"),
        ("segment://secret@a.example;stdout:", "endpoint must be"),
        ("segment://secret@?endpoint=https://a%20b.example", "endpoint must be"),
        (5, "int"),
        (MemoryCollector, "MemoryCollector is a class"),
    ],
)
def test_wrong_addresses_name_the_mistake(address: Any, word: str) -> None:
    """The error says what is wrong, and never shows the address: it may hold secrets."""
    with pytest.raises(ConfigurationError, match=word) as caught:
        from_address(address)
    assert "secret" not in str(caught.value)
