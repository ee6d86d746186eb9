"""Ids have one number each, whoever gives it, and wherever it is on its way into the tree."""

from __future__ import annotations

import pytest

from flask_analytics.store.embedded import arrival, people
from flask_analytics.store.embedded.erase import forget

from .actors import House, make


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few ids are enough for everything that thousands would do."""
    monkeypatch.setattr(people, "RUN", 8)
    monkeypatch.setattr(people, "STEP", 3)
    monkeypatch.setattr(people, "REMEMBERED", 5)


def numbers(house: House) -> dict[tuple[int, str], int]:
    """Each id's number; an error where one has two."""
    found = house.catalog.ids_of()
    assert len(set(found.values())) == len(found)
    return {text: key for key, text in found.items()}


def test_processes_that_take_turns_agree_on_every_number(house: House) -> None:
    """At every stage: only in the log, in the tree, and while they go from one to the other."""
    houses = [house, House(house.folder), House(house.folder)]
    settled = set()
    for n in range(60):
        for m, one in enumerate(houses):
            ids = {"user_id": f"u{n * (m + 1) % 50}", "anonymous_id": f"a{(n + m) % 40}"}
            one.append(make(**ids))
        if n == 20:
            houses[2] = House(house.folder)  # a worker that starts late
        known = numbers(house)
        settled.add(house.count("known"))
        for text in (f"u{n % 50}", f"a{n % 40}"):
            assert house.catalog.keys_of(text)
        for row in house.catalog.snapshot().hot:
            assert row.who is not None
            assert house.catalog.id_of(row.who) in {text for _, text in known}

    assert len(settled) > 5
    assert house.count("known") > 40
    with house.catalog.read() as connection:
        wrong = "SELECT count(*) FROM known AS k JOIN identity AS i USING (kind, key)"
        assert connection.execute(f"{wrong} WHERE i.id <> k.id").fetchone() == (0,)


def test_who_was_forgotten_comes_back_as_somebody_else(house: House) -> None:
    """Also for a process that knew the old number, and one that is just being put into the tree."""
    other = House(house.folder)
    for n in range(12):
        house.append(make(user_id=f"u{n}"))
        other.append(make(user_id=f"u{n}"))
    before = numbers(house)
    for n in range(12):
        assert forget(house.catalog, f"u{n}") == 2
    assert house.count("known") == 0

    for n in range(30):
        other.append(make(user_id=f"u{n % 12}"))
        house.append(make(user_id=f"u{n % 12}"))

    after = numbers(house)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert len(house.seen()) == 60


def test_a_number_of_an_append_that_failed_is_nobodys(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process gives it to somebody else meanwhile."""
    house.append(make(user_id="first"))
    with monkeypatch.context() as broken:
        broken.setattr(arrival, "add", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            house.append(make(user_id="lost"))
    House(house.folder).append(make(user_id="other"))

    house.append(make(user_id="lost"))

    rows = house.catalog.snapshot().hot
    assert [house.catalog.id_of(row.who or 0) for row in rows] == ["first", "other", "lost"]


def test_an_earlier_login_counts_after_a_later_one(house: House) -> None:
    """What a process remembers of links leaves out only those that tell nothing."""
    other = House(house.folder)
    house.append(make(at=20, user_id="late", anonymous_id="a"))
    other.append(make(at=10, user_id="early", anonymous_id="a"))
    house.append(make(at=15, user_id="middle", anonymous_id="a"))
    house.append(make(at=5, user_id="earliest", anonymous_id="a"))
    house.append(make(at=6, user_id="late", anonymous_id="a"))

    known = numbers(house)

    assert house.catalog.remap()[known[1, "a"]] == known[0, "earliest"]
