"""Access logs of Apache and nginx, in the combined format: page views of the time before.

Which requests are page views; what fails a rule is left out and counted under it:

1. GET. A log does not tell what an action did.
2. Status 200 to 299 with a body (not 204, 205, 206), or 304. Redirects are no views, as they are
   not while the application runs; errors are mostly scanners.
3. A page by its address: the last part of the path has no extension, or one of PAGES. Not under
   the prefixes of the application's static files and of analytics itself, nor ANALYTICS_EXCLUDE.

Bots stay: stores mark them by their user agent. The address of a visitor is not kept; with
``visitor`` it becomes an anonymous id that is another one every day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from ...enrich import public_query
from ...event import Event, EventType, Source
from .fixed import Fixed
from .format import Record
from .lines import Lines
from .refusal import LeftOut, Refused

#: Extensions of pages.
PAGES = frozenset(["html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp"])

_TEXT = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    # %v:%p, as in vhost_combined, is only there where an address follows, or a port is told
    r"(?:(?P<host>[^\s:]+)(?::\d+ |(?= [0-9a-fA-F]*[.:][0-9a-fA-F.:]* ) ))?"
    r"(?P<address>\S+) \S+ (?P<user>-|[^\s\[]+(?: [^\[\]]+)?) "
    r"\[(?P<time>[^\]]{20,30})\] "
    rf"{_TEXT} (?P<status>\d{{3}}) (?:\d+|-)"
    rf"(?: {_TEXT} {_TEXT})?(?: .*)?"
)

_REQUEST = re.compile(r"([A-Z]{1,20}) (\S+)(?: HTTP/[\d.]+)?").fullmatch
_TIME = re.compile(
    r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d): ([+-])(\d\d)(\d\d)", re.ASCII
).fullmatch
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}

#: ``(path) -> (route, endpoint)``, or None for a path that no route takes.
Route = Callable[[str], tuple[str, str] | None]

#: ``(local day, address, user agent) -> anonymous id``.
Visitor = Callable[[str, str, str], str]


def looks_like(line: str) -> bool:
    """Whether a first line, perhaps cut, is one of an access log."""
    return re.match(r"\S+ .{0,300}?\[\d\d/[A-Z][a-z]{2}/\d{4}:[\d: +-]+\] \"", line) is not None


class AccessLog:
    """Reads combined logs, with or without the host in front.

    :param fixed: values for fields that the log does not tell: ``hostname`` above all.
    :param scheme: of the addresses; a log does not tell it.
    :param quiet: patterns of paths that are no pages here, with ``*`` and ``?``.
    """

    name = "log"

    def __init__(
        self,
        fixed: Mapping[str, str],
        scheme: str = "https",
        quiet: Sequence[str] = (),
        route: Route = lambda path: None,
        visitor: Visitor | None = None,
    ) -> None:
        self._fixed = Fixed(fixed)
        self._scheme = scheme
        self._visitor = visitor
        self._quiet = tuple(quiet)
        #: A site has few addresses, for the number of its requests.
        self._look_at = lru_cache(4096)(self._page)
        self._route = lru_cache(4096)(route)

    def records(self, lines: Lines) -> Iterator[Record]:
        """The lines that are not blank."""
        for line in lines:
            if line and not line.isspace():
                yield Record(lines.number, line, None if lines.is_cut else line)

    def event(self, content: Any) -> Event:
        """:raises Refused: the line is of another format.
        :raises LeftOut: it is no page view."""
        match = _LINE.fullmatch(content.decode("utf-8", "replace"))
        if match is None:
            raise Refused("no line of a combined log")
        host, address, user, when, asked, status, referrer, agent = match.groups()
        path, query = self._target(asked, status)
        at = moment(when)
        event = Event(
            type=EventType.PAGEVIEW,
            source=Source.SERVER,
            timestamp=at,
            path=path,
            method="GET",
            status_code=int(status),
            user_id=None if user == "-" else plain(user),
            user_agent=None if agent in (None, "", "-") else plain(agent),
            referrer=referrer if referrer and referrer[:4] == "http" else None,
        )
        self._fixed.fill(event)
        if host:
            event.hostname = host.strip("[]").lower()
        self._complete(event, query, address, when)
        return event

    def _target(self, asked: str, status: str) -> tuple[str, str]:
        """The path of a page, and its query.

        :raises LeftOut: it is no page view.
        """
        request = _REQUEST(asked)
        if request is None:
            raise LeftOut("no HTTP request")
        method, target = request.groups()
        if method != "GET":
            raise LeftOut(f"not a GET: {method}" if method in _METHODS else "not a GET")
        if (status[0] != "2" or status in ("204", "205", "206")) and status != "304":
            raise LeftOut(f"status {status[0]}xx" if status[0] in "12345" else "status")
        raw, _, query = target.partition("?")
        path, rule = self._look_at(raw)
        if rule:
            raise LeftOut(rule)
        return path, query

    def _page(self, raw: str) -> tuple[str, str | None]:
        """A path as people read it, and the rule by which it is no page."""
        if "://" in raw[:12]:  # as proxies ask
            raw = "/" + raw.split("://", 1)[1].partition("/")[2]
        path = unquote(plain(raw))
        name = path.rpartition("/")[2]
        stem, dot, extension = name.rpartition(".")
        if dot and extension.lower() not in PAGES and (not stem or extension.isalnum()):
            return path, "not a page by its extension"
        if any(fnmatchcase(path, pattern) for pattern in self._quiet):
            return path, "not a page by its path"
        return path, None

    def _complete(self, event: Event, query: str, address: str, when: str) -> None:
        path = event.path or "/"
        if event.hostname:
            event.url = f"{self._scheme}://{event.hostname}{path}{public_query(query)}"
        if found := self._route(path):
            event.matched_pattern, event.endpoint = found
        if self._visitor is not None and not (event.user_id or event.anonymous_id):
            event.anonymous_id = self._visitor(when[:11], address, event.user_agent or "")


_METHODS = frozenset(
    ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PROPFIND"]
)


def plain(text: str) -> str:
    """A quoted text of a log without its escapes: ``\\"`` of Apache, ``\\x22`` of both."""
    if "\\" not in text:
        return text

    def letter(match: re.Match[str]) -> str:
        code, sign = match.groups()
        return chr(int(code, 16)) if code else _LETTERS.get(sign, sign)

    found = _ESCAPE.sub(letter, text)
    try:  # the escapes are bytes of UTF-8
        return found.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return found


def moment(text: str) -> datetime:
    """``21/Nov/2026:08:00:00 +0100``, in UTC.

    :raises Refused: it is no time.
    """
    second = text[18:20]
    if not (second.isascii() and second.isdigit()):
        raise Refused(_NO_TIME)
    # 60 is a leap second.
    return _minute(text[:18] + text[20:]) + timedelta(seconds=min(int(second), 59))


_NO_TIME = "timestamp: is no time such as 21/Nov/2026:08:00:00 +0100"


@lru_cache(1024)
def _minute(text: str) -> datetime:
    """The time without its seconds; a log has many lines of one minute."""
    match = _TIME(text)
    try:
        if match is None:
            raise ValueError
        day, month, year, hour, minute, sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute),
            tzinfo=timezone(offset if sign == "+" else -offset),
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        raise Refused(_NO_TIME) from None
