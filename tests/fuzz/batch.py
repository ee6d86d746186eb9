"""What a program with a write key sends."""

from __future__ import annotations

from flask_analytics.web.batch import read_events, read_identify
from flask_analytics.web.payload import Unreadable

from .payload import NOW
from .targets import refused, sound

SEEDS = [
    b'{"events":[{"type":"custom","name":"a","user_id":5,"anonymous_id":"x","properties":{"a":1e400},'
    b'"timestamp":"2026-11-21T10:00:00","message_id":"m","revenue":{"amount":"1.50","currency":"EUR"},'
    b'"traits":{},"context":{"a":[[[[1]]]]},"integrations":{"All":false},"client_ip":"fe80::1%a",'
    b'"locale":"de_DE","hostname":"a","url":"https://u:p@a.example/","path":"/","status_code":200,'
    b'"duration_ms":1.5,"user_agent":"x","referrer":"https://b.example","view_id":"v"}]}',
    b'{"events":[{"type":"alias","user_id":"a","previous_id":"b"},{"type":"group","group_id":1}]}',
    b'{"user_id":"u","traits":{"name":"Ann"},"timestamp":"1969-12-31T23:59:59Z"}',
    b'{"events":[{"name":"a","revenue":{"amount":1e400,"currency":"XXX"},"duration_ms":-1}]}',
]


def run(data: bytes) -> None:
    """Events that are sound, refusals, or Unreadable."""
    try:
        for event in read_events(data, NOW).events:
            sound(event)
    except Unreadable as error:
        refused(error.status)
    try:
        sound(read_identify(data, NOW))
    except Unreadable as error:
        refused(error.status)
