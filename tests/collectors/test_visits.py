"""When a visit began."""

from __future__ import annotations

from flask_analytics.collectors.visits import GAP, MOST_EACH, Visits


def test_half_an_hour_without_a_sign_ends_a_visit() -> None:
    """What comes within the gap belongs to the visit, however long it gets."""
    visits = Visits()

    starts = [visits.start("a", moment) for moment in (0, GAP, 2 * GAP, 3 * GAP + 1)]

    assert starts == [0, 0, 0, 3 * GAP + 1]


def test_visitors_have_visits_of_their_own() -> None:
    """One does not prolong another's."""
    visits = Visits()

    assert [visits.start(who, moment) for who, moment in (("a", 0), ("b", 9), ("a", 10))] == [
        0,
        9,
        0,
    ]


def test_late_ones_find_their_visit() -> None:
    """An event that is tried again after the next visit began is in its own, as it was before."""
    visits = Visits()
    moments = [100.0, 5 * GAP, 120.0, 9 * GAP]
    first = [visits.start("a", moment) for moment in moments]

    again = [visits.start("a", moment) for moment in reversed(moments)]

    assert first == [100.0, 5 * GAP, 100.0, 9 * GAP]
    assert again == first[::-1]


def test_an_early_one_does_not_rename_a_visit() -> None:
    """Order of arrival is not order of events; what was sent once stays true."""
    visits = Visits()

    assert visits.start("a", 1000.0) == 1000.0
    assert visits.start("a", 10.0) == 1000.0
    assert visits.start("a", 10.0 - GAP) == 1000.0
    assert visits.start("a", 1000.0) == 1000.0


def test_memory_is_bounded() -> None:
    """Neither many visitors nor many visits of one grow it."""
    visits = Visits(most=3)
    for who in "abcd":
        visits.start(who, 0.0)
    for number in range(2 * MOST_EACH):
        visits.start("d", number * 2 * GAP)

    assert list(visits._known) == ["b", "c", "d"]
    assert len(visits._known["d"]) == MOST_EACH
