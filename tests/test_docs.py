"""What the documents say is true: code runs, links lead somewhere, every name is there."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from flask import Flask

import flask_analytics
from flask_analytics import Analytics, collectors, signals, testing
from flask_analytics.config import TABLE
from flask_analytics.event import Event
from flask_analytics.testing import capture_events

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {page.name: page.read_text() for page in PAGES}


def test_first_example_of_the_readme_runs() -> None:
    """The first thing a newcomer copies works as it stands."""
    code = re.findall(r"```python\n(.*?)```", TEXT["README.md"], re.S)[0]
    space: dict[str, object] = {"__name__": "shop"}
    exec(code, space)
    app = space["app"]
    assert isinstance(app, Flask)
    app.testing = True

    with capture_events(app) as events:
        app.test_client().post("/checkout")

    (event,) = events
    assert (event.name, event.properties) == ("purchase", {"items": 3})
    assert str(event.revenue and event.revenue.amount) == "29.99"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_pages_is_python(page: Path) -> None:
    """Every Python block compiles."""
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
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
        if rule.endpoint.startswith("flask_analytics."):
            path = re.sub(r"/a\.[0-9a-f]{16}\.js", "/a.js", rule.rule)
            assert path in pages, path


def test_doctests() -> None:
    """Examples in docstrings do what they show."""
    result = doctest.testmod(testing, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 5
    assert result.failed == 0
