"""Segment's library for browsers, in Chromium, on pages of the shop and of another site."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ..deploy.actors import wait_until
from .conftest import KEY, Shop

pytestmark = pytest.mark.deploy

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cart</title>
<script src="/segment.js"></script></head><body></body></html>"""

WRONG = "not-the-key"


class Site(ThreadingHTTPServer):
    """Another site: a page with the library in it, and what Segment's servers answer to it when
    it starts."""

    def __init__(self, port: int, library: bytes) -> None:
        self.files = {
            "/cart": ("text/html", PAGE.encode()),
            "/segment.js": ("text/javascript", library),
        }
        for key in (KEY, WRONG):
            settings = json.dumps({"integrations": {"Segment.io": {"apiKey": key}}}).encode()
            self.files[f"/v1/projects/{key}/settings"] = ("application/json", settings)
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        kind, content = self.server.files.get(self.path.partition("?")[0], ("text/plain", b""))
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(shop: Shop, node_modules: Path) -> Iterator[str]:
    """The other site, whose origin the shop knows; its address."""
    library = node_modules / "@segment" / "analytics-next" / "dist" / "umd" / "index.js"
    server = Site(shop.elsewhere, library.read_bytes())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{shop.elsewhere}"
    server.shutdown()
    thread.join()
    server.server_close()


Play = Callable[..., Any]

#: As Segment's documentation has it, but for the address.
LOAD = """(told) => {
    const failures = (window.failures = []);
    window.analytics = AnalyticsNext.AnalyticsBrowser.load(
        { writeKey: told.key, ...(told.strategy ? { cdnURL: location.origin }
            : { cdnSettings: { integrations: { "Segment.io": { apiKey: told.key } } } }) },
        { integrations: { "Segment.io": {
            apiHost: told.host, protocol: "http",
            deliveryStrategy: told.strategy } } },
    );
    return analytics.then(([loaded]) => loaded.on("error", (e) => failures.push(String(e.reason))));
}"""


@pytest.fixture
def play(browser: Any, shop: Shop, site: str) -> Iterator[Play]:
    """Load the library on a page of a site, and run a script there."""
    context = browser.new_context()
    page = context.new_page()

    def run(script: str, where: str = site, key: str = KEY, strategy: Any = None) -> Any:
        page.goto(f"{where}/cart?utm_source=mail&token=secret")
        host = f"127.0.0.1:{shop.port}/analytics/v1"
        page.evaluate(LOAD, {"key": key, "host": host, "strategy": strategy})
        page.evaluate(script)
        return page

    yield run
    context.close()


CALLS = """async () => {
    await analytics.identify("u1", { plan: "pro" });
    await analytics.page("Shop", "Home");
    await analytics.track("Bought", { revenue: 29.9, currency: "EUR" });
    await analytics.screen("App", "Start");
    await analytics.group("acme", { employees: 7 });
    await analytics.alias("u1", "old");
}"""


@pytest.mark.parametrize(
    "strategy",
    [None, {"strategy": "batching", "config": {"size": 6, "timeout": 500}}],
    ids=["single", "batching"],
)
def test_every_call_arrives(shop: Shop, play: Play, strategy: Any) -> None:
    """One by one or as a batch: the store knows who did what, on which page of which site. Its
    settings come from the page, or from what answers in place of Segment's servers."""
    play(CALLS, strategy=strategy)

    calls = 1 if strategy else 6
    wait_until(lambda: shop.statuses() == [200] * calls, "all calls")
    events = shop.events("u1")
    assert set(events) == {"identify", "Home", "Bought", "Start", "group", "alias"}
    ids = sorted(["old", "u1", events["Bought"]["anonymous_id"]])
    traits = {"$group": "acme", "plan": "pro"}
    assert shop.ask("traits?id=old") == {"id": "u1", "ids": ids, "traits": traits}
    home, bought = events["Home"], events["Bought"]
    assert home["url"] == f"http://127.0.0.1:{shop.elsewhere}/cart?utm_source=mail"
    assert (home["type"], home["path"], home["properties"]["title"]) == (
        "pageview",
        "/cart",
        "Cart",
    )
    assert "search" not in home["properties"]
    assert "secret" not in json.dumps(events)
    assert bought["revenue"] == {"amount": "29.9", "currency": "EUR"}
    assert (bought["hostname"], bought["locale"]) == ("127.0.0.1", "de-DE")
    assert "Chrome" in bought["user_agent"]
    paths = {arrival["path"].rpartition("/")[2] for arrival in shop.arrivals()}
    assert paths == ({"b"} if strategy else {"i", "p", "t", "s", "g", "a"})


def test_an_outage_loses_nothing_and_doubles_nothing(shop: Shop, play: Play) -> None:
    """5xx is tried again, though such an answer has no CORS headers: it is not ours."""
    shop.fail((503, {}), (500, {}))

    play("() => analytics.track('Bought', {}, {anonymousId: 'a1'})")

    wait_until(lambda: 200 in shop.statuses(), "the library did not try again", timeout=40)
    assert shop.statuses() == [503, 500, 200]
    assert list(shop.events("a1")) == ["Bought"]


def test_a_wrong_key_is_told_at_once(shop: Shop, play: Play) -> None:
    """The page may read the refusal, so the library knows that it is one."""
    page = play("() => analytics.track('Bought')", key=WRONG)

    page.wait_for_function("() => failures.length > 0")
    assert "401" in page.evaluate("() => failures[0]")
    assert shop.statuses() == [401]


def test_pages_of_strangers_may_not_send(shop: Shop, play: Play) -> None:
    """The same page by another name is another origin: neither asked nor unasked is it taken."""
    stranger = f"http://localhost:{shop.elsewhere}"
    sent = f"""() => fetch("{shop.host}/v1/t", {{method: "POST", mode: "no-cors", body:
        JSON.stringify({{writeKey: "{KEY}", event: "Bought", anonymousId: "a1"}})}})"""

    play("() => analytics.track('Bought') && undefined", where=stranger)
    play(sent, where=stranger)

    assert set(shop.statuses()) == {403}
    assert shop.ask("top") == []
