"""The life of a collector: five methods, each a no-op that says who calls it, when, and where.

A collector takes events somewhere. Each one has a lane of its own (buffer, small pool, breaker):
whatever it does, it cannot delay a request or another collector. Where its methods run depends
on one word:

- ``blocking = True`` (the default): in a small pool of threads. Any library may be used.
- ``blocking = False``: in the dispatcher's own event loop, as a greenlet. Only for code that
  waits through gevent and never computes for long.

To take events one by one, derive from ``Collector`` and write ``collect``. To take them in
batches, with retry of what failed, derive from ``BatchCollector`` and write ``send``.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, overload

from ..consent import FORWARD, STORE
from ..errors import ConfigurationError
from ..event import Event, decode

if TYPE_CHECKING:
    from ..delivery.breaker import Breaker
    from ..delivery.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Delivered:
    """The destination has the event; ``cut`` names the parts of it that had to go."""

    cut: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The destination will never take the event. ``reason`` is a short word for a counter."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The event was not sent, because it means nothing there: ``unsupported``, ``expired``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """The event may be taken later; ``after`` is the least pause in seconds, if known."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """The batch was refused as a whole, and nobody says which event is to blame (a 400), or it
    was too large (a 413): it is halved, and a single event rejected with ``reason``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """The destination takes nothing until somebody changes the configuration: a wrong key, a
    redirect. Events are kept, and tried again every 300 seconds."""

    reason: str


Verdict = Delivered | Rejected | Dropped | Retry | Split | Misconfigured

VERDICTS = (Delivered, Rejected, Dropped, Retry, Split, Misconfigured)

DELIVERED = Delivered()


class Batch(Sequence["Event"]):
    """Some events on their way to a destination, each already serialised once.

    Every attempt sees the same bytes. The events themselves are read from them when a collector
    asks, and are its own: it may change them.
    """

    __slots__ = ("_events", "at", "bodies")

    def __init__(self, bodies: Sequence[bytes], at: float = 0.0) -> None:
        #: The events as JSON objects, in order.
        self.bodies = bodies
        #: When they were first tried together, in seconds since the epoch: not the attempt's own
        #: time, which would change the bytes of a request that has to be the same.
        self.at = at
        self._events: list[Event] | None = None

    @property
    def events(self) -> Sequence[Event]:
        """The events, in the same order."""
        if self._events is None:
            self._events = [decode(body) for body in self.bodies]
        return self._events

    @property
    def id(self) -> str:
        """The first message id: the same on every attempt, until events are taken out."""
        return self.events[0].message_id if self.bodies else ""

    def to_json(self) -> bytes:
        """All events as one JSON array."""
        return b"[" + b",".join(self.bodies) + b"]"

    def __len__(self) -> int:
        return len(self.bodies)

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        return self.events[index]

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


class Collector:
    """Takes events one by one. See the module's text for where the methods run."""

    #: Names this collector in counters, logs and acknowledgements. The second of a kind gets
    #: ``-2``, and so on; keep names stable.
    name: str = ""

    #: What an event's ``integrations`` call this destination; the class name without Collector.
    integration: ClassVar[str] = ""

    blocking: bool = True

    #: Modules to import before the event loop's thread starts. An import that first happens
    #: there could be cut in two by a fork.
    imports: ClassVar[Sequence[str]] = ()

    #: Events handed over in one go, and bytes of their JSON (Segment's limit for a batch with
    #: room for an envelope); seconds to wait for more of them, calls at a time.
    batch_size: int = 100
    batch_bytes: int = 475_000
    flush_interval: float = 0.0
    max_inflight: int = 1

    #: Seconds after its acceptance when an event is no longer worth sending.
    max_age: float = 86_400.0

    #: Whether the destination keeps an event's own time; False: it stamps on arrival, so history
    #: would be falsified.
    keeps_timestamp: ClassVar[bool] = True

    #: What a visitor has to allow: ``forward``, or ``store`` for what stays in the application's
    #: own hands. None: nothing, because nothing is kept beyond this process.
    purpose: str | None = FORWARD

    #: When to try again, and when to stop for a while. None: as ``RetryPolicy()``, ``Breaker()``.
    retry: RetryPolicy | None = None
    breaker: Breaker | None = None

    #: Seconds that one call may take: past it a cooperative call is ended and tried again, a
    #: blocking one, which nothing can end, is shown as stuck.
    timeout: float = 15.0

    #: Whether this collector wants an event at all. None: every event. Raising is a no.
    accepts: Callable[[Event], bool] | None = None

    def __init_subclass__(cls) -> None:
        kind = cls.__name__.removesuffix("Collector") or cls.__name__
        if "integration" not in cls.__dict__:
            cls.integration = kind
        if "name" not in cls.__dict__:
            cls.name = kind.lower()

    def start(self) -> None:
        """Open what is needed. Called once in each process, before its first event.

        If it raises, it is called again before the next batch, which is kept.
        """

    def collect(self, event: Event) -> None:
        """Take one event, in the order of acceptance. Called for each event that is wanted.

        Return: it is delivered. Raise ``RetryLater`` or any ``OSError``: try again later. Raise
        ``Refused`` or anything else: it is counted as rejected, and logged.
        """

    def flush(self) -> None:
        """Pass on what this collector itself holds back. Called by ``analytics.flush`` and at
        the end, after the last ``collect``."""

    def close(self) -> None:
        """Let go of everything. Called once at the end of the process, after ``flush``; nothing
        is called afterwards."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"  # never settings: they hold secrets


class BatchCollector(Collector):
    """Takes events in batches: at most ``batch_size``, at the latest after ``flush_interval``.

    :param name: what counters and logs call it.
    :param batch_size: events in one batch, a maximum; 1 sends each at once.
    :param batch_bytes: bytes of their JSON in one batch, a maximum too.
    :param flush_interval: seconds that an event waits for others.
    :param timeout: seconds that one ``send`` may take in all.
    :param max_inflight: batches under way at a time; above 1, ``send`` must be fit for threads.
    :param max_age: seconds after its acceptance when an event is dropped as ``expired``.
    :param retry: when to try again.
    :param breaker: when to stop trying for a while.
    :param accepts: called with each event; False leaves it out, and so does raising.
    :raises ConfigurationError: a size or time is not above 0.
    """

    flush_interval = 5.0

    def __init__(
        self,
        *,
        name: str | None = None,
        batch_size: int | None = None,
        batch_bytes: int | None = None,
        flush_interval: float | None = None,
        timeout: float | None = None,
        max_inflight: int | None = None,
        max_age: float | None = None,
        retry: RetryPolicy | None = None,
        breaker: Breaker | None = None,
        accepts: Callable[[Event], bool] | None = None,
    ) -> None:
        self.name = name or self.name
        self.batch_size = _above_zero("batch_size", batch_size, self.batch_size, int)
        self.flush_interval = _above_zero("flush_interval", flush_interval, self.flush_interval)
        self.timeout = _above_zero("timeout", timeout, self.timeout)
        self.max_inflight = _above_zero("max_inflight", max_inflight, self.max_inflight, int)
        self.batch_bytes = _above_zero("batch_bytes", batch_bytes, self.batch_bytes, int)
        self.max_age = _above_zero("max_age", max_age, self.max_age)
        self.retry = retry or self.retry
        self.breaker = breaker or self.breaker
        self.accepts = accepts

    def send(self, batch: Batch) -> Verdict | Sequence[Verdict] | None:
        """Deliver a batch. Called in the lane, also again with what an earlier call left.

        Return None when all is delivered, one verdict for the whole batch, or a list with one
        for each event. Raising means the same as in ``collect``, for the whole batch.
        """
        raise NotImplementedError(f"{type(self).__name__} must write send(batch)")


_NUMBERS = (
    ("batch_size", int),
    ("batch_bytes", int),
    ("max_inflight", int),
    ("timeout", float),
    ("max_age", float),
)


def check(collector: Collector) -> None:
    """Check what a class of one's own may have set on itself.

    :raises ConfigurationError: naming the class and the attribute.
    """
    for option, kind in _NUMBERS:
        _above_zero(f"{type(collector).__name__}.{option}", getattr(collector, option), None, kind)
    wait = collector.flush_interval
    if isinstance(wait, bool) or not isinstance(wait, (int, float)) or not 0 <= wait < 86400:
        raise ConfigurationError(
            f"{type(collector).__name__}.flush_interval must be seconds, 0 or more"
        )
    _check_parts(collector)
    _check_methods(collector)
    for module in collector.imports:
        if importlib.util.find_spec(module) is None:
            raise ConfigurationError(f"{type(collector).__name__}.imports: no module {module!r}")


def _check_parts(collector: Collector) -> None:
    kind = type(collector).__name__
    if not isinstance(collector.name, str) or not collector.name.isprintable():
        raise ConfigurationError(f"{kind}.name must be one line of text")
    for option, method in (("retry", "pause"), ("breaker", "fresh")):
        part = getattr(collector, option)
        if part is not None and not hasattr(part, method):
            cure = "RetryPolicy(...)" if option == "retry" else "Breaker(...)"
            raise ConfigurationError(f"{kind}.{option} must be a {cure}, or left out")
    if collector.purpose not in (FORWARD, STORE, None):
        raise ConfigurationError(f'{kind}.purpose must be "{FORWARD}", "{STORE}" or None')
    if collector.accepts is not None and not callable(collector.accepts):
        raise ConfigurationError(
            f"{kind}.accepts must be a function that takes an event and returns True or False"
        )


def _check_methods(collector: Collector) -> None:
    kind = type(collector)
    if kind.collect is Collector.collect and not isinstance(collector, BatchCollector):
        raise ConfigurationError(f"{kind.__name__} must write collect(event): events go nowhere")
    for name in ("start", "collect", "send", "flush", "close"):
        if inspect.iscoroutinefunction(getattr(collector, name, None)):
            raise ConfigurationError(
                f"{kind.__name__}.{name} is a coroutine function, which is never awaited: "
                f"write def {name}"
            )


def _above_zero(option: str, value: Any, default: Any, kind: type = float) -> Any:
    if value is None and default is not None:
        return default
    right = isinstance(value, int if kind is int else (int, float))
    if not right or isinstance(value, bool) or not 0 < value < float("inf"):
        raise ConfigurationError(f"{option} must be a number above 0, not {value!r}")
    return value
