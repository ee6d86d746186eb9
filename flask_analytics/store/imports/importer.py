"""Takes a file into a store: each record once, however often the work is begun.

Events go to the store in batches; after some the bookmark moves. A kill between the two is
harmless: what comes again has the same message ids, and the store keeps each once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Protocol

from ...errors import StoreError
from ..bookmark import Bookmark, Mark
from .format import Format, Record
from .intake import Intake
from .lineid import Twins
from .lines import Lines
from .refusal import LeftOut, Refused
from .report import Report

#: Events of one append.
BATCH = 500

#: Records between two moves of the bookmark.
STRIDE = 5_000

#: Records between two looks at the progress.
TICK = 500

#: Seconds to wait before each further try where the store cannot take a batch: others may hold it.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class Shelf(Protocol):
    """The part of a store that an import needs."""

    def append(self, bodies: Sequence[bytes]) -> int:
        """As ``Store.append``."""


class Changed(Exception):
    """The file is not the one that the bookmark is in: begin anew."""


class Importer:
    """Takes one file in.

    :param shelf: None: nothing is stored, the report tells what would be.
    :param intake: checks what the format reads; counts into ``report.changed``.
    :param keep_from: events before this time will be purged soon; they are counted.
    :param on_progress: called now and then.
    :param wait: waits so many seconds.
    """

    def __init__(
        self,
        format: Format,
        intake: Intake,
        report: Report,
        *,
        shelf: Shelf | None,
        bookmark: Bookmark[Mark],
        twins: Twins,
        keep_from: datetime | None = None,
        file: str = "",
        on_progress: Callable[[], None] = lambda: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._format, self._intake, self.report = format, intake, report
        self._shelf, self._bookmark, self._twins = shelf, bookmark, twins
        self._keep_from, self._file, self._on_progress = keep_from, file, on_progress
        self._wait = wait
        self._sum = blake2b(digest_size=16)
        self._batch: list[bytes] = []
        self._limit = 0

    def run(self, lines: Lines) -> Report:
        """From the bookmark to the end of the file.

        :raises Changed: the bookmark is in another file. Nothing was done; the lines are used up.
        :raises Unreadable: the file is not of the format.
        :raises StoreError: the store takes no more, for a minute; the bookmark is where it was.
        """
        records = self._format.records(lines)
        mark = self._bookmark.read()
        if mark is not None:
            self._pass(records, mark)
        self._limit = lines.limit
        is_open = False
        for record in records:
            if lines.is_open and not is_open:
                is_open = True  # whoever writes the file may still add to its last line
                self._save()
            self._take(record)
            self._pause(is_open)
        self._flush() if is_open else self._save()
        self.report.fault = lines.fault
        return self.report

    def _pass(self, records: Iterator[Record], mark: Mark) -> None:
        """Walk over what is in the store, and prove that it is the same."""
        count = 0
        for count, record in enumerate(islice(records, mark.records), 1):
            self._sum.update(self._twins.digest(record.raw))
            if count % TICK == 0:
                self._on_progress()
        if count < mark.records or self._sum.hexdigest() != mark.sum:
            raise Changed
        self.report.restore(mark.report)

    def _take(self, record: Record) -> None:
        report = self.report
        report.records += 1
        digest = self._twins.digest(record.raw)
        self._sum.update(digest)
        try:
            if record.content is None:
                raise Refused(f"the line is longer than {self._limit // 1024} KiB")
            event = self._format.event(record.content)
            self._batch.append(self._intake.take(event, digest))
        except Refused as refusal:
            report.refuse(record.line, refusal.reason, record.raw)
        except LeftOut as rule:
            report.leave_out(rule.reason)
        else:
            at = event.timestamp
            assert at is not None  # the intake has seen to it
            report.see(at, event.name)
            if self._keep_from is not None and at < self._keep_from:
                report.expired += 1

    def _pause(self, is_open: bool) -> None:
        if len(self._batch) >= BATCH:
            self._flush()
        if self.report.records % TICK == 0:
            self._on_progress()
            if self.report.records % STRIDE == 0 and not is_open:
                self._save()

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        new = len(batch) if self._shelf is None else self._append(self._shelf, batch)
        self.report.stored += new
        self.report.known += len(batch) - new

    def _append(self, shelf: Shelf, batch: Sequence[bytes]) -> int:
        """Again where it did not work: a batch is kept as a whole or not at all."""
        for pause in PAUSES:
            try:
                return shelf.append(batch)
            except StoreError:
                self._wait(pause)
        return shelf.append(batch)

    def _save(self) -> None:
        self._flush()
        if self._shelf is not None and self.report.records:
            mark = Mark(
                file=self._file,
                records=self.report.records,
                sum=self._sum.hexdigest(),
                report=self.report.plain(),
            )
            self._bookmark.write(mark)
