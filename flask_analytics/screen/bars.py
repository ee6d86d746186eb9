"""Bars made of block letters, as wide as their share."""

from __future__ import annotations

from rich.text import Text

#: An eighth to eight eighths of a cell.
_BLOCKS = "▏▎▍▌▋▊▉█"


def bar(value: float, most: float, width: int, is_fancy: bool, style: str = "cyan") -> Text:
    """A bar that is ``width`` cells where ``value`` is ``most``; anything above zero shows.

    :param is_fancy: the terminal has block letters.
    """
    if value <= 0 or most <= 0:
        return Text("")
    if not is_fancy:
        return Text("#" * max(1, round(width * value / most)), style)
    eighths = max(1, round(8 * width * min(value / most, 1.0)))
    full, rest = divmod(eighths, 8)
    return Text(_BLOCKS[-1] * full + (_BLOCKS[rest - 1] if rest else ""), style)
