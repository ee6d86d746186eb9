"""CSV and access logs: which record becomes which event."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.store.imports.accesslog import AccessLog
from flask_analytics.store.imports.refusal import LeftOut, Refused

from .actors import AGENT, Terminal, hit, line
from .test_import import events, only

Write = Callable[..., Path]

LOG = AccessLog({})


def read(text: str, log: AccessLog = LOG) -> Any:
    """The event of one line."""
    return log.event(text.encode())


# -- CSV


def test_columns_are_fields(terminal: Terminal, write: Write) -> None:
    """With the groups, money and everything."""
    path = write(
        "events.csv",
        [
            "timestamp,name,user_id,status_code,duration_ms,properties.plan,traits.city,"
            "revenue.amount,revenue.currency,nobody",
            '2020-01-01T08:00:00+01:00,signup,ana,200,12.5,"pro, plus",Köln,29.90,EUR,1',
            "1577865600,login,ben,,,,,,,",
        ],
    )

    report = only(terminal.ask("import", path))

    first, second = events(terminal)
    assert report["stored"] == 2
    assert first | {"message_id": ""} == {
        "message_id": "", "type": "custom", "source": "api", "event_name": "signup",
        "timestamp": "2020-01-01T07:00:00Z", "user_id": "ana", "status_code": 200,
        "duration_ms": 12.5, "properties": {"plan": "pro, plus"}, "traits": {"city": "Köln"},
        "revenue": {"amount": "29.90", "currency": "EUR"},
    }  # fmt: skip
    assert (second["event_name"], second["timestamp"]) == ("login", "2020-01-01T08:00:00Z")


def test_mapped_columns(terminal: Terminal, write: Write) -> None:
    """A table of somebody else: columns get our names, the rest becomes properties."""
    path = write("orders.csv", ["Created at;Customer;Total;Colour", "2020-01-01;ana;29,90;red"])

    terminal.ask(
        "import", path, "--map", "timestamp=Created at", "--map", "user_id=Customer",
        "--set", "event_name=order", "--rest",
    )  # fmt: skip

    (event,) = events(terminal)
    assert (event["event_name"], event["user_id"]) == ("order", "ana")
    assert event["properties"] == {"Total": "29,90", "Colour": "red"}


def test_columns_that_nobody_reads_are_told(terminal: Terminal, write: Write) -> None:
    """Before somebody believes that they came in."""
    path = write("orders.csv", ["timestamp,event_name,Colour", "2020-01-01,order,red"])

    assert only(terminal.ask("import", path))["changed"] == {
        "column 'Colour' left out: no event has one; --map or --rest": 1
    }


@pytest.mark.parametrize(
    ("header", "words", "says"),
    [
        ("when,event_name", [], "no column tells when"),
        ("timestamp,event_name", ["--map", "user_id=Who"], "no column 'Who'"),
        ("timestamp,event_name,event_name", [], "'event_name' twice"),
    ],
)
def test_header_that_makes_no_event(
    terminal: Terminal, write: Write, header: str, words: list[str], says: str
) -> None:
    """The whole file is wrong, which is one message and not one for each row."""
    path = write("events.csv", [header, "2020-01-01,x,y"])

    assert says in " ".join(terminal.run("import", path, *words, status=1).output.split())


def test_cells_over_several_lines(terminal: Terminal, write: Write) -> None:
    """A row is what quotes make it; its line is where it begins."""
    rows = ["timestamp,event_name,properties.text", '2020-01-01,note,"a', 'b"', "2020-01-02,x"]

    report = only(terminal.ask("import", write("events.csv", rows), status=1))

    assert events(terminal)[0]["properties"] == {"text": "a\nb"}
    assert (report["records"], report["examples"][0]["line"]) == (2, 4)


def test_exported_csv_comes_back(terminal: Terminal, write: Write) -> None:
    """What we write we can read."""
    terminal.ask("import", write("a.ndjson", [line(properties={"plan": "pro"}), line("b", 1)]))
    path = terminal.home / "out.csv"
    terminal.run("export", "-o", path)

    assert only(terminal.ask("import", path, "--again"))["known"] == 2


# -- access logs


def test_page_view_of_a_log(terminal: Terminal, write: Write) -> None:
    """All that the line, the application's routes and --set tell."""
    path = write("access.log", [hit("/blog/caf%C3%A9?utm_source=letter&token=1", user="ana")])

    terminal.ask("import", path, "--set", "hostname=shop.example")

    (event,) = events(terminal)
    del event["message_id"], event["timestamp"]
    assert event == {
        "type": "pageview", "source": "server", "method": "GET", "status_code": 200,
        "path": "/blog/café", "url": "http://shop.example/blog/caf%C3%A9?utm_source=letter",
        "hostname": "shop.example", "matched_pattern": "/blog/<slug>", "endpoint": "post",
        "user_agent": AGENT, "user_id": "ana", "referrer": "https://news.example/",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (hit("/style.css"), "not a page by its extension"),
        (hit("/photo.JPG?size=2"), "not a page by its extension"),
        (hit("/static/about"), "not a page by its path"),
        (hit(method="POST"), "not a GET: POST"),
        (hit(status=301), "status 3xx"),
        (hit(status=404), "status 4xx"),
        (hit(status=204), "status 2xx"),
        (hit().replace("GET / HTTP/1.1", "\\x16\\x03\\x01"), "no HTTP request"),
    ],
)
def test_what_is_no_page_view(text: str, why: str) -> None:
    """Each by the rule that is documented."""
    with pytest.raises(LeftOut) as left:
        read(text, AccessLog({}, quiet=("/static/*",)))
    assert left.value.reason == why


@pytest.mark.parametrize(
    "path", ["/", "/about", "/index.html", "/a.php?x=1", "/v1.2/start", "/@ana"]
)
def test_what_is_a_page_view(path: str) -> None:
    """Pages with and without an extension, also in folders with a point."""
    assert read(hit(path)).path == path.partition("?")[0]


@pytest.mark.parametrize("status", [200, 203, 304])
def test_statuses_of_pages(status: int) -> None:
    """A page that the browser had already was looked at too."""
    assert read(hit(status=status)).status_code == status


@pytest.mark.parametrize(
    ("front", "host"),
    [
        ("", None),
        ("shop.example:443 ", "shop.example"),
        ("Shop.Example ", "shop.example"),
    ],
)
def test_hosts_in_front(front: str, host: str | None) -> None:
    """vhost_combined, and nginx with $host first."""
    event = read(front + hit())
    assert (event.hostname, event.path) == (host, "/")


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "client.example"])
@pytest.mark.parametrize("user", ["-", "ana", "ana b"])
def test_addresses_and_users(address: str, user: str) -> None:
    """Whoever it was, and from wherever."""
    event = read(hit(address=address, user=user))
    assert (event.hostname, event.user_id) == (None, None if user == "-" else user)


def test_quotes_in_headers() -> None:
    """Apache writes \\" and nginx \\x22; so do those who attack."""
    assert read(hit(agent='say \\"hi\\"')).user_agent == 'say "hi"'
    assert read(hit(agent="say \\x22hi\\x22 \\xc3\\xa4")).user_agent == 'say "hi" ä'


@pytest.mark.parametrize("text", ["", "hello", hit()[:50], hit().replace("[", "(")])
def test_other_lines_are_refused(text: str) -> None:
    """They should have been requests."""
    with pytest.raises(Refused):
        read(text)


def test_time_that_is_none() -> None:
    """The 99th of Foo is refused, a leap second is not."""
    with pytest.raises(Refused):
        read('1.2.3.4 - - [99/Foo/2020:00:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"')
    assert read('1.2.3.4 - - [31/Dec/2016:23:59:60 +0000] "GET / HTTP/1.1" 200 1 "-" "-"')


def test_visitors_of_a_log(terminal: Terminal, write: Write) -> None:
    """One id a day for an address and a user agent, also over two files; the address is nowhere."""
    terminal.ask("import", write("a.log", [hit(minute=1), hit(minute=2, address="192.0.2.8")]))
    terminal.ask("import", write("b.log", [hit(minute=3), hit(minute=2000)]))

    ids = [event["anonymous_id"] for event in events(terminal)]
    assert (ids[0] == ids[2], len(set(ids))) == (True, 3)
    assert b"192.0.2" not in b"".join(terminal.store.events())


def test_log_without_visitors(terminal: Terminal, write: Write) -> None:
    """Views are counted, people are not."""
    terminal.ask("import", write("a.log", [hit()]), "--no-visitors")

    assert "anonymous_id" not in json.loads(next(terminal.store.events()))
