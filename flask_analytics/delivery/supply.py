"""What one lane has to send: the events in its memory, and those it has to read from the journal.

While there is room an event goes straight into memory. When there is none the lane falls behind:
it leaves the following events in the journal's files and reads on from there when it has sent
what it has. Files that were adopted from dead processes are read the same way.

For each file a mark tells how far the lane is, so that the next process knows where to go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .buffer import Budget, Buffer, Entry
from .segment import BLANK, Ack, Record, Segment

#: Adopters that may die while they send the same events; then these go one by one.
CAREFUL = 3

#: Deaths after which the first of them is given up: by then it has been sent alone that often, and
#: no other has ended between. Fewer would condemn what was only near when something else killed.
POISON = CAREFUL + 3

#: Records of a file that are read in one go while none of them is for this lane.
MOST_UNWANTED = 1000


@dataclass(slots=True)
class Mark:
    """How far the lane is in one file."""

    #: Up to here everything was taken in, or was not for this lane.
    seen: int = 0
    #: Entries that wait in memory, and the end of the last one that was taken from there.
    waiting: int = 0
    taken: int = 0
    #: Where the entries begin that are under way.
    flying: set[int] = field(default_factory=set)
    deaths: int = 0
    #: Those that were under way at too many deaths: each is sent alone.
    suspects: set[int] = field(default_factory=set)
    is_adopted: bool = False
    is_sending: bool = False

    def clear(self, start: int) -> None:
        """One has ended: nobody dies of it any more, nor of those that are no suspects."""
        self.suspects.discard(start)
        self.deaths = CAREFUL if self.suspects else 0

    def ack(self) -> Ack:
        """The mark as it is written down."""
        frontier = self.taken if self.waiting else self.seen
        return Ack(frontier, sorted(self.flying), self.deaths, self.is_sending)


@dataclass(slots=True)
class Cursor:
    """A part of a file that the lane has to read."""

    segment: Segment
    start: int
    end: int
    #: Whether what is read was not counted as accepted yet.
    is_news: bool
    #: Single records before ``start``.
    holes: list[int] = field(default_factory=list)
    records: Iterator[Record] | None = None


class Supply:
    """The events of one lane, in the order of acceptance as far as its memory reaches.

    :param read: makes an event's JSON of a record's body; or says why the lane may not have it, or
        None if it is not for this lane.
    :param accepted: called for each event that comes in.
    :param refused: called with the reason of each that may not.
    :param evicted: called with each entry that had to leave memory for good.
    :param poisoned: called with an adopted entry that has killed its adopters.
    """

    def __init__(
        self,
        budget: Budget,
        *,
        read: Callable[[bytes], bytes | str | None],
        accepted: Callable[[], None] = lambda: None,
        refused: Callable[[str], None] = lambda reason: None,
        evicted: Callable[[Entry], None] = lambda entry: None,
        poisoned: Callable[[Entry], None] = lambda entry: None,
    ) -> None:
        self._buffer = Buffer(budget, self._evict)
        self._read = read
        self._accepted, self._refused = accepted, refused
        self._evicted, self._poisoned = evicted, poisoned
        self._marks: dict[Segment, Mark] = {}
        #: What has to be read: of adopted files, and of our own.
        self._adopted: deque[Cursor] = deque()
        self._own: deque[Cursor] = deque()
        #: Records that could not be read.
        self.corrupt = 0

    def __len__(self) -> int:
        return len(self._buffer)

    @property
    def is_behind(self) -> bool:
        """Whether there is more in the journal's files."""
        return bool(self._adopted or self._own)

    # -- in

    def offer(self, entry: Entry, is_wanted: bool) -> None:
        """Take the next accepted event in, if it is for this lane."""
        if is_wanted:
            self._accepted()
        if entry.segment is None:
            if is_wanted:
                self._buffer.append(entry)
        elif self._own or (is_wanted and not self._buffer.has_room(entry)):
            self._leave(entry.segment, entry.start, entry.end, is_news=False)
        elif is_wanted:
            self._hold(entry, entry.segment)
        else:
            self._mark(entry.segment).seen = entry.end

    def fall_behind(self, segment: Segment, start: int, end: int) -> None:
        """Leave a part of a file for later that nobody has looked at yet."""
        self._leave(segment, start, end, is_news=True)

    def resume(self, segment: Segment, ack: Ack) -> None:
        """Go on with an adopted file where its last holder was."""
        deaths = ack.deaths + ack.is_sending
        holes = [hole for hole in ack.holes if hole < ack.frontier <= segment.end]
        self._marks[segment] = Mark(
            seen=ack.frontier,
            flying=set(holes),
            deaths=deaths,
            suspects=set(holes) if deaths >= CAREFUL else set(),
            is_adopted=True,
        )
        if holes or ack.frontier < segment.end:
            self._adopted.append(Cursor(segment, ack.frontier, segment.end, True, holes))

    def _leave(self, segment: Segment, start: int, end: int, is_news: bool) -> None:
        self._mark(segment)
        last = self._own[-1] if self._own else None
        if last is not None and last.segment is segment and last.is_news == is_news:
            last.end = end
        else:
            self._own.append(Cursor(segment, start, end, is_news))

    def _hold(self, entry: Entry, segment: Segment) -> None:
        mark = self._mark(segment)
        if not mark.waiting:
            mark.taken = max(mark.seen, mark.taken)
        mark.waiting += 1
        mark.seen = max(mark.seen, entry.end)
        self._buffer.append(entry)

    def _mark(self, segment: Segment) -> Mark:
        mark = self._marks.get(segment)
        if mark is None:
            mark = self._marks[segment] = Mark()
        return mark

    # -- out

    def unwritten(self) -> int:
        """How many events wait here that are in no file."""
        return sum(1 for entry in self._buffer if entry.segment is None)

    def take(self, most: int, most_bytes: int) -> list[Entry]:
        """The next events: at most so many, and so many bytes of JSON; one at least."""
        if len(self._buffer) < most:
            self._refill(most)
        entries: list[Entry] = []
        size = 0
        for _ in range(min(most, len(self._buffer))):
            first = self._buffer.first
            size += len(first.body) + 1
            is_careful = self._is_careful(first)
            if entries and (size > most_bytes or is_careful):
                break
            entries.append(self._pop())
            if is_careful:
                break
        return entries

    def finish(self, entry: Entry) -> None:
        """An event that was taken has ended, in whatever way."""
        self._buffer.release(entry)
        mark = self._mark_of(entry)
        if mark is not None:
            mark.flying.discard(entry.start)
            if mark.deaths:
                mark.clear(entry.start)

    def sending(self, entries: list[Entry], is_sending: bool) -> list[Segment]:
        """Note that a call with these events begins or has ended; the answer is the adopted files
        among theirs: should the process die of one, the next adopter must know."""
        adopted = []
        for segment in {entry.segment for entry in entries}:
            mark = None if segment is None else self._marks.get(segment)
            if segment is not None and mark is not None and mark.is_adopted:
                mark.is_sending = is_sending
                adopted.append(segment)
        return adopted

    def _pop(self) -> Entry:
        entry = self._buffer.pop()
        mark = self._mark_of(entry)
        if mark is not None:
            mark.flying.add(entry.start)
            mark.waiting -= 1
            mark.taken = max(mark.taken, entry.end)
        return entry

    def _evict(self, entry: Entry) -> None:
        mark = self._mark_of(entry)
        if mark is not None:
            mark.waiting -= 1
            mark.taken = max(mark.taken, entry.end)
        self._evicted(entry)

    def _is_careful(self, entry: Entry) -> bool:
        mark = self._mark_of(entry)
        return mark is not None and entry.start in mark.suspects

    def _mark_of(self, entry: Entry) -> Mark | None:
        return None if entry.segment is None else self._marks.get(entry.segment)

    # -- the journal's files

    def _refill(self, most: int) -> None:
        """Read on until there are so many events in memory, or a good deal of others was read."""
        unwanted = 0
        while len(self._buffer) < most and unwanted < MOST_UNWANTED:
            cursors = self._adopted or self._own
            if not cursors or (self._buffer and not self._buffer.has_room(self._buffer.first)):
                return
            cursor = cursors[0]
            record = self._next(cursor)
            if record is not None:
                unwanted += not self._take_in(cursor, record)
            elif cursor.start < cursor.end:  # more was left there while it was read
                cursor.records = None
            else:
                cursors.popleft()

    def _next(self, cursor: Cursor) -> Record | None:
        if cursor.holes:
            start = cursor.holes.pop(0)
            return next(cursor.segment.read(start, cursor.segment.end), None)
        if cursor.records is None:
            cursor.records = cursor.segment.read(cursor.start, cursor.end)
        return next(cursor.records, None)

    def _take_in(self, cursor: Cursor, record: Record) -> bool:
        segment = cursor.segment
        mark = self._marks[segment]
        cursor.start = max(cursor.start, record.end)
        body = self._body(record)
        if isinstance(body, str):
            if cursor.is_news:
                self._refused(body)
        elif body is not None:
            if cursor.is_news:
                self._accepted()
            entry = Entry(body, record.at, segment, record.start, record.end)
            if mark.deaths < POISON:
                self._hold(entry, segment)
                return True
            mark.clear(entry.start)
            self._poisoned(entry)
        mark.flying.discard(record.start)
        mark.seen = max(mark.seen, record.end)
        return False

    def _body(self, record: Record) -> bytes | str | None:
        if record.body.startswith(BLANK):  # its person was forgotten
            return None
        if record.body:
            try:
                return self._read(record.body)
            except Exception:  # what another version wrote
                pass
        self.corrupt += 1
        return None

    # -- how far it is

    def ack(self, segment: Segment) -> Ack:
        """How far this lane is in a file."""
        mark = self._marks.get(segment)
        return Ack() if mark is None else mark.ack()

    def is_done(self, segment: Segment) -> bool:
        """Whether nothing in a file is left for this lane."""
        ack = self.ack(segment)
        return ack.frontier >= segment.end and not ack.holes

    def forget(self, segment: Segment) -> int:
        """The file is no more; the answer is how many events were still to be read of it."""
        lost = 0
        for cursors in (self._adopted, self._own):
            for cursor in [each for each in cursors if each.segment is segment]:
                cursors.remove(cursor)
                records = segment.read(cursor.start, cursor.end)
                wanted = sum(1 for record in records if isinstance(self._body(record), bytes))
                lost += wanted
                for _ in range(wanted if cursor.is_news else 0):
                    self._accepted()
        self._marks.pop(segment, None)
        return lost
