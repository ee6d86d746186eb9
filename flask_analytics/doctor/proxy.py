"""Whether requests come through a proxy that the application does not know of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "proxy"

#: Variables that a platform sets, all of whose requests come through its proxy.
PLATFORMS = {
    "DYNO": "Heroku", "K_SERVICE": "Cloud Run", "FLY_APP_NAME": "Fly.io", "RENDER": "Render",
    "GAE_ENV": "App Engine", "WEBSITE_INSTANCE_ID": "Azure App Service",
    "RAILWAY_ENVIRONMENT": "Railway", "KUBERNETES_SERVICE_HOST": "Kubernetes",
}  # fmt: skip

_CURE = (
    "Wrap it: app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1), with as many as "
    "there are proxies of yours."
)


def check(patient: Patient) -> Iterator[Finding]:
    """Whether visitors have addresses of their own, and names are ours."""
    fix = _fix(patient.app.wsgi_app)
    platform = next((name for key, name in PLATFORMS.items() if key in patient.environ), None)
    if fix is None and platform:
        yield Finding(
            NAME, PROBLEM, f"{platform} has a proxy before the application, which has no ProxyFix.",
            _CURE,
        )  # fmt: skip
    elif fix is None:
        yield Finding(NAME, OK, "No ProxyFix, and no sign of a proxy.")
    elif not fix.x_for:
        yield Finding(
            NAME, WARNING, "ProxyFix does not read X-Forwarded-For: every visitor has the proxy's "
            "address.", _CURE,
        )  # fmt: skip
    else:
        yield Finding(
            NAME, OK, f"ProxyFix believes {fix.x_for} of X-Forwarded-For. A client could make up "
            "its address where fewer proxies than that are before it.",
        )  # fmt: skip
    yield _hosts(patient)


def _hosts(patient: Patient) -> Finding:
    hosts = patient.state.settings.trusted_hosts
    if hosts:
        return Finding(NAME, OK, f"Events may have the hosts {', '.join(hosts)}.")
    return Finding(
        NAME, WARNING, "Any Host header is believed: a stranger can make up the host of an event.",
        'Set TRUSTED_HOSTS (or ANALYTICS_TRUSTED_HOSTS) to your names, such as ["example.com"].',
    )  # fmt: skip


def _fix(layer: Any) -> ProxyFix | None:
    """The application's ProxyFix, under whatever else is around it."""
    for _ in range(20):
        if layer is None or isinstance(layer, ProxyFix):
            return layer
        layer = next((getattr(layer, name) for name in ("app", "wsgi_app", "application", "wrapped")
                      if hasattr(layer, name)), None)  # fmt: skip
    return None
