"""How ClickHouse writes it."""

from __future__ import annotations

from typing import Any

#: ``filters.number``, for RE2.
NUMBER = r"^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?\\z"

_TYPES = ((str, "String"), (int, "Int64"), (float, "Float64"))


class ClickHouse:
    """ClickHouse's dialect. See ``Dialect`` for what each method means."""

    def placeholder(self, index: int, value: Any) -> str:
        kind = next(name for known, name in _TYPES if isinstance(value, known))
        return f"{{p{index}:{kind}}}"

    def divide(self, number: str, by: int) -> str:
        return f"intDiv({number}, {by})"

    def contains(self, text: str, part: str) -> str:
        return f"position({text}, {part}) > 0"

    def folded(self, text: str) -> str:
        return f"lower({text})"  # lowerUTF8 would be for other letters, too

    def number(self, text: str) -> str:
        return f"if(match(ifNull({text}, ''), '{NUMBER}'), toFloat64OrNull({text}), NULL)"

    def integer_text(self, number: str) -> str:
        return f"toString({number})"

    def integer_sum(self, condition: str) -> str:
        return f"countIf({condition})"

    def exact_sum(self, amount: str) -> tuple[str, ...]:
        return (f"toString(sum(toDecimal256({amount}, 18)))",)

    def nearest_rank(self, number: str, percent: int) -> str:
        rank = f"intDiv({percent} * count({number}) + 99, 100)"
        return f"arrayElementOrNull(arraySort(groupArray({number})), {rank})"

    def previous(self, column: str, partition: str, order: str) -> str:
        return (
            f"lagInFrame(toNullable({column})) OVER (PARTITION BY {partition} ORDER BY {order} "
            "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
        )

    def following(self, column: str, partition: str, order: str) -> str:
        return (
            f"leadInFrame(toNullable({column})) OVER (PARTITION BY {partition} ORDER BY {order} "
            "ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)"
        )

    def month(self, day: str) -> str:
        epoch = "toDate32('1970-01-01')"
        return f"(toRelativeMonthNum({epoch} + toInt32({day})) - toRelativeMonthNum({epoch}))"
