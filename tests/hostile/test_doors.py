"""Hostile words in every field of an event, and every way that they come out again."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console

from flask_analytics import Analytics, Event, EventType, Revenue
from flask_analytics.delivery.census import Total
from flask_analytics.delivery.exposition import expose
from flask_analytics.delivery.stats import CollectorStats, Stats
from flask_analytics.event import Source, encode
from flask_analytics.metrics import words
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.screen.answers import AnswerScreen
from flask_analytics.store import run
from flask_analytics.store.embedded.store import EmbeddedStore
from flask_analytics.store.memory import MemoryStore

#: Together a minute, and the same in a process that gevent has patched.
pytestmark = pytest.mark.slow

#: When everything is looked at.
NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)

#: Markup that would be an element or an attribute wherever it is not escaped, a template's words,
#: a terminal's and rich's.
MARK = "m4rk\"'><m4rk onm4rk=1>{{7*7}}</script></title><!--\x1b[31m\x9b31m[/m4rk]\x7f"

#: What a spreadsheet would compute.
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1"]

#: Fields of an event that are text, and could be anybody's.
_TEXTS = [
    "action_name",
    "client_ip",
    "locale",
    "hostname",
    "url",
    "path",
    "method",
    "matched_pattern",
    "endpoint",
    "user_agent",
    "referrer",
    "view_id",
    "user_id",
    "anonymous_id",
    "group_id",
    "previous_id",
]


def hostile(number: int, text: str, **fields: Any) -> Event:
    """An event that says this wherever it can."""
    own: dict[str, Any] = dict.fromkeys(_TEXTS, text)
    own |= {
        "message_id": f"{number}-{text}",
        "event_name": text,
        "timestamp": NOW - timedelta(minutes=1 + number),
        "source": Source.BROWSER,
        "status_code": 500,
        "duration": 0.1,
        "properties": {text: text, "message": text, "list": [text, {text: text}], "url": text},
        "traits": {text: text, "name": text},
        "context": {text: text},
        "integrations": {text: True},
        "revenue": Revenue(Decimal("1.5"), "EUR"),
    }
    return Event(**{**own, **fields})


def history() -> list[Event]:
    """Each type, and the names that pages look for."""
    found = [hostile(n, MARK, type=type_) for n, type_ in enumerate(EventType)]
    names = ("js_error", "engagement", "rage_click", "outbound_click", "web_vital", "form_submit")
    found += [hostile(10 + n, MARK, event_name=name) for n, name in enumerate(names)]
    found += [hostile(20 + n, MARK, referrer=f"{scheme}:m4rk//{MARK}", type=EventType.PAGEVIEW)
              for n, scheme in enumerate(("javascript", "data", "vbscript"))]  # fmt: skip
    found += [hostile(30 + n, text) for n, text in enumerate(FORMULAS)]
    return found


@pytest.fixture(params=["memory", "embedded"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A store that has it all."""
    found: Any = MemoryStore()
    if request.param == "embedded":
        found = EmbeddedStore(tmp_path / "store", has_children=False)
    bodies = [encode(event) for event in history()]
    assert found.append(bodies) == len(bodies)
    yield found
    if request.param == "embedded":
        found.close()


@pytest.fixture
def reader(store: Any, app: Flask, analytics: Analytics, client: FlaskClient) -> FlaskClient:
    """Somebody who may read everything."""
    state = app.extensions["analytics"]
    state.store = lambda: store
    state.pipeline.clock = NOW.timestamp
    analytics.access(lambda: True)
    return client


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes, and the text between."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        assert "m4rk" not in data


def walk(client: FlaskClient, most: int = 90) -> dict[str, Page]:
    """Every page that a reader can come to by links, the first of each kind first."""
    waiting, found = ["/analytics/"], {}
    while waiting and len(found) < most:
        address = waiting.pop(0)
        answer = client.get(address)
        assert answer.status_code < 400, address
        if answer.mimetype != "text/html":
            continue
        page = found[address] = Page(answer.text)
        known = {*found, *waiting}
        links = {value for name, value in page.attributes if name == "href"} - known
        waiting += [link for link in sorted(links) if link.startswith("/analytics/")
                    and "format=csv" not in link and "confirm=" not in link]  # fmt: skip
        waiting.sort(key=lambda one: (one.count("filter="), len(one)))
    return found


def test_no_page_has_it_unescaped(reader: FlaskClient) -> None:
    """Markup stays text on every page: no element of it, no attribute, no address that runs."""
    pages = walk(reader)

    seen = 0
    for address, page in pages.items():
        assert "m4rk" not in page.elements, address
        for name, value in page.attributes:
            assert "m4rk" not in name, (address, name)
            if name in ("href", "src", "action", "formaction", "xlink:href"):
                assert not re.match(r"\s*(javascript|data|vbscript):", value, re.I), address
        seen += any("<m4rk onm4rk=1>" in words for words in page.words)
    kinds = {address.partition("?")[0].rsplit("/", 1)[1] for address in pages}
    assert {"", "events", "funnels", "retention", "people", "speed", "delivery"} <= kinds
    assert seen > 10
    assert not any("49" in words and "m4rk" in words for p in pages.values() for words in p.words)


def test_read_api_is_strict_json(reader: FlaskClient) -> None:
    """Every answer, and each says the words as they were stored."""
    for kind, given in QUESTIONS.items():
        answer = reader.get(f"/analytics/api/{kind}", query_string=given)
        assert answer.status_code == 200, answer.text
        json.loads(answer.data.decode("utf-8"), parse_constant=pytest.fail)
    top = reader.get("/analytics/api/top", query_string={"property": MARK, "event": MARK})
    assert MARK in [row["key"] for row in top.get_json()["results"]]


#: What each kind of question has to be told.
QUESTIONS: dict[str, dict[str, str | list[str]]] = {kind: {} for kind in KINDS} | {
    "top": {"event": MARK, "property": "message"},
    "breakdown": {"dimension": "page"},
    "funnel": {"step": [MARK, "=1+1"], "breakdown": f"property.{MARK[:20]}"},
    "active": {"interval": "day"},
    "traits": {"id": MARK},
    "timeline": {"id": MARK},
}


@pytest.mark.parametrize("kind", KINDS)
def test_csv_computes_nothing(reader: FlaskClient, kind: str) -> None:
    """No cell begins as a formula does, but for numbers."""
    given = {**QUESTIONS[kind], "format": "csv"}
    answer = reader.get(f"/analytics/api/{kind}", query_string=given)

    assert answer.status_code == 200, answer.text
    assert_safe(answer.data)


def assert_safe(content: bytes) -> None:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
            float(cell)


def test_exports_are_safe(reader: FlaskClient, app: Flask, tmp_path: Path) -> None:
    """As CSV nothing is computed; as NDJSON each line is strict JSON."""
    for kind in ("csv", "ndjson"):
        path = tmp_path / f"all.{kind}"
        answer = app.test_cli_runner().invoke(args=["analytics", "export", "-o", str(path)])
        assert answer.exit_code == 0, answer.output
        if kind == "csv":
            assert_safe(path.read_bytes())
            assert b"'=1+1" in path.read_bytes()
        else:
            lines = path.read_bytes().decode("utf-8").splitlines()
            assert len(lines) == len(history())
            for line in lines:
                json.loads(line, parse_constant=pytest.fail)


@pytest.mark.parametrize("kind", KINDS)
def test_no_table_commands_a_terminal(store: Any, kind: str) -> None:
    """No control character is in it, and square brackets are no markup."""
    given = {name: [told] if isinstance(told, str) else told
             for name, told in QUESTIONS[kind].items()}  # fmt: skip
    question = words.read(kind, given, NOW)
    screen = io.StringIO()

    console = Console(file=screen, width=200, highlight=False)
    AnswerScreen("shop", console).show(kind, question, run.answer(store, question), store.describe)

    assert is_tame(screen.getvalue()), screen.getvalue()
    if kind in ("top", "people", "traits", "timeline", "funnel"):
        assert "[/m4rk]" in re.sub(r"\s", "", screen.getvalue())


def is_tame(text: str) -> bool:
    """Whether it has no control characters but the ends of lines."""
    return not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["top", "--event", MARK], ["people"], ["person", MARK], ["timeline", MARK],
        ["export-user", MARK], ["forget", MARK, "--yes"], ["forget", f"\x1b{MARK}", "--yes"],
        ["person", f"\x1b{MARK}"], ["volume", "--event", f"\x1b{MARK}"], ["stats"],
    ],
)  # fmt: skip
def test_no_command_says_them_raw(reader: FlaskClient, app: Flask, arguments: list[str]) -> None:
    """Neither its answer nor its error has a control character, as JSON neither."""
    answer = app.test_cli_runner().invoke(args=["analytics", *arguments])

    assert "Traceback" not in answer.output
    assert is_tame(answer.output), answer.output


def test_prometheus_reads_the_names_of_others() -> None:
    """A destination's own words are labels: quotes, ends of lines and backslashes are escaped."""
    word = f'a"\\\n\r{MARK}\u2028'
    lane = CollectorStats(accepted=1, rejected={word: 1}, dropped={word: 2}, trimmed={word: 3})
    stats = Stats(collectors={word: lane}, trimmed={word: 1})
    text = expose(Total(stats, sheets=[], most={word: 1}), is_degraded=False)

    sample = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)+\})? -?\d+')
    for line in text.removesuffix("\n").split("\n"):
        assert line.startswith("# ") or sample.fullmatch(line), line
