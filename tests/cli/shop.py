"""An application for ``flask --app``: a page, an article, and a store that stays."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask import Flask

from flask_analytics import Analytics

sys.path.insert(0, str(Path(__file__).parent))

from shelf import Shelf

HOME = Path(os.environ["SHOP_HOME"])

app = Flask("shop", instance_path=str(HOME))
app.config.update(ANALYTICS_DIR=str(HOME / "analytics"), ANALYTICS_STORE="memory:")
app.config.from_prefixed_env()
Analytics(app)
if app.config["ANALYTICS_STORE"]:
    shelf = Shelf(HOME / "shelf.db")
    app.extensions["analytics"].store = lambda: shelf


@app.get("/")
def home() -> str:
    return "<p>home</p>"


@app.get("/blog/<slug>")
def post(slug: str) -> str:
    return f"<p>{slug}</p>"
