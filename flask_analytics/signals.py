"""What an application may listen to. The sender is always the Flask application.

Signals are sent only when someone listens. A receiver that raises is logged and never
reaches a request; receivers of delivery signals run in a thread of their own.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: An event went into the pipeline. Sent in the thread of the request. Arguments: ``event``.
event_accepted = _signals.signal("event-accepted")

#: Events were lost before a destination could answer. Arguments: ``collector`` (its name, or
#: None when it happened before any collector), ``reason``, ``count``.
event_dropped = _signals.signal("event-dropped")

#: A destination refused events for good. Arguments: ``collector``, ``reason``, ``count``.
event_rejected = _signals.signal("event-rejected")

#: A destination took events. Arguments: ``collector``, ``count``.
batch_delivered = _signals.signal("batch-delivered")

#: A collector went up or down. Arguments: ``collector``, ``state`` (see ``analytics.stats()``).
collector_state_changed = _signals.signal("collector-state-changed")

#: Every signal by the word that the delivery code uses for it.
BY_NAME = {
    "event_accepted": event_accepted,
    "event_dropped": event_dropped,
    "event_rejected": event_rejected,
    "batch_delivered": batch_delivered,
    "collector_state_changed": collector_state_changed,
}
