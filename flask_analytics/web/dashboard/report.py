"""The URL is the report: range, filters and a page's own words, in the words of the read API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from ...errors import QuestionError
from ...metrics import parameters, readers, window, words
from ...metrics.filters import FIELDS, Filter, Operator
from ...metrics.kinds import KINDS
from ...metrics.window import Bucket, Range

#: Local days of a report that does not say.
DAYS = 30

#: Ranges to choose from; they move with today.
PRESETS = ((1, "Today"), (7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "12 months"))

#: What every page understands.
COMMON = ("days", "from", "to", "tz", "source", "bots", "filter", "compare")

#: What a form sends in parts: the last day, and a filter.
PARTS = ("until", "field", "op", "value")

#: Days up to which a series is cut into such buckets.
_CUTS = ((2, Bucket.HOUR), (92, Bucket.DAY), (550, Bucket.WEEK))

Pairs = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Report:
    """What one URL asks for.

    :param pairs: its parameters, as they were understood; without those that are empty.
    """

    pairs: dict[str, list[str]]
    range: Range
    now: datetime
    filters: tuple[Filter, ...] = ()
    days: int | None = None
    source: str | None = None
    bots: bool = False
    compare: bool = True
    #: The viewer's zone, where the URL names none.
    zone: str = field(default="UTC")

    @property
    def bucket(self) -> Bucket:
        """How its series are cut."""
        length = (self.range.end - self.range.start) / timedelta(days=1)
        return next((bucket for most, bucket in _CUTS if length <= most), Bucket.MONTH)

    @property
    def first(self) -> date:
        """The first local day."""
        return self.range.local(self.range.start).date()

    @property
    def last(self) -> date:
        """The last local day that is part of it."""
        return self.range.local(self.range.end - timedelta(microseconds=1)).date()

    def one(self, name: str) -> str:
        """A page's own word; empty where the URL does not have it."""
        found = self.pairs.get(name) or [""]
        return found[-1]

    def many(self, name: str) -> list[str]:
        """A page's own words of one name."""
        return self.pairs.get(name, [])

    def question(self, kind: str, span: Range | None = None, /, **own: Any) -> Any:
        """A question about what the report is about.

        :param span: another range.
        :param own: the kind's words; those that are empty are left out.
        :raises QuestionError: naming the parameter, its shape and the cure.
        """
        span = span or self.range
        known = {
            "from": span.start,
            "to": span.end,
            "tz": span.zone,
            "source": self.source,
            "bots": self.bots,
            "filter": self.filters,
        }
        values = {name: value for name, value in known.items() if name in KINDS[kind].words}
        values.update({name: value for name, value in own.items() if value not in ("", [], ())})
        return words.question(kind, values, self.now)

    def changed(self, *, is_same_page: bool = True, **changes: Any) -> dict[str, list[str]]:
        """Its parameters with some of them changed; None takes one away."""
        kept = {
            name: list(values)
            for name, values in self.pairs.items()
            if is_same_page or name in COMMON
        }
        if "days" in changes or "from_" in changes:
            for name in ("days", "from", "to"):
                kept.pop(name, None)
        for name, value in changes.items():
            name = name.rstrip("_")
            kept.pop(name, None)
            if value is not None and value not in ("", []):
                kept[name] = [str(one) for one in _listed(value)]
        return kept

    def narrowed(self, *more: str) -> list[str]:
        """The texts of its filters, and more of them."""
        return list(dict.fromkeys([*map(str, self.filters), *more]))

    def without(self, gone: Filter) -> list[str]:
        """The texts of its filters without one of them."""
        return [str(one) for one in self.filters if one != gone]


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple)) else (value,)


def read(given: Pairs, now: datetime, zone: str) -> Report:
    """The report that parameters ask for.

    :param zone: the viewer's.
    :raises QuestionError: naming the parameter, its shape and the cure.
    """
    pairs = {name: [one for one in values if one] for name, values in given.items()}
    pairs = {name: values for name, values in pairs.items() if values and name not in PARTS}
    told = {name: _one(name, values) for name, values in pairs.items() if name in COMMON}
    days, span = _range(told, now, zone)
    source = told.get("source")
    return Report(
        pairs=pairs,
        range=span,
        now=now,
        filters=readers.few_filters(
            "filter", (readers.condition("filter", one) for one in pairs.get("filter", ()))
        ),
        days=days,
        source=None if source is None else readers.source("source", source),
        bots=readers.flag("bots", told.get("bots", "0")),
        compare=readers.flag("compare", told.get("compare", "1")),
        zone=zone,
    )


def _one(name: str, values: Sequence[str]) -> str:
    if name != "filter" and len(values) > 1:
        raise QuestionError(name, f"is given {len(values)} times: once is enough")
    return values[0]


def _range(told: Mapping[str, str], now: datetime, zone: str) -> tuple[int | None, Range]:
    tz = readers.zone("tz", told.get("tz", zone))
    if "from" in told or "to" in told:
        return None, window.read(told.get("from"), told.get("to"), tz, now)
    days: int = parameters.TABLE["days"].read("days", told.get("days", str(DAYS)))
    return days, window.days(days, tz, now)


def joined(given: Pairs) -> dict[str, list[str]] | None:
    """The parameters with what a form sends in parts put together; None: there is nothing.

    ``field``, ``op`` and ``value`` are a filter; ``until`` is the last day that is part of it,
    where ``to`` is the first that is not.

    :raises QuestionError: the parts make no filter, or no date.
    """
    if not any(given.get(name) for name in PARTS):
        return None
    pairs = {name: [one for one in values if one] for name, values in given.items()}
    if pairs.get("until"):
        pairs["to"] = [_after(pairs["until"][0])]
    if any(pairs.get(name) for name in PARTS[1:]):
        pairs["filter"] = list(dict.fromkeys([*pairs.get("filter", []), _condition(pairs)]))
    return {name: values for name, values in pairs.items() if values and name not in PARTS}


def _condition(pairs: Pairs) -> str:
    name, operator, value = ((pairs.get(part) or [""])[0].strip() for part in PARTS[1:])
    if not name:
        raise QuestionError("field", f"is missing: choose one of {', '.join(FIELDS)}, ...")
    return str(readers.condition("filter", f"{name}{operator or Operator.EQUALS}{value}"))


def _after(day: str) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(1)).isoformat()
    except (ValueError, OverflowError):
        raise QuestionError("until", f"{day!r:.40} is no date: write 2026-11-21") from None
