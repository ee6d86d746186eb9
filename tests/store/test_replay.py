"""Stored history goes to one collector again: over its own lane, once, to a real server."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.collectors import WebhookCollector
from flask_analytics.errors import ConfigurationError, QuestionError, StoreError
from flask_analytics.ids import Ids
from flask_analytics.metrics.window import Range
from flask_analytics.store.base import Store
from flask_analytics.store.bookmark import Bookmark, Sent
from flask_analytics.store.replays import replay as module
from flask_analytics.store.replays.choice import reach
from flask_analytics.store.replays.replay import Stopped
from flask_analytics.testing import Answer, FakeDestination

from .replays import START, Segmental, event, history, lane, replay, webhook


def ids(destination: FakeDestination) -> list[str]:
    return [event["message_id"] for event in destination.events]


def kept(tmp_path: Path) -> Bookmark[Sent]:
    return Bookmark(tmp_path / "mark.json", Sent)


def test_history_arrives_as_it_was(destination: FakeDestination) -> None:
    """In order, with its own times and ids, and marked; what the store has stays unmarked."""
    source = history(50)

    with lane(webhook(destination)) as dispatcher:
        report = replay(source, dispatcher)

    assert ids(destination) == [f"m{number:05}" for number in range(50)]
    first = destination.events[0]
    assert first == {**json.loads(event(0)), "context": {"backfill": True}}
    assert (report.events, report.sent, report.delivered, report.is_done) == (50, 50, 50, True)
    assert next(iter(source.events())) == event(0)
    assert [len(json.loads(request.body)) for request in destination.requests] == [20, 20, 10]


def test_destination_with_verdicts(destination: FakeDestination) -> None:
    """Shaped like Segment's, and refusing two by their ids: those are rejected, the others are
    delivered, none is sent twice."""
    destination.answers += [Answer(), Answer(body=json.dumps(["m00021", "m00030"]).encode())]

    with lane(Segmental(destination.url, batch_size=20)) as dispatcher:
        report = replay(history(60), dispatcher)

    calls = [each for r in destination.requests for each in json.loads(r.body)["batch"]]
    assert [call["messageId"] for call in calls] == [f"m{number:05}" for number in range(60)]
    assert calls[1]["timestamp"] == "2026-03-01T00:01:00+00:00"
    assert calls[1]["context"] == {"backfill": True}
    assert (report.sent, report.delivered, report.rejected) == (60, 58, {"invalid": 2})


def test_bad_event_is_found_by_halves(destination: FakeDestination) -> None:
    """A 400 for a batch is the lane's to split: one event is to blame, the others arrive."""
    destination.answers += [Answer(400), Answer(400), Answer(400), Answer(200), Answer(200)]

    with lane(webhook(destination, batch_size=4)) as dispatcher:
        report = replay(history(8), dispatcher, batch=4)

    assert (report.delivered, report.rejected) == (7, {"http_400": 1})


def test_destination_that_is_away_for_a_while(destination: FakeDestination) -> None:
    """Retry is the lane's, too: what was answered with 503 comes again and is counted once."""
    destination.answers += [Answer(503), Answer(503)]

    with lane(webhook(destination)) as dispatcher:
        report = replay(history(30), dispatcher)

    assert (report.sent, report.delivered, report.rejected) == (30, 30, {})
    assert len(destination.requests) == 4


def test_wrong_key_stops_it(destination: FakeDestination, tmp_path: Path) -> None:
    """Nothing waits for five minutes; when the key is right, the same replay goes on."""
    destination.answers += [Answer(200), Answer(401)]

    with lane(webhook(destination)) as dispatcher, pytest.raises(Stopped, match="http_401"):
        replay(history(50), dispatcher, bookmark=kept(tmp_path))
    with lane(webhook(destination)) as dispatcher:
        report = replay(history(50), dispatcher, bookmark=kept(tmp_path))

    assert (report.before, report.events, report.delivered) == (20, 50, 50)


class Away:
    """A lane that takes nothing."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def put(self, item: Any) -> None:
        """Keep it."""

    def flush(self, timeout: float) -> bool:
        self._clock.tick(timeout)
        return False

    def stats(self) -> dict[str, Any]:
        ledger = {"pending": 20, "state": "open", "reason": "http_503", "accepted": 0}
        return {"collectors": {"it": {**ledger, "delivered": 0, "rejected": {}, "dropped": {}}}}


def test_patience_ends(clock: Any) -> None:
    """A destination that takes nothing for ten minutes stops it, and does not hold it for ever."""
    with pytest.raises(Stopped, match="600 seconds"):
        replay(history(5), Away(clock), clock=clock)
    assert clock.now == pytest.approx(1000 + module.PATIENCE, abs=2)


class Breaking:
    """A store that cannot be read beyond some events."""

    def __init__(self, count: int) -> None:
        self._store, self._count = history(100), count

    def events(self, span: Range) -> Any:
        for number, body in enumerate(self._store.events(span)):
            if number == self._count:
                raise StoreError("gone")
            yield body


@pytest.mark.parametrize("count", [0, 19, 20, 21, 55, 99])
def test_goes_on_where_it_ended(destination: FakeDestination, tmp_path: Path, count: int) -> None:
    """Wherever it broke off: every event arrives, none twice, since none was under way."""
    bookmark = kept(tmp_path)
    with lane(webhook(destination)) as dispatcher, pytest.raises(StoreError):
        replay(Breaking(count), dispatcher, bookmark=bookmark)
    with lane(webhook(destination)) as dispatcher:
        report = replay(history(100), dispatcher, bookmark=bookmark)

    assert ids(destination) == [f"m{number:05}" for number in range(100)]
    assert (report.events, report.before) == (100, count // 20 * 20)


def test_many_of_one_moment(destination: FakeDestination, tmp_path: Path) -> None:
    """Events of the same microsecond are told apart by their ids where it goes on."""
    source = history(0)
    source.append([event(number, timestamp=START) for number in range(70)])
    bookmark = kept(tmp_path)
    destination.answers += [Answer(200), Answer(200), Answer(401)]

    with lane(webhook(destination)) as dispatcher, pytest.raises(Stopped):
        replay(source, dispatcher, bookmark=bookmark)
    del destination.requests[-1]  # refused
    with lane(webhook(destination)) as dispatcher:
        replay(source, dispatcher, bookmark=bookmark)

    assert ids(destination) == [f"m{number:05}" for number in range(70)]


def test_a_second_time_nothing_is_sent(destination: FakeDestination, tmp_path: Path) -> None:
    """Unless its bookmark is taken away. What came meanwhile is another replay's."""
    source = history(30)
    for _ in range(2):
        with lane(webhook(destination)) as dispatcher:
            report = replay(source, dispatcher, bookmark=kept(tmp_path))
        source.append([event(31)])

    assert len(destination.events) == 30
    assert (report.before, report.events, report.is_done) == (30, 30, True)


def test_only_what_is_asked_for(destination: FakeDestination) -> None:
    """Range, filters, the collector's own wishes, and the age that a destination takes."""
    hidden = event(203, integrations={"Webhook": False})
    source = history(100)
    source.append([hidden, event(201)])
    picky = webhook(destination, accepts=lambda event: event.user_id != "u0")
    end = START + timedelta(minutes=300)

    with lane(picky) as dispatcher:
        report = replay(
            source, dispatcher, filters=("event=look",), span=Range(START, end), now=end,
            reach=timedelta(minutes=250),
        )  # fmt: skip

    assert report.passed_over == 10
    assert report.skipped == {"too old": 45, "not meant for it": 6}
    assert all(event["event_name"] == "look" for event in destination.events)
    total = report.passed_over + sum(report.skipped.values()) + report.sent
    assert (total, report.delivered) == (102, report.sent)


def test_rate(destination: FakeDestination, clock: Any) -> None:
    """Ten a second: a batch is no more than that, and each waits for its time."""
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        clock.tick(seconds)

    with lane(webhook(destination)) as dispatcher:
        replay(history(45), dispatcher, rate=10, clock=clock, wait=wait)

    assert [len(json.loads(request.body)) for request in destination.requests] == [
        10,
        10,
        10,
        10,
        5,
    ]
    assert waited == pytest.approx([1, 1, 1, 1, 0.5])


def test_dry_run(destination: FakeDestination, tmp_path: Path) -> None:
    """Counts what would be sent; nothing is, and no bookmark is made."""
    report = replay(history(30), None, bookmark=kept(tmp_path), filters=("event=buy",))

    assert (report.sent, report.delivered, report.passed_over) == (3, 0, 27)
    assert not destination.requests
    assert not list(tmp_path.iterdir())


class Stamping(WebhookCollector):
    keeps_timestamp = False


class Forgetful(WebhookCollector):
    max_age = 72 * 3600.0


def test_what_a_destination_can_date(destination: FakeDestination) -> None:
    """One that stamps on arrival gets nothing; a class may say how far back it reaches, while
    what a collector is configured with is about delays."""
    with pytest.raises(ConfigurationError, match="would happen today"):
        reach("it", Stamping(destination.url))
    assert reach("it", Forgetful(destination.url)) == timedelta(days=3)
    assert reach("it", WebhookCollector(destination.url, max_age=60)) is None


def test_trait_is_no_filter_here(destination: FakeDestination) -> None:
    """It is a person's, and not an event's."""
    with pytest.raises(QuestionError, match="a trait is"):
        replay(history(1), None, filters=("trait.plan=pro",))


def test_every_store_goes_on(store: Store, destination: FakeDestination, tmp_path: Path) -> None:
    """In the middle of one moment, with ids of every form: each store has the same order."""
    made = Ids()
    names = [made.write(made.draw(), 1.7e9 + n) for n in range(30)]
    names += [f"m{n}" for n in range(30)] + [
        f"{n:08X}-0000-4000-8000-00000000000A" for n in range(9)
    ]
    store.append([event(n, message_id=name, timestamp=START) for n, name in enumerate(names)])
    destination.answers += [Answer(200), Answer(200), Answer(401)]

    with lane(webhook(destination)) as dispatcher, pytest.raises(Stopped):
        replay(store, dispatcher, bookmark=kept(tmp_path))
    del destination.requests[-1]  # refused
    with lane(webhook(destination)) as dispatcher:
        replay(store, dispatcher, bookmark=kept(tmp_path))

    assert sorted(ids(destination)) == sorted(names)
