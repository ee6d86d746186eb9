"""An event's way: drafts, steps, signals, and the sink that is chosen late."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics import Analytics, Event, signals, track
from flask_analytics.errors import DropEvent
from flask_analytics.ids import Ids
from flask_analytics.log import INTERVAL, MAX_KINDS, QuietLog, masked
from flask_analytics.pipeline import Draft, Pipeline


class ListSink:
    """Keeps what it is given."""

    def __init__(self, complete: Callable[[Any], Event]) -> None:
        self.complete = complete
        self.items: list[Any] = []

    def put(self, item: Any) -> None:
        self.items.append(item)

    def flush(self, timeout: float) -> bool:
        return True

    close = flush

    def stats(self) -> dict[str, Any]:
        return {"collectors": {}, "queued": len(self.items), "dropped": {}}


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(
        object(), open_sink=ListSink, enrich=lambda event, facts: None, clock=lambda: 1e9
    )


def test_without_steps_the_request_hands_over_a_draft(pipeline: Pipeline) -> None:
    """What is costly waits for the dispatcher's thread."""
    draft = Draft(Event(event_name="a"), 1e9)

    pipeline.accept(draft)

    assert pipeline.sink.items == [draft]  # type: ignore[attr-defined]
    event = pipeline.complete(draft)
    assert uuid.UUID(event.message_id).version == 7
    assert event.timestamp is not None
    assert event.timestamp.isoformat() == "2001-09-09T01:46:40+00:00"


def test_steps_walk_in_order(pipeline: Pipeline) -> None:
    """Each step sees what the one before made of the event."""
    pipeline.steps = [lambda event: (event.properties.update(a=1), event)[1] for _ in range(1)]
    pipeline.steps.append(lambda event: Event(event_name=f"{event.properties['a']}"))

    pipeline.accept(Draft(Event(event_name="x"), 1e9))

    assert [event.event_name for event in pipeline.sink.items] == ["1"]  # type: ignore[attr-defined]


def test_drop_ends_the_way_and_is_counted(pipeline: Pipeline) -> None:
    """DropEvent is no error."""

    def drop(event: Event) -> Event:
        raise DropEvent("test")

    pipeline.steps = [drop]

    pipeline.accept(Draft(Event(event_name="x"), 1e9))

    assert pipeline.stats()["queued"] == 0
    assert pipeline.stats()["dropped"] == {"test": 1}


def test_step_that_raises_changes_nothing(
    pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    """The event goes on as it was; the mistake is logged."""
    pipeline.steps = [lambda event: 1 / 0]  # type: ignore[list-item, return-value]

    pipeline.accept(Draft(Event(event_name="x"), 1e9))

    assert pipeline.stats()["queued"] == 1
    assert "before_send raised" in caplog.text


def test_before_send_changes_and_drops(
    analytics: Analytics, client: FlaskClient, events: list[Event]
) -> None:
    """@analytics.before_send sees the finished event; None drops it."""

    @analytics.before_send
    def look(event: Event) -> Event | None:
        assert event.message_id
        assert event.hostname == "localhost"
        event.properties["seen"] = True
        return None if event.path == "/api-secret" else event

    client.get("/")
    client.get("/api-secret")

    assert [(event.path, event.properties) for event in events] == [("/", {"seen": True})]
    assert analytics.stats()["dropped"] == {"before_send": 1}


@pytest.mark.parametrize("answer", [lambda event: 1 / 0, lambda event: "text"])
def test_broken_before_send_never_costs_an_event(
    analytics: Analytics, client: FlaskClient, events: list[Event], answer: Any
) -> None:
    """An application's mistake is logged, the event goes on."""
    analytics.before_send(answer)

    assert client.get("/").status_code == 200
    assert len(events) == 1


def test_step_or_receiver_that_tracks_does_not_call_itself(
    app: Flask, analytics: Analytics, client: FlaskClient
) -> None:
    """One request stays one event; what its observers track is counted as dropped."""
    heard: list[str] = []

    def receive(sender: Any, event: Event) -> None:
        heard.append(event.name)
        analytics.track("echo")

    analytics.before_send(lambda event: track("echo") or event)
    with signals.event_accepted.connected_to(receive, sender=app):
        client.get("/")

    assert heard == ["pageview"]
    assert analytics.stats()["dropped"] == {"reentrant": 2}


def test_signals_name_the_application(app: Flask, client: FlaskClient) -> None:
    """The sender is the application; another application's receivers hear nothing."""
    heard: list[tuple[Any, Event]] = []

    def receive(sender: Any, event: Event) -> None:
        heard.append((sender, event))

    with (
        signals.event_accepted.connected_to(receive, sender=app),
        signals.event_accepted.connected_to(receive, sender=Flask("other")),
    ):
        client.get("/")

    assert [sender for sender, _ in heard] == [app]


def test_receiver_that_raises_reaches_nobody(
    app: Flask, client: FlaskClient, events: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    """Other receivers and the response are as if nothing was."""

    def fail(sender: Any, event: Event) -> None:
        raise RuntimeError("no")

    with signals.event_accepted.connected_to(fail, sender=app):
        assert client.get("/").status_code == 200

    assert len(events) == 1
    assert "a receiver of event_accepted raised" in caplog.text


def test_dropped_signal(app: Flask, analytics: Analytics, client: FlaskClient) -> None:
    """event_dropped says why and how many."""
    heard: list[dict[str, Any]] = []

    def receive(sender: Any, **facts: Any) -> None:
        heard.append(facts)

    analytics.before_send(lambda event: None)
    with signals.event_dropped.connected_to(receive, sender=app):
        client.get("/")

    assert heard == [{"collector": None, "reason": "before_send", "count": 1}]


def test_ids_are_unique_and_ordered() -> None:
    """UUIDv7: version, variant, time in front, counter behind."""
    ids = Ids()

    written = [ids.write(ids.draw(), 1.7e9 + n / 1000) for n in range(1000)]

    assert len(set(written)) == 1000
    assert written == sorted(written)
    assert {uuid.UUID(text).version for text in written} == {7}
    assert {uuid.UUID(text).variant for text in written} == {uuid.RFC_4122}
    assert int(written[0].replace("-", "")[:12], 16) == 1_700_000_000_000


def test_ids_of_a_fork_differ() -> None:
    """A child that inherits the counter gets a prefix of its own."""
    pid = [1]
    ids = Ids(pid=lambda: pid[0])
    parent = ids.write(7, 1e9)
    pid[0] = 2

    assert ids.write(7, 1e9) != parent


def test_message_ids_cannot_be_guessed_from_view_ids(app: Flask, events: list[Event]) -> None:
    """A view id stands in the page; message ids must not follow from it."""
    app.test_client().get("/")

    (event,) = events
    assert event.view_id is not None
    assert event.view_id[14:28] != event.message_id[14:28]


def test_quiet_log_speaks_once_a_minute(clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A flood of one kind is one line, with the number that was held back."""
    log = QuietLog(clock)
    for _ in range(5):
        log.warning("kind", "trouble %s", 1)
    log.warning("other", "else")
    clock.tick(INTERVAL)
    log.warning("kind", "trouble %s", 2)

    assert [record.getMessage() for record in caplog.records] == [
        "trouble 1",
        "else",
        "trouble 2 (4 more of this kind since the last line)",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_quiet_log_bounds_its_kinds(clock: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A collector may have another word for each event: neither the log nor memory fills up."""
    log = QuietLog(clock)

    for n in range(10_000):
        log.warning(f"reject webhook id-{n}", "refused: %s", n)

    assert len(caplog.records) <= MAX_KINDS + 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://u:hunter2@a.example/x", "https://***@a.example/x"),
        ("/mp/collect?api_secret=hunter2&v=1", "/mp/collect?api_secret=***&v=1"),
        ("http://a/?v=1&X-Amz-Signature=hunter2'", "http://a/?v=1&X-Amz-Signature=***'"),
        ("{'Authorization': 'Bearer hunter2'}", "{'Authorization': '***'}"),
        ("authorization: hunter2", "authorization: ***"),
        ("http://a.example/?page=2&q=b", "http://a.example/?page=2&q=b"),
    ],
)
def test_log_masks_secrets(text: str, shown: str) -> None:
    """What errors of the network tell of an address stays recognisable, without its keys."""
    assert masked(text) == shown


def test_log_masks_hostile_texts_quickly() -> None:
    """A long text that looks like the beginning of a secret everywhere."""
    began = time.process_time()

    masked("?" + "key" * 7000)
    masked("://" * 7000)

    assert time.process_time() - began < 5  # one that tries every beginning takes minutes


def test_handler_that_raises_reaches_nobody() -> None:
    """The application's log server may be away: no event and no request is lost for it."""

    class Away(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise ConnectionError("log server is away")

    handler = Away()
    logger = logging.getLogger("flask_analytics")
    logger.addHandler(handler)
    try:
        QuietLog().warning("kind", "trouble")
    finally:
        logger.removeHandler(handler)


def test_error_that_cannot_be_shown_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Its kind is all that is known of it."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    QuietLog().warning("kind", "trouble", error=Mute())

    assert "Mute" in caplog.text


def test_events_of_background_threads(app: Flask, events: list[Event]) -> None:
    """A thread of the application tracks within an application context."""
    import threading

    def work() -> None:
        with app.app_context():
            track("threaded")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert [event.name for event in events] == ["threaded"]


def test_step_that_makes_a_new_event_keeps_its_id_and_time(pipeline: Pipeline) -> None:
    """Destinations deduplicate by the id, whoever made the event."""
    pipeline.steps = [lambda event: Event(event_name="new")]

    pipeline.accept(Draft(Event(event_name="x"), 1e9))

    (event,) = pipeline.sink.items  # type: ignore[attr-defined]
    assert event.event_name == "new"
    assert uuid.UUID(event.message_id).version == 7
    assert event.timestamp is not None


def test_step_that_makes_nonsense_loses_that_event_only(pipeline: Pipeline, caplog: Any) -> None:
    """A user id of 42 could not be read again, and would spoil the batch that it is in."""

    def number(event: Event) -> Event:
        event.user_id = 42  # type: ignore[assignment]
        return event

    pipeline.steps = [number]

    pipeline.accept(Draft(Event(event_name="x"), 1e9))

    assert pipeline.sink.items == []  # type: ignore[attr-defined]
    assert pipeline.stats()["dropped"] == {"invalid": 1}
    assert "before_send" in caplog.text
