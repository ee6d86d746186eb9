"""The hook bus, and the ways in which an event gets on it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_listeners_run_by_priority_and_in_the_order_they_came(page, site, module):
    """A higher priority goes first; equal ones keep their order."""
    page.goto(site.url)

    calls = module("""
        const calls = [];
        hooks.on("x", () => calls.push("first"));
        hooks.on("x", () => calls.push("second"));
        hooks.on("x", () => calls.push("urgent"), {priority: 5});
        hooks.on("x", () => calls.push("last"), {priority: -5});
        hooks.emit("x");
        return calls;
    """)

    assert calls == ["urgent", "first", "second", "last"]


def test_listeners_leave(page, site, module):
    """once() hears one event, off() and the returned function end the others."""
    page.goto(site.url)

    calls = module("""
        const calls = [];
        const note = (word) => (payload) => calls.push(word + payload);
        hooks.once("x", (payload) => { note("once")(payload); hooks.emit("x", 3); });
        hooks.on("x", note("flag"), {once: true});
        hooks.on("x", note("named"), {id: "mine"});
        const leave = hooks.on("x", note("held"));
        hooks.emit("x", 1);
        hooks.off("x", "mine");
        hooks.off("x", "nobody");
        leave();
        hooks.emit("x", 2);
        return calls.sort();
    """)

    assert calls == ["flag3", "held1", "held3", "named1", "named3", "once1"]


def test_a_throwing_listener_stops_nobody(page, module, site, console):
    """The others hear the event, it is sent, and the error is in the console."""
    page.goto(site.url)

    heard = module("""
        let heard = false;
        hooks.on("analytics:track", () => { throw new Error("mine"); }, {priority: 9});
        hooks.on("analytics:track", () => { heard = true; });
        track("sent");
        flush();
        return heard;
    """)

    assert heard
    assert site.wait_for_events(1, "sent")
    assert any("mine" in line for line in console)


WAYS = {
    "export": "track('order_paid', {total: 3});",
    "hook": """hooks.emit('analytics:track',
        {eventName: 'order_paid', params: {total: 3}, timestamp: Date.now()});""",
    "other spelling": """hooks.emit('analytics:track',
        {name: 'order_paid', properties: {total: 3}});""",
    "element": """document.querySelector('#button').dispatchEvent(
        new CustomEvent('analytics:track',
            {bubbles: true, detail: {eventName: 'order_paid', params: {total: 3}}}));""",
    "document": """document.dispatchEvent(new CustomEvent('analytics:track',
        {detail: {eventName: 'order_paid', params: {total: 3}}}));""",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_leads_to_the_same_event(way, page, module, site, everything_sent):
    """Import, hook and DOM event: one event each, of the same shape, in the page's view."""
    page.goto(site.url)

    module(WAYS[way])

    everything_sent()
    (event,) = site.events("order_paid")
    (view,) = site.events("pageview")
    assert event.properties == {"total": 3}
    assert str(event.type) == "custom"
    assert "original_timestamp" in event.context  # when it happened, not when it arrived
    assert event.view_id == view.view_id


def test_what_is_no_event_is_ignored(page, site, module, everything_sent, console):
    """A nameless event is nothing; one that JSON cannot hold is the page's mistake, not its end."""
    page.goto(site.url)

    module("""
        track(""); track(undefined, {});
        hooks.emit("analytics:track"); hooks.emit("analytics:track", {params: {a: 1}});
        document.dispatchEvent(new CustomEvent("analytics:track"));
        const circle = {}; circle.circle = circle;
        track("circle", circle);
        track("odd", "no object");
    """)

    assert sorted(event.name for event in everything_sent()) == ["odd", "pageview"]
    assert [line for line in console if "JSON" not in line] == []


def test_a_page_that_mirrors_the_hook_into_the_dom_does_not_loop(
    page, module, site, everything_sent
):
    """The bridge does not take in again what is being emitted."""
    page.goto(site.url)

    module("""
        hooks.on("analytics:track", ({eventName, params}) => document.dispatchEvent(
            new CustomEvent("analytics:track", {detail: {eventName, params}})));
        track("from_hook");
        document.dispatchEvent(
            new CustomEvent("analytics:track", {detail: {eventName: "from_dom"}}));
    """)

    everything_sent()
    assert len(site.events("from_hook")) == 1
    assert len(site.events("from_dom")) == 1
