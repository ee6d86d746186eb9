"""Values that nobody should pass, and that somebody will: for hypothesis to put anywhere."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import repeat
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from werkzeug.local import LocalProxy


class Refused(Exception):
    """What the methods below raise. Not even its own text can be had."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


def refuse(*_: Any, **__: Any) -> Any:
    raise Refused


#: Everything that somebody may ask of an object without knowing it.
_UNDERLINED = (
    "str repr hash eq bool len iter getitem contains format int float index add lt gt "
    "reduce_ex sizeof dir html fspath bytes call iadd mod copy deepcopy "
)
_PLAIN = (
    "items keys values isoformat total_seconds utcoffset encode upper lower strip timestamp "
    "replace is_finite tzinfo get_id "
)
_ASKED = (*(f"__{name}__" for name in _UNDERLINED.split()), *_PLAIN.split())


def hostile(base: type) -> type:
    """A class whose objects refuse whatever they are asked."""
    methods = dict.fromkeys(_ASKED, refuse)
    return type(f"Hostile{base.__name__.title()}", (base,), methods)


class Liar:
    """Says that it is of another class, and is not; or refuses to say."""

    def __init__(self, claim: type | None) -> None:
        object.__setattr__(self, "claim", claim)

    @property
    def __class__(self) -> Any:
        claim = object.__getattribute__(self, "claim")
        return refuse() if claim is None else claim


class Meta(type):
    """A class that refuses to say its name."""

    __name__ = property(refuse)  # type: ignore[assignment]
    __module__ = property(refuse)  # type: ignore[assignment]
    __hash__ = refuse  # type: ignore[assignment]
    __instancecheck__ = refuse  # type: ignore[assignment]
    __subclasscheck__ = refuse  # type: ignore[assignment]


class Nameless(metaclass=Meta):
    pass


class Endless(list[Any]):
    """A list, a mapping, or nothing; what it holds never ends."""

    def __iter__(self) -> Iterator[Any]:
        return repeat(1)


class EndlessMapping(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        return key

    def __iter__(self) -> Iterator[str]:
        return repeat("same")

    def __len__(self) -> int:
        return sys.maxsize

    def items(self) -> Any:
        return repeat(("same", 1))


class EvilItems(dict[str, Any]):
    """A dict whose items are not its own, and not even pairs."""

    def items(self) -> Any:
        return [("a", 1), ("b",), 5]


class BadZone(tzinfo):
    """A zone of somebody's own."""

    def __init__(self, offset: Any) -> None:
        self.offset = offset

    def utcoffset(self, moment: datetime | None) -> Any:
        return self.offset() if callable(self.offset) else self.offset

    dst = utcoffset

    def tzname(self, moment: datetime | None) -> str:
        return refuse()  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return refuse()  # type: ignore[no-any-return]


class Colour(enum.Enum):
    RED = "red"
    BAD = object()
    DEEP = (1, [2])


class Number(enum.IntEnum):
    BIG = 10**30


class Word(enum.StrEnum):
    HI = "hi\0\ud800"


@dataclass
class Order:
    total: Decimal = Decimal("1.5")


def cycle(width: int) -> list[Any]:
    """A list that holds itself so many times."""
    found: list[Any] = []
    found.extend([found] * width)
    return found


def deep(levels: int = 100_000) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


def generator() -> Iterator[int]:
    yield 1


_ZONES = [
    UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=23, minutes=59)), BadZone(None),
    BadZone(refuse), BadZone(5), BadZone(timedelta(days=3)), BadZone(timedelta(microseconds=1)),
]  # fmt: skip

#: Texts with a tail that each reader understands in its own way.
TEXTS = [
    "", "\0", "\ud800", "a\udfff\ud83d", "\x1b[31m\x1b]0;x\a", "\r\nX-Evil: 1", "\u202e", "\ufeff",
    "=1+1", "+1", "-1", "@a", "\tx", "<script>", "'\"", "{{ 7*7 }}", "%s%n", "é" * 3000, "x" * 9000,
    "\x7f\x80\x9b", "NaN", "Infinity", "null", "a.b.$c", "🎉" * 200, "__proto__", "\u2028",
]  # fmt: skip

BIG_TEXT = "x\ud800" * 5_000_000

#: Made anew for each use: some are used up, some are changed.
SINGLE: list[Callable[[], Any]] = [
    object, lambda: Nameless, Nameless, generator,
    lambda: cycle(1), lambda: cycle(300), deep, lambda: BIG_TEXT, lambda: BIG_TEXT.encode(
        "utf-8", "surrogatepass"
    ), Endless, EndlessMapping, lambda: EvilItems(a=1), lambda: {Order: 1}, Order,
    lambda: Order, lambda: Decimal("sNaN"), lambda: Decimal("NaN"), lambda: Decimal("-Infinity"),
    lambda: Decimal("1E+999999"), lambda: Decimal("1E-999999"), lambda: float("nan"),
    lambda: float("inf"), lambda: 1e400, lambda: -0.0, lambda: 5e-324, lambda: 2**63,
    lambda: -(2**64), lambda: 10**5000, lambda: -(10**5000), lambda: 1 << 10_000_000,
    lambda: Colour.RED, lambda: Colour.BAD, lambda: Colour.DEEP, lambda: Number.BIG,
    lambda: Word.HI, lambda: b"\xff\xfe", bytearray, lambda: memoryview(b"x"), lambda: 1j,
    lambda: range(10**9), lambda: UUID(int=2**127), lambda: timedelta.max, lambda: timedelta.min,
    lambda: date.max, lambda: time(tzinfo=BadZone(refuse)), lambda: NotImplemented, lambda: ...,
    lambda: LocalProxy(lambda: "text"), lambda: LocalProxy(refuse), lambda: LocalProxy(dict),
    lambda: type("\x1b[31m" + "N" * 500, (), {})(), lambda: Refused(), lambda: refuse,
    *(lambda base=base: hostile(base)() for base in (object, dict, list, tuple, set, bytes)),
    *(lambda base=base: hostile(base)() for base in (str, int, float)),
    lambda: hostile(Decimal)("1.5"), lambda: hostile(date)(2026, 1, 1),
    lambda: hostile(datetime)(2026, 1, 1), lambda: hostile(timedelta)(1),
    *(lambda claim=claim: Liar(claim) for claim in (None, str, dict, list, int, float, Decimal)),
    *(lambda claim=claim: Liar(claim) for claim in (datetime, bool, tuple, enum.Enum, UUID)),
    *(lambda zone=zone: datetime(2026, 1, 1, tzinfo=zone) for zone in _ZONES),
    *(lambda zone=zone: datetime.max.replace(tzinfo=zone) for zone in _ZONES),
    *(lambda zone=zone: datetime.min.replace(tzinfo=zone) for zone in _ZONES),
]  # fmt: skip

_plain = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(TEXTS) | st.binary(max_size=9) | st.decimals() | st.datetimes()
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """Which of ``SINGLE``. Hypothesis prints what it tries, and these would not have it."""

    number: int


def make(told: Any) -> Any:
    """The value that a strategy below stands for."""
    if isinstance(told, Recipe):
        return SINGLE[told.number]()
    if isinstance(told, (list, tuple)):
        return type(told)(make(entry) for entry in told)
    if isinstance(told, dict):
        return {key: make(value) for key, value in told.items()}
    return told


_single = st.integers(0, len(SINGLE) - 1).map(Recipe)

_names = st.sampled_from(TEXTS) | st.text(max_size=9)

#: Anything at all.
anything = st.recursive(
    _plain | _single,
    lambda inner: st.lists(inner, max_size=4)
    | st.tuples(inner, inner)
    | st.dictionaries(_names | st.integers(), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip

#: As properties.
mappings = st.dictionaries(_names, anything, max_size=5)
