"""Small segments become larger ones, so that a question opens few files.

Size-tiered: as soon as enough segments of about one size are there, they become one of the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .merge import merge
from .shelf import Shelf
from .snapshot import Segment

#: Segments of one tier that are merged into one of the next.
FAN_IN = 5

#: Rows below which a segment is of the first tier; each next one reaches FAN_IN times as far.
FIRST_TIER = 50_000

#: Rows of a segment that is large enough for ever.
MAX_ROWS = 2_000_000


def compact(shelf: Shelf, least: int = FAN_IN) -> int:
    """Merge what is due. Returns how many segments became fewer. The caller holds the lock.

    :param least: merge a tier that has so many segments.
    """
    merged = 0
    while group := due(shelf.segments(), least):
        merge(shelf, group)
        merged += len(group)
    return merged


def due(segments: Iterable[Segment], least: int = FAN_IN) -> list[Segment]:
    """The oldest segments of a tier that has enough of them."""
    tiers: defaultdict[int, list[Segment]] = defaultdict(list)
    for segment in segments:
        if segment.rows > MAX_ROWS // 2:
            continue  # no other would fit beside it
        tiers[_tier(segment.rows)].append(segment)
    for _, members in sorted(tiers.items()):
        group = _fitting(members)
        if len(members) >= least and len(group) > 1:
            return group
    return []


def _tier(rows: int) -> int:
    tier, reach = 0, FIRST_TIER
    while rows >= reach:
        tier, reach = tier + 1, reach * FAN_IN
    return tier


def _fitting(segments: Sequence[Segment]) -> list[Segment]:
    """As many from the oldest on as one segment may hold."""
    group: list[Segment] = []
    for segment in segments:
        if sum(one.rows for one in group) + segment.rows <= MAX_ROWS:
            group.append(segment)
    return group
