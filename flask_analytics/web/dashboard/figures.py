"""Numbers as the viewer writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Signs(NamedTuple):
    """What stands between thousands, and before decimals; digits of a group beyond the first."""

    group: str = ","
    point: str = "."
    size: int = 3


#: What stands where there is no number; and before a number below zero.
NONE, MINUS = "\u2013", "\u2212"

_THIN, _HARD, _QUOTE = "\u202f", "\u00a0", "\u2019"

#: Language, or language and country -> signs (Unicode CLDR, "numbers/symbols"). Others write as
#: English does.
_SIGNS = {
    **dict.fromkeys(
        ("de", "es", "it", "nl", "pt", "id", "tr", "da", "el", "hr", "sl", "sr", "ro", "vi", "ca"),
        Signs(".", ","),
    ),
    **dict.fromkeys(("fr",), Signs(_THIN, ",")),
    **dict.fromkeys(
        ("sv", "nb", "no", "nn", "fi", "pl", "cs", "sk", "hu", "ru", "uk", "bg", "et", "lv", "lt"),
        Signs(_HARD, ","),
    ),
    "pt-pt": Signs(_HARD, ","),
    "de-at": Signs(_HARD, ","),
    **dict.fromkeys(("de-ch", "it-ch", "de-li"), Signs(_QUOTE, ".")),
    "fr-ch": Signs(_THIN, ","),
    "es-mx": Signs(),
    **dict.fromkeys(("hi", "en-in", "bn"), Signs(size=2)),
}

#: What is above is told in thousands, millions, ...
_LARGE = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


class Figures:
    """Writes numbers.

    :param language: a BCP 47 tag such as ``de-CH``; others than we know are as English.
    """

    def __init__(self, language: str = "en") -> None:
        tag = language.lower()
        self.signs = _SIGNS.get(tag) or _SIGNS.get(tag.partition("-")[0], Signs())

    def count(self, value: float) -> str:
        """A whole number with all its digits."""
        return self._written(f"{value:.0f}")

    def short(self, value: float) -> str:
        """A number for an axis or a card: ``1.2M``."""
        for size, sign in _LARGE:
            if abs(value) >= size and not (size == 1000 and abs(value) < 10_000):
                return self._trimmed(value / size) + sign
        return self._trimmed(value) if abs(value) < 10 else self.count(value)

    def percent(self, share: float) -> str:
        """A share of 1."""
        if 0 < share < 0.0005:
            return f"<{self._written('0.1')}%"
        return self._trimmed(share * 100) + "%"

    def seconds(self, value: float | None) -> str:
        """How long a request takes: milliseconds, then seconds."""
        if value is None:
            return NONE
        if value < 0.9995:
            return f"{self._written(f'{value * 1000:.{0 if value >= 0.01 else 1}f}')} ms"
        return f"{self._written(f'{value:.2f}')} s"

    def span(self, value: float | None) -> str:
        """How long somebody stays: ``1h 2m``, ``3m 20s``."""
        if value is None:
            return NONE
        whole = round(value)
        minutes, seconds = divmod(whole, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
        told = [f"{number}{unit}" for number, unit in parts if number]
        return " ".join(told[:2]) or "0s"

    def amount(self, amount: Decimal) -> str:
        """An amount with all its digits."""
        return self._written(format(amount, "f"))

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount with all its digits, and its currency."""
        return f"{self.amount(amount)} {currency}"

    def change(self, now: float, before: float) -> str:
        """How much more, or less, than before; nothing where there was nothing."""
        if not before:
            return ""
        share = (now - before) / abs(before)
        sign = "+" if share > 0 else MINUS if share < 0 else "±"
        digits = 0 if abs(share) >= 0.0995 else 1
        return f"{sign}{self._written(f'{abs(share) * 100:.{digits}f}')}%"

    def _trimmed(self, value: float) -> str:
        text = f"{value:.1f}"
        return self._written(text.removesuffix(".0"))

    def _written(self, text: str) -> str:
        sign = MINUS if text.startswith("-") else ""
        whole, point, rest = text.removeprefix("-").partition(".")
        head, tail = whole[:-3], whole[-3:]
        groups = [tail]
        while head:
            groups.insert(0, head[-self.signs.size :])
            head = head[: -self.signs.size]
        return sign + self.signs.group.join(groups) + (self.signs.point + rest if point else "")
