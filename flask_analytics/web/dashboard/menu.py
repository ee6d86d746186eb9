"""The menu."""

from __future__ import annotations

#: Endpoint, title, key of the keyboard, in the order of the menu.
PAGES = [
    ("overview", "Overview", "o"),
    ("events", "Events", "e"),
    ("funnels", "Funnels", "u"),
    ("retention", "Retention", "r"),
    ("people", "People", "p"),
    ("live", "Live", "l"),
    ("speed", "Errors & speed", "s"),
    ("delivery", "Delivery", "d"),
]
