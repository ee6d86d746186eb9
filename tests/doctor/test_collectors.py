"""A test event to each collector, over real HTTP, and what its judge makes of the answer."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from flask_analytics import Collector
from flask_analytics.doctor import collectors
from flask_analytics.doctor.collectors import EVENT
from flask_analytics.doctor.finding import Finding, Patient
from flask_analytics.testing import Answer, FakeDestination

from .conftest import Admit, ill, told

#: An address of every service, and what it says to an event that it takes.
SERVICES = {
    "webhook+{url}": Answer(204),
    "ga4://G-XXXXXXXXXX:planted@?endpoint={url}": Answer(200, body=b'{"validationMessages":[]}'),
    "plausible://shop.example?endpoint={url}": Answer(202, body=b"ok"),
    "mixpanel://planted@?endpoint={url}": Answer(200, body=b'{"code":200,"status":"OK"}'),
    "segment://planted@?endpoint={url}": Answer(200, body=b'{"success":true}'),
    "posthog://planted@?endpoint={url}": Answer(200, body=b'{"status":"Ok"}'),
    "amplitude://planted@?endpoint={url}": Answer(200, body=b'{"code":200}'),
    "matomo://1@?endpoint={url}": Answer(200, body=b'{"status":"success","tracked":1,"invalid":0}'),
    "umami://2d8a1d26-7b6c-4c7e-9d9c-0f5b0a4ab1de@?endpoint={url}": Answer(
        200, body=b'{"size":1,"processed":1,"errors":0,"details":[]}'
    ),
}


def try_out(admit: Admit, address: str, destination: FakeDestination, **more: Any) -> Patient:
    """A patient with this one collector, to be tried."""
    url = address.format(url=destination.url)
    return admit(patient={"sends": True}, ANALYTICS_COLLECTORS=[url], **more)


@pytest.mark.parametrize("address", SERVICES, ids=lambda address: address.partition(":")[0])
def test_a_service_that_takes_it_is_well(
    admit: Admit, destination: FakeDestination, address: str
) -> None:
    """One request, with an event that anybody sees is a test."""
    destination.answers.append(SERVICES[address])

    patient = try_out(admit, address, destination)
    assert ill(collectors.check, patient) == []

    (request,) = destination.requests
    assert EVENT.encode() in request.body
    assert ("/debug/" in request.path) is address.startswith("ga4")


@pytest.mark.parametrize("address", SERVICES, ids=lambda address: address.partition(":")[0])
def test_a_wrong_key_is_told(admit: Admit, destination: FakeDestination, address: str) -> None:
    """By each service's judge, with the cure, and without the key."""
    destination.answers.append(Answer(401))

    (found,) = ill(collectors.check, try_out(admit, address, destination))
    assert (found.level, "key or address" in found.cure) == ("problem", True)
    assert "planted" not in found.text


def test_an_event_that_google_would_drop(admit: Admit, destination: FakeDestination) -> None:
    """Its validation server says so; the real one says yes to everything."""
    said = {"validationMessages": [{"validationCode": "NAME_INVALID", "description": "x"}]}
    destination.answers.append(Answer(200, body=json.dumps(said).encode()))

    (found,) = ill(collectors.check, try_out(admit, list(SERVICES)[1], destination))
    assert "NAME_INVALID" in found.text


def test_a_destination_that_is_away(admit: Admit) -> None:
    """The kind of the error, and none of its text."""
    with FakeDestination() as gone:
        url = gone.url
    patient = admit(patient={"sends": True}, ANALYTICS_COLLECTORS=[f"webhook+{url}?key=planted"])

    (found,) = ill(collectors.check, patient)
    assert ("ConnectionError" in found.text, "planted" in found.text) == (True, False)


@pytest.mark.parametrize(("off", "word"), [(0, ""), (600, "behind"), (-600, "ahead of")])
def test_its_clock_is_compared(
    admit: Admit, destination: FakeDestination, off: float, word: str
) -> None:
    """With the Date of the answer: what a test server sends twice, the later one counts."""
    patient = try_out(admit, "webhook+{url}", destination)
    object.__setattr__(patient, "clock", lambda: time.time() - off)

    texts = [one.text for one in ill(collectors.check, patient)]
    assert len(texts) == bool(off)
    assert all(f"600 s {word} webhook" in text or f"599 s {word} webhook" in text
               or f"601 s {word} webhook" in text for text in texts)  # fmt: skip
    assert formatdate(time.time())  # a Date is there at all: http.server sends one


def test_nothing_is_sent_unless_asked(admit: Admit, destination: FakeDestination) -> None:
    """Looking is no sending."""
    patient = admit(ANALYTICS_COLLECTORS=[f"webhook+{destination.url}"])

    assert "webhook: not tried" in told(collectors.check, patient)
    assert destination.requests == []


class Broken(Collector):
    def collect(self, event: Any) -> None:
        raise LookupError("planted")


def test_a_collector_of_ones_own_that_fails(admit: Admit) -> None:
    """Is told by its kind of error."""
    patient = admit(patient={"sends": True}, ANALYTICS_COLLECTORS=[Broken(), "stdout:"])

    (found,) = ill(collectors.check, patient)
    assert found.text == "broken: did not take the test event (error)."


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("http://events.example.com/x", True),
        ("http://8.8.8.8/x", True),
        ("https://events.example.com/x", False),
        ("http://localhost:8000/x", False),
        ("http://127.0.0.1/x", False),
        ("http://10.0.0.1/x", False),
        ("http://events/x", False),
    ],
)
def test_events_that_can_be_read_on_the_way(admit: Admit, url: str, is_open: bool) -> None:
    """Only within one's own network is http no fault."""
    found: list[Finding] = ill(collectors.check, admit(ANALYTICS_COLLECTORS=[f"webhook+{url}"]))

    assert bool(found) is is_open
