"""Who is who, what is known of them, and what is taken back; every kind of store."""

from __future__ import annotations

from typing import Any

import pytest

from flask_analytics.event import EventType, Source, decode
from flask_analytics.metrics.active import ActiveAnswer, ActiveUsers
from flask_analytics.metrics.person import People, Person, Seen, Timeline, Traits
from flask_analytics.metrics.window import Bucket, micros
from flask_analytics.store.base import Store

from .tale import FIREFOX, GOOGLEBOT, MARCH, alias, at, days, event, identify, total


def people(store: Store, event: str | None = None) -> int:
    answer: ActiveAnswer = store.answer(ActiveUsers(range=MARCH, event=event))
    return answer.people


def person(store: Store, id: str) -> tuple[str, tuple[str, ...]]:
    found: Person = store.answer(Traits(id))
    return found.id, found.ids


# -- who is who


def test_people_are_counted_once(store: Store) -> None:
    """By user id, else by anonymous id; nobody is no person."""
    store.append(
        [event("9:00", "x", user, visitor) for user, visitor in [("ann", "a"), ("ann", None)]]
    )
    store.append([event("9:00", "x", visitor="b"), event("9:01", "x", visitor="b")])
    store.append([event("9:00", "x")])
    assert people(store) == 2
    assert total(store) == 5


def test_an_anonymous_id_belongs_to_the_first_user_it_came_with(store: Store) -> None:
    """First by time, not by arrival: what came before the login is that user's too."""
    store.append([event("9:00", "x", visitor="a"), event("9:02", "x", "bob", "a")])
    assert person(store, "a") == ("bob", ("a", "bob"))
    store.append([event("9:01", "x", "ann", "a")])
    assert person(store, "a") == ("ann", ("a", "ann"))
    assert person(store, "bob") == ("bob", ("bob",))
    assert people(store) == 2


def test_a_tie_of_logins_goes_to_the_smaller_message_id(store: Store) -> None:
    """So that every store agrees."""
    store.append([event("9:00", "x", "bob", "a", message_id="2")])
    store.append([event("9:00", "x", "ann", "a", message_id="1")])
    assert person(store, "a")[0] == "ann"


def test_any_event_joins(store: Store) -> None:
    """Also identify, also a bot's, also one outside of the range."""
    store.append([identify("9:00", "ann", {}, visitor="a"), event("3 9:00", "x", visitor="a")])
    store.append([event("9:00", "x", "bob", "b", user_agent=GOOGLEBOT)])
    store.append([event("3 9:00", "x", visitor="b"), event("3 9:00", "x", "bob")])
    answer = store.answer(ActiveUsers(range=days(3)))
    assert answer.people == 2
    assert person(store, "b") == ("bob", ("b", "bob"))


def test_a_user_and_an_anonymous_id_of_one_text_are_two(store: Store) -> None:
    """Asked for by that text, it is the user."""
    store.append([event("9:00", "x", "same"), event("9:00", "x", visitor="same")])
    store.append([event("9:00", "x", "ann", "same")])
    assert people(store) == 2
    assert person(store, "same") == ("same", ("same",))


def test_an_alias_makes_two_users_one_from_the_beginning(store: Store) -> None:
    """Called by its target, whatever came before the alias."""
    store.append([event("9:00", "x", "old"), event("9:01", "x", "new")])
    assert people(store) == 2
    store.append([alias("10:00", "old", "new")])
    assert people(store) == 1
    assert person(store, "old") == person(store, "new") == ("new", ("new", "old"))


def test_an_alias_of_an_anonymous_id(store: Store) -> None:
    """The previous id may be either: it joins both."""
    store.append([event("9:00", "x", visitor="a"), event("9:01", "x", "ann")])
    store.append([alias("10:00", "a", "ann")])
    assert people(store) == 1
    assert person(store, "a") == ("ann", ("a", "ann"))


def test_aliases_chain(store: Store) -> None:
    """Over any number of steps; the newest by time names them all."""
    store.append([event("9:00", "x", user) for user in ("a", "b", "c", "d", "else")])
    store.append([alias("10:02", "c", "d"), alias("10:00", "a", "b"), alias("10:01", "b", "c")])
    assert people(store) == 2
    assert person(store, "a") == ("d", ("a", "b", "c", "d"))
    store.append([alias("10:03", "d", "a")])
    assert person(store, "c") == ("a", ("a", "b", "c", "d"))


def test_of_two_newest_aliases_the_larger_message_id_names(store: Store) -> None:
    """At the very same time."""
    store.append([alias("9:00", "a", "b", message_id="1"), alias("9:00", "b", "a", message_id="2")])
    assert person(store, "b") == ("a", ("a", "b"))


def test_an_alias_and_a_login_together(store: Store) -> None:
    """All anonymous ids of either user are the one person's."""
    store.append([event("9:00", "x", "old", "a"), event("9:00", "x", "new", "b")])
    store.append([alias("9:01", "old", "new")])
    assert person(store, "a") == ("new", ("a", "b", "new", "old"))
    assert people(store) == 1


def test_a_users_anonymous_id_is_no_other_users_by_alias(store: Store) -> None:
    """Who was logged in says more than who says so later."""
    store.append([event("9:00", "x", "ann", "a"), event("9:01", "x", visitor="a")])
    store.append([event("9:02", "x", "bob"), alias("9:03", "a", "bob")])
    answer = store.answer(People(range=MARCH))
    assert [(seen.id, seen.count) for seen in answer] == [("bob", 1), ("ann", 2)]


def test_an_undone_alias_was_never_made(store: Store) -> None:
    """Its event is gone, a second delivery of it changes nothing; a new one counts again."""
    made = alias("10:00", "old", "new")
    store.append([event("9:00", "x", "old"), event("9:00", "x", "new"), made])
    assert store.unalias("new", "old") is False
    assert store.unalias("old", "new") is True
    assert store.unalias("old", "new") is False
    assert person(store, "old") == ("old", ("old",))
    assert people(store) == 2
    assert total(store, "alias") == 0
    assert store.append([made]) == 0
    assert people(store) == 2
    store.append([alias("11:00", "old", "new")])
    assert people(store) == 1


def test_undoing_one_alias_leaves_the_others(store: Store) -> None:
    """Also where they make the same person; all of the same pair are undone."""
    store.append([alias("9:00", "a", "b"), alias("9:01", "b", "c"), alias("9:02", "a", "b")])
    assert person(store, "c") == ("b", ("a", "b", "c"))
    assert store.unalias("a", "b")
    assert person(store, "c") == ("c", ("b", "c"))
    assert person(store, "a")[0] == "a"


# -- what is known


def test_traits_are_the_latest_of_each_name(store: Store) -> None:
    """By time, then message id; of all ids of the person; null is a value too."""
    store.append([identify("9:05", "ann", {"plan": "pro", "n": 1}), event("9:00", "x", "ann", "a")])
    store.append([identify("9:01", "ann", {"plan": "free", "seats": [1, 2]})])
    store.append([identify("9:06", None, {"n": None, "city": "Köln"}, visitor="a")])
    store.append([identify("9:07", "bob", {"plan": "other"})])
    store.append([event("9:08", None, "ann", type=EventType.GROUP, traits={"plan": "the group's"})])
    wanted = {"plan": "pro", "n": None, "seats": [1, 2], "city": "Köln"}
    assert store.answer(Traits("a")) == Person("ann", ("a", "ann"), wanted)


def test_traits_told_at_the_same_time(store: Store) -> None:
    """The larger message id is the later."""
    store.append([identify("9:00", "ann", {"plan": "b"}, message_id="2")])
    store.append([identify("9:00", "ann", {"plan": "a"}, message_id="1")])
    assert store.answer(Traits("ann")).traits == {"plan": "b"}


def test_somebody_unknown(store: Store) -> None:
    """Is themselves alone."""
    store.append([event("9:00", "x", "ann")])
    assert store.answer(Traits("nobody")) == Person("nobody", ("nobody",), {})
    assert store.answer(Timeline(id="nobody", range=MARCH)) == ()


def test_a_timeline_is_everything_the_newest_first(store: Store) -> None:
    """By any id: bots, echoes, identify too; at one time the larger message id first."""
    store.append([event("9:00", "x", visitor="a", message_id="1", client_ip="192.0.2.1")])
    store.append([identify("9:01", "ann", {"plan": "pro"}, visitor="a", message_id="2")])
    store.append([event("9:02", "x", "ann", user_agent=GOOGLEBOT, message_id="3")])
    store.append([event("9:02", "x", "bob"), event("9:02", "x", "ann", message_id="4")])
    store.append([event("31 9:00", "x", "ann")])
    answer = store.answer(Timeline(id="a", range=days(2)))
    assert [event["message_id"] for event in answer] == ["4", "3", "2", "1"]
    assert answer[3] == {
        "message_id": "1",
        "type": "custom",
        "event_name": "x",
        "timestamp": "2026-03-02T09:00:00Z",
        "source": "api",
        "anonymous_id": "a",
    }
    assert len(store.answer(Timeline(id="ann", range=MARCH, limit=2))) == 2


def test_people_the_last_seen_first(store: Store) -> None:
    """Their counted events in the range; then by id; found by any of their ids."""
    store.append([event(f"2 9:0{n}", "x", "ann", "Ab") for n in range(3)])
    store.append([event("9:01:00.5", "x", visitor="b"), event("9:01:00.5", "x", "B")])
    store.append([identify("9:05", "cat", {}), event("9:09", "x", "dan", user_agent=GOOGLEBOT)])
    store.append([event("3 9:00", "x", "b2"), event("9:09", "x")])
    half = "2026-03-02T09:01:00.500000+00:00"
    seen = [Seen("ann", 3, "2026-03-02T09:02:00+00:00"), Seen("B", 1, half), Seen("b", 1, half)]
    assert list(store.answer(People(range=days(2)))) == seen
    assert list(store.answer(People(range=days(2), limit=2))) == seen[:2]
    assert list(store.answer(People(range=days(2), search="b"))) == [seen[0], seen[2]]
    assert store.answer(People(range=days(2), search="%")) == ()


# -- active users


def counts(store: Store, **asked: Any) -> list[int]:
    return [point.count for point in store.answer(ActiveUsers(**asked)).series]


def test_daily_weekly_and_monthly_users(store: Store) -> None:
    """Each point looks back over the days that end with it, also before the range."""
    store.append([event(f"{day} 9:00", "x", user) for day, user in [(1, "a"), (5, "b"), (8, "a")]])
    store.append([event("8 9:00", "x", "b"), event("8 9:01", "x", "b"), event("8 9:02", "x")])
    span = days(5, 9)
    assert counts(store, range=span, interval=Bucket.DAY) == [1, 0, 0, 2, 0]
    assert counts(store, range=span, interval=Bucket.DAY, rolling=7) == [2, 2, 2, 2, 2]
    assert counts(store, range=span, interval=Bucket.DAY, rolling=2) == [1, 1, 0, 2, 2]
    assert store.answer(ActiveUsers(range=span)) == ActiveAnswer(2)
    assert counts(store, range=span, interval=Bucket.DAY, event="y") == [0] * 5


def test_users_of_weeks_and_hours(store: Store) -> None:
    """A point of a week ends with its Sunday; one of an hour looks back a whole day."""
    store.append([event("3 9:30", "x", "a"), event("8 9:30", "x", "b")])
    week = {"range": days(2, 8), "interval": Bucket.WEEK}
    assert counts(store, **week) == [1]
    assert counts(store, **week, rolling=7) == [2]
    hourly = counts(store, range=days(3, 4), interval=Bucket.HOUR)
    assert hourly == [0] * 9 + [1] * 24 + [0] * 15


def test_a_point_counts_nothing_from_the_ranges_end_on(store: Store) -> None:
    """Though its bucket is longer."""
    store.append([event("4 9:00", "x", "a")])
    assert counts(store, range=days(2, 3), interval=Bucket.WEEK, rolling=7) == [0]
    assert counts(store, range=days(2, 4), interval=Bucket.WEEK, rolling=7) == [1]


def test_rolling_days_are_local(store: Store) -> None:
    """Over the change of clocks in Berlin: two days, not 48 hours."""
    store.append([event("27 22:59", "x", "a"), event("27 23:00", "x", "b")])
    span = days(29, 29, "Europe/Berlin")
    assert counts(store, range=span, interval=Bucket.DAY, rolling=2) == [1]


# -- what is taken back


def test_a_forgotten_person_is_in_no_answer(store: Store) -> None:
    """By any id: events, ids, traits; others stay, and a second delivery brings nothing back."""
    hers = [event("9:00", "x", visitor="a"), event("9:01", "x", "ann", "a", revenue="5 EUR")]
    hers += [identify("9:02", "ann", {"plan": "pro"}), alias("9:03", "old", "ann")]
    hers += [event("9:04", "x", "old")]
    store.append([*hers, event("9:05", "x", "bob")])
    store.tend()
    assert store.forget("a") == 5
    for _ in range(2):
        assert (people(store), total(store)) == (1, 1)
        assert store.answer(Traits("ann")) == Person("ann", ("ann",), {})
        assert store.answer(Timeline(id="old", range=MARCH)) == ()
        assert len(list(store.events())) == store.describe()["events"] == 1
        assert store.append(hers) == 0
        store.tend()
    assert store.forget("a") == store.forget("nobody") == 0


def test_who_was_forgotten_may_come_back(store: Store) -> None:
    """As somebody new."""
    store.append([identify("9:00", "ann", {"plan": "pro"}), event("9:00", "x", "ann")])
    store.forget("ann")
    store.append([event("9:01", "y", "ann")])
    assert (total(store, "x"), total(store, "y"), people(store)) == (0, 1, 1)
    store.tend()
    assert (total(store, "x"), total(store, "y"), people(store)) == (0, 1, 1)
    assert store.answer(Traits("ann")).traits == {}


def test_who_shares_a_device_with_a_forgotten_person_stays(store: Store) -> None:
    """Without the id that was the other's, also where an alias mentioned it."""
    store.append([event("9:00", "x", "ann", "a"), event("9:01", "x", "bob", "a")])
    store.append([event("9:02", "x", "bob", "b"), alias("9:03", "a", "bob")])
    store.tend()
    store.append([event("9:04", "y", "bob", "a", properties={"anonymous_id": "a"})])
    assert store.forget("ann") == 1
    for _ in range(2):
        found = [decode(body) for body in store.events()]
        assert [event.anonymous_id for event in found] == [None, "b", None, None]
        assert {event.user_id for event in found} == {"bob"}
        assert {event.previous_id for event in found} == {None}
        assert found[-1].properties == {"anonymous_id": "a"}
        assert store.answer(Traits("a")) == Person("a", ("a",), {})
        assert person(store, "bob") == ("bob", ("b", "bob"))
        store.tend()


def test_an_id_that_two_have_is_the_users(store: Store) -> None:
    """Forgetting the one by the text leaves the other, and what is mentioned stays a user's."""
    store.append([event("9:00", "x", "same"), event("9:01", "x", "ann", "same")])
    store.append([alias("9:02", "same", "bob"), event("9:03", "x", visitor="same")])
    assert store.forget("ann") == 2
    (left, made) = (decode(body) for body in store.events())
    assert (left.user_id, made.previous_id) == ("same", "same")
    assert store.forget("same") == 1
    (made,) = (decode(body) for body in store.events())
    assert (made.user_id, made.previous_id) == ("bob", None)


def test_an_id_that_only_an_undone_alias_named_is_nobodys(store: Store) -> None:
    """Then the text is the anonymous id that is left."""
    store.append([event("9:00", "x", "ann", "a"), alias("9:01", "a", "bob")])
    assert person(store, "a") == ("bob", ("a", "bob"))
    assert store.unalias("a", "bob")
    assert person(store, "a") == ("ann", ("a", "ann"))
    store.append([event("9:02", "x", "a")])
    assert person(store, "a") == ("a", ("a",))


def test_what_is_purged_is_gone(store: Store) -> None:
    """All from before the time, nothing from it on; who is who stays."""
    store.append([event("9:00", "x", "ann", "a"), identify("9:00", "ann", {"plan": "pro"})])
    store.append([event("10:00", "x", visitor="a")])
    assert store.purge(micros(at("10:00"))) == 2
    assert store.purge(micros(at("10:00"))) == 0
    for _ in range(2):
        assert total(store) == store.describe()["events"] == 1
        assert store.answer(Traits("a")) == Person("ann", ("a", "ann"), {"plan": "pro"})
        store.tend()


# -- what goes in comes out

FULL: dict[str, Any] = {
    "type": EventType.PAGEVIEW,
    "source": Source.SERVER,
    "locale": "de-DE",
    "hostname": "shop.example",
    "url": "https://shop.example/ä?ref=1",
    "path": "/ä",
    "method": "GET",
    "matched_pattern": "/<x>",
    "endpoint": "x",
    "status_code": 200,
    "duration": 0.012345,
    "user_agent": FIREFOX,
    "referrer": "https://a.example/",
    "view_id": "view",
    "properties": {"a": 5, "b": [1, {"c": None}], "d": "名", "e": True, "f": 0.1, "g": None},
    "revenue": "1200.50 EUR",
    "traits": {"plan": "pro", "n": 10**17},
    "group_id": "acme",
    "previous_id": "p",
    "context": {"library": {"name": "x"}},
    "integrations": {"All": False},
    "consent": {"store": True, "forward": False},
}


@pytest.mark.parametrize("fields", [FULL, {}, {"action_name": "buy", "type": EventType.ACTION}])
def test_an_event_comes_out_as_it_went_in(store: Store, fields: dict[str, Any]) -> None:
    """Every field of it, but for the address: no store keeps that."""
    body = event("9:00:00.000001", "x", "ann", "a", **fields, client_ip="192.0.2.1")
    wanted = decode(body)
    wanted.client_ip = None
    store.append([body])
    for _ in range(2):
        (found,) = store.events()
        assert decode(found) == wanted
        assert b"192.0.2.1" not in found
        store.tend()


def test_events_by_time_of_a_range_or_a_person(store: Store) -> None:
    """Then by message id; nothing is left out that came in."""
    late, first = event("9:01", "x", "bob", "a"), event("9:00", "x", visitor="a", message_id="1")
    second = event("9:00", "y", "eve", user_agent=GOOGLEBOT, message_id="2")
    store.append([late, second])
    store.append([first])
    assert [decode(body).message_id for body in store.events()][:2] == ["1", "2"]
    assert len(list(store.events(days(3)))) == 0
    names = [decode(body).user_id for body in store.events(days(2), "bob")]
    assert names == [None, "bob"]
