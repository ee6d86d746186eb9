"""Whether requests come through a proxy that the application does not know of."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_analytics.doctor import proxy

from .conftest import Admit, ill, told

NAMES = {"TRUSTED_HOSTS": ["shop.example"]}


def test_no_proxy_and_named_hosts_are_well(admit: Admit) -> None:
    """As an application that stands for itself has them."""
    assert ill(proxy.check, admit(**NAMES)) == []


def test_any_host_is_believed(admit: Admit) -> None:
    """Until the names are told."""
    (found,) = ill(proxy.check, admit())

    assert "TRUSTED_HOSTS" in found.cure


@pytest.mark.parametrize(("key", "name"), proxy.PLATFORMS.items())
def test_a_platform_has_a_proxy(admit: Admit, key: str, name: str) -> None:
    """Of which its environment tells."""
    (found,) = ill(proxy.check, admit(patient={"environ": {key: "x"}}, **NAMES))

    assert found.text.startswith(name)
    assert "ProxyFix" in found.cure


def wrap_again(app: Flask, fix: Any) -> Any:
    """Something else around it, as monitoring does."""
    return DispatcherMiddleware(fix, {})


@pytest.mark.parametrize("around", [lambda app, fix: fix, wrap_again])
def test_a_proxy_that_is_known_is_well(admit: Admit, around: Any) -> None:
    """Also under other layers."""
    patient = admit(patient={"environ": {"DYNO": "web.1"}}, **NAMES)
    patient.app.wsgi_app = around(patient.app, ProxyFix(patient.app.wsgi_app, x_for=1))  # type: ignore[method-assign]

    assert ill(proxy.check, patient) == []
    assert "believes 1 of X-Forwarded-For" in told(proxy.check, patient)


def test_a_proxy_fix_that_fixes_nothing(admit: Admit) -> None:
    """It must read the address."""
    patient = admit(**NAMES)
    patient.app.wsgi_app = ProxyFix(patient.app.wsgi_app, x_for=0)  # type: ignore[method-assign]

    (found,) = ill(proxy.check, patient)
    assert "X-Forwarded-For" in found.text
