"""Answers that are still right: by question, for one generation of the store."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ...delivery.latch import allocate_lock

#: Answers kept. An answer has at most 10,000 points: some 2 MB; a usual one 2 KB.
SIZE = 256


class Cache:
    """The answers given last. For any thread."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._answers: OrderedDict[Any, tuple[int, Any]] = OrderedDict()
        self._lock = allocate_lock()
        self.hits = self.misses = 0

    def get(self, question: Any, generation: int) -> tuple[bool, Any]:
        """Whether there is an answer of that generation, and the answer."""
        with self._lock:
            known, answer = self._answers.get(question, (None, None))
            if known != generation:
                self.misses += 1
                return False, None
            self._answers.move_to_end(question)
            self.hits += 1
            return True, answer

    def put(self, question: Any, generation: int, answer: Any) -> None:
        """Keep an answer instead of the one that was longest not asked for."""
        with self._lock:
            self._answers[question] = (generation, answer)
            self._answers.move_to_end(question)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
