"""What a query string asks: every kind of question, and filters."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

from flask_analytics.errors import QuestionError
from flask_analytics.metrics import filters, words
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.metrics.understood import understood
from flask_analytics.store.memory import MemoryStore

from .targets import short

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)

SEEDS = [
    b"from=2026-11-01&to=2026-11-21T10:00&tz=Europe/Berlin&bucket=hour&bots=1&source=browser",
    b"event=a&property=plan&limit=5&filter=property.plan!=pro&filter=path~/x&filter=browser=Firefox",
    b"step=a&step=b&window=7d&step_filter=2:property.plan=pro&breakdown=device",
    b"period=week&cohort_days=28&grid=1&start_event=a&return_event=b&interval=day&rolling=7",
    b"dimension=page&id=x&search=y&offset=10&days=7", b"from=0001-01-01&to=9999-12-31&tz=%00",
    b"filter=%ff&filter==&filter=duration>1e400", b"from=-1d&to=now&limit=1e9&step_filter=99:x=y",
]  # fmt: skip

_STORE = MemoryStore()


def run(data: bytes) -> None:
    """A question that can be told again and answered, or an error that names its parameter."""
    try:
        given = parse_qs(data.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return
    for kind, asked in KINDS.items():
        try:
            question = words.read(kind, {k: v for k, v in given.items() if k in asked.words}, NOW)
        except QuestionError as error:
            short(error)
            continue
        understood(question)
        _STORE.answer(question)
    for texts in given.values():
        for text in texts:
            try:
                found = filters.parse(text)
            except QuestionError:
                continue
            assert filters.parse(str(found)) == found
