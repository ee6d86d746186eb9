"""What a keeper makes of events: the same events, smaller; and gone where they were to go."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from flask_analytics import event as wire
from flask_analytics.event import EventType, Revenue, Source
from flask_analytics.store.embedded import keys
from flask_analytics.store.embedded.compact import compact, due
from flask_analytics.store.embedded.erase import erase, forget
from flask_analytics.store.embedded.purge import purge
from flask_analytics.store.embedded.restore import event as restored
from flask_analytics.store.embedded.row import COLUMNS, LOGICAL
from flask_analytics.store.embedded.seal import seal
from flask_analytics.store.embedded.undo import unalias

from .actors import DAY, START, House, id_of, ids_of, make

#: Everything that an event can have, and what is awkward about it.
RICH = {
    "type": EventType.ACTION, "source": Source.SERVER, "action_name": "shop.buy",
    "user_id": "ü", "anonymous_id": "a'\"", "locale": "de-DE", "hostname": "shop.example",
    "url": "https://shop.example/buy?ref=x", "path": "/buy", "method": "POST",
    "matched_pattern": "/<what>", "endpoint": "shop.buy", "status_code": 302, "duration": 0.012345,
    "user_agent": "curl/8", "referrer": "https://elsewhere.example/", "view_id": "view",
    "revenue": Revenue(Decimal("29.90"), "EUR"), "traits": {"plan": "pro"}, "group_id": "g",
    "context": {"location": {"country": "DE"}}, "integrations": {"GA": False},
    "consent": {"store": True, "GA": False},
    "properties": {
        "Plan": "upper", "plan": "lower", "n": 5, "f": 0.1, "big": 10**17, "yes": True,
        "none": None,
        "list": [1, "a"], "deep": {"a": {"b": 1}}, 'qu"ote': "x", "": "empty", "nul\x00": "\x00",
        "É": 1, "é": 2, "^p": "caret",
    },
}  # fmt: skip


def sealed_events(house: House) -> list[bytes]:
    """What is sealed, made events again."""
    parts = [
        name for name in COLUMNS if not name.startswith(("message_", "view_")) and name != "micros"
    ]
    own = {key: letters for one in house.shelf.segments() for key, letters in one.keys.items()}
    columns = parts + [f"{sql} AS {name}" for name, sql in LOGICAL.items()]
    columns += [
        keys.quoted(keys.column(kind, key))
        for key, letters in own.items()
        for kind in letters.replace(keys.REST, "")
    ]
    names = [*parts, *LOGICAL]
    names += [
        keys.column(kind, key)
        for key, letters in own.items()
        for kind in letters.replace(keys.REST, "")
    ]
    ids = house.catalog.ids_of()
    rows = house.rows(", ".join(columns))
    return [restored(dict(zip(names, row, strict=True)), ids) for row in rows]


def plain(body: bytes) -> object:
    """An event without the order of its properties."""
    return json.loads(body)


def test_an_event_comes_back_as_it_went_in(house: House) -> None:
    """Every field and every kind of property, through a seal and a compaction."""
    bodies = [
        make(None, at=START, **RICH),
        make("named", at=START + 1, **RICH),
        make(None, at=START + 2, type=EventType.ALIAS, user_id="ü", previous_id="a'\""),
        make(at=START + 3, message_id="foreign", properties={"n": "text", "plan": 7}),
        make(at=START + 4, revenue=Revenue(Decimal("-0.000000000000000001"), "BTN")),
    ]
    house.append(*bodies[:2])
    seal(house.shelf)
    house.append(*bodies[2:])
    seal(house.shelf)

    assert compact(house.shelf, least=2) == 2

    assert [plain(body) for body in sealed_events(house)] == [plain(body) for body in bodies]
    assert wire.decode(sealed_events(house)[0]).duration == pytest.approx(0.012345)


def test_ten_thousand_properties_have_two_hundred_columns(house: House) -> None:
    """The commonest of them; nothing of the others is lost, also when segments become one."""
    names = [f"k{n}" for n in range(10_000)]
    bodies = [
        make(at=START + part, properties=dict.fromkeys(names[part * 200 : part * 200 + 200], part))
        for part in range(50)
    ]
    for half in (bodies[:25], bodies[25:]):
        house.append(make(at=START + 99, properties={"common": 1}), *half)
        house.append(make(at=START + 98, properties={"common": 2}))
        seal(house.shelf)

    compact(house.shelf, least=2)

    (segment,) = house.shelf.segments()
    own = {key for key, letters in segment.keys.items() if letters != keys.REST}
    assert len(own) == keys.MAX_KEYS
    assert "common" in own
    assert len(segment.keys) == len(names) + 1
    back = {
        json.dumps(json.loads(body)["properties"], sort_keys=True) for body in sealed_events(house)
    }
    assert back >= {json.dumps(json.loads(b)["properties"], sort_keys=True) for b in bodies}


def test_segments_of_a_size_become_one(house: House) -> None:
    """Five of them, and the old files go after the grace only."""
    for part in range(5):
        house.append(make(at=START + part * DAY))
        assert due(house.shelf.segments()) == []
        seal(house.shelf)
    old = {segment.path for segment in house.shelf.segments()}

    assert compact(house.shelf) == 5

    house.shelf.sweep()
    left = {str(path) for path in house.shelf.folder.iterdir()}
    assert old <= left
    house.clock.pass_grace()
    house.shelf.sweep()
    assert len(list(house.shelf.folder.iterdir())) == 2


def test_old_events_go(house: House) -> None:
    """A whole segment, half of another, and what is hot."""
    bodies = [make(at=START + day * DAY) for day in range(6)]
    house.append(bodies[0])
    seal(house.shelf)
    house.append(bodies[1], bodies[4])
    seal(house.shelf)
    house.append(bodies[2], bodies[5])
    before = house.catalog.generation()

    assert purge(house.shelf, START + 3 * DAY) == 3

    assert sorted(house.seen()) == sorted(map(id_of, bodies[4:]))
    assert house.catalog.generation() > before


def test_a_forgotten_person_is_nowhere(house: House) -> None:
    """Hidden at once; then no byte of any of their ids is in the folder."""
    ids = {"user_id": "victim-user", "anonymous_id": "victim-anon"}
    house.append(make(traits={"a": "victim-trait"}, **ids), make(anonymous_id="victim-anon"))
    house.append(make(None, type=EventType.ALIAS, user_id="victim-user", previous_id="victim-old"))
    seal(house.shelf)
    others = [
        make(user_id="other", anonymous_id="victim-anon", at=START + DAY),
        make(user_id="other", at=START + DAY),
    ]
    house.append(others[0])
    seal(house.shelf)
    house.append(others[1], make(**ids), make(user_id="victim-old"))

    assert forget(house.catalog, "victim-anon") == 5

    assert sorted(house.seen()) == sorted(map(id_of, others))
    assert house.catalog.keys_of("victim-user") == ()
    erase(house.shelf)
    house.clock.pass_grace()
    house.shelf.sweep()
    assert sorted(house.seen()) == sorted(map(id_of, others))
    assert house.holds("victim") == []
    assert house.count("erased") == 0


def test_who_comes_back_is_somebody_new(house: House) -> None:
    """Events after the erasure count again."""
    house.append(make(user_id="u"))
    forget(house.catalog, "u")

    house.append(body := make(user_id="u"))

    assert house.seen() == [id_of(body)]


def test_nobody_of_that_name_is_no_error(house: House) -> None:
    """And costs nothing."""
    house.append(make(user_id="u"))

    assert forget(house.catalog, "nobody") == 0

    assert len(house.seen()) == 1


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_undone_alias_is_nowhere(house: House, is_sealed: bool) -> None:
    """Hidden at once, written out of the files later; an equal one made since stays."""
    fields = {"type": EventType.ALIAS, "user_id": "new", "previous_id": "old", "at": START}
    tricky = 'it\'s \\ a \x00 "foreign" id'
    undone = [make(None, **fields), make(None, message_id=tricky, **fields)]
    other = make(None, user_id="new", previous_id="old", at=START)
    house.append(*undone, other)
    if is_sealed:
        seal(house.shelf)

    assert unalias(house.catalog, "old", "new")

    assert house.seen() == [id_of(other)]
    house.append(again := make(None, **fields))
    assert sorted(house.seen()) == ids_of([other, again])
    erase(house.shelf)
    assert sorted(house.seen()) == ids_of([other, again])
    assert house.count("undone") == 0
    assert house.append(*undone) == 0
    assert len(house.rows("ts")) == 2
