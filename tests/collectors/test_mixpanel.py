"""What is Mixpanel's alone: its login, its three addresses, its ids, and answers that say more."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from flask_analytics import Event, EventType
from flask_analytics.collectors import MixpanelCollector
from flask_analytics.collectors.base import (
    DELIVERED,
    Delivered,
    Misconfigured,
    Rejected,
    Retry,
    Split,
)
from flask_analytics.event import Source
from flask_analytics.testing import Answer, FakeDestination

from .actors import send


def mixpanel(destination: FakeDestination, **options: Any) -> MixpanelCollector:
    return MixpanelCollector("token", endpoint=destination.url, **options)


def said(destination: FakeDestination, request: int = 0) -> Any:
    return json.loads(destination.requests[request].body)


def event(name: str = "x", **fields: Any) -> Event:
    return Event(**{"message_id": f"id-{name}", "event_name": name, "user_id": "ann", **fields})


def test_token_is_the_login(destination: FakeDestination) -> None:
    """Without a service account the token is the name, and there is no project in the address."""
    send(mixpanel(destination), event())

    (request,) = destination.requests
    assert request.path == "/import?strict=1"
    expected = base64.b64encode(b"token:").decode()
    assert request.headers["Authorization"] == f"Basic {expected}"


@pytest.mark.parametrize("account", [("robot", "s:e"), "robot:s:e"])
def test_service_account_is_the_login(destination: FakeDestination, account: Any) -> None:
    """As a pair or as a text; only the first colon parts it."""
    send(mixpanel(destination, service_account=account, project_id=5), event())

    (request,) = destination.requests
    assert request.path == "/import?strict=1&project_id=5"
    expected = base64.b64encode(b"robot:s:e").decode()
    assert request.headers["Authorization"] == f"Basic {expected}"


def test_profiles_have_verdicts_of_their_own(destination: FakeDestination) -> None:
    """An address that fails says nothing about what went to the others."""
    destination.answers.extend([Answer(), Answer(503), Answer(200, body=b'{"status": 0}')])

    verdicts = send(
        mixpanel(destination),
        event("a"),
        event(type=EventType.IDENTIFY, traits={"plan": "pro"}),
        event(type=EventType.GROUP, group_id="acme"),
        event("b"),
    )

    assert verdicts == [DELIVERED, Retry("http_503"), Split("refused"), DELIVERED]
    paths = [request.path for request in destination.requests]
    assert paths == ["/import?strict=1", "/engage?verbose=1", "/groups?verbose=1"]


def test_a_partial_answer_is_read_by_index(destination: FakeDestination) -> None:
    """What is not listed has been taken; a field that nobody knows makes no counter."""
    records = [
        {"index": 1, "field": "properties.distinct_id", "message": "?"},
        {"index": 2, "field": "properties.evil" * 9},
    ]
    body = json.dumps({"code": 400, "failed_records": records}).encode()
    destination.answers.append(Answer(400, body=body))

    verdicts = send(mixpanel(destination), *[event(str(n)) for n in range(4)])

    assert verdicts == [
        DELIVERED,
        Rejected("invalid_distinct_id"),
        Rejected("invalid_event"),
        DELIVERED,
    ]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(400, body=b"no JSON"), Split("http_400")),
        (Answer(400, body=b'{"failed_records": []}'), Split("http_400")),
        (Answer(400, body=b'{"failed_records": [{"index": 0}, {"index": 1}]}'), Split("http_400")),
        (Answer(413), Split("http_413")),
        (Answer(401), Misconfigured("http_401")),
        (Answer(429), Retry("http_429")),
        (Answer(502), Retry("http_502")),
    ],
)
def test_other_answers(destination: FakeDestination, answer: Answer, verdict: object) -> None:
    """A size is halved, a limit passes, a login does not."""
    destination.answers.append(answer)

    assert send(mixpanel(destination), event()) == [verdict]


def test_insert_id_is_of_its_alphabet(destination: FakeDestination) -> None:
    """A message id that Mixpanel would refuse is hashed: always the same, never shared."""
    ids = ["plain-1", "x" * 37, "x" * 38, "ümlaut", "null"]

    send(mixpanel(destination), *[event(message_id=one) for one in ids])
    send(mixpanel(destination), *[event(message_id=one) for one in ids])

    first, second = ([e["properties"]["$insert_id"] for e in said(destination, n)] for n in (0, 1))
    assert first == second
    assert first[0] == "plain-1"
    assert len(set(first)) == 5
    assert all(len(one) <= 36 and one.replace("-", "").isalnum() for one in first)


@pytest.mark.parametrize("word", ["anonymous", "NULL", "nil", "0", " "])
def test_nobody_is_sent_as_nobody(destination: FakeDestination, word: str) -> None:
    """A refused id is none; the field stays, or Mixpanel would make somebody of our address."""
    send(mixpanel(destination), event(user_id=word))

    (payload,) = said(destination)
    assert payload["properties"]["distinct_id"] == ""
    assert "$user_id" not in payload["properties"]


def test_properties_do_not_change_who_it_was(destination: FakeDestination) -> None:
    """A property of a reserved name is no way to be somebody else."""
    forged = {"distinct_id": "eve", "$user_id": "eve", "$device_id": "eve", "time": 1}

    send(mixpanel(destination), event(properties=forged))

    (payload,) = said(destination)
    assert payload["properties"] == {"distinct_id": "ann", "$user_id": "ann", "$insert_id": "id-x"}


def test_nested_texts_are_cut_and_counted(destination: FakeDestination) -> None:
    """The delivered verdict names each cut."""
    properties = {"list": ["y" * 256] * 255, "deep": {"k" * 256: 1}}

    (verdict,) = send(mixpanel(destination), event(properties=properties))

    assert isinstance(verdict, Delivered)
    assert sorted(set(verdict.cut)) == ["key", "value"]
    (payload,) = said(destination)
    assert len(payload["properties"]["list"]) == 254
    assert {len(text) for text in payload["properties"]["list"]} == {255}


def test_alias_needs_both(destination: FakeDestination) -> None:
    """Half an alias is refused here."""
    half = event(type=EventType.ALIAS, user_id=None, previous_id="lead")

    assert send(mixpanel(destination), half) == [Rejected("no_user_id")]
    assert destination.requests == []


@pytest.mark.parametrize("name", ["$create_alias", "$identify", "$merge"])
def test_no_page_says_who_is_who(destination: FakeDestination, name: str) -> None:
    """A stranger who names another's id would become that person."""
    forged = event(name, source=Source.BROWSER, properties={"alias": "victim"})

    assert send(mixpanel(destination), forged) == [Rejected("reserved_name")]
    assert destination.requests == []
