"""Answers as CSV: what a spreadsheet, and a program, makes of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics import Revenue
from flask_analytics.metrics import csv as tables
from flask_analytics.metrics.filters import number

from .conftest import Ask

Keep = Callable[..., None]

FORMULAS = ["=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"]


def read(text: str) -> list[list[str]]:
    """As a program reads it."""
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_text(ask: Ask, keep: Keep, formula: str) -> None:
    """What a visitor sends as a property computes nothing on an analyst's machine."""
    keep("buy", properties={"plan": formula}, traits={"note": formula})

    _, row = read(ask("top?event=buy&property=plan&format=csv").text)
    _, trait = read(ask("traits?id=u1&format=csv").text)

    assert row == [f"'{formula}", "1"]
    assert trait == ["u1", "note", f"'{formula}"]


@pytest.mark.parametrize("value", [5, -5, 0.5, -1e300])
def test_numbers_stay_numbers(value: Any) -> None:
    """A minus before a number is no formula; text that is a number is harmless as it is."""
    assert tables.cell(value) == value
    assert tables.cell(str(value)) == str(value)


def test_other_cells() -> None:
    """Nothing is nothing, yes is true, money is exact, what is nested is JSON."""
    cells = [None, True, False, Decimal("-1E+3"), {"a": ["="]}, []]
    assert [tables.cell(cell) for cell in cells] == [
        None, "true", "false", "-1000", '{"a":["="]}', "[]"
    ]  # fmt: skip


@given(st.text(min_size=1))
def test_no_text_begins_a_formula(text: str) -> None:
    """Whatever it is: no sign that computes comes first, and nothing else is changed."""
    cell = tables.cell(text)

    assert not cell.startswith(tuple("=+-@\t\r\n")) or number(cell) is not None
    assert cell in (text, f"'{text}")


def test_quotes_commas_and_lines(ask: Ask, keep: Keep) -> None:
    """RFC 4180: quoted, doubled, lines end in CR LF; UTF-8."""
    awkward = 'a "b", c\r\nd — é'
    keep("buy", properties={"plan": awkward})

    answer = ask("top?event=buy&property=plan&format=csv")

    assert answer.data == 'key,count\r\n"a ""b"", c\r\nd — é",1\r\n'.encode()
    assert read(answer.text)[1] == [awkward, "1"]


def test_groups_and_cohorts_are_columns(ask: Ask, keep: Keep) -> None:
    """What JSON nests is one flat table."""
    keep("a", properties={"plan": "pro"})
    keep("b", revenue=Revenue.of("0.10", "EUR"))

    funnel = read(ask("funnel?step=a&step=b&breakdown=property.plan&format=csv").text)
    retention = read(ask("retention?from=2026-11-21&offset=0&grid=1&format=csv").text)
    active = read(ask("active?interval=day&from=2026-11-21&format=csv").text)

    assert funnel == [
        ["group", "step", "event", "count", "conversion", "median_seconds"],
        *([group, *row] for group in ("", "pro") for row in (
            ["1", "a", "1", "1.0", ""], ["2", "b", "1", "1.0", "0.0"]
        )),
    ]  # fmt: skip
    assert retention[0] == ["cohort", "size", "offset", "returned", "partial"]
    assert retention[2][0] == "2026-11-21T00:00:00+00:00"
    assert active == [["time", "count"], ["2026-11-21T00:00:00+00:00", "1"]]
    day = "2026-11-21T00:00:00+00:00"
    revenue = read(ask("revenue?interval=day&from=2026-11-21&format=csv").text)
    visits = read(ask("visits?interval=day&from=2026-11-21&format=csv").text)
    assert revenue == [["currency", "time", "amount", "count"], ["EUR", day, "0.10", "1"]]
    assert visits == [["time", "visits", "engaged"], [day, "1", ""]]


def test_an_empty_answer_has_its_columns(ask: Ask) -> None:
    """A program need not know that there was nothing."""
    assert ask("revenue?format=csv").text == "currency,amount,count\r\n"
    assert ask("people?format=csv").text == "id,count,last\r\n"
