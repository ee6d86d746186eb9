"""Events come in: once each, all or none, and with what they tell about people and views."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flask_analytics.errors import StoreError
from flask_analytics.event import EventType, Source
from flask_analytics.store.embedded import seal as sealing
from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.compact import compact
from flask_analytics.store.embedded.seal import seal
from flask_analytics.store.embedded.undo import unalias

from .actors import DAY, SECOND, START, House, id_of, ids_of, make

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_a_message_id_is_kept_once(house: House) -> None:
    """In one batch, in another, and after it was sealed."""
    event = make()

    assert house.append(event, make(), event) == 2
    assert house.append(event) == 0
    seal(house.shelf)

    assert house.append(event) == 0


def test_one_that_is_no_event_keeps_the_whole_batch_out(house: House) -> None:
    """All or none."""
    with pytest.raises(ValueError, match="message_id"):
        house.append(make(), b'{"type": "custom"}')

    assert house.seen() == []


def test_addresses_are_not_kept(house: House) -> None:
    """Not in the body, also where a text looks like the field, and not in store.db."""
    tricky = make(name='a,"client_ip":"192.0.2.7"', client_ip="192.0.2.7")
    house.append(make(client_ip="192.0.2.7", properties={"client_ip": "mine"}), tricky)

    first, second = (json.loads(row.body) for row in house.catalog.snapshot().hot)

    assert "client_ip" not in first
    assert first["properties"] == {"client_ip": "mine"}
    assert second["event_name"] == 'a,"client_ip":"192.0.2.7"'
    assert "client_ip" not in second


def test_twins_that_the_window_has_forgotten_are_found_by_the_seal(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message id from long ago comes again: the seal compares it with what is sealed."""
    monkeypatch.setattr(sealing, "SEEN", 5)
    foreign = make(at=START + 5, message_id="not a uuid")
    old = [make(at=START + n * SECOND) for n in range(4)]
    house.append(*old, foreign)
    seal(house.shelf)
    house.append(*(make(at=START + DAY + n) for n in range(20)))
    seal(house.shelf)

    assert house.append(old[0], foreign) == 2
    seal(house.shelf)

    seen = house.seen()
    assert len(seen) == 25
    assert len(set(seen)) == 25


def test_the_window_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many events there were."""
    monkeypatch.setattr(sealing, "SEEN", 5)
    house.append(*(make(at=START + n) for n in range(50)))

    seal(house.shelf)

    assert house.count("seen") <= 6


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("first", ["server", "browser"])
def test_a_view_of_both_channels_is_an_echo_in_either_order(
    house: House, first: str, is_sealed: bool
) -> None:
    """Also where the browser's view is sealed when the server's comes."""
    views = {
        source: make(
            None, type=EventType.PAGEVIEW, source=source, view_id="v", user_agent=BROWSER, at=at
        )
        for source, at in ((Source.SERVER, START), (Source.BROWSER, START + 1))
    }
    house.append(views.pop(Source(first)))
    if is_sealed:
        seal(house.shelf)
    house.append(*views.values())
    moment = house.catalog.snapshot()
    marked = {row.id: row.echo for row in moment.hot} | dict(moment.late_echo)
    assert sum(marked.values()) == 1

    seal(house.shelf)
    compact(house.shelf, least=2)

    assert house.rows("source, echo") == [("server", 0), ("browser", 1)]
    assert house.catalog.snapshot().late_echo == {}


def test_the_first_user_of_an_anonymous_id_has_it(house: House) -> None:
    """By time, whichever comes first; and the user's newest alias stands for both."""
    house.append(make(at=START + 2, user_id="late", anonymous_id="a"))
    house.append(make(at=START + 1, user_id="early", anonymous_id="a"))
    alias = make(None, type=EventType.ALIAS, at=START + 3, user_id="new", previous_id="early")
    house.append(alias)

    ids = {text: key for key, text in house.catalog.ids_of().items()}
    remap = house.catalog.remap()

    assert remap[ids[1, "a"]] == ids[0, "new"]
    assert remap[ids[0, "early"]] == ids[0, "new"]
    assert ids[0, "late"] not in remap
    assert house.catalog.keys_of("a") == house.catalog.keys_of("new")


def test_an_alias_that_is_undone_stays_so(house: House) -> None:
    """Also when its event comes again after the window has forgotten it."""
    alias = make(None, type=EventType.ALIAS, user_id="b", previous_id="a")
    house.append(make(user_id="a"), alias)

    assert unalias(house.catalog, "a", "b")
    assert not unalias(house.catalog, "a", "b")
    with house.catalog.write() as connection:
        connection.execute("DELETE FROM seen")
    house.append(alias)

    assert house.catalog.remap() == {}


def test_traits_are_the_newest(house: House) -> None:
    """By time, not by arrival; those of a group are the group's, of which only the id is known."""
    fields = {"type": EventType.IDENTIFY, "user_id": "u"}
    house.append(make(None, at=START + 2, traits={"plan": "pro"}, **fields))
    house.append(make(None, at=START + 1, traits={"plan": "free", "age": 5}, **fields))
    group = {"type": EventType.GROUP, "group_id": "g", "user_id": "u"}
    house.append(make(None, at=START + 3, traits={"plan": "group's"}, **group))

    keys = house.catalog.keys_of("u")

    assert house.catalog.traits_of(keys) == {"plan": "pro", "age": 5, "$group": "g"}
    assert house.catalog.traits("plan") == {keys[0]: "pro"}


def test_the_generation_moves_with_answers_only(house: House) -> None:
    """Sealing changes none."""
    house.append(make())
    before = house.catalog.generation()

    seal(house.shelf)
    assert house.catalog.generation() == before
    house.append(make())

    assert house.catalog.generation() > before


def test_a_reader_asks_for_what_is_new_only(house: House) -> None:
    """And drops what is below ``low_id``."""
    first = make()
    house.append(first)
    seen = house.catalog.snapshot().hot[-1].id
    second = make()
    house.append(second)

    moment = house.catalog.snapshot(after=seen)
    assert [id_of(row.body) for row in moment.hot] == ids_of([second])
    assert moment.low_id == seen
    seal(house.shelf)

    assert house.catalog.snapshot(after=seen + 1).low_id == seen + 2


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(StoreError, match="taken"):
        Catalog(tmp_path / "taken")
