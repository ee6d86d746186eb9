"""Who may read: nobody, until somebody is let in."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, request
from flask.testing import FlaskClient

from flask_analytics import Analytics, Event
from flask_analytics.errors import ConfigurationError
from flask_analytics.testing import capture_events

HEALTH = "/analytics/health"

TOKEN = "a-long-random-token"

MakeApp = Callable[..., Flask]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def debugged(make_app: MakeApp) -> FlaskClient:
    """A client on this machine, of an application in debug mode without access rules."""
    return make_app(DEBUG=True).test_client()


def test_refusal_names_the_cure(client: FlaskClient) -> None:
    """Who has just installed it reads what to do, and no cache keeps it."""
    answer = client.get(HEALTH)

    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    assert "@analytics.access" in answer.json["detail"]
    assert "ANALYTICS_READ_TOKENS" in answer.json["detail"]


@pytest.mark.parametrize("written", [TOKEN, "sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()])
def test_machine_with_a_token_reads(make_app: MakeApp, written: str) -> None:
    """Whether the configuration has the token or its hash; the hash itself opens nothing."""
    tokens = {"other": "another", "reports": written, "last": "one-more"}
    client = make_app(ANALYTICS_READ_TOKENS=tokens).test_client()

    assert client.get(HEALTH, headers=bearer(TOKEN)).status_code == 200
    assert client.get(HEALTH, headers={"Authorization": f"bearer   {TOKEN} "}).status_code == 200
    for wrong in ("", "x", TOKEN[:-1], TOKEN + "x", written[7:], f"sha256:{TOKEN}", "reports"):
        answer = client.get(HEALTH, headers=bearer(wrong))
        assert answer.status_code in (401, 403), wrong
    for header in (TOKEN, f"Basic {TOKEN}", f"Token {TOKEN}", "Bearer"):
        assert client.get(HEALTH, headers={"Authorization": header}).status_code == 401, header
    assert client.get(f"{HEALTH}?token={TOKEN}").status_code == 401
    assert client.get(HEALTH).headers["WWW-Authenticate"] == "Bearer"


def test_wrong_token_is_told_so(client: FlaskClient) -> None:
    """With the header that the standard asks for (RFC 6750)."""
    answer = client.get(HEALTH, headers=bearer("x"))

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_token_may_be_any_text(make_app: MakeApp) -> None:
    """It is compared as bytes, as they come over the wire."""
    client = make_app(ANALYTICS_READ_TOKENS={"reports": "grüße-ключ"}).test_client()
    sent = "grüße-ключ".encode().decode("latin-1")

    assert client.get(HEALTH, headers=bearer(sent)).status_code == 200
    assert client.get(HEALTH, headers=bearer("gr\xfc\xdfe")).status_code == 401


@pytest.mark.parametrize("token", ["sha256:", "sha256:zz", "sha256:" + "ab" * 31])
def test_hash_that_is_none_stops_the_start(make_app: MakeApp, token: str) -> None:
    """Loudly, by name, without showing it."""
    with pytest.raises(ConfigurationError, match=r"'reports'.*64 hexadecimal") as error:
        make_app(ANALYTICS_READ_TOKENS={"reports": token})

    assert not {"zz", "ab" * 31} & set(str(error.value).replace('"', " ").split())


def test_the_application_decides(app: Flask, analytics: Analytics, client: FlaskClient) -> None:
    """Its callable runs inside the request, for every one."""

    @analytics.access
    def staff() -> bool:
        return request.args.get("who") == "staff"

    assert client.get(f"{HEALTH}?who=staff").status_code == 200
    assert client.get(f"{HEALTH}?who=guest").status_code == 403


def test_response_of_the_application_is_passed_on(
    analytics: Analytics, client: FlaskClient
) -> None:
    """A redirect to a login; it is not kept by any cache either."""
    analytics.access(lambda: redirect("/login"))

    answer = client.get(HEALTH)

    assert (answer.status_code, answer.location) == (302, "/login")
    assert answer.headers["Cache-Control"] == "no-store"


def test_page_of_the_application_does_not_let_in(analytics: Analytics, client: FlaskClient) -> None:
    """A login form with status 200 is shown instead of the numbers."""
    analytics.access(lambda: Response("please log in"))

    assert client.get(HEALTH).text == "please log in"


def test_abort_says_it_as_well(analytics: Analytics, client: FlaskClient) -> None:
    """As views do."""

    @analytics.access
    def nobody() -> bool:
        abort(404)

    assert client.get(HEALTH).status_code == 404


@pytest.mark.parametrize("answer", [1, "yes", object(), ["admin"], None, ("ok", 200), 0])
def test_only_true_lets_in(
    analytics: Analytics, client: FlaskClient, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A callable that forgets to compare gives something that is merely true."""
    analytics.access(lambda: answer)

    with caplog.at_level(logging.WARNING):
        assert client.get(HEALTH).status_code == 403
    assert ("True, False" in caplog.text) is (answer is not None)


def test_async_callable_is_asked(
    analytics: Analytics, client: FlaskClient, in_thread: Callable[..., Any]
) -> None:
    """A coroutine that nobody awaits would be true."""

    @analytics.access
    async def nobody() -> bool:
        return False

    assert in_thread(lambda: client.get(HEALTH)).status_code == 403

    @analytics.access
    async def everybody() -> bool:
        return True

    assert in_thread(lambda: client.get(HEALTH)).status_code == 200


def test_callable_that_fails_refuses(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    """In production it is logged; while developing it is seen."""
    analytics = Analytics()
    app = make_app(analytics, TESTING=False)

    @analytics.access
    def broken() -> bool:
        raise LookupError("no such user")

    with caplog.at_level(logging.WARNING):
        assert app.test_client().get(HEALTH).status_code == 403
    assert "no such user" in caplog.text

    app.testing = True
    with pytest.raises(LookupError):
        app.test_client().get(HEALTH)


def test_token_reads_where_the_application_decides(make_app: MakeApp) -> None:
    """And a token that is not ours is left to the application, which may know it."""
    analytics = Analytics()
    client = make_app(analytics, ANALYTICS_READ_TOKENS={"reports": TOKEN}).test_client()
    analytics.access(lambda: request.headers.get("Authorization") == "Bearer its-own")

    assert client.get(HEALTH, headers=bearer(TOKEN)).status_code == 200
    assert client.get(HEALTH, headers=bearer("its-own")).status_code == 200
    assert client.get(HEALTH, headers=bearer("other")).status_code == 403


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost:5000"),
        ("127.0.0.1", "LOCALHOST"),
        ("::1", "[::1]:5000"),
        ("::ffff:127.0.0.1", "127.0.0.1:80"),
    ],
)
def test_debug_mode_lets_this_machine_in(debugged: FlaskClient, address: str, host: str) -> None:
    """While developing there is no login yet."""
    environ = {"REMOTE_ADDR": address, "HTTP_HOST": host}

    assert debugged.get(HEALTH, environ_overrides=environ).status_code == 200


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.0.2.1", "127.0.0.1"),
        ("192.0.2.1", "localhost"),
        ("127.0.0.1", "evil.example"),
        ("127.0.0.1", "127.0.0.1.evil.example"),
        ("127.0.0.1", "localhost.evil.example:5000"),
        ("127.0.0.1", "[::1].evil.example"),
        ("127.0.0.1", "127.0.0.1@evil.example"),
        ("127.0.0.1", "evil.example:127.0.0.1"),
        ("127.0.0.1", ""),
        ("", "127.0.0.1"),
        ("::ffff:192.0.2.1", "localhost"),
        ("unknown", "localhost"),
    ],
)
def test_debug_mode_lets_nobody_else_in(debugged: FlaskClient, address: str, host: str) -> None:
    """A name of somebody else's that leads to this machine (DNS rebinding) is not this machine."""
    environ = {"REMOTE_ADDR": address, "HTTP_HOST": host, "SERVER_NAME": "evil.example"}

    answer = debugged.get(HEALTH, environ_overrides=environ)

    assert answer.status_code in (400, 403)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_debug_mode_behind_a_proxy_lets_nobody_in(debugged: FlaskClient, header: str) -> None:
    """Then everybody seems to be on this machine."""
    assert debugged.get(HEALTH, headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    ("site", "status"),
    [("none", 200), ("same-origin", 200), ("same-site", 403), ("cross-site", 403)],
)
def test_debug_mode_is_not_for_pages_from_elsewhere(
    debugged: FlaskClient, site: str, status: int
) -> None:
    """An application that allows every origin (CORS) would hand them the answer."""
    assert debugged.get(HEALTH, headers={"Sec-Fetch-Site": site}).status_code == status


def test_debug_mode_asks_the_application_where_it_decides(make_app: MakeApp) -> None:
    """So that access can be tried out while developing."""
    analytics = Analytics()
    app = make_app(analytics, DEBUG=True)
    analytics.access(lambda: False)

    assert app.test_client().get(HEALTH).status_code == 403


def test_production_lets_nobody_in_from_this_machine(client: FlaskClient) -> None:
    """A proxy beside it would make everybody local."""
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1"}

    assert client.get(HEALTH, environ_overrides=environ).status_code == 403


@pytest.mark.parametrize(
    "path", [HEALTH, f"{HEALTH}/prometheus", f"{HEALTH}/nothing", "/analytics/nothing"]
)
@pytest.mark.parametrize("is_allowed", [True, False])
def test_looking_is_no_event(
    app: Flask, analytics: Analytics, events: list[Event], path: str, is_allowed: bool
) -> None:
    """Whoever watches the numbers must not change them; whoever is refused does not either."""
    analytics.access(lambda: is_allowed or redirect("/login"))

    app.test_client().get(path)
    app.test_client().post(path)

    assert events == []


def test_pages_of_the_application_beside_ours_are_events(make_app: MakeApp) -> None:
    """Its own route under the same prefix stays its own."""
    app = make_app()
    app.add_url_rule("/analytics/report", "report", lambda: "<p>ours</p>")

    with capture_events(app) as events:
        app.test_client().get("/analytics/report")

    assert [event.path for event in events] == ["/analytics/report"]
