"""What collectors of services have in common: events -> payloads -> requests -> verdicts.

A new one says where its service is, what its limits are, how it writes an event (``encode``), what
goes around several of them (``envelope``), and what an answer means (``judge``). Everything else
is here: sizes, one request after the other, partial failure, and what becomes of each event.
"""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import SplitResult, unquote

import msgspec

from ..delivery.verdicts import of_answer, of_error
from ..errors import ConfigurationError
from ..event import Event
from ..log import QuietLog
from .answer import Answer
from .base import Batch, Delivered, Dropped, Rejected, Retry, Verdict
from .checks import check_endpoint
from .client import HttpCollector
from .clip import Cuts, trimmed_ip, whole_ip

#: An amount of money becomes a number with the very digits that it was given.
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Item(NamedTuple):
    """An event on its way into a request."""

    #: Its place in the batch.
    place: int
    event: Event
    #: What ``encode`` made of it, and that as JSON.
    payload: Any
    body: bytes
    #: The parts that had to go.
    cuts: tuple[str, ...]


class Post(NamedTuple):
    """A request, and the events that it carries."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    items: Sequence[Item]


class Destination(HttpCollector):
    """A service that takes events as JSON over HTTP.

    :param endpoint: the server's base address, where it is not the service's own.
    :param anonymize_ip: send a visitor's network only: /24 of IPv4, /48 of IPv6.
    :param options: ``ca_file``, and those of ``BatchCollector``.
    :raises ConfigurationError: an address, a size or a time is wrong.
    """

    #: The service's own base address, and where events go from there.
    endpoint: str = ""
    path: ClassVar[str] = ""

    #: Limits of one event and of one request's body in bytes, and of a request in events.
    max_event_bytes: ClassVar[int | None] = None
    max_body_bytes: ClassVar[int | None] = None
    max_events: ClassVar[int | None] = None

    #: Seconds after which the service does not take what has happened, however new it is here.
    max_past: float | None = None

    #: Options of the class that an address may carry, with what reads their text.
    address_options: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self, *, endpoint: str | None = None, anonymize_ip: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.endpoint = check_endpoint(self.name, endpoint or self.endpoint)
        self.anonymize_ip = anonymize_ip
        self._log = QuietLog()

    @classmethod
    def from_url(cls, parts: SplitResult, options: Mapping[str, Any]) -> Self:
        """Build one of ``scheme://ARGUMENT:ARGUMENT@host?option=value``, as configuration has it.

        The host, if there is one, is the server's: ``https`` is spoken with it.

        :raises ConfigurationError: too few arguments or too many, or no ``@`` after them.
        """
        arguments = [unquote(text) for text in (parts.username, parts.password) if text]
        _check_count(cls, parts.scheme, len(arguments))
        if parts.hostname:
            place = parts.netloc.rpartition("@")[2] + parts.path
            options = {"endpoint": f"https://{place}", **options}
        return cls(*arguments, **options)

    @property
    def target(self) -> str:
        """The server's base address."""
        return self.endpoint

    # -- what a service writes

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """An event in the service's words: anything that msgspec writes as JSON.

        :param cuts: takes the names of parts that had to go.
        :raises Unsupported: it has no word for it; counted as dropped.
        :raises Refused: it would not take it; counted as rejected with the reason.
        """
        raise NotImplementedError(f"{type(self).__name__} must write encode(event, cuts)")

    def envelope(self, payloads: bytes, at: float) -> bytes:
        """The body of a request, around a JSON array of payloads. ``at``: when it was first
        tried, in seconds since the epoch; the same on every attempt."""
        return payloads

    def headers(self) -> Mapping[str, str]:
        """What is sent with every request."""
        return {"Content-Type": "application/json"}

    def judge(self, answer: Answer, post: Post) -> Verdict | Sequence[Verdict]:
        """What an answer means: for all events of the request, or a list with one for each."""
        return answer.verdict()

    def requests(self, items: Sequence[Item], at: float) -> Iterable[Post]:
        """The requests of a batch: as few as the limits allow."""
        shares: dict[Hashable, list[Item]] = {}
        for item in items:
            shares.setdefault(self.shares(item), []).append(item)
        for those in shares.values():
            for group in self._within_limits(those, at):
                yield self.request(group, at)

    def shares(self, item: Item) -> Hashable:
        """Events are in one request only with those for which this is the same."""
        return None

    def request(self, items: Sequence[Item], at: float) -> Post:
        """One request with these events."""
        payloads = b"[" + b",".join(item.body for item in items) + b"]"
        return Post(self.endpoint + self.path, self.envelope(payloads, at), self.headers(), items)

    def ip(self, event: Event) -> str | None:
        """The visitor's address, as much of it as may be sent; None of what is no address."""
        return trimmed_ip(event.client_ip) if self.anonymize_ip else whole_ip(event.client_ip)

    # -- the life of a collector

    def send(self, batch: Batch) -> Sequence[Verdict]:
        """Send what can be sent. A request that fails says nothing about the others."""
        verdicts: list[Verdict] = [Retry("interrupted")] * len(batch)
        items = list(self._items(batch, verdicts))
        try:
            for post in self.requests(items, batch.at):
                self._post(post, verdicts)
        except BaseException as error:  # a time limit, too: what was answered is known
            if not any(isinstance(verdict, Delivered) for verdict in verdicts):
                raise
            self._mark(items, verdicts, of_error(error))
        return verdicts

    def _items(self, batch: Batch, verdicts: list[Verdict]) -> Iterator[Item]:
        """What can be written of the batch; the rest has its verdict at once."""
        own = math.inf if self.max_event_bytes is None else self.max_event_bytes
        largest = min(own, self._room(batch.at))  # one that comes alone must fit, too
        for index, event in enumerate(batch.events):
            cuts: Cuts = []
            try:
                if self._is_past(event, batch.at):
                    verdicts[index] = Dropped("expired")
                    continue
                payload = self.encode(event, cuts)
                body = _encode(payload)
            except Exception as error:
                verdicts[index] = self._caught("encode", error)
                continue
            if len(body) > largest:
                verdicts[index] = Rejected("too_large")
            else:
                yield Item(index, event, payload, body, tuple(cuts))

    def _room(self, at: float) -> float:
        """Bytes that a request has for its events."""
        if self.max_body_bytes is None:
            return math.inf
        return self.max_body_bytes - len(self.envelope(b"[]", at))

    def _is_past(self, event: Event, now: float) -> bool:
        if self.max_past is None or event.timestamp is None:
            return False
        return now - event.timestamp.timestamp() > self.max_past

    def _within_limits(self, items: Sequence[Item], at: float) -> Iterator[list[Item]]:
        """Groups that fit into one request each."""
        room = self._room(at)
        group: list[Item] = []
        size = 0
        for item in items:
            is_full = len(group) == self.max_events
            if group and (is_full or size + len(item.body) > room):
                yield group
                group, size = [], 0
            group.append(item)
            size += len(item.body) + 1
        if group:
            yield group

    def _post(self, post: Post, verdicts: list[Verdict]) -> None:
        try:
            answer = self.http.post(post.url, post.body, post.headers)
            found = of_answer(self.judge(answer, post), len(post.items))
        except Exception as error:
            found = [self._caught("post", error)] * len(post.items)
        for item, verdict in zip(post.items, found, strict=True):
            is_cut = isinstance(verdict, Delivered) and item.cuts
            verdicts[item.place] = Delivered(item.cuts) if is_cut else verdict

    def _caught(self, name: str, error: Exception) -> Verdict:
        """The verdict of an error. A mistake is logged: its kind and place only, for its text may
        show a header, and so a key."""
        verdict = of_error(error)
        if verdict == Rejected("error"):
            self._log.warning(
                f"{name} {self.name}",
                "collector %s: %s raised %s, its events are rejected\n%s",
                self.name, name, type(error).__name__,
                "".join(traceback.format_tb(error.__traceback__)).rstrip(),
            )  # fmt: skip
        return verdict

    def _mark(self, items: Sequence[Item], verdicts: list[Verdict], verdict: Verdict) -> None:
        for item in items:
            if verdicts[item.place] == Retry("interrupted"):
                verdicts[item.place] = verdict


def _check_count(kind: type[Destination], scheme: str, count: int) -> None:
    """An ``@`` is easily forgotten, and a key with a slash ends too early."""
    known = inspect.signature(kind).parameters.values()
    wanted = [one for one in known if one.kind is one.POSITIONAL_OR_KEYWORD]
    fewest = sum(one.default is one.empty for one in wanted)
    if not fewest <= count <= len(wanted):
        form = ":".join(one.name.upper() for one in wanted)
        raise ConfigurationError(
            f"{scheme}: write {scheme}://{form}@, with the @ after it, and the characters / ? # "
            f"@ : of a key as %2F %3F %23 %40 %3A"
        )
