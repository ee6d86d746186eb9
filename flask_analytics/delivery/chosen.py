"""Where an event is meant to go: its ``integrations``, in Segment's words and one of ours.

``{"All": False, "Webhook": True}`` are all webhooks, with ``"collector:webhook-2": True`` it
is one of them, by the name that the ledger has for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Goes before a collector's own name.
ONE = "collector:"


def only(name: str) -> dict[str, Any]:
    """What to give an event that is for one collector alone."""
    return {"All": False, f"{ONE}{name}": True}


def is_chosen(integrations: Mapping[str, Any], kind: str, name: str) -> bool:
    """Whether an event is meant for a collector.

    :param kind: what all of its kind are called, see ``Collector.integration``.
    :param name: what it alone is called.
    """
    every = integrations.get("All", True)
    return bool(integrations.get(f"{ONE}{name}", integrations.get(kind, every)))
