"""Funnel: the events that each engine folds its own way, and the answer made of what it finds."""

from __future__ import annotations

from ...metrics.funnel import Funnel, FunnelAnswer, FunnelGroup, Step, step_counts
from .conditions import counted, is_named, passes, value_of
from .dialect import Query
from .engine import Engine, Folded, Funnels, Passage
from .scan import Scan
from .zones import SECOND


def funnel(asked: Funnel, engine: Engine) -> FunnelAnswer:
    """Let the engine fold, and choose the groups."""
    if not isinstance(engine, Funnels):
        raise TypeError(f"{type(engine).__name__} has no funnel of its own")
    query = Query(engine.dialect)
    groups = _groups(asked, engine, query) if asked.breakdown else None
    window = None if asked.window is None else round(asked.window * SECOND)
    passage = Passage(_events(asked, engine, query), len(asked.steps), window, groups)
    return fold(asked, engine.funnel(query, passage))


def _scan(asked: Funnel, engine: Engine, query: Query, steps: tuple[Step, ...]) -> Scan:
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, *(step.event for step in steps))
    scan.where(f"{scan.column('person')} IS NOT NULL")
    return scan


def _events(asked: Funnel, engine: Engine, query: Query) -> str:
    scan = _scan(asked, engine, query, asked.steps)
    serves = [_serves(scan, step) for step in asked.steps]
    if any(step.filters for step in asked.steps):
        scan.where(f"({' OR '.join(serves)})")
    bits = " + ".join(f"CASE WHEN {it} THEN {1 << bit} ELSE 0 END" for bit, it in enumerate(serves))
    return scan.select(f"person, {scan.column('ts')}, {bits} AS steps")


def _serves(scan: Scan, step: Step) -> str:
    conditions = (is_named(scan, step.event), *(passes(scan, each) for each in step.filters))
    return f"({' AND '.join(conditions)})"


def _groups(asked: Funnel, engine: Engine, query: Query) -> str:
    """Whose group is which: the value of the first event of step 0. A trait is the same on each
    event of a person: no first one is looked for."""
    field = asked.breakdown or ""
    if field.startswith("trait."):
        traits = engine.traits(query, field.removeprefix("trait."))
        return f"SELECT person, value AS key FROM {traits}"
    scan = _scan(asked, engine, query, asked.steps[:1])
    scan.where(*(passes(scan, each) for each in asked.steps[0].filters))
    value = value_of(scan, field)
    order = f"{scan.column('ts')}, {scan.column('message_id')}"
    ranked = scan.select(
        f"person, {value} AS key, row_number() OVER (PARTITION BY person ORDER BY {order}) AS place"
    )
    return f"SELECT person, key FROM ({ranked}) WHERE place = 1 AND key IS NOT NULL"


def fold(question: Funnel, found: Folded) -> FunnelAnswer:
    """The answer: overall, and of the largest groups."""
    largest = sorted(found.groups.items(), key=lambda item: (-item[1].counts[0], item[0]))
    return FunnelAnswer(
        step_counts(question.steps, found.overall),
        tuple(
            FunnelGroup(key, step_counts(question.steps, progress))
            for key, progress in largest[: question.limit]
        ),
    )
