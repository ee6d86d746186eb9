"""The site that Sphinx makes of the pages, and the tutorial that is the example shop."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import flask_analytics
from flask_analytics import collectors

ROOT = Path(__file__).parent.parent
SHOP = ROOT / "example" / "shop"
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()

#: A language of the tutorial -> the files of the shop that its code is from.
SOURCES = {"python": "*.py", "html": "templates/*.html", "js": "static/*.js"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site, built anew; a warning of Sphinx is an error."""
    target = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "--quiet", "-W", "-b", "html", ROOT / "docs", target]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def test_every_page_is_in_the_site(site: Path) -> None:
    """A new page is found from the front page's list, or Sphinx warns."""
    for page in (ROOT / "docs").rglob("*.md"):
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).exists(), page


def test_the_reference_has_every_public_name(site: Path) -> None:
    """Each with the words of its docstring."""
    text = (site / "reference.html").read_text()
    for name in flask_analytics.__all__:
        assert f'id="flask_analytics.{name}"' in text, name
    for name in collectors.__all__:
        if name.endswith("Collector") and name not in ("Collector", "BatchCollector"):
            assert f"{name}" in text, name


@pytest.mark.parametrize("language", SOURCES)
def test_the_code_of_the_tutorial_is_the_shops(language: str) -> None:
    """What a reader copies runs, because it does in the shop."""
    shop = [unindented(file.read_text()) for file in SHOP.glob(SOURCES[language])]
    blocks = re.findall(rf"```{language}\n(.*?)```", TUTORIAL, re.S)
    assert blocks
    for block in blocks:
        assert any(unindented(block) in text for text in shop), block


def unindented(text: str) -> str:
    """Lines without what stands before them."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
