"""SQL that follows everybody through the steps of a funnel, by the rule of ``metrics.chain``.

Times are counted from a person's first event, and each is spread over ``2 * length`` numbers, so
that each step has its place within a moment:

- No event of theirs serves for several steps: the places go up, because events of one moment may
  come in any order.
- Some do: the places go down, so that none is used twice. That is exact as long as no two events
  are of one moment; else the person is ``tangled``, and their times are not true.

Everybody is followed from their first start. Within a window the first that is good is to be found
before: the latest start of a chain is carried from event to event, which tells how far they get and
when; from a window before that on, any start is.
"""

from __future__ import annotations

from ..sql.engine import Passage

#: No such time.
_NEVER = 2**64 - 1

#: The next event of each step after the step before, from a time on that is in front: it, then
#: each step's time, or ``_NEVER``. Times are more than 0.
_FOLLOW = (
    "arrayFold((done, times) -> arrayPushBack(done, arrayMin(arrayPushBack("
    f"arrayFilter(x -> x > done[-1], times), {_NEVER}))), {{serving}}, [toUInt64({{after}})])"
)

#: Round after round the latest start of a chain to one step more beside each event that ends one,
#: else 0; and for each step but the last, when the first chain to it ended, or 0.
_CARRY = """arrayFold((done, step) -> (
    arrayMap((x, s, start) -> if(s = step AND start > 0 AND x - start <= {wide}, start, 0),
        events, steps, arrayFill(x -> x > 0, done.1)),
    arrayPushBack(done.2, arrayFirst((x, start) -> start > 0, events, done.1))),
    range(1, {length} + 1), (arrayMap((x, s) -> if(s = 0, x, 0), events, steps),
    emptyArrayUInt64()))"""


def people(passage: Passage) -> str:
    """A SELECT of ``person``, ``tangled``, and ``times``: when they did each step that they got
    through, in microseconds since some moment of their own."""
    steps, layer = f"arrayFilter(x -> x < {_NEVER}, found)", _spread(passage)
    after = "0"
    if passage.window is not None:
        # Two events of just the window are at most half a moment further apart.
        wide = passage.window * 2 * passage.length + passage.length - 1
        layer = _arrived(wide, layer, passage.length)
        after = f"if(arrival > {wide}, arrival - {wide} - 1, 0)"
        steps = "arraySlice(found, 1, goal + 1)"
    followed = f"SELECT *, {_FOLLOW.format(serving='serving', after=after)} AS found FROM ({layer})"
    moments = f"arrayMap(x -> toInt64(intDiv(x, {2 * passage.length})), arrayPopFront({steps}))"
    return f"SELECT person, tangled, {moments} AS times FROM ({followed})"


def _spread(passage: Passage) -> str:
    """``serving``: for each step the times of the events that serve for it."""
    length = passage.length
    arrays = ", ".join(f"groupArrayIf(ts, bitTest(steps, {step}))" for step in range(length))
    grouped = (
        "SELECT person, min(ts) AS first_at, max(bitCount(steps)) > 1 AS is_double, "
        f"count() AS n, [{arrays}] AS kept FROM ({passage.sql}) GROUP BY person"
    )
    place = f"toUInt64(if(is_double, {length} - step, step + 1))"
    spread = (
        f"arrayMap((times, step) -> arrayMap(x -> toUInt64(x - first_at) * {2 * length} + {place}, "
        f"times), kept, range({length}))"
    )
    moments = "length(arrayDistinct(arrayFlatten(arrayFilter(times -> is_double, kept))))"
    return (
        f"SELECT person, is_double, is_double AND n > {moments} AS tangled, {spread} AS serving "
        f"FROM ({grouped})"
    )


def _arrived(wide: int, layer: str, length: int) -> str:
    """How many steps people get through within the window, and when they first did the last."""
    place = f"x % {2 * length}"
    steps = f"arrayMap(x -> toUInt8(if(is_double, {length} - {place}, {place} - 1)), events)"
    ordered = f"SELECT *, arraySort(arrayFlatten(serving)) AS events, {steps} AS steps"
    carried = f"SELECT *, ({_CARRY.format(wide=wide, length=length)}).2 AS firsts"
    return (
        "SELECT *, arrayCount(x -> x > 0, firsts) AS goal, arrayMax(firsts) AS arrival "
        f"FROM ({carried} FROM ({ordered} FROM ({layer})))"
    )
