"""Which events count where nothing else is asked for: none of bots, no echo of a view that counts,
and, unless their names are asked for, none of a type that is no activity."""

from __future__ import annotations

from ...metrics.facts import QUIET

#: SQL that holds for events of types that are an activity.
LOUD = f"type NOT IN ({', '.join(repr(word) for word in QUIET)})"


def counting(quiet: bool, echo: str = "echo") -> tuple[str, ...]:
    """The conditions, on columns of the logical relation.

    :param quiet: events of quiet types count, too.
    :param echo: SQL of the column.
    """
    # Compared as a number: engines look for one in their columns faster than they negate.
    conditions = ("bot = 0", f"{echo} <> 1")
    return conditions if quiet else (LOUD, *conditions)


def needed(quiet: bool) -> frozenset[str]:
    """The columns that ``counting`` is about."""
    return frozenset(("bot", "echo") if quiet else ("type", "bot", "echo"))
