"""The application's own Content-Security-Policy, read from its own pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, render_template_string

import flask_analytics
from flask_analytics.doctor import policy

from .conftest import Admit, ill, told

SNIPPET = '<html><head>{% include "flask_analytics/snippet.html" %}</head></html>'


def serve(app: Flask, policy_: str | None, page: str = SNIPPET, **values: object) -> None:
    """A page at /page with this policy."""

    def view() -> tuple[str, dict[str, str]]:
        headers = {} if policy_ is None else {"Content-Security-Policy": policy_}
        return render_template_string(page, **values), headers

    app.add_url_rule("/page", "page", view)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "default-src 'self'",
        "default-src *",
        "default-src 'none'; script-src 'self'; connect-src 'self'",
        "default-src 'none'; script-src https:; connect-src https:",
        "script-src https://shop.example; connect-src https://shop.example/_a/e",
        "script-src-elem 'self'; script-src 'none'; connect-src shop.example/_a/",
        "img-src 'none'",
        "SCRIPT-SRC 'self'; script-src 'none'",
        "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'",
    ],
)
def test_policies_that_let_us_in(admit: Admit, text: str | None) -> None:
    """Whatever way they say it."""
    patient = admit(patient={"pages": ("/page",)})
    serve(patient.app, text, csp_nonce="abc")

    assert ill(policy.check, patient) == []
    assert "is let in" in told(policy.check, patient) or "lets the module in" in told(
        policy.check, patient
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("default-src 'none'", {"script-src", "connect-src"}),
        ("default-src 'self'; connect-src https://api.example/v1", {"connect-src"}),
        ("script-src 'none'", {"script-src"}),
        ("script-src 'unsafe-inline' data:", {"script-src"}),
        ("script-src 'nonce-other'", {"script-src"}),
        ("script-src 'self' 'strict-dynamic'", {"script-src"}),
        ("script-src https://cdn.example/lib/", {"script-src"}),
        ("script-src 'self'; script-src-elem 'none'", {"script-src"}),
    ],
)
def test_policies_that_do_not(admit: Admit, text: str, parts: set[str]) -> None:
    """Each part with its cure."""
    patient = admit(patient={"pages": ("/page",)})
    serve(patient.app, text)

    found = ill(policy.check, patient)
    assert {one.level for one in found} == {"problem"}
    assert {
        name for name in ("script-src", "connect-src") for one in found if name in one.cure
    } == (parts)


def test_a_policy_in_the_page_counts_too(admit: Admit) -> None:
    """As browsers take both."""
    patient = admit(patient={"pages": ("/page",)})
    meta = '<meta http-equiv="Content-Security-Policy" content="connect-src \'none\'">'
    serve(patient.app, "default-src 'self'", meta + SNIPPET)

    (found,) = ill(policy.check, patient)
    assert "/_a/e" in found.text


def test_a_page_without_the_snippet(admit: Admit) -> None:
    """Browsers tell nothing of it."""
    (found,) = ill(policy.check, admit())

    assert "/ has no snippet" in found.text


def test_a_page_that_nobody_gets(admit: Admit) -> None:
    """A login before everything is no fault."""
    patient = admit(patient={"pages": ("/nowhere",)})

    assert "answers 404" in told(policy.check, patient)
    assert ill(policy.check, patient) == []


def test_looking_makes_no_event(admit: Admit, tmp_path: Path) -> None:
    """Of a page that tracks neither, and for a page that does not, no file."""
    patient = admit(ANALYTICS_STORE="embedded:", patient={"pages": ("/",)})
    list(policy.check(patient))
    assert not (tmp_path / "analytics").exists()

    patient = admit(patient={"pages": ("/page",)})
    serve(patient.app, None, "{{ track('seen') or '' }}" + SNIPPET, track=flask_analytics.track)
    assert "is let in" in told(policy.check, patient)
    assert not list((tmp_path / "analytics").glob("journal/*"))
    assert patient.state.pipeline.steps == []
