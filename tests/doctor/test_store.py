"""Whether the store opens and answers, and what delivery has left."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flask_analytics import Analytics, Event
from flask_analytics.delivery.census import Total
from flask_analytics.delivery.dead import DeadLetters
from flask_analytics.delivery.stats import CollectorStats, JournalStats, Stats
from flask_analytics.doctor import delivery, stores
from flask_analytics.doctor.finding import Patient
from flask_analytics.event import encode
from flask_analytics.log import QuietLog

from .conftest import Admit, ill, told


@pytest.fixture
def used(admit: Admit) -> Patient:
    """An application whose store has two events of now."""
    analytics = Analytics()
    patient = admit(analytics, ANALYTICS_STORE="embedded:")
    patient.app.test_client().get("/")
    patient.app.test_client().get("/blog/a")
    assert analytics.close(30)
    return admit(ANALYTICS_STORE="embedded:")


def test_a_store_that_answers_is_well(used: Patient) -> None:
    """It is asked in earnest."""
    assert "ok: 2 events, 2 of the last 24 hours" in told(stores.check, used)
    assert ill(stores.check, used) == []


def test_a_store_that_is_damaged(used: Patient) -> None:
    """Whatever it was that wrote into its file."""
    (file,) = used.home.glob("store/*.db")
    file.write_bytes(b"not a database" * 1000)

    (found,) = ill(stores.check, used)
    assert (found.level, "cannot answer" in found.text) == ("problem", True)


def test_a_store_that_is_away(admit: Admit) -> None:
    """Its password is not shown."""
    patient = admit(ANALYTICS_STORE="clickhouse://me:planted@127.0.0.1:9/shop")

    (found,) = ill(stores.check, patient)
    assert (found.level, "planted" in found.text) == ("problem", False)


def test_no_store_and_one_to_come(admit: Admit, tmp_path: Path) -> None:
    """Are well, and nothing is made."""
    assert "nothing is kept" in told(stores.check, admit())
    assert "The first event makes it" in told(stores.check, admit(ANALYTICS_STORE="embedded:"))
    assert not (tmp_path / "analytics").exists()


# -- delivery


def test_delivery_of_a_well_application(used: Patient) -> None:
    """Its processes have ended, and left nothing."""
    assert ill(delivery.check, used) == []
    assert "nothing was given up" in told(delivery.check, used)


def test_no_collector_at_all(admit: Admit) -> None:
    """Events go nowhere."""
    (found,) = ill(delivery.check, admit())

    assert "events go nowhere" in found.text


def test_dead_letters(used: Patient) -> None:
    """By collector and reason."""
    folder = used.home / "journal"
    letter = Event(message_id="m", event_name="a", timestamp=datetime.now(UTC))
    DeadLetters(folder, QuietLog()).bury(encode(letter), "webhook", "http_400", time.time())

    (found,) = ill(delivery.check, used)
    assert found.text == "1 events were given up by webhook (http_400)."


def test_a_collector_that_stands_still(admit: Admit) -> None:
    """What is wrong now is a problem, what waits a warning; a reason keeps no secret."""
    lane = CollectorStats(state="misconfigured", pending=20_000, reason="at http://planted@a/")
    journal = JournalStats(state="journal", corrupt=3)
    total = Total(Stats(collectors={"webhook": lane}, journal=journal), [], {})
    patient = admit(ANALYTICS_COLLECTORS=["stdout:"], patient={"notes": {"total": total}})

    found = ill(delivery.check, patient)
    assert [one.level for one in found] == ["problem", "warning", "warning"]
    assert found[0].text.startswith("webhook: misconfigured")
    assert found[1].text == "20,000 events wait for webhook."
    assert not any("planted" in one.text for one in found)


def test_what_dead_processes_left(admit: Admit) -> None:
    """Events that wait until a process of the application starts."""
    patient = admit(ANALYTICS_COLLECTORS=["webhook+http://127.0.0.1:9/"])
    patient.app.test_client().get("/")
    patient.state.pipeline.sink.close(0.01)

    again = admit(ANALYTICS_COLLECTORS=["webhook+http://127.0.0.1:9/"])
    assert any("processes that ended" in one.text for one in ill(delivery.check, again))
