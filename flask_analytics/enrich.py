"""What a request tells about an event: one small function for each fact.

``capture`` copies raw strings while the request runs, which is cheap; the functions read them
later, in the dispatcher's thread. Each fills only what is still empty: what a caller set stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.sansio.utils import host_is_trusted

from .event import Event
from .values import clean_text

#: Characters of a URL, a user agent and a referrer; Piko's cut.
MAX_LENGTH = 2048

#: Query keys that stay in a URL; anything else may be a token or a person's data.
QUERY_KEYS = frozenset(
    {
        "ref",
        "source",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_term",
        "utm_content",
        "utm_id",
    }
)

#: What ends the value of such a key: a second query or pair inside it may be a token again.
_VALUE_END = re.compile(r"[;?&#]|%3[BFbf]|%26|%23")

#: Characters of such a value.
MAX_VALUE = 128

#: Characters of a header that are looked at; caches are keyed by them.
_MOST = 4 * MAX_LENGTH

#: Where these are in what ``capture`` copies.
QUERY, METHOD, REFERRER = 6, 7, 8

_ENVIRON_KEYS = (
    "REMOTE_ADDR",
    "HTTP_HOST",
    "SERVER_NAME",
    "wsgi.url_scheme",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "REQUEST_METHOD",
    "HTTP_REFERER",
    "HTTP_USER_AGENT",
    "HTTP_ACCEPT_LANGUAGE",
)


class Facts(NamedTuple):
    """Raw strings of a WSGI environ, or None for what it does not have or must not tell."""

    address: str | None
    host: str | None
    server: str | None
    scheme: str | None
    script: str | None
    path: str | None
    query: str | None
    method: str | None
    referrer: str | None
    agent: str | None
    languages: str | None

    def of_visitor(self) -> Facts:
        """Only what is true of the visitor whatever the address: for events from a page."""
        return self._replace(path=None, query=None, method=None, referrer=None)


def capture(environ: Mapping[str, Any]) -> tuple[Any, ...]:
    """Copy what ``Facts`` are made of; the environ itself holds sockets and bodies."""
    return tuple(map(environ.get, _ENVIRON_KEYS))


def redact(captured: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same facts without what is never told: for a copy on disk."""
    query, method, referrer = captured[QUERY : REFERRER + 1]
    if query:
        query = public_query(_utf8(query))[1:]
    if referrer and ("?" in referrer or "@" in referrer):
        referrer = public_url(header_text(referrer[:_MOST]))
    return (*captured[:QUERY], query, method, referrer, *captured[REFERRER + 1 :])


#: What may stand in a path as it is (RFC 3986, section 3.3).
_PATH_SIGNS = "/:@!$&'()*+,;=~-._"
#: A host with its port, and nothing that could be another part of a URL.
_HOST = re.compile(r"(?P<name>[^\s/?#@\\\[\]:]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?").fullmatch
_PLAIN_PATH = re.compile(r"[\w/:@!$&'()*+,;=~.-]*", re.ASCII).fullmatch

Enrich = Callable[[Event, tuple[Any, ...] | None], None]


#: (address, user agent, moment) -> anonymous id.
Visitor = Callable[[str | None, str | None, datetime], str | None]


def enricher(trusted_hosts: Sequence[str] | None, visitor_id: Visitor | None = None) -> Enrich:
    """All steps in one, for an application that answers to these hosts (None: to any).

    :param visitor_id: gives the anonymous id of whoever sent the request; None: nobody has one.
    """
    trusted = tuple(trusted_hosts) if trusted_hosts else None

    def enrich(event: Event, captured: tuple[Any, ...] | None) -> None:
        if captured is None:
            return
        facts = Facts._make(captured)
        visitor(event, facts)
        referrer(event, facts)
        place(event, facts, trusted)
        if visitor_id and event.anonymous_id is None and event.timestamp is not None:
            agent = (facts.agent or "")[:_MOST]
            event.anonymous_id = visitor_id(facts.address, agent, event.timestamp)

    return enrich


def visitor(event: Event, facts: Facts) -> None:
    """IP address, user agent and language."""
    if event.client_ip is None:
        event.client_ip = facts.address
    if event.user_agent is None and facts.agent:
        event.user_agent = header_text(facts.agent[:_MOST])
    if event.locale is None and facts.languages:
        event.locale = best_language(facts.languages[:512])


def referrer(event: Event, facts: Facts) -> None:
    """The page before, its query cut to the allow-list."""
    if event.referrer is None and facts.referrer:
        event.referrer = public_url(header_text(facts.referrer[:_MOST]))


def place(event: Event, facts: Facts, trusted: tuple[str, ...] | None) -> None:
    """Host name, method, path and URL. A host that nobody trusts is not told."""
    host = (facts.host or facts.server or "")[:300]
    name = host_name(host, trusted) if host else None
    if event.hostname is None:
        event.hostname = name
    if event.method is None:
        event.method = facts.method
    if facts.path is None:
        return
    path = (facts.script or "") + facts.path
    if event.path is None:
        event.path = wsgi_text(path)
    if event.url is None and name is not None:
        event.url = full_url(facts.scheme or "http", host, path, facts.query or "")


# -- reading single values


@lru_cache(1024)
def best_language(header: str) -> str | None:
    """The tag a browser likes most, such as ``de-DE``."""
    best = parse_accept_header(header, LanguageAccept).best
    return None if best in (None, "", "*") else language_tag(str(best))


def language_tag(text: str) -> str:
    """A BCP 47 tag with its usual capitals: ``zh_hans_cn`` becomes ``zh-Hans-CN``."""
    first, *rest = clean_text(text, 35).replace("_", "-").split("-")
    cased = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part
             for part in rest]  # fmt: skip
    return "-".join([first.lower(), *cased])


@lru_cache(1024)
def host_name(host: str, trusted: tuple[str, ...] | None) -> str | None:
    """A host without its port, if it is one of ours."""
    match = _HOST(host)
    name = match["name"].strip("[]").lower() if match else None
    if not name or (trusted is not None and not host_is_trusted(name, trusted)):
        return None
    return name[:255]


@lru_cache(4096)
def header_text(value: str) -> str:
    """A header's text, cut. WSGI hands UTF-8 over as Latin-1."""
    if not value.isascii():
        try:
            value = value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            pass
    return clean_text(value, MAX_LENGTH)


def wsgi_text(value: str) -> str:
    """A path as people read it; WSGI hands UTF-8 over as Latin-1."""
    return clean_text(_utf8(value), MAX_LENGTH)


def full_url(scheme: str, host: str, path: str, query: str) -> str:
    """An absolute URL of raw parts, with the query keys of the allow-list only."""
    if not _PLAIN_PATH(path):
        path = quote(path.encode("latin-1", "replace"), safe=_PATH_SIGNS)
    return cut_url(f"{scheme}://{host}{path}{public_query(_utf8(query))}")


def _utf8(value: str) -> str:
    """A text that WSGI hands over as Latin-1."""
    if value.isascii():
        return value
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


@lru_cache(1024)
def public_query(query: str) -> str:
    """``?`` and the pairs of the allow-list as they stand, or nothing."""
    kept = []
    for pair in query.split("&") if query else ():
        key, _, value = pair.partition("=")
        if key in QUERY_KEYS:
            value = quote(_VALUE_END.split(value, maxsplit=1)[0], safe="%+" + _PATH_SIGNS)
            kept.append(f"{key}={cut_url(value, MAX_VALUE)}")
    return "?" + "&".join(kept) if kept else ""


@lru_cache(1024)
def public_url(url: str) -> str | None:
    """A URL from outside: http(s) only, without password, fragment and unlisted query keys."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or not host.isprintable():
        return None
    place = f"[{host}]" if ":" in host else host
    port_part = f":{port}" if port else ""
    path = quote(parts.path, safe=_PATH_SIGNS + "%")
    return cut_url(f"{parts.scheme}://{place}{port_part}{path}{public_query(parts.query)}")


_CODE = re.compile(r"%[0-9A-Fa-f]{2}").fullmatch


def cut_url(url: str, length: int = MAX_LENGTH) -> str:
    """Cut a URL without leaving half of a character that is written as several %XX."""
    if len(url) <= length:
        return url
    head = url[:length]
    percent = head.rfind("%", length - 2)
    return _whole(head if percent < 0 else head[:percent])


def _whole(head: str) -> str:
    """Take off the last character if some of its bytes are missing; it has at most four."""
    for count in range(1, 5):
        code = head[len(head) - 3 * count :][:3]
        if not _CODE(code):
            return head
        byte = int(code[1:], 16)
        if byte & 0xC0 != 0x80:  # no continuation: here the character begins
            needs = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return head if needs <= count else head[: len(head) - 3 * count]
    return head
