"""Hooks that tell a page about itself: loaded with the first listener, sent to nobody."""

from __future__ import annotations

import pytest

from .conftest import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def heard(page, site, module):
    """Listen to hooks in a page with this body, do something there; returns what was heard."""

    def hear(names, body, action):
        site.body = body
        page.goto(site.url)
        module(
            """window.heard = [];
            for (const name of argument) hooks.on(name, (payload) => heard.push([name, payload]));
            return new Promise((ready) => hooks.once("framework:ready", ready));""",
            names,
        )
        action()
        wait_until(lambda: len(page.evaluate("heard")) >= len(names), lambda: names)
        return dict(page.evaluate("heard"))

    return hear


def test_the_part_is_loaded_with_the_first_listener(page, site, module):
    """A page that does not ask for these hooks does not carry them."""
    names = "performance.getEntriesByType('resource').map(({name}) => name).join()"
    page.goto(site.url)
    module("hooks.on('page:view', () => {}); hooks.on('analytics:track', () => {}); track('x');")
    assert "sources." not in page.evaluate(names)

    payload = module("return new Promise((ready) => hooks.once('framework:ready', ready));")

    assert "sources." in page.evaluate(names)
    assert payload["loadTime"] > 0


def test_dialogs_open_and_close(page, heard):
    """A native dialog, by its id."""
    body = '<dialog id="terms">terms</dialog>'

    def act():
        page.evaluate("document.querySelector('dialog').showModal()")
        wait_until(lambda: page.evaluate("heard.length"), lambda: "modal:open")
        page.evaluate("document.querySelector('dialog').close()")

    told = heard(["modal:open", "modal:close"], body, act)
    assert told["modal:open"]["modalId"] == told["modal:close"]["modalId"] == "terms"
    assert told["modal:open"]["url"] == page.url


def test_a_form_is_dirty_until_it_is_sent(page, heard):
    """Told once, however much is typed."""
    body = '<form id="order"><input id="name"><input type="reset" id="reset"></form>'

    def act():
        page.fill("#name", "Ada")
        page.fill("#name", "Ada L.")
        page.click("#reset")

    told = heard(["form:dirty", "form:clean"], body, act)
    assert told["form:dirty"]["formId"] == told["form:clean"]["formId"] == "order"
    assert page.evaluate("heard.length") == 2


def test_the_network_comes_and_goes(page, heard):
    """As the browser tells."""

    def act():
        page.context.set_offline(True)
        wait_until(lambda: page.evaluate("heard.length"), lambda: "network:offline")
        page.context.set_offline(False)

    told = heard(["network:offline", "network:online"], "", act)
    assert told["network:online"]["timestamp"] >= told["network:offline"]["timestamp"]


def test_a_navigation_has_a_start_and_an_end(page, site, heard):
    """With where it came from and how long it took."""

    def act():
        page.evaluate("history.pushState({}, '', '/two?token=1')")

    told = heard(["navigation:start", "navigation:complete"], "", act)
    start, end = told["navigation:start"], told["navigation:complete"]
    assert start.pop("timestamp") > 1_700_000_000_000
    assert start == {"url": f"{site.url}/two", "previousUrl": f"{site.url}/"}
    assert end["url"] == f"{site.url}/two"
    assert end["previousUrl"] == f"{site.url}/"
    assert end["duration"] >= 0


def test_what_the_page_clears_is_the_pages(page, module, site):
    """Its own listeners go; what the module listens with stays."""
    page.goto(site.url)

    calls = module("""
        const calls = [];
        hooks.on("x", () => calls.push("x"));
        hooks.on("y", () => calls.push("y"));
        const fn = () => calls.push("fn");
        hooks.on("y", fn);
        hooks.off("y", fn);
        hooks.clear("x");
        hooks.emit("x"); hooks.emit("y");
        hooks.clear();
        hooks.emit("y");
        track("still_sent"); flush();
        return calls;
    """)

    assert calls == ["y"]
    site.wait_for_events(1, "still_sent")
    site.wait_for_events(1, "pageview")
