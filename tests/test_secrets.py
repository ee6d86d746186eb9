"""Secrets that were planted everywhere are found nowhere, whatever goes wrong."""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import pprint
import traceback
from collections import deque
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics, Event
from flask_analytics.collectors import WebhookCollector
from flask_analytics.collectors.address import SCHEMES, from_address
from flask_analytics.collectors.base import Batch
from flask_analytics.errors import ConfigurationError
from flask_analytics.event import encode
from flask_analytics.testing import Answer, FakeDestination

from .deploy.actors import wait_until

#: Each secret begins so, and ends with whose it is.
MARK = "plantedsecret"

#: The same as HTTP writes users and passwords.
MARKS = (
    MARK,
    *(base64.b64encode(f"{before}{MARK}".encode()).decode()[:16] for before in ("", "me:")),
)

#: Scheme -> an address with every secret it can have. Plausible and Umami have none of their own.
ADDRESSES = {
    "webhook+http": f"webhook+http://me:{MARK}-userinfo@{{place}}/x?token={MARK}-query&secret={MARK}-sign",
    "ga4": f"ga4://G-XXXXXXXXXX:{MARK}-ga4@",
    "mixpanel": f"mixpanel://{MARK}-mixpanel@",
    "segment": f"segment://{MARK}-segment@",
    "posthog": f"posthog://{MARK}-posthog@",
    "amplitude": f"amplitude://{MARK}-amplitude@",
    "matomo": f"matomo://1:{MARK}-matomo@",
    "plausible": f"plausible://shop.example?proxy=http://me:{MARK}-proxy@{{place}}",
    "umami": "umami://2d8a1d26-7b6c-4c7e-9d9c-0f5b0a4ab1de@",
}
LOCAL = {"stdout", "memory", "webhook+https"}

#: A destination that repeats what it was told in every field that somebody could read a reason
#: from, with each key there is.
KEYS = " ".join(f"{MARK}-{name}" for name in ("ga4", "mixpanel", "segment", "posthog", "amplitude",
                                              "matomo", "query"))  # fmt: skip
ECHO = json.dumps(dict.fromkeys(
    ("error", "message", "detail", "status", "code", "reason", "type", "title"),
    f"the key {KEYS} is wrong",
)).encode()  # fmt: skip

FAULTS: dict[str, Answer | None] = {
    "taken": Answer(200, body=b'{"status":"success","tracked":1,"success":true}'),
    "key refused": Answer(401, body=ECHO),
    "event refused": Answer(400, body=ECHO),
    "good status, bad words": Answer(200, body=ECHO),
    "server error": Answer(500, body=ECHO),
    "redirect": Answer(302, {"Location": f"http://127.0.0.1:9/?key={MARK}-ga4"}, ECHO),
    "away": None,
}

SURFACES = ("log", "output", "reprs", "stats", "pages", "files", "commands", "exceptions")

APP = {
    "SECRET_KEY": f"{MARK}-secretkey",
    "ANALYTICS_READ_TOKENS": {"reports": f"{MARK}-token"},
    "ANALYTICS_WRITE_KEYS": {"mobile": f"{MARK}-write"},
    "ANALYTICS_STORE": "embedded:",
}

Seen = dict[str, str]


class _Lines(logging.Handler):
    """Everything that anybody logs, as a file would show it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record) + repr(record.args))


def addresses(place: str) -> list[Any]:
    """All collectors, aimed at one place, and one whose header is a key."""
    found: list[Any] = []
    for address in ADDRESSES.values():
        text = address.format(place=place)
        end = "" if "webhook" in text else f"{'&' if '?' in text else '?'}endpoint=http://{place}"
        found.append(f"{text}{end}{'&' if '?' in text + end else '?'}flush_interval=0.05")
    headers = {"Authorization": f"Bearer {MARK}-header", "X-Api-Key": f"{MARK}-header"}
    found.append(WebhookCollector(f"http://{place}/y", headers=headers, flush_interval=0.05))
    return found


@pytest.fixture(scope="module", params=FAULTS)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """What every surface shows after events went to every collector, and this came back."""
    fault = FAULTS[request.param]
    home = tmp_path_factory.mktemp("secrets")
    lines, output = _Lines(), io.StringIO()
    root = logging.getLogger()
    loggers = [root, logging.getLogger("urllib3")]  # a client of ClickHouse lets that one say less
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(lines)
    try:
        with FakeDestination() as destination, redirect_stdout(output), redirect_stderr(output):
            destination.answers = deque([fault] * 1000) if fault else destination.answers
            place = destination.url.split("/")[2] if fault else "127.0.0.1:9"
            app, analytics = shop(home, place)
            story(app, analytics, place)
            found = shown(app, analytics, home)
            arrived = repr(destination.requests)
    finally:
        root.removeHandler(lines)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
    found |= {"log": "\n".join(lines.lines), "output": output.getvalue(), "arrived": arrived}
    found["fault"] = request.param
    return found


def shop(home: Path, place: str) -> tuple[Flask, Analytics]:
    app = Flask("shop", instance_path=str(home))
    app.config.update(APP, ANALYTICS_DIR=str(home), ANALYTICS_COLLECTORS=addresses(place))
    analytics = Analytics(app)
    analytics.access(lambda: True)
    app.add_url_rule("/", "home", lambda: "<p>home</p>")
    return app, analytics


def story(app: Flask, analytics: Analytics, place: str) -> None:
    """A visit, wrong and right keys of machines, a test event, and what becomes of them."""
    client = app.test_client()
    for _ in range(3):
        client.get("/")
    sent = {"events": [{"name": "a"}]}
    for key in (f"{MARK}-write", f"{MARK}-wrong"):
        client.post("/analytics/api/events", json=sent, headers={"Authorization": f"Bearer {key}"})
        client.post("/analytics/v1/track", json={"event": "a", "userId": "u"}, auth=(key, ""))
        client.post("/analytics/v1/track", json={"event": "a", "userId": "u", "writeKey": key})
        client.get("/analytics/health", headers={"Authorization": f"Bearer {key}"})
    lanes = lambda: analytics.stats()["collectors"].items()  # noqa: E731
    wait_until(
        lambda: all(lane["delivered"] or lane["rejected"] or lane["reason"] or lane["state"] != "ok"
                    for name, lane in lanes()),
        "some collector has not tried", 60,
    )  # fmt: skip


def shown(app: Flask, analytics: Analytics, home: Path) -> Seen:
    """All that can be looked at, as text."""
    state = app.extensions["analytics"]
    collectors = [*state.collectors.values()]
    things = [*collectors, state, state.settings, state.pipeline, state.store, analytics]
    client, runner = app.test_client(), app.test_cli_runner()
    pages = [client.get(rule.rule, headers={"Accept": accept}).text
             for rule in app.url_map.iter_rules()
             for accept in ("text/html", "*/*")
             if "GET" in (rule.methods or ()) and not rule.arguments]  # fmt: skip
    commands = [("stats",), ("stats", "--json"), ("health",), ("doctor",), ("doctor", "--json"),
                ("doctor", "--send"), ("top",), ("export", "-"), ("replay", "--to", "nobody"),
                ("migrate-store", f"clickhouse://me:{MARK}-store@127.0.0.1:9/x")]  # fmt: skip
    told = [runner.invoke(args=["analytics", *words]) for words in commands]
    found = {
        "reprs": "".join(f"{one!r} {one} {pprint.pformat(one)}" for one in things),
        "stats": repr(analytics.stats()),
        "pages": "".join(pages),
        "commands": "".join(f"{one.output}{one.exception!r}" for one in told),
        "exceptions": "".join(raised(one) for one in collectors if hasattr(one, "http")),
    }
    analytics.close(0.5)
    found["files"] = "".join(
        path.read_bytes().decode("latin-1") for path in home.rglob("*") if path.is_file()
    )
    return found


def raised(collector: Any) -> str:
    """The error of a send, with its chain, as a log would have it."""
    own = copy.copy(collector)
    own.start()
    try:
        body = encode(Event(message_id="m", event_name="a", url="http://a/", hostname="a"))
        return repr(own.send(Batch([body], 1.0)))
    except Exception as error:
        return repr(error) + "".join(traceback.format_exception(error))
    finally:
        own.close()


@pytest.mark.slow
@pytest.mark.parametrize("surface", SURFACES)
def test_no_secret_is_shown(seen: Seen, surface: str) -> None:
    """Of no collector, in whatever way its destination fails, and none of the application's."""
    text = seen[surface]

    around = [text[max(0, at - 120) : at + 60] for mark in MARKS if (at := text.find(mark)) >= 0]
    assert not around, f"{seen['fault']}: {around}"


@pytest.mark.slow
def test_what_is_searched_is_there(seen: Seen) -> None:
    """Every surface shows something, and the destinations were shown every secret: the tests above
    could fail."""
    assert all(seen[surface] for surface in SURFACES if surface != "output")
    assert '"POST ' in seen["log"] or seen["fault"] == "away"
    if seen["fault"] != "away":
        sent = ("ga4", "posthog", "amplitude", "matomo", "query", "header")
        for mark in (*(f"{MARK}-{name}" for name in sent), *MARKS):
            assert mark in seen["arrived"], mark


def test_every_collector_is_among_them() -> None:
    """A new one is added above."""
    assert set(ADDRESSES) | LOCAL == set(SCHEMES)


@pytest.mark.parametrize("scheme", ADDRESSES)
@pytest.mark.parametrize(
    "end",
    [f"?timeout={MARK}", f"?nonsense={MARK}", "?timeout=-1", f"?ca_file=/{MARK}/x",
     f"?endpoint={MARK}", f":{MARK}:{MARK}@", f"?proxy={MARK}", "?proxy=http://a:1&allow_private=false"],
)  # fmt: skip
def test_no_error_of_set_up_shows_a_key(scheme: str, end: str) -> None:
    """Whatever is wrong with an address: the option is named, and only what it was itself given
    may stand there."""
    address = ADDRESSES[scheme].format(place="127.0.0.1:9")
    wrong = address + (end.replace("?", "&") if "?" in address else end)

    try:
        from_address(wrong)
    except ConfigurationError as error:
        told = "".join(traceback.format_exception(error))
    else:  # a webhook's own query, say
        told = ""

    lines = [line for line in told.splitlines() if not line.startswith("    ")]
    assert f"{MARK}-" not in "\n".join(lines)
