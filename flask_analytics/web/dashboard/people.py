"""Who was there; one person's traits and what they did; forgetting and giving out on request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ... import erasure
from ...errors import QuestionError
from ...metrics import readers
from ...metrics.person import Person
from ...store.base import Store
from ...store.exports.person import document
from .desk import Desk
from .events import told

#: Rows of the list, and events of a person.
PEOPLE, TIMELINE = 100, 200

#: Bytes of an export that stay in memory, and of one piece of it.
MEMORY, PIECE = 4 * 1024 * 1024, 64 * 1024


def people(desk: Desk) -> dict[str, Any]:
    """All that the page shows: the list, or one person."""
    if desk.report.one("id"):
        return _one(desk, desk.report.one("id"))
    search = desk.report.one("search")
    asked = desk.ask("people", search=search, limit=PEOPLE)
    return {"person": None, "id": "", "search": search, "seen": asked.answer, "csv": asked.csv,
            "most": PEOPLE, "forgotten": desk.report.one("forgotten")}  # fmt: skip


def _one(desk: Desk, id: str) -> dict[str, Any]:
    person = find(desk, id)
    asked = desk.ask("timeline", id=person.id, limit=TIMELINE)
    events = [told(wire) for wire in asked.answer]
    days = [(day, list(of)) for day, of in groupby(events, lambda one: desk.times.day(one["at"]))]
    return {
        "person": person, "id": person.id, "days": days, "csv": asked.csv, "count": len(events),
        "most": TIMELINE, "wants_forget": desk.report.one("confirm") == "forget",
    }  # fmt: skip


def find(desk: Desk, id: str) -> Person:
    """Who an id belongs to.

    :raises QuestionError: nobody has it.
    """
    known = readers.identity("id", id)

    person = desk.do(lambda store: erasure.find(desk.state, store, known))
    if person is None:
        raise QuestionError("id", f"nobody has {id!r:.60}, or they were erased: ids are exact, "
                            "capitals too")  # fmt: skip
    return person


def forget(desk: Desk) -> AnyResponse:
    """Erase a person, then show who is left."""
    id = request.form.get("id", "")
    try:
        person = find(desk, id)
    except QuestionError:
        erasure.silence(desk.state, id)  # something may wait in memory
        raise
    erased = desk.do(lambda store: erasure.forget(desk.state, store, person))
    return redirect(desk.link("people", id=None, confirm=None, forgotten=erased.events), 303)


def export(desk: Desk) -> Response:
    """All about a person, as a file."""
    person = find(desk, request.form.get("id", ""))
    response = Response(_pieces(desk.do(lambda store: _file(desk, store, person))),
                        mimetype="application/json")  # fmt: skip
    response.headers["Content-Disposition"] = 'attachment; filename="person.json"'
    return response


def _file(desk: Desk, store: Store, person: Person) -> SpooledTemporaryFile[bytes]:
    """Written before it is sent, so that what cannot be read is an error, not half a file."""
    file = SpooledTemporaryFile(MEMORY)  # noqa: SIM115  closed when it is sent
    traces = erasure.Traces(desk.state, person.ids)
    file.writelines(document(store, person, traces.events(), traces.letters()))
    file.seek(0)
    return file


def _pieces(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
