"""What differs between the engines' SQL, and the values of one query.

Text of others (names, values of filters) enters a query only through ``Query.value``. Numbers of
ours (times, sizes of cells, limits) and names of columns stand in the SQL as they are.
"""

from __future__ import annotations

from typing import Any, Protocol

from ...errors import QuestionError


class Dialect(Protocol):
    """How an engine writes what others write differently. Every argument is SQL of ours.

    Each method shows what DuckDB and ClickHouse make of it. NULL stays NULL unless it says else.
    """

    def placeholder(self, index: int, value: Any) -> str:
        """Where the value of that index (from 1) goes.

        ``$1``; ``{p1:String}`` (Int64, Float64 by the type of the value)."""

    def divide(self, number: str, by: int) -> str:
        """Whole number of times that ``by`` goes into a whole number that is not negative.

        ``((ts - 5) // 3600)``; ``intDiv(ts - 5, 3600)``."""

    def contains(self, text: str, part: str) -> str:
        """Is ``part`` in the text, with the same capitals? Every text contains ``''``.

        ``contains(path, $1)``; ``position(path, {p1:String}) > 0``."""

    def folded(self, text: str) -> str:
        """``facts.folded`` of a text.

        ``translate(name, 'AB...', 'ab...')``; ``lower(name)``."""

    def number(self, text: str) -> str:
        """The DOUBLE that a text reads as, exactly as ``filters.number`` does, else NULL.

        ``CASE WHEN regexp_full_match(path, '...') THEN try_cast(path AS DOUBLE) END``;
        ``if(match(path, '^...$'), toFloat64OrNull(path), NULL)``."""

    def integer_text(self, number: str) -> str:
        """An integer in digits.

        ``CAST(status AS VARCHAR)``; ``toString(status)``."""

    def integer_sum(self, condition: str) -> str:
        """How many rows of a group fulfil a condition; NULL does not.

        ``count_if(status >= 500)``; ``countIf(status >= 500)``."""

    def exact_sum(self, amount: str) -> tuple[str, ...]:
        """Sums whose total is the sum of a DECIMAL(38, 18) column, never overflowing: columns
        that Python reads as int, Decimal or their text.

        ``sum(...)`` of usual amounts, and of whole parts and fractions of large ones;
        ``toString(sum(toDecimal256(amount, 18)))``."""

    def nearest_rank(self, number: str, percent: int) -> str:
        """An aggregate: the value at rank ceil(percent / 100 * n) of those that are not NULL;
        NULL where there is none. Exact, also for n = 20 and percent = 95.

        ``quantile_disc(duration, 0.95)``;
        ``arrayElementOrNull(arraySort(groupArray(duration)), intDiv(95 * count(duration) + 99,
        100))``."""

    def previous(self, column: str, partition: str, order: str) -> str:
        """The column's value one row before in the partition; NULL at its first row.

        ``lag(ts) OVER (PARTITION BY person ORDER BY ts)``;
        ``lagInFrame(toNullable(ts)) OVER (... ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)``."""

    def following(self, column: str, partition: str, order: str) -> str:
        """The column's value one row after in the partition; NULL at its last row.

        ``lead(cell) OVER (PARTITION BY person ORDER BY cell)``;
        ``leadInFrame(toNullable(cell)) OVER (... ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)``."""

    def month(self, day: str) -> str:
        """The number of the month that a day (whole days since 1970-01-01) lies in; January
        1970 is 0, and each month one more than the one before.

        ``datediff('month', DATE '1970-01-01', DATE '1970-01-01' + CAST(day AS INTEGER))``;
        ``toRelativeMonthNum(toDate32('1970-01-01') + day) - toRelativeMonthNum(...)``."""


class Query:
    """The values of one statement, in the order of their placeholders."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.values: list[Any] = []

    def value(self, value: Any) -> str:
        """Keep a value; returns its placeholder.

        :raises QuestionError: a text that is no Unicode: half a pair of surrogates.
        """
        if isinstance(value, str):
            _check(value)
        self.values.append(value)
        return self.dialect.placeholder(len(self.values), value)


def _check(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise QuestionError("filter", f"{text!r:.40} is not valid Unicode text") from None
