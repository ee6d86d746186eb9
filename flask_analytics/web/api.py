"""The read API: every question by a GET, answered as JSON or CSV to those who may read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, Response, request

from ..errors import QuestionError, StoreError
from ..metrics import csv, window, words
from ..metrics.kinds import KINDS
from ..metrics.person import Timeline, Traits
from ..metrics.window import Range
from ..record import State
from ..store import run
from . import access, openapi, shapes
from .problem import json_response, problem

#: Bytes of a query string.
MAX_QUERY = 16 * 1024

FORMATS = {"json": "application/json", "csv": "text/csv"}

#: Besides a question's own words.
FORMAT = "format"

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Unanswered(Exception):
    """There is no answer; ``response`` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def install(app: Flask, state: State) -> None:
    """Register the routes, behind access control."""
    prefix = f"{state.settings.url_prefix}/api"
    blueprint = Blueprint("flask_analytics_api", __name__, url_prefix=prefix)
    access.guard(blueprint, state)
    for kind in KINDS:
        blueprint.add_url_rule(f"/{kind}", kind, _view(state, kind))
    blueprint.add_url_rule("/openapi.json", "openapi", lambda: _document(state.settings.url_prefix))
    blueprint.add_url_rule("/", "index", lambda: _unknown(""), methods=_METHODS)
    blueprint.add_url_rule("/<path:rest>", "unknown", _unknown, methods=_METHODS)
    app.register_blueprint(blueprint)


def _view(state: State, kind: str) -> Callable[[], Response]:
    def view() -> Response:
        try:
            return _kept(_answer(state, kind))
        except Unanswered as reason:
            return reason.response

    return view


def _answer(state: State, kind: str) -> Response:
    if state.store is None:
        raise Unanswered(
            _no(404, "ANALYTICS_STORE is None: nothing is kept here that could be asked.")
        )
    format_ = _format()
    question = _question(state, kind)
    answer = _ask(state, question)
    if isinstance(question, (Traits, Timeline)) and not _is_somebody(state, question.id, answer):
        raise Unanswered(_no(404, "Nobody has this id, or they were erased.", "id"))
    if format_ == "json":
        return json_response(200, shapes.body(question, answer))
    response = Response(csv.write(answer, kind), content_type=csv.CONTENT_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return response


def _format() -> str:
    """What to answer with: ``format`` decides, else ``Accept``, else JSON."""
    named = request.args.getlist(FORMAT)
    if named:
        if len(named) > 1 or named[0] not in FORMATS:
            raise Unanswered(_no(400, f"Write {' or '.join(FORMATS)}, once.", FORMAT))
        return named[0]
    if not request.accept_mimetypes:
        return "json"
    best = request.accept_mimetypes.best_match(FORMATS.values())
    if best is None:
        raise Unanswered(_no(406, f"There is {' and '.join(FORMATS.values())}.", "Accept"))
    return next(name for name, mimetype in FORMATS.items() if mimetype == best)


def _question(state: State, kind: str) -> Any:
    if len(request.query_string) > MAX_QUERY:
        raise Unanswered(_no(414, f"The query string is longer than {MAX_QUERY} bytes."))
    given = {name: values for name, values in request.args.lists() if name != FORMAT}
    try:
        return words.read(kind, given, datetime.fromtimestamp(state.pipeline.clock(), UTC))
    except QuestionError as error:
        raise Unanswered(_wrong(error)) from None


def _ask(state: State, question: Any) -> Any:
    assert state.store is not None
    try:
        return run.answer(state.store(), question)
    except QuestionError as error:
        raise Unanswered(_wrong(error)) from None
    except run.Busy as error:
        raise Unanswered(_later(str(error), error.after)) from None
    except StoreError as error:  # its text may name files or hosts
        state.pipeline.log.warning("store", "the store cannot answer", error=error)
        raise Unanswered(_later(
            "The store cannot answer now, or this would take too long: ask again, or for a "
            "shorter range. The log says why.", 30,
        )) from None  # fmt: skip


#: All of it.
_EVER = Range(
    datetime(window.FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(window.LAST_YEAR, 12, 31, tzinfo=UTC)
)


def _is_somebody(state: State, id: str, answer: Any) -> bool:
    """Whether anything was ever heard of an id; an empty answer alone does not tell."""
    if isinstance(answer, tuple):
        if answer:
            return True
        answer = _ask(state, Traits(id))
    is_told = answer.traits or answer.ids != (id,)
    return bool(is_told or _ask(state, Timeline(id=id, range=_EVER, limit=1)))


def _kept(response: Response) -> Response:
    """Whoever asked may keep it, if they ask whether it still holds."""
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept, Authorization, Cookie"
    response.add_etag()
    response.make_conditional(request)
    return response


def _document(prefix: str) -> Response:
    return _kept(json_response(200, openapi.document(request.script_root + prefix)))


def _unknown(rest: str) -> Response:
    if rest in KINDS or rest == "openapi.json":
        response = problem(405, "There is no such question.", "Questions are asked by GET.")
        response.headers["Allow"] = "GET, HEAD, OPTIONS"
        return response
    return problem(404, "There is no such question.", f"There are {', '.join(KINDS)}.")


def _wrong(error: QuestionError) -> Response:
    return _no(400, _sentence(str(error)), error.field)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _later(detail: str, after: int) -> Response:
    response = _no(503, detail)
    response.headers["Retry-After"] = str(after)
    return response


def _no(status: int, detail: str, field: str | None = None) -> Response:
    return problem(status, "The question was not answered.", detail, field)
