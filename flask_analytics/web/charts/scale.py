"""Round numbers for an axis."""

from __future__ import annotations

from collections.abc import Iterable

#: Steps that people count in, of a power of ten.
_STEPS = (1, 2, 2.5, 5, 10)


def ticks(most: float, count: int = 4, *, whole: bool = False) -> list[float]:
    """Values from 0 on, evenly apart, about ``count`` of them above 0; the last is not below
    ``most``.

    :param whole: nothing between whole numbers: there is no half a visitor.
    """
    if most <= 0:
        return [0.0, 1.0]
    step = _step(max(most / count, 1.0), whole) if whole else _step(most / count)
    found = [0.0]
    while found[-1] < most:
        found.append(len(found) * step)
    return found


def _step(rough: float, whole: bool = False) -> float:
    power = 1.0
    while rough > power * 10:
        power *= 10
    while rough < power and power > 1e-9:
        power /= 10
    steps = (one * power for one in _STEPS)
    return next((one for one in steps if one >= rough and not (whole and one % 1)), power * 10)


def shares(values: Iterable[float], most: float) -> list[float]:
    """Each value as a share of the largest, between 0 and 1."""
    return [min(max(value / most, 0.0), 1.0) if most > 0 else 0.0 for value in values]


def spread(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` places, evenly apart, the first one among them."""
    step = max(-(-count // most), 1)
    return list(range(0, count, step))
