"""Who may ask and who may write: nobody, until somebody says so, on every route there is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics import Analytics
from flask_analytics.errors import ConfigurationError

KEY = "write-me"
HASHED = "sha256:" + hashlib.sha256(KEY.encode()).hexdigest()
EVENT = {"events": [{"name": "a"}]}


def routes(app: Flask, blueprint: str) -> Iterator[tuple[str, str]]:
    """Every path and method of a blueprint."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{blueprint}."):
            for method in rule.methods or ():
                yield rule.rule.replace("<path:rest>", "anything"), method


def test_nobody_may_read_at_first(app: Flask, client: FlaskClient) -> None:
    """Every route of the read API, the document too, by every method."""
    found = list(routes(app, "flask_analytics_api"))

    assert len({path for path, _ in found}) == 17
    for path, method in found:
        answer = client.open(path, method=method)
        assert answer.status_code == 403, (path, method)
        assert answer.mimetype == "application/problem+json"


def test_nobody_may_write_at_first(app: Flask, client: FlaskClient) -> None:
    """Without keys there is no way in, whatever is sent, and the answer names the setting."""
    found = list(routes(app, "flask_analytics_write"))

    assert {path for path, _ in found} == {"/analytics/api/events", "/analytics/api/identify"}
    for path, method in found:
        answer = client.open(path, method=method, headers={"Authorization": "Bearer "}, json=EVENT)
        assert answer.status_code == 403, (path, method)
        if method != "HEAD":
            assert "ANALYTICS_WRITE_KEYS" in answer.get_json()["detail"]


def test_a_read_token_reads_and_does_not_write(make_app: Callable[..., Flask]) -> None:
    """Tokens and keys are not the same."""
    app = make_app(ANALYTICS_READ_TOKENS={"r": "read-me"}, ANALYTICS_WRITE_KEYS={"w": KEY})
    reads = {"Authorization": "Bearer read-me"}
    writes = {"Authorization": f"Bearer {KEY}"}
    client = app.test_client()

    assert client.get("/analytics/api/openapi.json", headers=reads).status_code == 200
    assert client.get("/analytics/api/openapi.json", headers=writes).status_code == 401
    assert client.post("/analytics/api/events", json=EVENT, headers=reads).status_code == 401
    assert client.post("/analytics/api/events", json=EVENT, headers=writes).status_code == 202


@pytest.mark.parametrize("given", [KEY, HASHED], ids=["plain", "hashed"])
def test_keys(make_app: Callable[..., Flask], given: str) -> None:
    """As Bearer, or as the user name of Basic with any password; given as such or as a hash."""
    client = make_app(ANALYTICS_WRITE_KEYS={"other": "x", "mobile": given}).test_client()
    path = "/analytics/api/events"
    good = [{"headers": {"Authorization": f"Bearer {KEY}"}}, {"auth": (KEY, "")}]
    good.append({"auth": (KEY, "anything")})
    bad = [{}, {"auth": ("", KEY)}, {"auth": ("nobody", KEY)}]
    bad += [{"headers": {"Authorization": word}} for word in (f"Bearer {KEY}x", HASHED, "Basic !")]
    bad += [{"headers": {"Authorization": f"Bearer {HASHED}"}}, {"query_string": {"key": KEY}}]

    for options in good:
        assert client.post(path, json=EVENT, **options).status_code == 202, options
    for options in bad:
        answer = client.post(path, json=EVENT, **options)
        assert answer.status_code == 401, options
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "key" in answer.get_json()["detail"]


def test_a_hash_that_is_none_stops_the_start() -> None:
    """A key that nobody could ever send is a mistake."""
    app = Flask("shop")
    app.config["ANALYTICS_WRITE_KEYS"] = {"mobile": "sha256:1234"}

    with pytest.raises(ConfigurationError, match=r"'mobile' of ANALYTICS_WRITE_KEYS"):
        Analytics(app)


def test_pages_of_others_cannot_write(make_app: Callable[..., Flask]) -> None:
    """No CORS header, and a type that a form cannot send."""
    client = make_app(ANALYTICS_WRITE_KEYS={"w": KEY}).test_client()
    path, auth = "/analytics/api/events", (KEY, "")
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    answers = [
        client.options(path, headers=headers),
        client.options(path, headers=headers, auth=auth),
        client.post(path, data='{"events": []}', content_type="text/plain", auth=auth),
        client.post(path, json=EVENT, headers=headers, auth=auth),
    ]

    assert [answer.status_code for answer in answers] == [401, 200, 415, 202]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
