"""Which events take part: the counted ones, the scope, the filters, as SQL conditions.

A condition that is NULL does not hold; none is ever negated as a whole.
"""

from __future__ import annotations

import re

from ...metrics.filters import Filter, Operator, Scope, number
from .counting import LOUD
from .scan import Scan

#: A filter's field -> its column, where the names differ.
COLUMNS = {"event": "name", "group": "group_id", "action": "action_name"}

NEVER, ALWAYS = "1 = 0", "1 = 1"


def counted(scan: Scan, scope: Scope, *events: str | None, quiet: bool = False) -> None:
    """Only counted events in the scope. With names only the events of these, quiet or not.

    :param quiet: those of a quiet type without names, too.
    """
    named = [event for event in events if event]
    if named:
        scan.where(is_named(scan, *dict.fromkeys(named)))
    quiet = quiet or bool(named)
    if scope.bots or scope.source == "browser":
        _also(scan, scope, quiet=quiet)
    else:
        scan.counted(quiet=quiet)
    if scope.source is not None:
        scan.where(f"{scan.column('source')} = {scan.query.value(scope.source)}")
    scan.where(*(passes(scan, each) for each in scope.filters))


def _also(scan: Scan, scope: Scope, quiet: bool) -> None:
    """Events of bots, or echoes, that otherwise do not count."""
    if not quiet:
        scan.column("type")
        scan.where(LOUD)
    if not scope.bots:
        scan.where(f"{scan.column('bot')} = 0")
    elif scope.source != "browser":
        # An echo of a bot's view counts where that view does not.
        scan.where(f"{scan.column('echo')} = 0")


def is_named(scan: Scan, *events: str) -> str:
    """The event has one of these names."""
    values = [scan.query.value(event) for event in events]
    name = scan.column("name")
    return f"{name} = {values[0]}" if len(values) == 1 else f"{name} IN ({', '.join(values)})"


def passes(scan: Scan, each: Filter) -> str:
    """The event passes a filter."""
    if each.field.startswith("property."):
        return _property(scan, each)
    if each.field.startswith("trait."):
        return _trait(scan, each)
    if each.field == "status":
        return _status(scan, each)
    return _text(scan, scan.column(COLUMNS.get(each.field, each.field)), each)


def value_of(scan: Scan, field: str) -> str:
    """The text of a field, to group by; not of a trait."""
    if field.startswith("property."):
        return scan.text(field.removeprefix("property."))
    if field == "status":
        return scan.dialect.integer_text(scan.column("status"))
    return scan.column(COLUMNS.get(field, field))


def _text(scan: Scan, text: str, each: Filter) -> str:
    if each.operator in (Operator.ABOVE, Operator.BELOW):
        return _than(scan, scan.dialect.number(text), each)
    value = scan.query.value(each.value)
    if each.operator is Operator.CONTAINS:
        return scan.dialect.contains(text, value)
    if each.operator is Operator.DIFFERS:
        return f"({text} IS NULL OR {text} <> {value})"
    return f"{text} = {value}"


def _than(scan: Scan, found: str, each: Filter) -> str:
    value = number(each.value)
    return NEVER if value is None else f"{found} {each.operator} {scan.query.value(value)}"


def _property(scan: Scan, each: Filter) -> str:
    name = each.field.removeprefix("property.")
    if each.operator in (Operator.ABOVE, Operator.BELOW):
        return _than(scan, scan.number(name), each)
    return _text(scan, scan.text(name), each)


_INTEGER = re.compile(r"0|-?[1-9]\d{0,8}", re.ASCII).fullmatch


def _status(scan: Scan, each: Filter) -> str:
    status = scan.column("status")
    match each.operator:
        case Operator.EQUALS:
            return f"{status} = {each.value}" if _INTEGER(each.value) else NEVER
        case Operator.DIFFERS:
            same = f"({status} IS NULL OR {status} <> {each.value})"
            return same if _INTEGER(each.value) else ALWAYS
        case Operator.CONTAINS:
            return _text(scan, scan.dialect.integer_text(status), each)
        case _:
            return _than(scan, status, each)


def _trait(scan: Scan, each: Filter) -> str:
    """By the people who have the trait; who has none differs from every value."""
    differs = each.operator is Operator.DIFFERS
    wanted = Filter(each.field, Operator.EQUALS, each.value) if differs else each
    traits = scan.engine.traits(scan.query, each.field.removeprefix("trait."))
    person = scan.column("person")
    found = f"(SELECT person FROM {traits} WHERE {_text(scan, 'value', wanted)})"
    return f"({person} IS NULL OR {person} NOT IN {found})" if differs else f"{person} IN {found}"
