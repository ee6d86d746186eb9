"""The page for a privacy review: what it says of cookies, and that its proofs exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from flask_analytics import Event

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "privacy.md").read_text()

MakeApp = Callable[..., Flask]


def test_no_cookie_is_set(make_app: MakeApp) -> None:
    """Not by a page with the snippet, nor by the module, nor by the endpoint; nor is a session."""
    app = make_app()
    snippet = "<p>{% include 'flask_analytics/snippet.html' %}"
    app.add_url_rule("/s", "s", lambda: render_template_string(snippet))
    client = app.test_client()

    answers = [
        client.get("/s", headers={"User-Agent": "Mozilla/5.0"}),
        client.get("/_a/a.js"),
        client.post("/_a/e", json={"events": [{"event_name": "a"}]}),
        client.post("/buy"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 204, 200]
    assert not [answer for answer in answers if "Set-Cookie" in answer.headers]
    assert not [answer for answer in answers if "Cookie" in answer.headers.get("Vary", "")]


@pytest.mark.parametrize("proof", sorted(set(re.findall(r"`(tests/[\w/.]+::\w+)`", PAGE))))
def test_every_proof_is_there(proof: str) -> None:
    """A test that the page names is one."""
    path, _, name = proof.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.M), proof


def test_every_field_of_an_event_is_told() -> None:
    """A new field is somebody's decision: the page says what it is about."""
    missing = [name for name in Event.__struct_fields__ if f"`{name}`" not in PAGE]
    assert missing == []
