"""The filter language as SQL: every field, every operator, every kind of hostile text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_analytics.errors import QuestionError
from flask_analytics.metrics import facts
from flask_analytics.metrics.active import ActiveUsers
from flask_analytics.metrics.filters import FIELDS, Filter, Operator, Scope, number
from flask_analytics.metrics.person import People
from flask_analytics.metrics.top import Entry, TopProperties
from flask_analytics.metrics.volume import Volume
from flask_analytics.store.sql.answer import answer
from flask_analytics.store.sql.duckdb import DuckDB

from .oracle import TEXTS
from .plain import PlainEngine
from .stories import at, span

DAY = span("2026-01-01", "2026-01-02")
NOON = {"ts": at("2026-01-01 12:00")}


def count(engine: PlainEngine, *filters: Filter) -> int:
    asked = Volume(range=DAY, scope=Scope(filters=filters))
    return sum(point.count for point in answer(asked, engine))


def passed(engine: PlainEngine, field: str, value: str) -> list[int]:
    """Events that pass each of the operators, in their order: = != > < ~."""
    return [count(engine, Filter(field, operator, value)) for operator in Operator]


@pytest.mark.parametrize("field", [*FIELDS, "property.x", "trait.x"])
def test_every_field_knows_every_operator(field: str) -> None:
    """None is forgotten, and an empty table has nothing that passes."""
    assert passed(PlainEngine(), field, "5") == [0] * 5


def test_a_text_and_nothing() -> None:
    """What has no value differs from all, and is nothing else."""
    engine = PlainEngine([NOON | {"path": "/Shop"}, NOON | {"path": "/b"}, NOON])

    assert passed(engine, "path", "/b") == [1, 2, 0, 0, 1]
    assert count(engine, Filter("path", Operator.CONTAINS, "shop")) == 0
    assert count(engine, Filter("path", Operator.CONTAINS, "Shop")) == 1
    assert count(engine, Filter("path", Operator.CONTAINS, "")) == 2


def test_a_status_is_its_digits() -> None:
    """404 is no 0404 and no 404.0, but a number between 400 and 500, and contains a 0."""
    engine = PlainEngine([NOON | {"status": 404}, NOON | {"status": 500}, NOON])

    assert passed(engine, "status", "404") == [1, 2, 1, 0, 1]
    assert passed(engine, "status", "0404")[:2] == [0, 3]
    assert passed(engine, "status", "404.0")[:2] == [0, 3]
    assert passed(engine, "status", "1" * 50) == [0, 3, 0, 2, 0]
    assert passed(engine, "status", "4e2") == [0, 3, 2, 0, 0]
    assert count(engine, Filter("status", Operator.CONTAINS, "0")) == 2


def test_numbers_as_numbers_and_as_texts() -> None:
    """What does not read as a number is neither above nor below any."""
    values = [4, 5.5, "6", "six", " 7", True, None, [9], "1e1"]
    engine = PlainEngine(NOON | {"properties": {"n": value}} for value in values)

    assert count(engine, Filter("property.n", Operator.ABOVE, "4")) == 3
    assert count(engine, Filter("property.n", Operator.BELOW, "6")) == 2
    assert count(engine, Filter("property.n", Operator.EQUALS, "6.0")) == 0
    assert count(engine, Filter("property.n", Operator.ABOVE, "none")) == 0


def test_traits_are_of_people() -> None:
    """All events of who has the trait; nobody, and who has none, differ."""
    engine = PlainEngine(
        [NOON | {"person": who} for who in ("ann", "ann", "bob", "eve", None)],
        {"ann": {"plan": "pro", "n": 5}, "bob": {"plan": "free", "n": "6"}, "eve": {"plan": None}},
    )

    assert passed(engine, "trait.plan", "pro") == [2, 3, 0, 0, 2]
    assert count(engine, Filter("trait.n", Operator.ABOVE, "5")) == 1
    assert count(engine, Filter("trait.n", Operator.BELOW, "6")) == 2
    assert count(engine, Filter("trait.none", Operator.DIFFERS, "x")) == 5


def test_all_filters_have_to_hold() -> None:
    """Two filters are an "and"."""
    engine = PlainEngine([NOON | {"path": "/a", "method": "GET"}, NOON | {"path": "/a"}])
    path, method = (
        Filter("path", Operator.EQUALS, "/a"),
        Filter("method", Operator.EQUALS, "GET"),
    )

    assert (count(engine, path), count(engine, path, method)) == (2, 1)


@pytest.mark.parametrize("hostile", TEXTS)
def test_no_text_leaves_its_quotes(hostile: str) -> None:
    """Wherever a value can stand it is only ever equal to itself."""
    mine = NOON | {"person": hostile, "name": hostile or "n", "path": hostile or None}
    mine |= {"properties": {hostile or "p": hostile}, "source": hostile or "s"}
    engine = PlainEngine(
        [mine, NOON | {"name": "other"}], {hostile: {hostile: hostile}}, {hostile: (hostile,)}
    )
    for field in ("path", "event", "source", f"property.{hostile or 'p'}", f"trait.{hostile}"):
        if hostile or field.startswith(("property", "trait")):
            assert count(engine, Filter(field, Operator.EQUALS, hostile)) == 1
            assert count(engine, Filter(field, Operator.DIFFERS, hostile)) == 1
            assert count(engine, Filter(field, Operator.CONTAINS, hostile)) == 1

    asked = TopProperties(range=DAY, event=hostile or "n", property=hostile or "p")
    assert answer(asked, engine) == (Entry(hostile, 1),)
    source = Scope(source=hostile or "s")
    assert answer(ActiveUsers(range=DAY, scope=source, event=hostile), engine).people == 1
    assert hostile in [seen.id for seen in answer(People(range=DAY, search=hostile), engine)]


def test_half_a_pair_of_surrogates_is_no_text() -> None:
    """It could not even be sent to an engine."""
    with pytest.raises(QuestionError, match="not valid Unicode"):
        count(PlainEngine(), Filter("path", Operator.EQUALS, "\ud800"))


# -- DuckDB's own words

doubles = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**14), 10**14).map(
    lambda n: n / 10**6
)
numerals = st.sampled_from(TEXTS) | st.from_regex(r"[+-]?[0-9.]{0,5}([eE][+-]?[0-9]{0,4})?\n?")


@settings(max_examples=30)
@given(st.lists(doubles, min_size=1), st.lists(numerals, min_size=1))
def test_duckdb_writes_and_reads_numbers_as_python_does(
    found: list[float], read: list[str]
) -> None:
    """Fifteen digits, no needless point or zero; and what reads as a number is one for both."""
    engine, dialect = PlainEngine(), DuckDB()

    written = engine.rows(
        f"SELECT {dialect.double_text('x')}, {dialect.double_number('x')} "
        "FROM (SELECT unnest($1::DOUBLE[]) AS x)",
        [found],
    )
    numbers = engine.rows(
        f"SELECT {dialect.number('x')} FROM (SELECT unnest($1::VARCHAR[]) AS x)", [read]
    )
    engine.close()

    texts = [facts.text(value) or "" for value in found]
    assert written == [(text, number(text)) for text in texts]
    assert [value for (value,) in numbers] == [number(text) for text in read]
