"""What a page sends."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_analytics.web.payload import Unreadable, read

from .targets import refused, sound

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)

SEEDS = [
    b'{"sent_at":"2026-11-21T11:00:00Z","view_id":"v1","url":"https://a.example/b?utm_source=c#/d",'
    b'"referrer":"http://[::1]:80/","title":"t","automated":true,"events":[{"type":"pageview",'
    b'"properties":{"a":[1,{"b":null}]},"timestamp":"2026-11-21T10:59:59.5+01:00"}]}',
    b'{"events":[{"event_name":"a","message_id":"m","url":"https://a.example/%F0%9F%98%80"}]}',
    b'{"events":[{"event_name":"\\ud800\\u0000"},{"type":"custom"},5,null]}',
    b'{"view_id":"a","view_id":"b","events":[{"event_name":"a","message_id":"a","message_id":"b"}]}',
    b'{"sent_at":"0001-01-01T00:00:00+14:00","events":[{"event_name":"a","timestamp":'
    b'"9999-12-31T23:59:59-14:00"}]}',
]


def run(data: bytes) -> None:
    """Events that are sound, refusals, or Unreadable."""
    try:
        payload = read(data, NOW)
    except Unreadable as error:
        refused(error.status)
        return
    assert payload.events or payload.refused
    for event in payload.events:
        sound(event)
