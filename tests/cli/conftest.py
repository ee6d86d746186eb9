"""A terminal in which the shop's commands run, and files to give them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from flask_analytics import Analytics

from .actors import Terminal
from .shelf import Shelf


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(
        ANALYTICS_DIR=str(tmp_path / "analytics"), ANALYTICS_STORE=None, SECRET_KEY="x"
    )
    Analytics(app)
    app.add_url_rule("/", "home", lambda: "<p>home</p>")
    app.add_url_rule("/blog/<slug>", "post", lambda slug: f"<p>{slug}</p>")
    shelf = Shelf(tmp_path / "shelf.db")
    app.extensions["analytics"].store = lambda: shelf
    inherited = {name: value for name, value in os.environ.items() if "COLUMNS" not in name}
    environ = {**inherited, "SHOP_HOME": str(tmp_path), "TERM": "xterm-256color"}
    return Terminal(tmp_path, app, environ)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Make a file of lines, or of bytes."""

    def make(name: str, content: list[str] | bytes) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text("".join(f"{line}\n" for line in content))
        return path

    return make
