"""The package's front: exactly what DESIGN promises, and light to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import flask_analytics
from flask_analytics import collectors


def test_front_is_exactly_the_public_names() -> None:
    """__all__ is sorted and names all that is public, no more and no less."""
    public = {
        name
        for name, value in vars(flask_analytics).items()
        if not name.startswith("_")
        and name != "annotations"
        and not isinstance(value, type(flask_analytics))
    }
    assert flask_analytics.__all__ == sorted(public)


@pytest.mark.parametrize("name", collectors.__all__)
def test_collectors_are_found_by_name(name: str) -> None:
    """Every collector of __all__ can be imported from the collectors package."""
    assert getattr(collectors, name).__name__ == name
    assert name in dir(collectors)


def test_unknown_collector_is_an_attribute_error() -> None:
    """A typo in an import says which name is missing."""
    with pytest.raises(AttributeError, match="WebHookCollector"):
        _ = collectors.WebHookCollector


def test_import_is_light() -> None:
    """Importing the package loads neither requests nor gevent nor a database nor a terminal."""
    heavy = (
        "{'requests', 'gevent', 'duckdb', 'sqlite3', 'iso4217', 'ssl', 'rich', "
        "'flask_analytics.cli', 'flask_analytics.screen'}"
    )
    code = (
        f"import sys, flask; before = set(sys.modules); import flask_analytics;"
        f"print(sorted({heavy} & (set(sys.modules) - before)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
