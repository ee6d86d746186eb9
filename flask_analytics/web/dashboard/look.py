"""Style sheets and the script of the dashboard: for everybody, since they tell nothing."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from flask import Blueprint, Flask, Response, request, url_for

from ... import assets
from ...record import State
from .. import headers
from ..charts.bars import share
from ..charts.spark import spark
from ..problem import problem

NAME = "flask_analytics_look"

#: Ours alone; whatever else is in the folder is none of anybody's business here.
FILES = {
    "dashboard.css": "text/css",
    "charts.css": "text/css",
    "dashboard.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}

#: Its address has a hash of it.
_FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask, state: State) -> None:
    """Register the route and the templates' way to it."""
    prefix = f"{state.settings.url_prefix}/look"
    blueprint = Blueprint(NAME, __name__, url_prefix=prefix)
    blueprint.after_request(headers.dress)
    blueprint.add_url_rule("/<name>", "file", _file)
    app.register_blueprint(blueprint)
    app.jinja_env.globals["analytics_look"] = address
    app.jinja_env.globals["analytics_share"] = share
    app.jinja_env.globals["analytics_spark"] = lambda points: spark([one.count for one in points])


def address(name: str) -> str:
    """Where a file of ours is; another one once it has changed."""
    return url_for(f"{NAME}.file", name=name, v=_text(name)[1])


@lru_cache(len(FILES))
def _text(name: str) -> tuple[bytes, str]:
    """A file's text, and a hash of it."""
    text = (assets.HOME / "static" / name).read_bytes()
    return text, hashlib.sha256(text).hexdigest()[:12]


def _file(name: str) -> Response:
    if name not in FILES:
        return problem(404, "There is no such file.", f"There are {', '.join(FILES)}.")
    text, version = _text(name)
    response = Response(text, mimetype=FILES[name])
    is_named = request.args.get("v") == version
    response.headers["Cache-Control"] = _FOREVER if is_named else "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
