"""What a page works with: the report, the store's answers, and how to write and link them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from ...metrics.understood import spelled, understood
from ...metrics.window import Range
from ...record import State
from ...store import run
from ...store.base import Store
from ..api import FORMAT
from . import report as reports
from . import times
from .figures import Figures
from .report import Report

T = TypeVar("T")

#: The blueprint's name.
NAME = "flask_analytics_dashboard"


class Closed(Exception):
    """ANALYTICS_STORE is None: there is nothing to ask."""


@dataclass(frozen=True)
class Asked:
    """A question, what it is called, and its answer."""

    kind: str
    question: Any
    answer: Any

    @property
    def csv(self) -> str:
        """Where the read API has the same as CSV."""
        words = {**spelled(understood(self.question)), FORMAT: ["csv"]}
        return url_for(f"flask_analytics_api.{self.kind}", **words)  # type: ignore[arg-type]


class _Hand:
    """A store as far as ``run.answer`` cares: its question is work to do."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def answer(self, work: Any) -> Any:
        return work(self._store)


@dataclass
class Desk:
    """Made for one request."""

    state: State
    page: str
    report: Report
    figures: Figures
    times: times.Times
    #: Every question of the page, for whoever wants to know what it cost.
    asked: list[Asked] = field(default_factory=list)

    def ask(self, kind: str, span: Range | None = None, /, **own: Any) -> Asked:
        """An answer from the store.

        :raises QuestionError, StoreError: as ``store.run.answer`` does.
        """
        return self.put(kind, self.report.question(kind, span, **own))

    def before(self, kind: str, /, **own: Any) -> Any:
        """The same of the period before; None where the report does not compare."""
        if not self.report.compare:
            return None
        return self.ask(kind, self.report.range.before(), **own).answer

    def put(self, kind: str, question: Any) -> Asked:
        """Ask a question that is made already."""
        if self.state.store is None:
            raise Closed
        found = Asked(kind, question, run.answer(self.state.store(), question))
        self.asked.append(found)
        return found

    def do(self, work: Callable[[Store], T]) -> T:
        """Do something else with the store: in its turn, and off the event loop, as answers are.

        :raises StoreError: it cannot now.
        """
        if self.state.store is None:
            raise Closed
        hand: Any = _Hand(self.state.store())
        done: T = run.answer(hand, work)
        return done

    def link(self, page: str | None = None, **changes: Any) -> str:
        """The URL of a page, or of this one, with the same report but for some changes."""
        target = page or self.page
        pairs = self.report.changed(is_same_page=target == self.page, **changes)
        return address(target, pairs)

    def query(self) -> str:
        """The report as the rest of a URL, without its question mark."""
        return address(self.page, self.report.pairs).partition("?")[2]

    def hidden(self, *but: str) -> list[tuple[str, str]]:
        """What a form has to send besides its own fields."""
        return [
            (name, value)
            for name, values in self.report.pairs.items()
            if name not in but
            for value in values
        ]


def address(page: str, pairs: Mapping[str, Any]) -> str:
    """The URL of a page with parameters, whatever they are called."""
    found = url_for(f"{NAME}.{page}")
    query = urlencode([(name, one) for name, values in pairs.items() for one in values])
    return f"{found}?{query}" if query else found


def zone() -> str:
    """The viewer's zone: what their browser said, else UTC."""
    return times.known(request.cookies.get(times.COOKIE))


def open_desk(state: State, page: str) -> Desk:
    """The desk of the request that runs.

    :raises QuestionError: the URL asks for something that cannot be.
    """
    return _desk(state, page, request.args)


def bare_desk(state: State, page: str) -> Desk:
    """A desk without what the URL says: where that could not be read."""
    return _desk(state, page, MultiDict())


def _desk(state: State, page: str, args: MultiDict[str, str]) -> Desk:
    now = datetime.fromtimestamp(state.pipeline.clock(), UTC)
    # To the minute: a question that has the time in it is answered from the cache as well.
    minute = now.replace(second=0, microsecond=0)
    found = reports.read(dict(args.lists()), minute, zone())
    figures = Figures(request.accept_languages.best or "en")
    return Desk(state, page, found, figures, times.Times(found.range.zone, now))
