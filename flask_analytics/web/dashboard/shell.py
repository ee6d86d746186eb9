"""What is around every page: the template, the headers, and the pages that say no."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from ...record import State
from .. import headers
from . import form
from .desk import NAME, Desk, bare_desk
from .menu import PAGES
from .report import PRESETS
from .saved import links

FOLDER = "flask_analytics/dashboard/"


def show(desk: Desk, template: str, code: int = 200, /, **context: Any) -> Response:
    """A page of the dashboard."""
    html = render_template(
        f"{FOLDER}{template}.html",
        desk=desk,
        report=desk.report,
        figures=desk.figures,
        times=desk.times,
        menu=PAGES,
        presets=PRESETS,
        name=desk.state.app.name,
        token=form.token,
        saved=lambda: links(desk),
        **context,
    )
    response = headers.page(make_response(html, code))
    form.remember(response, f"{NAME}.overview")
    return response


def refuse(state: State, page: str, status: int, title: str, detail: str) -> Response:
    """A page that says what is wrong and what to do about it."""
    desk = bare_desk(state, page)
    return show(desk, "problem", status, title=title, detail=detail, status=status)


def refused(state: State, answer: Response) -> Response:
    """Our refusal as a page, for whoever wants one; the numbers stay behind it."""
    if not request.accept_mimetypes.accept_html:
        return answer
    told = answer.get_json()
    html = render_template(
        f"{FOLDER}closed.html", detail=told["detail"], is_new=state.callbacks.access is None
    )
    answer.set_data(html)
    answer.mimetype = "text/html"
    return headers.page(answer)
