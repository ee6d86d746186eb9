"""A file of the journal as a dead process, a broken disk or a stranger has left it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from flask_analytics.delivery.segment import ACK, Segment, frame

SEEDS = [
    b"\n".join([frame(b'{"a":1}', 5)[:-1], b"garbage", frame(b"", 0)[:-1]]) + b"\0\0",
    frame(b"x" * 100, 2**32 - 1) + b"\xff" + frame(b'{"w":[3,[0],1,false]}', 0),
    b"\xff" + frame(b'{"w":[99999,[-1,5],-1,true]}', 0),
    frame(b"{}", 1)[:-3],
    b"\n\n\n\xff0\n",
]

_PLACE = Path(tempfile.mkdtemp()) / "fuzz-1-a.j"


def run(data: bytes) -> None:
    """All bytes are in one record or another, in order; what was written after them is read. A byte
    255 divides the file from what is written of its acknowledgements."""
    content, _, acks = data.partition(b"\xff")
    _PLACE.write_bytes(content)
    _PLACE.with_name(_PLACE.name + ACK).write_bytes(acks)
    segment = Segment.adopt(_PLACE)
    assert segment is not None
    try:
        if not content or content.endswith(b"\n"):
            segment.append(b'{"last":1}', 7)
        at = 0
        for record in segment.read(0, segment.end):
            assert record.start == at < record.end <= segment.end
            at = record.end
            last = record
        assert at == segment.end == os.stat(_PLACE).st_size
        if not content or content.endswith(b"\n"):
            assert (last.body, last.at) == (b'{"last":1}', 7.0)
        for ack in segment.acks.values():
            assert 0 <= ack.frontier <= segment.end
        segment.left_for()
        segment.acknowledge(segment.acks)
    finally:
        segment.remove()
