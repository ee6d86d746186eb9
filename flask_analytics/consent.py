"""What a visitor allows, as an event carries it: a purpose or a collector's name -> yes or no.

An empty one says nothing: nobody was asked, and everything is allowed. A collector goes by its own
name, else by its service's, else by its purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Consent = Mapping[str, bool]

#: What stays in the application's own hands: journal, store, dead letters, standard output.
STORE = "store"

#: What is passed on to others.
FORWARD = "forward"

#: Use of what is passed on for advertising: no collector is chosen by it, some tell it on.
ADS = "ads"

PURPOSES = (STORE, FORWARD, ADS)

#: Nothing is allowed.
NOTHING: Consent = {STORE: False, FORWARD: False}


def read(answer: Any, collectors: Collection[str] | None) -> dict[str, bool]:
    """What a consent callback has answered, in full. What a mapping does not name is allowed.

    :param collectors: names of collectors, and of their services. None: any name is right.
    :raises TypeError, ValueError: it is no answer, or it names something that there is not.
    """
    if isinstance(answer, bool):
        return {STORE: answer, FORWARD: answer}
    if not isinstance(answer, Mapping):
        raise TypeError(
            "consent must be True, False or a mapping such as "
            f'{{"store": True, "forward": False}}, not {type(answer).__name__}'
        )
    for name, value in answer.items():
        if name not in PURPOSES and collectors is not None and name not in collectors:
            known = ", ".join((*PURPOSES, *sorted(collectors)))
            raise ValueError(f"consent: there is no {name!r:.60}, only {known}")
        if not isinstance(value, bool):
            raise TypeError(f"consent[{name!r}] must be True or False, not {type(value).__name__}")
    return {STORE: True, FORWARD: True, **answer}


def allows(consent: Consent, name: str, integration: str, purpose: str | None) -> bool:
    """Whether a collector may have an event.

    :param purpose: None: it needs no consent, since it keeps nothing beyond this process.
    """
    if not consent or purpose is None:
        return True
    for word in (name, integration, purpose):
        if word in consent:
            return consent[word]
    return True


def may_keep(consent: Consent) -> bool:
    """Whether the event may be on a disk of ours, however short."""
    return consent.get(STORE, True)


def is_refused(consent: Consent) -> bool:
    """Whether nobody at all may have it."""
    return (
        not consent.get(STORE, True)
        and not consent.get(FORWARD, True)
        and not any(value for name, value in consent.items() if name != ADS)
    )
