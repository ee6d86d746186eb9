"""The sum over all processes as Prometheus reads it (text exposition format 0.0.4).

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .census import Total
from .stats import STATES, CollectorStats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

PREFIX = "flask_analytics_"

#: Labels by name, and a value.
Sample = tuple[dict[str, str], int]

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def expose(total: Total, is_degraded: bool) -> str:
    """All families, each with what it means."""
    lines: list[str] = []
    for name, kind, meaning, samples in _families(total, is_degraded):
        lines.append(f"# HELP {PREFIX}{name} {meaning}")
        lines.append(f"# TYPE {PREFIX}{name} {kind}")
        lines += [f"{PREFIX}{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _families(total: Total, is_degraded: bool) -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    stats, journal = total.stats, total.stats.journal
    lanes = sorted(stats.collectors.items())
    accepted = sorted(total.most.items())
    yield (
        "events_accepted_total", "counter", "Events accepted for a collector.",
        [({"collector": name}, count) for name, count in accepted],
    )  # fmt: skip
    yield (
        "events_delivered_total", "counter", "Events that the destination has taken.",
        [({"collector": name}, lane.delivered) for name, lane in lanes],
    )  # fmt: skip
    yield (
        "events_rejected_total", "counter", "Events that the destination will never take.",
        [sample for name, lane in lanes for sample in _reasons(name, lane.rejected)],
    )  # fmt: skip
    yield (
        "events_dropped_total", "counter",
        "Events lost before the destination could answer; without a collector: before any.",
        [
            *_reasons("", stats.dropped),
            *(sample for name, lane in lanes for sample in _reasons(name, lane.dropped)),
        ],
    )  # fmt: skip
    yield (
        "events_pending", "gauge", "Events that wait or are under way.",
        [({"collector": name}, lane.pending) for name, lane in lanes],
    )  # fmt: skip
    yield "events_queued", "gauge", "Events not yet given to collectors.", [({}, stats.queued)]
    yield (
        "parts_trimmed_total", "counter",
        "Parts and arguments that had to be changed; with a collector: for its destination.",
        [
            *(({"reason": reason}, count) for reason, count in sorted(stats.trimmed.items())),
            *(sample for name, lane in lanes for sample in _reasons(name, lane.trimmed)),
        ],
    )  # fmt: skip
    yield (
        "refused_total", "counter",
        "Bodies of pages that met a limit of the endpoint, and what the application excluded.",
        [({"reason": reason}, count) for reason, count in sorted(stats.refused.items())],
    )  # fmt: skip
    yield (
        "lane_state", "gauge", "1 for the state that a collector is in.",
        [sample for name, lane in lanes for sample in _states(name, lane)],
    )  # fmt: skip
    for name, kind, meaning, value in (
        ("journal_on_disk", "gauge", "1 while accepted events are on disk.",
         int(journal.state == "journal" and not journal.fault)),
        ("journal_bytes", "gauge", "Size of the journals.", journal.bytes),
        ("journal_segments", "gauge", "Files of the journals.", journal.segments),
        ("journal_adopted_total", "counter", "Files taken over from dead processes.",
         journal.adopted),
        ("journal_corrupt_total", "counter", "Records that could not be read.", journal.corrupt),
        ("journal_dead_total", "counter", "Events put into the dead-letter file.", journal.dead),
        ("journal_orphans", "gauge", "Journals of dead processes, not adopted.", total.orphans),
        ("journal_orphan_bytes", "gauge", "Their size.", total.orphan_bytes),
        ("processes", "gauge", "Processes in this sum.", len(total.sheets)),
        ("degraded", "gauge", "1 while the health route names a problem.", int(is_degraded)),
    ):  # fmt: skip
        yield name, kind, meaning, [({}, value)]


def _reasons(collector: str, counts: dict[str, int]) -> Iterator[Sample]:
    for reason, count in sorted(counts.items()):
        yield {"collector": collector, "reason": reason}, count


def _states(collector: str, lane: CollectorStats) -> Iterator[Sample]:
    for state in STATES:
        yield {"collector": collector, "state": state}, int(lane.state == state)


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items()) + "}"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
