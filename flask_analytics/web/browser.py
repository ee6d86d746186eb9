"""The browser's half on the server: the module and the snippet; pages send to ``ingest``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Flask, Response, request, url_for

from .. import assets
from ..context import Helpers
from ..record import State, current_record, current_view
from . import headers
from .ingest import Ingest
from .problem import problem

#: A file whose name is its content's hash never changes.
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Snippet:
    """What ``flask_analytics/snippet.html`` prints."""

    url: str
    integrity: str
    endpoint: str
    view_id: str | None
    #: What else the tag says, as data attributes without ``data-``.
    options: Mapping[str, str]


def install(app: Flask, state: State) -> None:
    """Register the blueprint and what templates need.

    :raises ConfigurationError: ANALYTICS_INGEST_STORAGE cannot be used.
    """
    module = assets.Module.load(state.settings.browser.build)
    blueprint = Blueprint(
        "flask_analytics",
        __name__,
        root_path=str(assets.HOME),
        template_folder="templates",
        url_prefix=state.settings.browser_prefix,
    )
    blueprint.after_request(headers.dress)
    scripts = {"a": module.main, **module.parts}
    end = f"{module.hash}.js"
    door = f'export * from "./a.{end}";\n'.encode()
    blueprint.add_url_rule(f"/a.{end}", "module", lambda: _script(module.main, f"a.{end}"))
    blueprint.add_url_rule(
        f"/<part>.{end}", "part", lambda part: _script(scripts.get(part), f"{part}.{end}")
    )
    blueprint.add_url_rule(f"/<part>.{end}.map", "map", lambda part: _map(scripts.get(part)))
    blueprint.add_url_rule("/a.js", "door", lambda: _answer(door, "no-cache"))
    blueprint.add_url_rule("/e", "ingest", Ingest(state), methods=["POST"])
    app.register_blueprint(blueprint)
    app.jinja_env.globals["analytics_module_url"] = _module_url
    app.jinja_env.globals["analytics_claim"] = Helpers().claim
    app.jinja_env.globals["analytics_snippet"] = lambda: _snippet(state, module)


def _script(script: assets.Script | None, name: str) -> Response:
    """A script in the shortest form that the browser takes."""
    if script is None:
        return _nothing()
    accepted = request.accept_encodings
    coding = next((coding for coding in ("br", "gzip") if accepted[coding]), "")
    response = _answer(script.forms[coding], _FOREVER)
    response.headers["SourceMap"] = f"{name}.map"  # inside the script it would change the hash
    response.vary.add("Accept-Encoding")
    if coding:
        response.headers["Content-Encoding"] = coding
    return response


def _map(script: assets.Script | None) -> Response:
    if script is None:
        return _nothing()
    return _answer(script.source_map, _FOREVER, "application/json")


def _answer(body: bytes, cache: str, mimetype: str = "text/javascript") -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = cache
    response.add_etag()
    response.make_conditional(request)
    return response


def _nothing() -> Response:
    return problem(404, "There is no such file.", "The page's snippet names the files there are.")


def _module_url() -> str:
    return url_for("flask_analytics.module")


def _snippet(state: State, module: assets.Module) -> Snippet | None:
    if not state.settings.enabled:
        return None
    record = current_record()
    view = None if record is None else current_view(state.pipeline, record)
    return Snippet(
        url=_module_url(),
        integrity=module.integrity,
        endpoint=url_for("flask_analytics.ingest"),
        view_id=None if view is None else state.pipeline.views.write(*view),
        options=state.settings.browser.attributes,
    )
