"""People of whom no event is left, where there are many."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

from flask_analytics.store.embedded.leave import leave
from flask_analytics.store.embedded.seal import seal
from flask_analytics.store.embedded.shelf import drop

from .actors import House, make

PEOPLE = 20_000

#: Bytes of Python for each id; what does not grow with them, for so few, is in it.
MOST = 40


def test_many_people_take_little_memory(house: House) -> None:
    """A set of their ids would take gigabytes where there are millions."""
    for first in range(0, PEOPLE, 2000):
        some = range(first, first + 2000)
        house.append(*(make(user_id=f"u{n}", anonymous_id=f"a{n}") for n in some))
    seal(house.shelf)

    with little_memory():
        assert leave(house.shelf) == 0
    with house.shelf.swap() as connection:
        drop(connection, [one.id for one in house.shelf.segments()], house.clock())
    house.append(make(anonymous_id="a7"))
    with little_memory():
        assert leave(house.shelf) == 2 * PEOPLE - 2

    assert (house.count("identity"), house.count("link")) == (2, 1)


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * PEOPLE * MOST
