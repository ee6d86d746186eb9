"""The column of a segment that says whether an event counts: one to look at instead of three.

It is made of ``type``, ``bot`` and ``echo`` when a file is written. An echo that is known later
makes it wrong: where there are such, the three are looked at.
"""

from __future__ import annotations

from ...metrics.facts import QUIET
from ..sql.counting import counting

#: 0: counts. 1: of a quiet type, counts by its name only. 2: a bot's, or an echo of what counts.
COLUMN = "aside"

#: The column, made of the others (DuckDB).
SQL = (
    f"CAST(CASE WHEN bot <> 0 OR echo = 1 THEN 2 WHEN type IN {QUIET} THEN 1 ELSE 0 END "
    f"AS UTINYINT) AS {COLUMN}"
)

#: Layouts of segments from here on have it. The layout is in the name of a file: the catalog has
#: no place for it that versions of this package without it would leave alone.
SINCE = 2


def shown(quiet: bool, has_aside: bool) -> tuple[str, ...]:
    """Conditions of rows that count, see ``counting``."""
    if not has_aside:
        return counting(quiet)
    return (f"{COLUMN} < 2",) if quiet else (f"{COLUMN} = 0",)


def layout(name: str) -> int:
    """The layout that a segment's name tells; the first one told none."""
    *_, last = name.split("-")
    return int(last) if name.count("-") == 2 and last.isdecimal() else 1
