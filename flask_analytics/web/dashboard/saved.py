"""Saved reports: a name and the rest of a URL, in a small file beside the store."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import current_app, redirect, request
from werkzeug.wrappers import Response

from ...delivery import folder
from ...delivery.folder import file_prefix
from ...errors import QuestionError, StoreError
from ...metrics import readers
from ...record import State
from .desk import Desk
from .menu import PAGES

#: Reports of one application, characters of a name and of a query.
MOST, NAME_LENGTH, QUERY = 100, 80, 4096


class Saved(msgspec.Struct, frozen=True):
    """One report: the endpoint of its page and the query string."""

    name: str
    page: str
    query: str


class Shelf:
    """The file of one application. Every process reads it anew; the last one to write wins.

    :param home: ANALYTICS_DIR. Made when needed.
    :param app: the application's name.
    """

    def __init__(self, home: Path, app: str) -> None:
        self._path = home / f"{file_prefix(app)}.reports.json"

    def read(self) -> list[Saved]:
        """All of them, by name; none where there is no file, or one that is damaged."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=list[Saved])
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return []
        return sorted(found, key=lambda one: one.name.casefold())

    def add(self, report: Saved) -> None:
        """Keep one; another of its name goes.

        :raises QuestionError: there are too many.
        """
        kept = [one for one in self.read() if one.name != report.name]
        if len(kept) >= MOST:
            raise QuestionError("name", f"{MOST} reports are saved: take one away first")
        self._write([*kept, report])

    def remove(self, name: str) -> None:
        """Forget the one of a name."""
        self._write([one for one in self.read() if one.name != name])

    def _write(self, reports: list[Saved]) -> None:
        part = self._path.with_name(f"{self._path.name}.{secrets.token_hex(4)}")
        try:
            folder.make(self._path.parent)
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(file, "wb") as opened:
                folder.give(file, self._path.parent)
                opened.write(msgspec.json.encode(reports))
            part.replace(self._path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StoreError(f"{self._path} cannot be written: {error.strerror}") from None


def shelf(state: State) -> Shelf:
    """The shelf of an application."""
    home = state.settings.dir or Path(current_app.instance_path) / "analytics"
    return Shelf(Path(home), state.app.name)


def links(desk: Desk) -> list[dict[str, Any]]:
    """What the menu of reports shows."""
    return [
        {"name": one.name, "link": _link(desk, one)}
        for one in shelf(desk.state).read()
        if one.page in _pages()
    ]


def _link(desk: Desk, one: Saved) -> str:
    home = desk.link(one.page).partition("?")[0]
    return f"{home}?{one.query}" if one.query else home


def _pages() -> set[str]:
    return {page for page, *_ in PAGES}


def save(desk: Desk) -> Response:
    """Keep the report that the form was on."""
    name = readers.text("name", request.form.get("name", "").strip(), NAME_LENGTH)
    page, query = request.form.get("page", ""), request.form.get("query", "")
    if page not in _pages() or len(query) > QUERY or urlsplit(f"?{query}").fragment:
        raise QuestionError("page", f"{page!r:.40} is no report that can be saved")
    one = Saved(name, page, query)
    shelf(desk.state).add(one)
    return redirect(_link(desk, one), 303)


def unsave(desk: Desk) -> Response:
    """Take a report away."""
    shelf(desk.state).remove(request.form.get("name", ""))
    return redirect(desk.link("overview"), 303)
