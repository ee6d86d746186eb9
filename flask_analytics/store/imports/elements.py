"""The objects of a JSON array, one after the other, in bounded memory: exports of an API are one
array of thousands, in one line or in many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

#: Bytes of an object that are kept: a visit of 500 actions has half a megabyte. Of a larger one
#: only the beginning.
MAX_ELEMENT = 4 * 1024 * 1024

#: Bytes that stand for an object that is too large.
EXCERPT = 1024

#: A text, one that is not at its end yet, or a bracket. Nothing else tells where an object ends.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["{}\[\]]', re.S)

_OPEN, _CLOSE = frozenset([b"{", b"["]), frozenset([b"}", b"]"])

_BLANK = b" \t\r\n,"


def is_array(head: bytes) -> bool:
    """Whether a file begins as an array of objects."""
    return re.match(rb"\s*\[\s*(?:\{|\]|$)", head) is not None


class Elements:
    """Cuts an array into its elements.

    :param read: gives the next bytes, none at the end.
    """

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._data = b""
        #: Where the scan is, and where the element begins that it is in.
        self._at = self._start = 0
        self._depth = 0
        self._is_over = self._is_too_large = False
        #: The last element handed out is only its beginning.
        self.is_cut = False

    def __iter__(self) -> Iterator[bytes]:
        """The elements, as they stand there.

        :raises EOFError: the array has no end.
        """
        while True:
            yield from self._scan()
            if self._is_over:
                return
            data = self._read()
            if not data or len(self._data) > 2 * MAX_ELEMENT:
                raise EOFError("the array is cut off" if not data else "a text has no end")
            self._forget()
            self._data += data

    def _scan(self) -> Iterator[bytes]:
        for token in _TOKEN.finditer(self._data, self._at):
            sign = token[0]
            self._at = token.end()
            if sign == b'"':  # its end is still to come
                self._at = token.start()
                return
            if sign in _OPEN:
                if self._depth == 1:
                    yield from self._between(token.start())
                self._depth += 1
                if self._depth == 1:
                    self._start = token.end()
            elif sign in _CLOSE:
                self._depth -= 1
                if self._depth == 1:
                    yield self._taken(token.end())
                elif self._depth < 1:
                    self._is_over = True
                    yield from self._between(token.start())
                    return
        self._at = len(self._data)

    def _between(self, end: int) -> Iterator[bytes]:
        """What stands there that is no object: nothing, as a rule."""
        stray = self._data[self._start : end].strip(_BLANK)
        self._start = end
        if stray:
            self.is_cut = False
            yield stray

    def _taken(self, end: int) -> bytes:
        found = self._data[self._start : end]
        self._start = end
        self.is_cut, self._is_too_large = self._is_too_large, False
        return found

    def _forget(self) -> None:
        """What was handed out, and the middle of what is too large."""
        self._data = self._data[self._start :]
        self._at -= self._start
        self._start = 0
        if self._at > MAX_ELEMENT:
            self._data = self._data[:EXCERPT] + self._data[self._at :]
            self._at, self._is_too_large = EXCERPT, True
