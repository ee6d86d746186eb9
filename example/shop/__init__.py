"""A small shop for paper and ink, watched by flask_analytics.

``flask --app example.shop run`` starts it. ``FLASK_ANALYTICS_COLLECTORS`` says where its events
go, for example ``stdout:``, or ``webhook+https://example.com/events``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Flask, Response, render_template

from flask_analytics import Analytics

from .views import shop

#: Only files of the shop itself: no inline script or style, nothing from other sites.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'"
)


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the shop. Every setting can come from the environment, as ``FLASK_<NAME>``.

    :param config: settings that win over those of the environment, for tests.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY="dev",  # signs the cart's cookie: in production set FLASK_SECRET_KEY
        SESSION_COOKIE_SAMESITE="Lax",  # a form on another site cannot act for our visitor
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(config)

    Analytics(app)  # from here on, each page view and each action is an event

    app.register_blueprint(shop)
    app.add_template_filter(euro)
    app.register_error_handler(404, not_found)
    app.after_request(add_policy)
    return app


def euro(amount: Decimal) -> str:
    """An amount as people read it: ``€14.50``."""
    return f"€{amount:,.2f}"


def not_found(error: Exception) -> tuple[str, int]:
    """The page for an address that the shop does not have."""
    return render_template("not_found.html"), 404


def add_policy(response: Response) -> Response:
    """Tell the browser what a page of the shop may load."""
    response.headers["Content-Security-Policy"] = POLICY
    return response
