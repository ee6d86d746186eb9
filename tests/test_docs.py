"""What the documents say is true: code runs, links lead somewhere, every name is there."""

from __future__ import annotations

import doctest
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

import flask_analytics
from flask_analytics import Analytics, collectors, signals, testing
from flask_analytics.config import BEHAVIOURS, BROWSER, TABLE
from flask_analytics.delivery.census import Total
from flask_analytics.delivery.exposition import expose
from flask_analytics.delivery.stats import STATES, Stats
from flask_analytics.doctor.examination import CHECKS
from flask_analytics.event import Event
from flask_analytics.testing import FakeDestination, capture_events

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
TEXT = {page.name: page.read_text() for page in PAGES}


def python_in(page: str) -> list[str]:
    """The Python blocks of a page, in order."""
    return re.findall(r"```python\n(.*?)```", TEXT[page], re.S)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The README's first example as a module, as a newcomer saves it."""
    module = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", module)
    exec(python_in("README.md")[0], module.__dict__)
    return module


def test_first_example_of_the_readme_runs(shop: ModuleType) -> None:
    """The first thing a newcomer copies works as it stands."""
    app: Flask = shop.app
    app.testing = True
    assert "Buy" in app.test_client().get("/").text

    with capture_events(app) as events:
        app.test_client().post("/checkout")

    (event,) = events
    assert (event.name, event.properties) == ("purchase", {"items": 3})
    assert str(event.revenue and event.revenue.amount) == "29.99"


@pytest.mark.parametrize("example", [0, 1], ids=["capture_events", "FakeDestination"])
def test_examples_of_tests_are_tests(shop: ModuleType, example: int) -> None:
    """Copied beside the first example, the tests that the page shows pass."""
    space: dict[str, Any] = {}
    exec(python_in("testing.md")[example], space)
    (test,) = [value for name, value in space.items() if name.startswith("test_")]
    test()


def test_signature_is_checked_as_the_page_says(destination: FakeDestination) -> None:
    """What a receiver copies accepts our signature, and no other."""
    (code,) = [block for block in python_in("collectors.md") if "def is_ours" in block]
    space: dict[str, Any] = {}
    exec(code, space)
    webhook = collectors.WebhookCollector(destination.url, secret="shared", flush_interval=0.01)

    testing.deliver(webhook, Event(event_name="signup"))

    (request,) = destination.requests
    header = request.headers["X-Analytics-Signature"]
    assert space["is_ours"](header, request.body, b"shared")
    assert not space["is_ours"](header, request.body + b" ", b"shared")


def test_destination_of_ones_own_is_short_and_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's collector is under sixty lines, and the page's test of it passes."""
    code, test = python_in("own-destination.md")
    assert len(code.splitlines()) < 60
    module = ModuleType("beacon")
    monkeypatch.setitem(sys.modules, "beacon", module)
    exec(code, module.__dict__)
    space: dict[str, Any] = {}
    exec(test, space)

    space["test_one_is_refused"]()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_pages_is_python(page: Path) -> None:
    """Every Python block compiles."""
    for code in python_in(page.name):
        compile(code, page.name, "exec")


@pytest.mark.parametrize("key", TABLE)
def test_every_setting_is_documented(key: str) -> None:
    """A new setting is written down before it is used."""
    assert f"`ANALYTICS_{key.upper()}`" in TEXT["settings.md"]


@pytest.mark.parametrize("field", Event.__struct_fields__)
def test_every_field_is_documented(field: str) -> None:
    """And so is a new field of the event, under its name on the wire."""
    name = "duration_ms" if field == "duration" else field
    assert f"`{name}`" in TEXT["events.md"]


@pytest.mark.parametrize("name", [*signals.BY_NAME])
def test_every_signal_is_documented(name: str) -> None:
    """An application finds what it may listen to."""
    assert f"`{name}`" in TEXT["events.md"]


def test_every_metric_is_documented() -> None:
    """Whoever writes an alert finds what there is."""
    families = re.findall(r"# TYPE (\S+)", expose(Total(Stats(), [], {}), False))
    assert len(families) > 10
    for family in families:
        assert f"`{family}`" in TEXT["health.md"], family


#: What the threat model says of tests: a file, and mostly a function in it.
PROOFS = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", TEXT["threats.md"])))


@pytest.mark.parametrize("proof", PROOFS)
def test_every_proof_of_the_threat_model_is_there(proof: str) -> None:
    """A test that is renamed or taken away leaves no claim behind."""
    path, _, name = proof.partition("::")
    assert not name or f"def {name}(" in (ROOT / path).read_text()
    assert (ROOT / path).exists()


def test_every_threat_has_a_proof() -> None:
    """Four columns, and in the last one at least one test."""
    rows = [line for line in TEXT["threats.md"].splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if row.count(" | ") != 3 or "`tests/" not in row] == []


@pytest.mark.parametrize("check", [name for name, _ in CHECKS])
def test_every_check_of_the_doctor_is_documented(check: str) -> None:
    """What is looked at, and so what is not."""
    assert f"| `{check}` |" in TEXT["doctor.md"]


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_an_advice(state: str) -> None:
    """At 3 a.m. nobody reads code."""
    assert f"| `{state}` |" in TEXT["health.md"]


@pytest.mark.parametrize("name", [*flask_analytics.__all__, *collectors.__all__])
def test_every_public_name_has_a_docstring(name: str) -> None:
    """Whoever asks help() gets an answer."""
    value = getattr(flask_analytics, name, None) or getattr(collectors, name)
    assert value.__doc__


def test_every_route_is_documented() -> None:
    """A new address is written down before it is served."""
    app = Flask("shop")
    Analytics(app)
    pages = "".join(TEXT.values())
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("flask_analytics"):
            path = re.sub(r"\.[0-9a-f]{16}\.js", ".js", rule.rule)
            assert path in pages, path


OPTIONS = TEXT["browser.md"].split("## Options")[1].split("## ")[0]
HOOKS = TEXT["browser.md"].split("## Hooks")[1].split("## ")[0]


@pytest.mark.parametrize("option", BROWSER)
def test_every_option_of_the_module_is_documented(option: str) -> None:
    """And every behaviour that can be switched off."""
    assert f"| `{option}` |" in OPTIONS
    assert all(f"`{name}`" in OPTIONS for name in BEHAVIOURS)


def test_every_hook_is_documented() -> None:
    """With the payload that its type declares."""
    types = (ROOT / "static" / "analytics.d.ts").read_text()
    payloads = types.split("export interface Payloads {")[1].split("\n}")[0]
    names = re.findall(r'^  "?([\w:]+)"?: ', payloads, re.M)
    assert len(names) > 15
    for name in names:
        assert f"`{name}`" in HOOKS, name


def test_doctests() -> None:
    """Examples in docstrings do what they show."""
    result = doctest.testmod(testing, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 5
    assert result.failed == 0
