"""How DuckDB writes it. Nothing here needs the engine itself."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import Any

#: ``filters.number``, for RE2.
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?"


class DuckDB:
    """DuckDB's dialect. See ``Dialect`` for what each method means."""

    def placeholder(self, index: int, value: Any) -> str:
        return f"${index}"

    def divide(self, number: str, by: int) -> str:
        return f"(({number}) // {by})"

    def contains(self, text: str, part: str) -> str:
        return f"contains({text}, {part})"

    def folded(self, text: str) -> str:
        return f"translate({text}, '{ascii_uppercase}', '{ascii_lowercase}')"

    def number(self, text: str) -> str:
        return f"CASE WHEN regexp_full_match({text}, '{NUMBER}') THEN CAST({text} AS DOUBLE) END"

    def integer_text(self, number: str) -> str:
        return f"CAST({number} AS VARCHAR)"

    def integer_sum(self, condition: str) -> str:
        return f"count_if({condition})"

    def exact_sum(self, amount: str) -> tuple[str, ...]:
        # A sum of DECIMAL(38, 18) overflows after a hundred of the largest amounts, and cutting
        # them in two is slow: so only large ones are.
        usual = f"{amount} > -1000000000 AND {amount} < 1000000000"
        return (
            f"sum(CASE WHEN {usual} THEN {amount} ELSE 0 END)",
            f"sum(CASE WHEN {usual} THEN 0 ELSE CAST(trunc({amount}) AS HUGEINT) END)",
            f"sum(CASE WHEN {usual} THEN 0 ELSE {amount} - trunc({amount}) END)",
        )

    def nearest_rank(self, number: str, percent: int) -> str:
        # Both ranks that are ever asked for are one aggregate, so the values are kept once.
        ranks = [50, 95] if percent in (50, 95) else [percent]
        shares = [rank / 100 for rank in ranks]
        return f"quantile_disc({number}, {shares})[{ranks.index(percent) + 1}]"

    def previous(self, column: str, partition: str, order: str) -> str:
        return f"lag({column}) OVER (PARTITION BY {partition} ORDER BY {order})"

    def following(self, column: str, partition: str, order: str) -> str:
        return f"lead({column}) OVER (PARTITION BY {partition} ORDER BY {order})"

    def month(self, day: str) -> str:
        epoch = "DATE '1970-01-01'"
        return f"datediff('month', {epoch}, {epoch} + CAST({day} AS INTEGER))"

    # What an engine builds its relation of.

    def double_text(self, number: str) -> str:
        """``facts.text`` of a DOUBLE."""
        return (
            f"CASE WHEN {number} = trunc({number}) AND abs({number}) < 1e15 "
            f"THEN CAST(CAST({number} AS BIGINT) AS VARCHAR) ELSE printf('%.15g', {number}) END"
        )

    def double_number(self, number: str) -> str:
        """``filters.number`` of ``facts.text`` of a DOUBLE: the number of its first 15 digits.

        What has at most six places stays as it is, so that hardly any is printed and read."""
        return (
            f"CASE WHEN {number} = round({number} * 1e6) / 1e6 AND abs({number}) < 1e9 "
            f"THEN {number} ELSE CAST(printf('%.15g', {number}) AS DOUBLE) END"
        )
