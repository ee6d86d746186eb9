"""The tree of our exceptions, and what their messages call a value.

::

    AnalyticsError
    ├── ConfigurationError      set-up is wrong; the message names the cure (also a ValueError)
    ├── DropEvent               a pipeline step decided that an event goes no further
    ├── QuestionError           a question cannot be answered as it was asked (also a ValueError)
    ├── StoreError              the store cannot answer now
    └── DeliveryError           a collector says how a try ended
        ├── RetryLater          worth another try, perhaps after a pause
        ├── Refused             the destination will never take it
        ├── Forbidden           the configuration does not let it be sent there
        └── Unsupported         the destination has no word for it
"""

from __future__ import annotations

from typing import Any


class AnalyticsError(Exception):
    """Every exception of this package."""


class ConfigurationError(AnalyticsError, ValueError):
    """A setting, a collector or the set-up itself is wrong. Raised while the application starts."""


class DropEvent(AnalyticsError):
    """Raised by a pipeline step to end an event's way. ``reason`` becomes a counter."""

    def __init__(self, reason: str = "dropped") -> None:
        super().__init__(reason)
        self.reason = reason


class DeliveryError(AnalyticsError):
    """Raised by a collector when a try to deliver failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RetryLater(DeliveryError):
    """The same events may succeed later; ``after`` is the least pause in seconds, if known."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Refused(DeliveryError):
    """The destination refused these events for good; ``reason`` becomes a counter."""


class Forbidden(DeliveryError):
    """The configuration does not let anything be sent there: the collector pauses, and keeps its
    events, until the address or the option is changed."""


class Unsupported(DeliveryError):
    """The destination has no word for this event, such as an alias: counted as dropped."""

    def __init__(self, reason: str = "unsupported") -> None:
        super().__init__(reason)


class QuestionError(AnalyticsError, ValueError):
    """A question to the store cannot be answered as it was asked. ``field`` is the parameter."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field, self.detail = field, detail


class StoreError(AnalyticsError):
    """The store cannot answer now: it is too busy, its disk is full, the answer took too long."""


#: Of ``type`` itself: a class of a caller's own may say anything, or raise.
_class_name: Any = vars(type)["__name__"].__get__


def kind(value: Any) -> str:
    """The name of a value's class, for a message. Never raises."""
    name: str = _class_name(type(value))
    return name[:64] if name.isprintable() else ascii(name[:64])
