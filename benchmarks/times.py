"""When the history of ten million events is, in microseconds. Imports nothing: a process that is
measured from its beginning has it, too."""

from __future__ import annotations

DAY = 86_400_000_000
DAYS = 90

#: Midnight UTC of the first day, since the epoch.
FIRST = 1_790_000_000 // 86_400 * DAY
