"""A length of time in words."""

from __future__ import annotations

#: Days from which on nobody asks for the hours.
_MANY = 10

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def told(seconds: float) -> str:
    """As people say it, in its two largest units: ``3 days 4 h``, ``2 min 5 s``, ``under 1 s``."""
    whole = round(seconds)
    if whole >= _MANY * _DAY:
        return f"{round(whole / _DAY):,} days"
    for size, name, smaller, rest in (
        (_DAY, "day", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")
    ):  # fmt: skip
        if whole >= size:
            many, left = divmod(whole, size)
            unit = "days" if name == "day" and many > 1 else name
            return f"{many} {unit}" + (f" {left // smaller} {rest}" if left >= smaller else "")
    return f"{whole} s" if whole else "under 1 s"
