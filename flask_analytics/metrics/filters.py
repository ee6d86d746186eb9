"""Which events a question is about: the filter language, the same in Python, REST and CLI.

``property.plan=pro``: a field, an operator (``=``, ``!=``, ``>``, ``<``, ``~``), a value. Several
filters all have to hold. Values compare as the text of ``facts.text``; ``>`` and ``<`` compare
numbers, and what does not read as a number never passes. ``~`` is "contains", with the same
capitals. ``!=`` passes where there is no value at all. A field of the event that is empty has none;
a property can be the empty text. ``action`` is the name of what was done: of actions, and of those
that ``set_event_name`` made a custom event of, see ``facts.action``; ``action~`` are all of them.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from ..errors import QuestionError

#: Fields of the event shape and of what is derived from it.
FIELDS = (
    "event",
    "type",
    "action",
    "route",
    "path",
    "source",
    "referrer",
    "device",
    "browser",
    "os",
    "country",
    "origin",
    "medium",
    "campaign",
    "hostname",
    "locale",
    "method",
    "status",
    "group",
)

#: Fields that take a name after the point.
NAMED = ("property.", "trait.")

#: Filters of one question or step.
MAX_FILTERS = 20

#: Characters of a name or a value.
MAX_LENGTH = 1024


class Operator(StrEnum):
    """How a field's value and the filter's are compared."""

    EQUALS = "="
    DIFFERS = "!="
    ABOVE = ">"
    BELOW = "<"
    CONTAINS = "~"


class Filter(msgspec.Struct, frozen=True):
    """One condition. ``field`` is one of FIELDS, ``property.NAME`` or ``trait.NAME``."""

    field: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f"{self.field}{self.operator}{self.value}"

    @property
    def name(self) -> str | None:
        """The property's or the trait's name."""
        kind, _, name = self.field.partition(".")
        return name if f"{kind}." in NAMED else None


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the counted events take part at all.

    :param filters: all have to hold.
    :param source: only events that came through ``server``, ``browser`` or ``api``. With
        ``browser`` also those page views of a browser whose request is counted already.
    :param bots: count bots too.
    """

    filters: tuple[Filter, ...] = ()
    source: str | None = None
    bots: bool = False


_FILTER = re.compile(r"(?P<field>[^=!<>~]+?)\s*(?P<operator>!=|=|>|<|~)\s*(?P<value>.*)", re.S)


def parse(text: str, field: str = "filter") -> Filter:
    """Read ``property.plan=pro``.

    :raises QuestionError: naming ``field``, with an example.
    """
    match = _FILTER.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise QuestionError(field, f"{text!r:.60} is no filter: write such as property.plan=pro")
    name, value = match["field"].strip(), match["value"]
    check_field(name, field)
    operator = Operator(match["operator"])
    if len(name) > MAX_LENGTH or len(value) > MAX_LENGTH:
        raise QuestionError(field, f"a filter has at most {MAX_LENGTH} characters on each side")
    if operator in (Operator.ABOVE, Operator.BELOW) and number(value) is None:
        raise QuestionError(field, f"{text!r:.60} compares numbers: {value!r:.20} is none")
    return Filter(name, operator, value)


def check_field(name: str, field: str) -> None:
    """:raises QuestionError: there is no field of that name."""
    if name in FIELDS or any(name.startswith(kind) and name != kind for kind in NAMED):
        return
    raise QuestionError(
        field,
        f"{name!r:.40} is no field: use {', '.join(FIELDS)}, property.NAME or trait.NAME",
    )


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII).fullmatch


def number(text: str) -> float | None:
    """The number that a text is, or None. Blanks around it, ``inf`` and ``nan`` make it none."""
    return float(text) if _NUMBER(text) else None
