"""What an event from outside cannot be without, whoever brings it: the write API, a file.

How each of them says so is its own matter: a program that waits for an answer wants a sentence, a
report of a million lines a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from .event import Event, EventType

#: How far a sender's clock may be ahead of ours.
MAX_AHEAD = timedelta(days=1)

#: Characters of an id of somebody.
MAX_ID = 256

#: A message id: letters, digits and signs, without blanks. Segment's limit is 100 characters.
MESSAGE_ID = r"[!-~]{1,100}"

#: What a type is nothing without, and why; one of each row.
NEEDS: Mapping[EventType, tuple[tuple[tuple[str, ...], str], ...]] = {
    EventType.CUSTOM: ((("event_name",), "A custom event needs a name."),),
    EventType.IDENTIFY: ((("user_id", "anonymous_id"), "To identify needs a user_id."),),
    EventType.GROUP: ((("group_id",), "A group needs a group_id."),),
    EventType.ALIAS: (
        (("previous_id",), "An alias needs a previous_id."),
        (("user_id",), "An alias needs a user_id."),
    ),
}


def missing(event: Event) -> tuple[str, str] | None:
    """A field that an event of this type cannot be without, and why; None: it has all."""
    for fields, why in NEEDS.get(event.type, ()):
        if not any(getattr(event, field) for field in fields):
            return fields[0], why
    return None
