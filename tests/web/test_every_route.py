"""Every route of ours, by every method: who is answered, and with which headers."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import flask_login
import pytest
from flask import Flask, abort, request
from markupsafe import Markup
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from flask_analytics import Analytics, Event
from flask_analytics.assets import HOME
from flask_analytics.event import Source, encode
from flask_analytics.hooks import OWN
from flask_analytics.store.memory import MemoryStore

MakeApp = Callable[..., Flask]

#: What pages need without being anybody: files that tell nothing, and where their events go,
#: which is tests/web/test_endpoint.py's. Whoever adds one says so here.
FILES = {
    "flask_analytics.module",
    "flask_analytics.part",
    "flask_analytics.map",
    "flask_analytics.door",
    "flask_analytics_look.file",
}
PUBLIC = {*FILES, "flask_analytics.ingest"}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")

TOKEN, KEY = "a-long-random-token", "a-long-random-key"

#: Stands in the store; no answer to a stranger has it.
PLANTED = "planted-event"

SETTINGS = {
    "ANALYTICS_READ_TOKENS": {"reports": TOKEN},
    "ANALYTICS_WRITE_KEYS": {"mobile": KEY},
    "ANALYTICS_STORE": "memory:",
}


def bearer(token: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token}"}}


def basic(key: str) -> dict[str, Any]:
    return {"auth": (key, "")}


def fails() -> bool:
    raise LookupError("no such user")


def aborts() -> bool:
    abort(403)


AWAY = {"REMOTE_ADDR": "192.0.2.1", "HTTP_HOST": "localhost"}
HERE = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}
REBOUND = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "evil.example"}
PROXIED = {**HERE, "HTTP_X_FORWARDED_FOR": "192.0.2.1"}
CROSS = {**HERE, "HTTP_SEC_FETCH_SITE": "cross-site"}

#: Who comes -> what the application says, its settings, and what the request has.
STRANGERS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "nobody": (None, {}, {}),
    "nobody, from loopback": (None, {}, {"environ_overrides": HERE}),
    "nobody, nothing is set": (None, {name: {} for name in list(SETTINGS)[:2]}, {}),
    "wrong token": (None, {}, bearer("wrong")),
    "empty token": (None, {}, bearer("")),
    "token in the query": (None, {}, {"query_string": {"token": TOKEN, "access_token": TOKEN}}),
    "wrong write key": (None, {}, basic("wrong")),
    "refused": (lambda: False, {}, {}),
    "refused, wrong token": (lambda: False, {}, bearer("wrong")),
    "merely true": (lambda: "yes", {}, {}),
    "access fails": (fails, {}, {}),
    "access aborts": (aborts, {}, {}),
    "debug, from elsewhere": (None, {"DEBUG": True}, {"environ_overrides": AWAY}),
    "debug, by a name of theirs": (None, {"DEBUG": True}, {"environ_overrides": REBOUND}),
    "debug, behind a proxy": (None, {"DEBUG": True}, {"environ_overrides": PROXIED}),
    "debug, a page from elsewhere": (None, {"DEBUG": True}, {"environ_overrides": CROSS}),
    "debug, refused": (lambda: False, {"DEBUG": True}, {"environ_overrides": HERE}),
}


def build(make_app: MakeApp, access: Any = None, **settings: Any) -> Flask:
    """An application in production with one event in its store, and somebody's word on access."""
    analytics = Analytics()
    own = {"TESTING": False, "ANALYTICS_DURABILITY": "memory", **SETTINGS, **settings}
    app = make_app(analytics, **own)
    store = MemoryStore()
    told = Event(
        event_name=PLANTED,
        user_id="planted-user",
        message_id="m",
        source=Source.API,
        timestamp=datetime.now(UTC),
    )
    store.append([encode(told)])
    app.extensions["analytics"].store = lambda: store
    if access is not None:
        analytics.access(access)
    return app


def routes(app: Flask, *without: str) -> Iterator[tuple[str, str, set[str]]]:
    """Endpoint, path and methods of each route of ours."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(OWN) and rule.endpoint not in without:
            methods = rule.methods or set()
            values = dict.fromkeys(rule.arguments, "1")
            path = app.url_map.bind("localhost").build(rule.endpoint, values, method=min(methods))
            yield rule.endpoint, path, methods


@pytest.mark.parametrize("who", STRANGERS)
def test_no_route_answers_a_stranger(make_app: MakeApp, who: str) -> None:
    """By no method, with nothing of what the store has: a new route without a guard fails here."""
    access, settings, sent = STRANGERS[who]
    app = build(make_app, access, **settings)
    found = list(routes(app, *PUBLIC))
    client = app.test_client()

    for endpoint, path, allowed in found:
        for method in METHODS:
            answer = client.open(path, method=method, **sent)
            right = {401, 403} if method in allowed else {401, 403, 404, 405}
            assert answer.status_code in right, (endpoint, path, method, answer.status_code)
            assert PLANTED not in answer.text
    assert len(found) > 50


def test_no_other_route_is_public(make_app: MakeApp) -> None:
    """Whoever adds one says so above; the files tell nothing of the application."""
    app = build(make_app)
    client = app.test_client()

    rules = {endpoint: path for endpoint, path, _ in routes(app)}
    assert rules.keys() >= PUBLIC
    for endpoint in FILES:
        answer = client.get(rules[endpoint])
        assert answer.status_code in (200, 404), endpoint
        assert PLANTED not in answer.text
        assert not answer.headers.getlist("Set-Cookie")


def test_a_write_key_reads_nothing_and_a_read_token_writes_nothing(make_app: MakeApp) -> None:
    """Neither opens what is the other's, on any route."""
    app = build(make_app)
    client = app.test_client()
    writers = ("flask_analytics_write", "flask_analytics_tracking")

    for endpoint, path, methods in routes(app, *PUBLIC):
        is_writer = endpoint.startswith(writers)
        for method in methods:
            for sent in (bearer(TOKEN),) if is_writer else (bearer(KEY), basic(KEY)):
                answer = client.open(path, method=method, **sent)
                assert answer.status_code in (401, 403), (endpoint, method)


def test_a_read_token_changes_nothing(make_app: MakeApp) -> None:
    """Even one who takes the form's cookie and token from the page that it may read."""
    app = build(make_app)
    client = app.test_client()
    page = client.get("/analytics/people?id=planted-user&confirm=forget", **bearer(TOKEN))
    cookie = client.get_cookie("analytics_form", path="/analytics/")
    assert page.status_code == 200
    assert cookie is not None

    for endpoint, path, methods in routes(app, *PUBLIC):
        if "POST" in methods and endpoint.startswith("flask_analytics_dashboard."):
            sent = {"token": cookie.value, "id": "planted-user", "name": "x", "page": "events"}
            answer = client.post(path, data=sent, **bearer(TOKEN))
            assert answer.status_code in (403, 404), endpoint

    assert app.extensions["analytics"].store().describe()["events"] == 1


def test_debug_mode_on_this_machine_reads(make_app: MakeApp) -> None:
    """While developing there is no login yet: every page opens."""
    client = build(make_app, DEBUG=True).test_client()

    for path in ("", "events", "people", "health", "api/volume", "api/openapi.json"):
        answer = client.get(f"/analytics/{path}", environ_overrides=HERE)
        assert answer.status_code == 200, path


# -- headers


def assert_is_dressed(endpoint: str, answer: TestResponse) -> None:
    """Not guessed at, not framed, without a way to load anything, kept by nobody."""
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    assert headers.get("X-Content-Type-Options") == "nosniff", endpoint
    assert headers.get("X-Frame-Options") == "DENY", endpoint
    assert headers.get("Referrer-Policy") in ("no-referrer", "same-origin"), endpoint
    assert "default-src 'none'" in policy, endpoint
    assert "frame-ancestors 'none'" in policy, endpoint
    assert "unsafe" not in policy, endpoint
    if endpoint not in FILES:
        assert headers.get("Cache-Control") in ("no-store", "private, no-cache"), endpoint
    assert not [name for name, _ in headers if name.lower().startswith("access-control-")], endpoint


@pytest.mark.parametrize("is_let_in", [True, False])
@pytest.mark.parametrize("wants", ["text/html", "*/*"])
def test_every_answer_has_the_headers(make_app: MakeApp, is_let_in: bool, wants: str) -> None:
    """Pages, numbers, files, refusals, redirects and mistakes, also to a page from elsewhere."""
    app = build(make_app, lambda: is_let_in)
    client = app.test_client()
    sent = {"Accept": wants, "Origin": "https://evil.example"}

    for endpoint, path, methods in routes(app):
        for method in methods:
            for query in ("", "?days=x", "?days=7&field=device&op=%3D&value=mobile"):
                assert_is_dressed(endpoint, client.open(path + query, method=method, headers=sent))


def test_only_senders_of_a_configured_origin_read_across(make_app: MakeApp) -> None:
    """ANALYTICS_CORS_ORIGINS opens the tracking API to exactly those, and nothing else."""
    ours = "https://app.example.com"
    app = build(make_app, lambda: True, ANALYTICS_CORS_ORIGINS=[ours])
    client = app.test_client()

    for endpoint, path, methods in routes(app):
        for method in methods:
            for origin in (ours, ours + ".evil.example", "http://app.example.com", "null"):
                answer = client.open(path, method=method, headers={"Origin": origin})
                told = answer.headers.get("Access-Control-Allow-Origin")
                is_open = endpoint.startswith("flask_analytics_tracking") and origin == ours
                assert told == (ours if is_open else None), (endpoint, method, origin)
                assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_applications_own_pages_keep_their_looks(make_app: MakeApp) -> None:
    """A login that access passes on is not put under our policy, which would undress it."""
    app = build(make_app, lambda: app.make_response("<style>h1 {}</style><h1>Log in</h1>"))

    answer = app.test_client().get("/analytics/")

    assert "Content-Security-Policy" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


# -- files


@pytest.fixture
def served(make_app: MakeApp) -> Iterator[Callable[[str], tuple[int, bytes]]]:
    """A real server, asked with paths as they stand: clients tidy them up."""
    server = make_server("127.0.0.1", 0, build(make_app, lambda: True), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()

    def ask(path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        try:
            connection.putrequest("GET", path, skip_host=True)
            connection.putheader("Host", "localhost")
            connection.putheader("Connection", "close")
            connection.endheaders()
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    yield ask
    server.shutdown()
    thread.join()
    server.server_close()


#: Ways out of a folder.
UP = ("..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "....//..", "%252e%252e", ".%00.",
      "%c0%ae%c0%ae")  # fmt: skip


@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize("start", ["/_a", "/analytics/look", "/analytics"])
def test_no_path_leaves_its_folder(served: Any, start: str, up: str) -> None:
    """Neither to our own sources nor to anybody else's files."""
    secret = (HOME / "static" / "core.js").read_bytes()
    goals = ("pyproject.toml", "etc/passwd", "static/core.js", "core.js", "flask_analytics/log.py")

    for goal in goals:
        for path in (f"{start}/{up}/{goal}", f"{start}/{up}%2f{goal}", f"{start}//{goal}",
                     f"{start}/{up}/{up}/{up}/{up}/{goal}"):  # fmt: skip
            status, body = served(path)
            assert status in (308, 400, 404), path
            assert b"root:" not in body, path
            assert b"from __future__" not in body, path
            assert secret not in body, path


# -- logins


def test_the_code_of_the_closed_page_works(make_app: MakeApp) -> None:
    """Whoever copies it lets staff in, sends strangers to the login, and refuses the rest."""
    analytics = Analytics()
    app = make_app(analytics, ANALYTICS_STORE="memory:")
    flask_login.LoginManager(app).user_loader(Person)
    app.add_url_rule("/login", "login", Person.enter, methods=["POST"])
    closed = app.test_client().get("/analytics/", headers={"Accept": "text/html"}).text
    code = Markup(closed.partition("<pre><code>")[2].partition("</code>")[0]).unescape()

    exec(code, {"analytics": analytics})

    client = app.test_client()
    stranger = client.get("/analytics/")
    client.post("/login", data={"id": "guest"})
    guest = client.get("/analytics/")
    client.post("/login", data={"id": "admin"})
    admin = client.get("/analytics/")
    assert (stranger.status_code, stranger.location) == (302, "/login")
    assert (guest.status_code, admin.status_code) == (403, 200)


class Person(flask_login.UserMixin):
    def __init__(self, id: str) -> None:
        self.id = id

    @classmethod
    def enter(cls) -> str:
        flask_login.login_user(cls(request.form["id"]))
        return "in"

    @property
    def is_admin(self) -> bool:
        return self.id == "admin"
