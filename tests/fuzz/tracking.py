"""What Segment's clients send."""

from __future__ import annotations

from flask_analytics.web.payload import Unreadable
from flask_analytics.web.tracking_calls import read_batch, read_call, write_key
from flask_analytics.web.tracking_messages import TYPES

from .payload import NOW
from .targets import refused, sound

SEEDS = [
    b'{"userId":"u","event":"a","properties":{"revenue":"9.5","currency":"EUR","total":1},"messageId":'
    b'"m","timestamp":"2026-11-21T10:00:00.123Z","sentAt":"2026-11-21T11:00:00Z","writeKey":"w",'
    b'"context":{"ip":"1.2.3.4","userAgent":"x","locale":"de","page":{"url":"https://a.example/?a=b",'
    b'"path":"/","referrer":"https://b.example/","title":"t"},"library":{"name":"x"}}}',
    b'{"batch":[{"type":"track","event":"a","anonymousId":"x"},{"type":"identify","userId":1,"traits":'
    b'{"email":"a"}},{"type":"alias","userId":"a","previousId":"b"},{"type":"group","groupId":"g",'
    b'"userId":"u"},{"type":"page","name":"n","category":"c","anonymousId":"x"},{}],"sentAt":"x"}',
    b'{"batch":[{"type":"screen","anonymousId":"\\ud800","originalTimestamp":"9999-12-31"}]}',
    b'{"anonymousId":"x","previousId":"y","userId":"z","groupId":"g","event":"a","timestamp":1}',
]


def run(data: bytes) -> None:
    """Events that are sound, refusals, or Unreadable; and a key, or none."""
    key = write_key(data)
    assert key is None or isinstance(key, bytes)
    for type_ in TYPES:
        try:
            for event in read_call(data, type_, NOW).events:
                sound(event)
        except Unreadable as error:
            refused(error.status)
    for is_exact in (False, True):
        try:
            for event in read_batch(data, NOW, is_exact).events:
                sound(event)
        except Unreadable as error:
            refused(error.status)
