"""NDJSON: an event's JSON on each line, as exports write it and journals hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ...event import Event, Source, decode
from .format import Record
from .lines import Lines
from .refusal import Refused
from .report import count

#: Fields under the names of the wire.
FIELDS = frozenset(field.encode_name for field in msgspec.structs.fields(Event))


class _Exact(Event, forbid_unknown_fields=True):
    """An event that says nothing but what we know: then it need not be looked at twice."""

    #: A server's event without a user agent would be a bot's.
    source: Source = msgspec.field(default_factory=lambda: Source.API)


_exact = msgspec.json.Decoder(_Exact).decode
_any = msgspec.json.Decoder(dict[str, Any]).decode

_WHERE = re.compile(r" \(byte \d+\)|: line \d+.*")


class Ndjson:
    """Reads lines of JSON objects. ``name`` stands for ``event_name``, as in the write API.

    :param fixed: values for fields that a line does not have.
    :param changed: counts the fields that were left out, because we have none of that name.
    """

    name = "ndjson"

    def __init__(self, fixed: Mapping[str, str], changed: dict[str, int]) -> None:
        self._fixed = fixed
        self._changed = changed

    def records(self, lines: Lines) -> Iterator[Record]:
        """The lines that are not blank."""
        for line in lines:
            if line and not line.isspace():
                yield Record(lines.number, line, None if lines.is_cut else line)

    def event(self, content: Any) -> Event:
        """:raises Refused: the line is no event."""
        if not self._fixed:
            try:
                return _seconds(_exact(content))
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                pass
        return self._slowly(content)

    def _slowly(self, content: bytes) -> Event:
        """Tell what is wrong, or which fields nobody reads."""
        try:
            told = _any(content)
            if "name" in told and "event_name" not in told:
                told["event_name"] = told.pop("name")
            for name in sorted(told.keys() - FIELDS):
                count(self._changed, f"field {name[:40]!r} left out: no event has one")
                del told[name]
            told.update((k, v) for k, v in self._fixed.items() if told.get(k) in (None, ""))
            told.setdefault("source", Source.API)
            return decode(msgspec.json.encode(told))
        except msgspec.ValidationError as error:
            raise Refused(reason(error)) from None
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise Refused(not_json(error)) from None


def not_json(error: Exception) -> str:
    """Why a line is none, without the place, so that equal faults count as one."""
    if isinstance(error, RecursionError):
        return "no JSON: it is nested too deeply"
    return f"no JSON: {_WHERE.sub('', str(error))}"


def reason(error: msgspec.ValidationError) -> str:
    """The field and what it should be, without the value."""
    detail, _, path = str(error).partition(" - at `")
    field = path.rstrip("`").removeprefix("$").lstrip(".")
    detail = re.sub(r"(Invalid enum value) '.*'", r"\1", detail, flags=re.S)
    return f"{field}: {detail[:1].lower()}{detail[1:]}" if field else f"no event: {detail}"


def _seconds(event: Event) -> Event:
    if event.duration is not None:
        event.duration /= 1000
    return event
