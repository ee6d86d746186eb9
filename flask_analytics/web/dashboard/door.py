"""The pages and their addresses, behind access control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ...errors import QuestionError, StoreError
from ...record import State
from ...store import run
from .. import access, headers
from . import embed, form, look, report, shell
from .delivery import delivery, ledger, replay
from .desk import NAME, Closed, Desk, address, open_desk
from .events import events
from .funnels import funnels
from .live import Streams, live, rows
from .overview import overview
from .people import export, forget, people
from .retention import retention
from .saved import save, unsave
from .speed import speed

Build = Callable[[Desk], dict[str, Any]]

#: Endpoint -> path, template, what builds its context.
_PAGES: dict[str, tuple[str, str, Build]] = {
    "overview": ("/", "overview", overview),
    "events": ("/events", "events", events),
    "funnels": ("/funnels", "funnels", funnels),
    "retention": ("/retention", "retention", retention),
    "people": ("/people", "people", people),
    "live": ("/live", "live", live),
    "speed": ("/speed", "speed", speed),
    "delivery": ("/delivery", "delivery", delivery),
}

#: Endpoint -> path, the page that its form is on, what it does.
_FORMS: dict[str, tuple[str, str, Callable[[Desk], Response]]] = {
    "forget": ("/people/forget", "people", forget),
    "export": ("/people/export", "people", export),
    "replay": ("/delivery/replay", "delivery", replay),
    "save": ("/reports/save", "overview", save),
    "unsave": ("/reports/remove", "overview", unsave),
}


#: Endpoint -> path, the page that it is a part of, what answers.
_PARTS: dict[str, tuple[str, str, Callable[[Desk], Response]]] = {
    "ledger": ("/delivery.csv", "delivery", ledger),
    "rows": ("/live/rows", "live", rows),
}


def install(app: Flask, state: State) -> None:
    """Register the blueprint and the files that its pages use."""
    look.install(app, state)
    embed.install(app, state)
    blueprint = Blueprint(NAME, __name__, url_prefix=state.settings.url_prefix)
    access.guard(blueprint, state, lambda answer: shell.refused(state, answer))
    for endpoint, (path, template, build) in _PAGES.items():
        blueprint.add_url_rule(path, endpoint, _view(state, endpoint, template, build))
    for endpoint, (path, page, act) in _FORMS.items():
        blueprint.add_url_rule(path, endpoint, _action(state, page, act), methods=["POST"])
    streams = Streams(lambda: open_desk(state, "live"))
    for endpoint, (path, page, answer) in _PARTS.items():
        blueprint.add_url_rule(path, endpoint, _part(state, page, answer))
    blueprint.add_url_rule("/live/stream", "stream", streams.answer)
    every = ("GET", "POST", "PUT", "PATCH", "DELETE")
    blueprint.add_url_rule("/<path:rest>", "nowhere", lambda rest: _nowhere(state), methods=every)
    app.register_blueprint(blueprint)


def _view(state: State, endpoint: str, template: str, build: Build) -> Callable[[], Response]:
    def view() -> Response:
        return guarded(state, endpoint, lambda: _page(state, endpoint, template, build))

    return view


def _page(state: State, endpoint: str, template: str, build: Build) -> Response:
    pairs = report.joined(dict(request.args.lists()))
    if pairs is not None:
        return redirect(address(endpoint, pairs), 303)
    desk = open_desk(state, endpoint)
    return shell.show(desk, template, **build(desk))


def _part(state: State, page: str, answer: Callable[[Desk], Response]) -> Callable[[], Response]:
    return lambda: guarded(state, page, lambda: answer(open_desk(state, page)))


def _action(state: State, page: str, act: Callable[[Desk], Response]) -> Callable[[], Response]:
    def view() -> Response:
        if access.is_machine(request):
            return shell.refuse(state, page, 403, "Tokens only read", _MACHINE)
        if not form.is_ours():
            return shell.refuse(state, page, 403, "Please send it again", _STRANGE)
        return guarded(state, page, lambda: act(open_desk(state, page)))

    return view


def guarded(state: State, endpoint: str, view: Callable[[], Response]) -> Response:
    """What a view answers, or a page that says why it cannot."""
    try:
        answer = view()
        return headers.page(answer) if answer.mimetype == "text/html" else answer
    except QuestionError as error:
        return shell.refuse(state, endpoint, 400, "This report cannot be made", str(error))
    except Closed:
        return shell.refuse(state, endpoint, 404, "Nothing is kept here", _CLOSED)
    except run.Busy as error:
        answer = shell.refuse(state, endpoint, 503, "One moment", str(error))
        answer.headers["Retry-After"] = answer.headers["Refresh"] = str(error.after)
        return answer
    except StoreError as error:  # its text may name files or hosts
        state.pipeline.log.warning("store", "the store cannot answer", error=error)
        return shell.refuse(state, endpoint, 503, "The store cannot answer now", _SLOW)
    except HTTPException:
        raise
    except Exception as error:
        if state.is_strict:
            raise
        state.pipeline.log.warning("dashboard", "a page failed", error=error)
        return shell.refuse(state, endpoint, 500, "This page failed", _FAILED)


_CLOSED = (
    "ANALYTICS_STORE is None, so there are no events to show. Leave it out, or set it to "
    '"embedded:", and restart the application.'
)
_SLOW = (
    "Or this would take too long: try again, or choose a shorter range. The application's log says "
    "why."
)
_STRANGE = (
    "This form did not come from a page of this dashboard, or the page was opened before cookies "
    "were cleared. Go back, load the page again, and repeat it. Nothing was changed."
)
_MACHINE = (
    "A token of ANALYTICS_READ_TOKENS reads numbers and changes none. Log in as somebody whom "
    "@analytics.access lets in. Nothing was changed."
)
_FAILED = "It is our mistake, not yours. The application's log says what happened."


def _nowhere(state: State) -> Response:
    detail = "The address may be old or mistyped. The menu leads to everything there is."
    return shell.refuse(state, "overview", 404, "There is no such page", detail)
