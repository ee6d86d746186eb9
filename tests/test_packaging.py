"""The wheel works by itself: built, installed into a bare environment, asked over HTTP."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

#: Run in the bare environment, from a folder that holds nothing of ours.
ASK = """
import re, flask_analytics
from flask import Flask, render_template_string
from flask_analytics import Analytics

app = Flask("shop")
app.testing = True
Analytics(app)
app.add_url_rule("/", "home", lambda: render_template_string(
    '{% include "flask_analytics/snippet.html" %}'))
client = app.test_client()
url = re.search(r'src="([^"]+)"', client.get("/").text)[1]
module = client.get(url)
assert module.status_code == 200 and len(module.data) > 1000, module.status
part = client.get(url.replace("/a.", "/vitals."), headers={"Accept-Encoding": "br"})
assert part.headers["Content-Encoding"] == "br", part.status
closed = client.get("/analytics/", headers={"Accept": "text/html"})
assert closed.status_code == 403 and "The dashboard is closed" in closed.text
(sheet,) = re.findall(r'stylesheet" href="([^"]+)"', closed.text)
assert client.get(sheet).mimetype == "text/css"
assert client.post("/_a/e", json={"events": [{"event_name": "a"}]}).status_code == 204
agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
app = Flask("kept")
app.config["ANALYTICS_DIR"] = "data"
analytics = Analytics(app)
app.add_url_rule("/", "home", lambda: "<p>home</p>")
app.test_client().get("/", headers=agent)
assert analytics.flush(10)
(browser,) = analytics.metrics.breakdown("browser")
assert (browser.key, browser.count, browser.people) == ("Firefox", 1, 1), browser
print(flask_analytics.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from an sdist, as an index would get it, outside of this folder."""
    folder = tmp_path_factory.mktemp("dist")
    source = folder / "source"
    leave_out = shutil.ignore_patterns(
        ".*", "build", "dist", "*.egg-info", "__pycache__", "node_modules"
    )
    shutil.copytree(ROOT, source, ignore=leave_out)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(source))
    (built,) = folder.glob("*.whl")
    return built


def run(*command: str, **options: Any) -> str:
    result = subprocess.run(command, capture_output=True, text=True, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.slow
def test_wheel_has_static_templates_and_types(wheel: Path) -> None:
    """What lives at the top of the repository ships inside the package."""
    names = set(zipfile.ZipFile(wheel).namelist())

    for file in (file for file in (ROOT / "static").rglob("*") if file.is_file()):
        assert f"flask_analytics/static/{file.relative_to(ROOT / 'static')}" in names
    assert "flask_analytics/static/analytics.d.ts" in names
    assert "flask_analytics/templates/flask_analytics/snippet.html" in names
    assert "flask_analytics/templates/flask_analytics/dashboard/base.html" in names
    assert "flask_analytics/static/dashboard.css" in names
    assert "flask_analytics/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "example/"))]


@pytest.mark.slow
def test_wheel_works_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    """A page gets its snippet, the snippet its module, the endpoint takes events, and the store
    answers: with what the wheel says that it needs, and nothing else."""
    venv.create(tmp_path / "env", with_pip=True)
    python = str(tmp_path / "env" / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", str(wheel))

    where = run(python, "-I", "-c", ASK, cwd=tmp_path)

    assert Path(where.strip()).is_relative_to(tmp_path / "env")
