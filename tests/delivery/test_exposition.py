"""Prometheus's text, read back by a parser of the format."""

from __future__ import annotations

import re

from flask_analytics.delivery.census import Total
from flask_analytics.delivery.exposition import expose
from flask_analytics.delivery.stats import STATES, read

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\d+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def parse(text: str) -> dict[str, int]:
    """Each sample by its name and labels, unescaped. Fails where a line is against the format."""
    samples: dict[str, int] = {}
    families: list[str] = []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            families.append(line.split()[2])
            continue
        if line.startswith("# TYPE "):
            assert line.split()[2] == families[-1]
            assert line.split()[3] in ("counter", "gauge")
            assert (line.split()[3] == "counter") is families[-1].endswith("_total")
            continue
        found = SAMPLE.fullmatch(line)
        assert found, line
        assert found[1] == families[-1], "samples of a family stand together"
        labels = [(name, unescape(text)) for name, text in LABEL.findall(found[2] or "")]
        key = found[1] + "".join(f" {name}={text}" for name, text in labels)
        assert key not in samples, f"twice: {line}"
        samples[key] = int(found[3])
    assert len(families) == len(set(families))
    assert text.endswith("\n")
    return samples


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def test_every_number_is_there() -> None:
    """By collector, by reason, by state."""
    stats = read(
        {
            "collectors": {
                "webhook": {
                    "accepted": 10,
                    "delivered": 4,
                    "rejected": {"http_400": 1},
                    "dropped": {"expired": 2},
                    "pending": 3,
                    "state": "open",
                }
            },
            "queued": 5,
            "dropped": {"inbox_full": 6},
            "trimmed": {"event_size": 7},
            "refused": {"address": 14},
            "journal": {"state": "journal", "bytes": 80, "segments": 2, "adopted": 8, "corrupt": 9,
                        "dead": 11},
        }
    )  # fmt: skip

    samples = parse(expose(Total(stats, [], {"webhook": 12}, orphans=1, orphan_bytes=13), True))

    states = {
        f"flask_analytics_lane_state collector=webhook state={state}": int(state == "open")
        for state in STATES
    }
    assert samples == states | {
        "flask_analytics_events_accepted_total collector=webhook": 12,
        "flask_analytics_events_delivered_total collector=webhook": 4,
        "flask_analytics_events_rejected_total collector=webhook reason=http_400": 1,
        "flask_analytics_events_dropped_total collector= reason=inbox_full": 6,
        "flask_analytics_events_dropped_total collector=webhook reason=expired": 2,
        "flask_analytics_events_pending collector=webhook": 3,
        "flask_analytics_events_queued": 5,
        "flask_analytics_parts_trimmed_total reason=event_size": 7,
        "flask_analytics_refused_total reason=address": 14,
        "flask_analytics_journal_on_disk": 1,
        "flask_analytics_journal_bytes": 80,
        "flask_analytics_journal_segments": 2,
        "flask_analytics_journal_adopted_total": 8,
        "flask_analytics_journal_corrupt_total": 9,
        "flask_analytics_journal_dead_total": 11,
        "flask_analytics_journal_orphans": 1,
        "flask_analytics_journal_orphan_bytes": 13,
        "flask_analytics_processes": 0,
        "flask_analytics_degraded": 1,
    }


def test_labels_are_escaped() -> None:
    """A name can hold whatever a developer writes; a reason, whatever a destination says."""
    name = 'we"ird\\na\nme{collector="x"} 1'
    stats = read({"collectors": {name: {"rejected": {"a\\": 1, "ü": 2}}}})

    samples = parse(expose(Total(stats, [], {name: 1}), False))

    assert samples[f"flask_analytics_events_accepted_total collector={name}"] == 1
    assert samples[f"flask_analytics_events_rejected_total collector={name} reason=a\\"] == 1
    assert samples[f"flask_analytics_events_rejected_total collector={name} reason=ü"] == 2


def test_nothing_counted_yet() -> None:
    """Families without samples are fine; so is the very first scrape."""
    samples = parse(expose(Total(read({}), [], {}), False))

    assert samples["flask_analytics_degraded"] == 0
    assert samples["flask_analytics_journal_on_disk"] == 0
