"""What a format is: it cuts a stream into records, and makes an event of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from ...event import Event
from .lines import Lines


class Record(NamedTuple):
    """A piece of a file that may be an event."""

    #: Of its first line, counted from 1.
    line: int
    #: As it stands in the file: what its message id is made of.
    raw: bytes
    #: What ``Format.event`` reads.
    content: Any


class Format(Protocol):
    """Reads one kind of file. A record never reaches beyond the lines that were taken for it, so
    that the work can be taken up again between any two.

    A further format (an export of Segment's, say) is one more class of this form and a line in
    ``formats``.
    """

    #: The word for ``--format``.
    name: str

    def records(self, lines: Lines) -> Iterator[Record]:
        """The records, in order.

        :raises Unreadable: the file as a whole is not of this format.
        """

    def event(self, content: Any) -> Event:
        """The event that a record tells; times without a zone stay so.

        :raises Refused: it should be one and is not.
        :raises LeftOut: it is none by the format's rules.
        """
