"""Events as they happen: a page that asks again and again, or is told by a short stream.

A stream holds a thread of the server as long as it lasts. So it is offered only where the server
has several, to a few at a time, and ends after some seconds: the browser comes again by itself.
Everybody else asks every few seconds, which is what the page does without being offered one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from flask import Response, render_template, request, stream_with_context

from ...errors import QuestionError, StoreError
from ...metrics.window import Range
from .desk import Desk
from .events import told
from .shell import FOLDER

#: Rows of the page.
ROWS = 60

#: What a look goes back from the minute that runs: an event may take some seconds from its time to
#: the store.
LOOK_BACK = timedelta(seconds=30)

#: Seconds between two looks, those of a stream, and streams of one process at once.
PAUSE, LENGTH, STREAMS = 2.0, 25.0, 2

#: What the page goes back when it opens.
_FIRST = timedelta(days=1)


def live(desk: Desk) -> dict[str, Any]:
    """The page: the newest events there are."""
    found = _look(desk, _FIRST)
    return {
        "latest": found,
        "like": desk.report.one("like"),
        "can_stream": bool(request.environ.get("wsgi.multithread")),
        "pause": PAUSE,
    }


def rows(desk: Desk) -> Response:
    """The newest rows alone, for a page that asks."""
    return Response(_rows(desk, _look(desk, LOOK_BACK)), mimetype="text/html")


def _look(desk: Desk, back: timedelta) -> list[dict[str, Any]]:
    """The newest, the newest first, whose name has the text that was asked for."""
    return [told(wire) for wire in desk.put("recent", _wanted(desk, back)).answer]


def _wanted(desk: Desk, back: timedelta) -> Any:
    """Of whole minutes: until something comes, the store's cache answers one look after another."""
    minute = desk.report.now
    span = Range(minute - back, minute + timedelta(minutes=1), desk.report.range.zone)
    return desk.report.question("recent", span, like=desk.report.one("like"), limit=ROWS)


def _rows(desk: Desk, latest: list[dict[str, Any]]) -> str:
    return render_template(
        f"{FOLDER}rows.html", desk=desk, figures=desk.figures, times=desk.times, latest=latest
    )


class Streams:
    """The streams of one process.

    :param open_desk: a desk of now, for each look.
    :param clock: seconds; ``wait`` takes as many.
    """

    def __init__(
        self,
        open_desk: Callable[[], Desk],
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._open_desk, self._clock, self._wait = open_desk, clock, wait
        self._open: list[int] = []

    def answer(self) -> Response:
        """A stream, or 204, after which a browser asks no more for one."""
        mine = [pid for pid in self._open if pid == os.getpid()]
        if len(mine) >= STREAMS or not request.environ.get("wsgi.multithread"):
            return Response(status=204)
        try:
            _wanted(self._open_desk(), LOOK_BACK)
        except QuestionError:  # the page itself says what is wrong
            return Response(status=204)
        parts = stream_with_context(self._parts())
        response = Response(parts, mimetype="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"  # nginx would keep it until it is full
        return response

    def _parts(self) -> Iterator[str]:
        self._open.append(os.getpid())
        try:
            yield "retry: 1000\n\n"
            yield from self._news(self._clock() + LENGTH)
        finally:
            self._open.remove(os.getpid())

    def _news(self, end: float) -> Iterator[str]:
        seen: set[str] = set()
        while self._clock() < end:
            desk = self._open_desk()
            try:
                found = _look(desk, LOOK_BACK)
            except StoreError:  # the next look may have better luck
                found = []
            fresh = [one for one in found if one["id"] not in seen]
            seen.update(one["id"] for one in fresh)
            # A line that says nothing finds out whether anybody is there still.
            yield _message(_rows(desk, fresh)) if fresh else ":\n\n"
            self._wait(PAUSE)


def _message(text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"{lines}\n"
