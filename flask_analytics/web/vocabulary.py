"""The words that pages may use in a day: names of events, and keys of their properties.

Each is a row in every report, and whoever makes up new ones could bury the others. What this
process saw yesterday, and what the module itself sends, has its place whoever comes first today.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..event import Event
from ..log import QuietLog
from ..tally import Tally

#: Distinct names a day.
MAX_NAMES = 2000

#: Distinct keys a day of one name.
MAX_KEYS = 256

#: And of all names together: some 60 bytes each.
MAX_ALL_KEYS = 50_000

#: What stands for the rest.
OTHER = "(other)"

_DAY = 86_400

#: What the module sends: see the table of events in docs/browser.md.
OWN: dict[str, tuple[str, ...]] = {
    "pageview": ("title", "status"),
    "engagement": ("engaged_seconds", "scroll_percent"),
    "js_error": ("message", "file", "line", "column", "stack"),
    "rage_click": ("selector",),
    "outbound_click": ("url",),
    "file_download": ("url",),
    "form_submit": ("form",),
    "web_vital": ("metric", "value"),
}


class _Keys:
    """The keys of one name, as hashes: those seen today, those with a place, room for others."""

    __slots__ = ("known", "room", "seen")

    def __init__(self, known: set[int]) -> None:
        self.seen: set[int] = set()
        self.known = known
        self.room = MAX_KEYS - len(known)


class Vocabulary:
    """The words of one application in one process. Threads that race may each get the last place.

    :param trimmed: counts what has become ``(other)``: ``event_name``, ``property_key``.
    :param clock: seconds since the epoch; days are UTC.
    """

    def __init__(self, trimmed: Tally, log: QuietLog, clock: Callable[[], float]) -> None:
        self._trimmed = trimmed
        self._log = log
        self._clock = clock
        self._day = -1
        self._lock = threading.Lock()
        self._names: dict[str, _Keys] = {}
        self._known: dict[str, set[int]] = {}
        self._turn(-1)

    def limit(self, event: Event, keep_name: bool = False) -> None:
        """Replace what is too much in an event of a page.

        :param keep_name: the server has signed it.
        """
        day = int(self._clock()) // _DAY
        if day != self._day:
            with self._lock:
                if day != self._day:
                    self._turn(day)
        keys = self._keys(event.name)
        if keys is None and keep_name:
            keys = _Keys(set())
        elif keys is None:
            event.event_name = OTHER
            keys = self._names.setdefault(OTHER, _Keys(set()))
            self._tell("event_name", f"{MAX_NAMES} names of events")
        if event.properties:
            self._limit_properties(event, keys)

    def _keys(self, name: str) -> _Keys | None:
        """Those of a name; None: there is no place for it."""
        keys = self._names.get(name)
        if keys is not None or (name not in self._known and self._room <= 0):
            return keys
        if name not in self._known:
            self._room -= 1
        return self._names.setdefault(name, _Keys(self._known.get(name, set())))

    def _limit_properties(self, event: Event, keys: _Keys) -> None:
        properties = event.properties
        excess = [key for key in properties if not self._has_place(hash(key), keys)]
        for key in excess:
            del properties[key]
        if excess:
            properties[OTHER] = len(excess)
            self._tell("property_key", f"{MAX_KEYS} keys of a name", len(excess))

    def _has_place(self, key: int, keys: _Keys) -> bool:
        if key in keys.seen:
            return True
        if key not in keys.known:
            if keys.room <= 0 or self._key_room <= 0:
                return False
            keys.room -= 1
            self._key_room -= 1
        keys.seen.add(key)
        return True

    def _turn(self, day: int) -> None:
        """A new day: what was seen on the last one has a place."""
        known = {name: keys.seen for name, keys in list(self._names.items())}
        for name, own in OWN.items():
            known[name] = known.get(name, set()) | set(map(hash, own))
        self._day, self._names, self._known = day, {}, known
        self._room = MAX_NAMES - len(known)
        self._key_room = MAX_ALL_KEYS - sum(map(len, known.values()))

    def _tell(self, part: str, what: str, count: int = 1) -> None:
        self._trimmed.count(part, count)
        self._log.warning(
            f"vocabulary {part}",
            'Pages have sent more than %s today: what is new becomes "%s". Has somebody put ids '
            "into them?",
            what,
            OTHER,
        )
