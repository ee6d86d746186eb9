"""``analytics_chart(...)``: a chart of ours in a page of the application's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask, has_request_context, request
from markupsafe import Markup

from ...errors import QuestionError, StoreError
from ...metrics import words
from ...metrics.active import ActiveAnswer
from ...metrics.window import Bucket, days, zone
from ...record import State
from ...store import run
from ..charts.bars import bars
from ..charts.chart import Chart, Series
from ..charts.line import line
from .figures import Figures
from .look import address
from .report import DAYS
from .times import Times

#: Kinds that are a series, and how each is drawn.
KINDS = {"volume": line, "active": line}


def install(app: Flask, state: State) -> None:
    """Give templates the function, and the address of the style sheet that it needs."""
    app.jinja_env.globals["analytics_chart"] = lambda kind, **own: chart(state, kind, **own)
    app.jinja_env.globals["analytics_chart_css"] = lambda: address("charts.css")


def chart(
    state: State,
    kind: str,
    *,
    days: int = DAYS,
    title: str | None = None,
    height: int = 200,
    style: str = "line",
    **own: Any,
) -> Markup:
    """A series as SVG: ``volume`` or ``active`` (people), of the last days, today included.

    :param own: the words of the question: ``event``, ``bucket``, ``tz``, ``filter``, ...
    :param title: for those who cannot see it; default: what is counted.
    :param style: ``line`` or ``bars``.

    Whoever may see the page sees the chart: it asks nobody. A wrong question raises while
    developing and testing; in production it, and a store that cannot answer, leave a chart out,
    and the log says why.

    :raises QuestionError: naming the parameter, its shape and the cure.
    """
    try:
        return _drawn(state, kind, days, title, height, style, own)
    except (QuestionError, StoreError) as error:
        if state.is_strict and isinstance(error, QuestionError):
            raise
        state.pipeline.log.warning("chart", "analytics_chart: no chart", error=error)
        return Markup("")


def _drawn(
    state: State,
    kind: str,
    count: int,
    title: str | None,
    height: int,
    style: str,
    own: dict[str, Any],
) -> Markup:
    if kind not in KINDS or style not in ("line", "bars"):
        raise QuestionError("kind", f"{kind!r:.40}, {style!r:.20}: use {' or '.join(KINDS)}, as "
                            "line or bars")  # fmt: skip
    if state.store is None:
        raise QuestionError("kind", "ANALYTICS_STORE is None: there is nothing to draw")
    now = datetime.fromtimestamp(state.pipeline.clock(), UTC)
    tz = own.pop("tz", "UTC")
    span = days(count, zone(tz).key, now)
    name = "interval" if kind == "active" else "bucket"
    bucket = Bucket(own.pop(name, "hour" if count == 1 else "day"))
    own = {name: bucket, "from": span.start, "to": span.end, "tz": tz, **own}
    answer = run.answer(state.store(), words.question(kind, own, now))
    points = answer.series if isinstance(answer, ActiveAnswer) else answer
    what = own.get("event") or ("People" if kind == "active" else "Events")
    return _svg(points, bucket, title or f"{what}, last {count} days", what, height, style,
                Times(tz, now))  # fmt: skip


def _svg(
    points: Any, bucket: Bucket, title: str, name: str, height: int, style: str, times: Times
) -> Markup:
    language = request.accept_languages.best if has_request_context() else None
    is_bars = style == "bars"
    drawn = Chart(
        title,
        [times.label(point.time, bucket) for point in points],
        [Series(name, [point.count for point in points], "bar" if is_bars else "area")],
        [times.name(point.time, bucket) for point in points],
        Figures(language or "en").short,
        max(height, 80),
    )
    return bars(drawn) if is_bars else line(drawn)
