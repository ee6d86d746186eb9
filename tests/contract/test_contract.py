"""What every destination keeps to, whatever its service is like."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import pytest
import trustme

from flask_analytics.collectors.address import from_address
from flask_analytics.collectors.base import (
    Misconfigured,
    Retry,
    check,
)
from flask_analytics.collectors.client import HttpCollector
from flask_analytics.errors import ConfigurationError
from flask_analytics.testing import Answer, FakeDestination

from . import events
from .actors import attempt, collector, good, payloads, supported
from .conftest import Deliver
from .kind import Kind
from .kinds import KINDS

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def test_every_event_ends_in_one_counter(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """What has a word is delivered; what has none is dropped as unsupported, and not sent."""
    good(kind, destination)

    counts = deliver(collector(kind, destination), *events.everything())

    assert counts["delivered"] == len(supported(kind))
    assert counts["dropped"] == ({"unsupported": len(kind.unsupported)} if kind.unsupported else {})
    assert counts["rejected"] == {}
    assert counts["state"] == "ok"


def test_retries_send_identical_bytes(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """A destination that fails twice gets the same request three times, headers included."""
    destination.answers.extend([Answer(503), Answer(503)])
    good(kind, destination)

    counts = deliver(collector(kind, destination), events.purchase())

    assert counts["delivered"] == 1
    first, *others = destination.requests[:3]
    assert [(other.path, other.headers, other.body) for other in others] == [
        (first.path, first.headers, first.body)
    ] * 2


def test_a_connection_that_breaks_is_tried_again(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """Network faults may pass."""
    destination.answers.extend([Answer(200, {"Content-Length": "5"}, b"")])
    good(kind, destination)

    counts = deliver(collector(kind, destination), events.page())

    assert counts["delivered"] == 1
    assert len(destination.requests) == 2


def test_partial_failure_is_counted_by_event(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """A good status that says one was not taken: that one is rejected, and none is sent twice."""
    if kind.partial is None:
        pytest.skip(f"{kind.name} says nothing of single events in a good answer")
    answer, reason = kind.partial
    several = [events.purchase(number) for number in range(3)]
    sender = collector(kind, destination, max_inflight=1)
    destination.answers.append(answer(0, min(len(several), sender.batch_size)))
    good(kind, destination)

    counts = deliver(sender, *several)

    assert counts["rejected"] == {reason: 1}
    assert counts["delivered"] == 2
    assert len(payloads(kind, destination)) == 3


def test_wrong_key_pauses_and_keeps(kind: Kind, destination: FakeDestination) -> None:
    """401 is about the configuration: no event is given up for it."""
    destination.answers.append(Answer(401))

    verdict = attempt(collector(kind, destination), events.purchase())

    assert isinstance(verdict, Misconfigured)


def test_own_time_is_kept(kind: Kind, destination: FakeDestination, deliver: Deliver) -> None:
    """An event is dated when it happened, not when it was sent."""
    good(kind, destination)

    deliver(collector(kind, destination), events.page(), events.purchase())

    if not kind.build(endpoint=destination.url).keeps_timestamp:
        assert all(kind.moment(payload) is None for payload in payloads(kind, destination))
        return
    moments = [kind.moment(payload) for payload in payloads(kind, destination)]
    start = events.NOW.timestamp()
    assert sorted(moments) == sorted([kind.written(start), kind.written(start + 2)])


def test_what_it_deduplicates_by_is_there(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """Every event carries its own message id, where the destination has a field for it."""
    good(kind, destination)
    sent = [events.page(), events.purchase()]

    deliver(collector(kind, destination), *sent)

    ids = [kind.message_id(payload) for payload in payloads(kind, destination)]
    if ids[0] is None:
        assert set(ids) == {None}
    else:
        assert Counter(ids) == Counter(event.message_id for event in sent)


def test_people_do_not_share_an_identity(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """Two visitors, and two users, are never one person there."""
    good(kind, destination)
    ip = "203.0.113.78"
    others = [
        events.page(0),
        events.page(1, anonymous_id="ffffffffffffffffffffff", client_ip=ip),
        events.page(2, anonymous_id=None, user_id="user-1", client_ip="203.0.113.79"),
        events.page(3, anonymous_id=None, user_id="user-2", client_ip="203.0.113.80"),
    ]

    deliver(collector(kind, destination), *others)

    identities = [kind.identity(payload) for payload in payloads(kind, destination)]
    assert len(set(identities)) == 4
    assert all(identity not in (None, "", "anonymous") for identity in identities)


def test_address_is_trimmed_on_demand(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """With anonymize_ip a visitor's network is all that leaves; without, what is known."""
    good(kind, destination)
    deliver(collector(kind, destination), events.page())
    shown = kind.ip(destination.requests[0])
    assert shown in ("203.0.113.77", None)
    if not kind.trims:
        assert shown == "203.0.113.77"
        return
    if shown is None:
        assert b"203.0.113" not in destination.requests[0].body
        return
    if kind.needs_ip:
        with pytest.raises(ConfigurationError, match="anonymize_ip"):
            collector(kind, destination, anonymize_ip=True)
        return

    deliver(
        collector(kind, destination, anonymize_ip=True),
        events.page(7),
        events.page(8, client_ip="2001:db8:1:2:3::4"),
    )

    trimmed = {kind.ip(received) for received in destination.requests[1:]}
    whole = b"".join(received.body for received in destination.requests[1:])
    assert trimmed <= {"203.0.113.0", "2001:db8:1::"}
    assert b"203.0.113.77" not in whole
    assert b"2001:db8:1:2" not in whole


def test_an_event_that_no_request_has_room_for_is_not_sent(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """Also where the service has no limit for an event itself."""
    sender = collector(kind, destination)
    most = getattr(sender, "max_body_bytes", None)
    if most is None:
        pytest.skip(f"{kind.name} has no limit")
    good(kind, destination)
    key = "item_name"
    items = [{key: str(n) * 90, **{f"p{n}{k}": "y" * 99 for k in range(9)}} for n in range(200)]

    counts = deliver(sender, events.purchase(properties={"items": items, "x": "y" * most}))

    assert sum(counts["rejected"].values()) + counts["delivered"] == 1
    assert all(len(received.body) <= most for received in destination.requests)


def test_limits_are_kept_before_sending(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """What is too much is cut or refused here, counted, and never sent as it was."""
    if not kind.limits:
        pytest.skip(f"{kind.name} has no limits of its own")
    for event, expected in kind.limits:
        destination.requests.clear()
        destination.answers.clear()
        good(kind, destination)

        counts = deliver(collector(kind, destination), event)

        if isinstance(expected, str):
            assert {**counts["rejected"], **counts["dropped"]} == {expected: 1}
            assert destination.requests == []
        else:
            assert counts["delivered"] == 1, counts
            assert sum(counts["trimmed"].values()) > 0
            (payload,) = payloads(kind, destination)
            assert expected(payload)


def test_requests_stay_within_their_size(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """However much is in a batch, no request is larger than the destination takes."""
    good(kind, destination, 200)
    text = "x" * 1000
    many = [events.purchase(n, properties={f"p{k}": text for k in range(5)}) for n in range(120)]
    sender = collector(kind, destination)

    counts = deliver(sender, *many)

    assert counts["delivered"] == 120
    assert len(payloads(kind, destination)) == 120
    most_bytes = getattr(sender, "max_body_bytes", None) or sender.batch_bytes + sender.batch_size
    most_events = getattr(sender, "max_events", None) or sender.batch_size
    for received in destination.requests:
        assert len(received.body) <= most_bytes
        assert len(kind.payloads(received)) <= most_events


def test_secrets_are_in_no_log_and_no_error(
    kind: Kind, deliver: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    """Not when the network fails, not in a repr, not in what a wrong option says."""
    caplog.set_level(logging.DEBUG)
    with FakeDestination() as gone:
        url = gone.url
    sender = kind.build(endpoint=url)

    assert isinstance(attempt(sender, events.purchase()), Retry)

    with pytest.raises(ConfigurationError) as wrong:
        kind.build(endpoint="no address")
    with pytest.raises((ConfigurationError, UserWarning)) as misspelt:
        from_address(kind.address.replace("ENDPOINT", "http://localhost/") + "&tiemout=1")

    said = " ".join([caplog.text, repr(sender), str(wrong.value), str(misspelt.value)])
    for secret in kind.secrets:
        assert secret not in said


def test_wrong_settings_are_loud(kind: Kind) -> None:
    """Set-up fails at once, and the message names what to change."""
    assert kind.wrong
    for options, word in kind.wrong:
        with pytest.raises(ConfigurationError, match=word):
            kind.build(**options)
    for option in ("batch_size", "flush_interval", "timeout"):
        with pytest.raises(ConfigurationError, match=option):
            kind.build(**{option: 0})


def test_address_builds_the_same(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """A deployment needs no code."""
    good(kind, destination)
    built = from_address(kind.address.replace("ENDPOINT", destination.url) + "&flush_interval=0.01")
    assert isinstance(built, HttpCollector)
    check(built)

    deliver(built, events.purchase())
    deliver(collector(kind, destination), events.purchase())

    first, second = destination.requests
    assert (first.path, kind.payloads(first)) == (second.path, kind.payloads(second))


def test_close_is_idempotent(kind: Kind, destination: FakeDestination) -> None:
    """Also before it was started."""
    sender = collector(kind, destination)
    sender.close()
    sender.start()
    sender.close()
    sender.close()


def test_private_authority_is_trusted_on_demand(
    kind: Kind, tmp_path: Path, deliver: Deliver
) -> None:
    """TLS with a certificate of one's own works with ca_file, and only with it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    with FakeDestination(certificate=certificate) as destination:
        good(kind, destination)

        counts = deliver(
            collector(kind, destination, ca_file=tmp_path / "ca.pem"), events.purchase()
        )

        assert counts["delivered"] == 1
        verdict = attempt(collector(kind, destination), events.purchase())
        assert isinstance(verdict, Retry)
        assert len(destination.requests) == 1
