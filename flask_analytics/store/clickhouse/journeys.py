"""SQL that follows everybody through the steps of a funnel, by the rule of ``metrics.chain``.

Times are counted from a person's first event, and each is spread over ``2 * length`` numbers, so
that each step has its place within a moment:

- No event of theirs serves for several steps: the places go up, because events of one moment may
  come in any order.
- Some do: the places go down, so that none is used twice. That is exact as long as no two events
  are of one moment; else the person is ``tangled``, and their times are not true.

Everybody is followed from their very first start. For whom the window is too short for that, the
latest start of a chain is carried from event to event, which tells how far they get within it and
when: a window before that, the start is to be looked for.
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
        late_times, late_steps, arrayFill(x -> x > 0, done.1)),
    arrayPushBack(done.2, arrayFirst((x, start) -> start > 0, late_times, done.1))),
    range(2, {length} + 2), (arrayMap((x, s) -> if(s = 1, x, 0), late_times, late_steps),
    emptyArrayUInt64()))"""


def people(passage: Passage) -> str:
    """A SELECT of ``person``, ``tangled``, and ``times``: when they did each step that they got
    through, in microseconds since some moment of their own."""
    found = _FOLLOW.format(serving="serving", after=0)
    followed = f"SELECT *, {found} AS found FROM ({_spread(passage)})"
    steps = f"arrayFilter(x -> x < {_NEVER}, found)"
    if passage.window is not None:
        wide = passage.window * 2 * passage.length + passage.length - 1
        after = f"if(arrival > {wide}, arrival - {wide} - 1, 0)"
        followed = _arrived(wide, followed, passage.length)
        fitting = f"arraySlice({_FOLLOW.format(serving='late', after=after)}, 1, goal + 1)"
        steps = f"if(is_late, {fitting}, {steps})"
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
        f"SELECT person, is_double AND n > {moments} AS tangled, {spread} AS serving "
        f"FROM ({grouped})"
    )


def _arrived(wide: int, followed: str, length: int) -> str:
    """For whom the first start does not do: ``late``, their part of ``serving``; how many steps
    they get through, and when they first did the last of them."""
    last = f"arrayMax(arrayFilter(x -> x < {_NEVER}, found))"
    is_late = f"{last} > found[2] AND {last} - found[2] > {wide} AS is_late"
    late = f"SELECT *, {is_late}, arrayFilter(x -> is_late, serving) AS late FROM ({followed})"
    events = (
        "arraySort(arrayFlatten(arrayMap((times, step) -> arrayMap(x -> (x, step), times), late, "
        "arrayEnumerate(late))))"
    )
    ordered = (
        f"SELECT *, {events} AS events, events.1 AS late_times, events.2 AS late_steps "
        f"FROM ({late})"
    )
    carried = f"SELECT *, ({_CARRY.format(wide=wide, length=length)}).2 AS firsts FROM ({ordered})"
    return (
        "SELECT *, arrayCount(x -> x > 0, firsts) AS goal, arrayMax(firsts) AS arrival "
        f"FROM ({carried})"
    )
