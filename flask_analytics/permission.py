"""Whether a visitor may be told of: what the application says, and what the browser asks for.

Decided in the request, before anything is kept. Whoever cannot answer has refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import consent
from .consent import FORWARD, NOTHING, Consent
from .errors import DropEvent
from .log import QuietLog

#: What a signal of the browser refuses, by the word of the setting.
SIGNALS: Mapping[str, Consent] = {"ignore": {}, "forward": {FORWARD: False}, "all": NOTHING}

#: Global Privacy Control (https://www.w3.org/TR/gpc/) and Do Not Track, as WSGI names them.
GPC, DNT = "HTTP_SEC_GPC", "HTTP_DNT"


class Permission:
    """Asks for each event that a visitor's request brings.

    :param ask: calls the application's own callable; see ``visitor.ask``.
    :param declared: gives the application's own callable, if there is one by now.
    :param signals: header -> a word of ``SIGNALS``.
    :param collectors: what an answer may name.
    """

    def __init__(
        self,
        ask: Callable[[Callable[[], Any]], Any],
        declared: Callable[[], Callable[[], Any] | None],
        signals: Mapping[str, str],
        collectors: Sequence[str],
        log: QuietLog,
    ) -> None:
        self._ask = ask
        self._declared = declared
        self._signals = [(key, SIGNALS[word]) for key, word in signals.items() if SIGNALS[word]]
        self._collectors = frozenset(collectors)
        self._log = log

    def of(self, environ: Mapping[str, Any]) -> dict[str, bool] | None:
        """What the visitor of the request that runs allows; None: there was nobody to ask.

        :raises DropEvent: the application's callable failed, which is a no.
        """
        refused: dict[str, bool] | None = None
        for key, refusal in self._signals:
            if environ.get(key) == "1":
                refused = {**(refused or {}), **refusal}
        declared = self._declared()
        return refused if declared is None else self._asked(declared, refused or {})

    def _asked(self, declared: Callable[[], Any], refused: Consent) -> dict[str, bool]:
        """The answer, less what the browser refuses and the answer does not name."""
        try:
            answer = self._ask(declared)
            told = consent.read(answer, self._collectors)
        except Exception as error:
            self._log.warning("consent", "consent failed, which counts as a no", error=error)
            raise DropEvent("consent_failed") from error
        named = answer if isinstance(answer, Mapping) else {}
        return {**told, **refused, **named} if answer is not False else told
