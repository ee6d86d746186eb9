"""SIGKILL at every named point of everything that a keeper does."""

from __future__ import annotations

import signal

import pytest

from flask_analytics.store.embedded.compact import compact
from flask_analytics.store.embedded.erase import erase
from flask_analytics.store.embedded.purge import purge
from flask_analytics.store.embedded.seal import seal

from .actors import DAY, SECOND, START, House, id_of, make, start

pytestmark = pytest.mark.slow

#: Each passing of each point: two files are written and renamed for a segment.
FILE = [("written", 1), ("written", 2), ("renamed", 1), ("renamed", 2)]
SWAP = [("swapped", 1), ("committed", 1)]

POINTS = [
    *(("seal", *point) for point in [*FILE, ("inserted", 1), ("deleted", 1), *SWAP]),
    *(("compact", *point) for point in [*FILE, *SWAP]),
    *(("purge", *point) for point in [*FILE, *SWAP, ("swapped", 2), ("committed", 2)]),
    *(("forget", *point) for point in [("hidden", 1), *FILE, *SWAP, ("erased", 1), ("erased", 2)]),
]


def fill(house: House, what: str) -> dict[str, str]:
    """Three segments with old and new events, some of a person to be forgotten; and a hot rest.

    Returns message id -> what it is.
    """
    kinds: dict[str, str] = {}
    for part in range(4):
        events = {
            "old": make(at=START - (part + 1) * DAY, user_id="old"),
            "victim": make(at=START + part * DAY, user_id="victim"),
            "other": make(at=START + part * DAY + SECOND, user_id="other"),
        }
        house.append(*events.values())
        kinds |= {id_of(body): kind for kind, body in events.items()}
        if part < 3:
            seal(house.shelf)
    if what in ("compact", "purge"):
        seal(house.shelf)
    return kinds


@pytest.mark.parametrize(("what", "point", "times"), POINTS)
def test_a_keeper_that_is_killed_loses_nothing_and_doubles_nothing(
    house: House, what: str, point: str, times: int
) -> None:
    """What a reader finds after the kill is all or what was to go is gone; then it ends well."""
    kinds = fill(house, what)
    gone = {"purge": "old", "forget": "victim"}.get(what)

    child = start("doomed", house.folder, what, point, times)
    output, _ = child.communicate(timeout=60)

    assert child.returncode == -signal.SIGKILL, output
    seen = house.seen()
    assert len(seen) == len(set(seen))
    assert set(seen) <= set(kinds)
    assert {id for id, kind in kinds.items() if kind != gone} <= set(seen)
    if what == "forget":
        assert set(seen) == {id for id, kind in kinds.items() if kind != gone}

    with house.shelf.locked() as is_ours:
        assert is_ours
        house.shelf.sweep()
        seal(house.shelf)
        erase(house.shelf)
        compact(house.shelf, least=2)
        if what == "purge":
            purge(house.shelf, START)
    house.clock.pass_grace()
    house.shelf.sweep()

    assert sorted(house.seen()) == sorted(id for id, kind in kinds.items() if kind != gone)
    left = {path.name for path in house.shelf.folder.iterdir()}
    assert len(left) == 2 * len(house.shelf.segments())
    if what == "forget":
        assert house.holds("victim") == []
        assert house.count("erased") == 0
