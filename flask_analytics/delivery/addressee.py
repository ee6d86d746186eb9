"""Whether an event is meant for a collector, and if not, why: called for each event and lane."""

from __future__ import annotations

from ..collectors.base import Collector
from ..consent import allows
from ..event import Event
from ..guard import inside
from ..log import QuietLog
from .chosen import is_chosen


def wants(collector: Collector, name: str, event: Event, log: QuietLog) -> bool | str:
    """True: it is; False: it was never meant for it; a word: it may not have it.

    :param name: what the collector's lane is called.
    """
    try:
        chosen = event.integrations  # before_send may have made anything of it
        if chosen and not is_chosen(chosen, collector.integration, name):
            return False
        consent = event.consent
        if consent and not allows(consent, name, collector.integration, collector.purpose):
            return "consent"
        if collector.accepts is None:  # as a rule; inside() takes 2.6 us
            return True
        with inside():
            return bool(collector.accepts(event))
    except BaseException as error:  # it would end the pump, for every lane
        # Perhaps it was about consent: who cannot say yes has said no.
        log.warning(f"accepts {name}", "accepts of collector %s raised", name, error=error)
        return "accepts_failed"
