"""Memory: what waits there is bounded, and an event that lanes share counts once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.delivery.buffer import ENTRY_BYTES, Budget, Buffer, Entry


def entry(text: str = "x") -> Entry:
    return Entry(text.encode(), 0.0)


def test_first_in_first_out() -> None:
    """What waits longest goes first; it counts until it has ended."""
    budget = Budget(10, 10_000)
    buffer = Buffer(budget, lambda entry: None)
    for name in "abc":
        buffer.append(entry(name))

    taken = [buffer.pop() for _ in range(3)]

    assert [each.body for each in taken] == [b"a", b"b", b"c"]
    assert budget.events == 3
    for each in taken:
        buffer.release(each)
    assert (budget.events, budget.bytes) == (0, 0)


def test_shared_event_counts_once() -> None:
    """Two lanes that wait with the same event hold one."""
    budget = Budget(10, 10_000)
    first, second = Buffer(budget, lambda entry: None), Buffer(budget, lambda entry: None)
    shared = entry()

    first.append(shared)
    second.append(shared)
    assert (budget.events, budget.bytes) == (1, 1 + ENTRY_BYTES)

    first.release(first.pop())
    assert budget.events == 1
    second.release(second.pop())
    assert budget.events == 0


def test_lane_that_waits_with_most_gives_up_first() -> None:
    """A destination that is down costs the others nothing."""
    lost: list[str] = []
    budget = Budget(4, 10_000)
    down = Buffer(budget, lambda entry: lost.append(f"down {entry.body.decode()}"))
    well = Buffer(budget, lambda entry: lost.append("well"))
    for name in "abcd":
        down.append(entry(name))

    well.append(entry("e"))

    assert lost == ["down a"]
    assert (len(down), len(well)) == (3, 1)


def test_share_of_a_lane() -> None:
    """Who can wait elsewhere leaves the others their room."""
    budget = Budget(4, 10_000)
    one, other = Buffer(budget, lambda entry: None), Buffer(budget, lambda entry: None)
    one.append(entry())
    assert one.has_room(entry())
    one.append(entry())

    assert not one.has_room(entry())
    assert other.has_room(entry())


def test_share_counts_what_is_under_way_and_what_python_adds() -> None:
    """Room that the budget does not have would cost an event that could wait elsewhere."""
    in_events, in_bytes = Budget(2, 10_000), Budget(100, 2 * (ENTRY_BYTES + 1))
    for budget in (in_events, in_bytes):
        lost: list[Entry] = []
        buffer = Buffer(budget, lost.append)
        buffer.append(entry())
        buffer.append(entry())
        under_way = buffer.pop()

        assert not buffer.has_room(entry())
        buffer.release(under_way)
        assert buffer.has_room(entry())
        buffer.append(entry())
        assert lost == []


def test_event_on_disk_costs_no_other_one() -> None:
    """Reading on from a file may pass the limit for a moment; what waits in memory stays there."""
    lost: list[Entry] = []
    buffer = Buffer(Budget(4, 10_000), lost.append)
    for _ in range(5):
        buffer.append(Entry(b"x", 0.0, segment=object()))  # type: ignore[arg-type]

    assert lost == []


@given(st.lists(st.integers(1, 50)), st.integers(1, 10), st.integers(300, 2000))
def test_bounds_hold_and_nothing_vanishes(sizes: list[int], events: int, size: int) -> None:
    """Whatever comes, neither bound is passed, and what had to go was told."""
    lost: list[Entry] = []
    budget = Budget(events, size)
    buffer = Buffer(budget, lost.append)
    for n in sizes:
        buffer.append(entry("x" * n))

    assert budget.events <= events
    assert budget.bytes <= size
    assert len(buffer) + len(lost) == len(sizes)
