"""What a page tells the module: data, events, options; and whether the visitor agrees."""

from __future__ import annotations

import json

import pytest
from flask import g

from .conftest import wait_until

pytestmark = pytest.mark.browser


def inert(value, attributes):
    return f'<script type="application/json" {attributes}>{json.dumps(value)}</script>'


# -- what the server wrote into the page


def test_page_data_is_part_of_each_view(page, site, console, everything_sent):
    """The block is read anew: a navigation inside the page may have brought another one."""
    site.body = inert({"section": "books", "title": "ours"}, 'id="analytics-page-data"')
    page.goto(site.url)
    everything_sent()

    page.evaluate("""history.pushState({}, "", "/two");
        document.getElementById("analytics-page-data").textContent = '{"section": "music"}'""")
    everything_sent()

    first, second = site.events("pageview")
    assert first.properties == {"title": "ours", "section": "books"}
    assert second.properties == {"title": "home", "section": "music"}
    assert console == []


def test_page_data_that_is_none_does_not_lose_the_view(page, site, everything_sent):
    """A broken block is the page's mistake; the visit was one all the same."""
    site.body = '<script type="application/json" id="analytics-page-data">{oops</script>'
    page.goto(site.url)

    everything_sent()
    assert [event.properties for event in site.events("pageview")] == [{"title": "home"}]


def test_a_page_claims_what_the_server_has_signed(page, site, console, everything_sent):
    """Of all its events, by its endpoint's address, and of one, by an attribute."""
    site.flask.secret_key = "x"
    with site.flask.app_context():
        all_, one = g.analytics.claim(user_id="a"), g.analytics.claim(user_id="b")
    site.tag["endpoint"] = f"/_a/e?claim={all_}"
    site.body = (
        "<button id=own data-analytics-event=chosen "
        f'data-analytics-prop-analytics-claim="{one}">Choose</button>'
    )
    page.goto(site.url)
    page.click("#own")
    page.evaluate("history.pushState({}, '', '/two')")
    everything_sent()

    assert [event.user_id for event in site.events("pageview")] == ["a", "a"]
    (chosen,) = site.events("chosen")
    assert chosen.user_id == "b"
    assert chosen.properties == {}
    assert console == []


def test_events_that_the_server_wrote_into_the_page(page, site, console, everything_sent):
    """One or a list, in either spelling, each once, in the page's view."""
    site.body = inert({"eventName": "one", "params": {"a": 1}}, "data-analytics") + inert(
        [{"name": "two", "properties": {"b": 2}}, {"eventName": "three"}], "data-analytics"
    )
    page.goto(site.url)
    everything_sent()
    page.evaluate("history.pushState({}, '', '/two')")
    everything_sent()

    (one,), (two,), (three,) = (site.events(name) for name in ("one", "two", "three"))
    assert [one.properties, two.properties, three.properties] == [{"a": 1}, {"b": 2}, {}]
    assert {event.path for event in (one, two, three)} == {"/"}
    assert console == []


def test_an_error_page_says_so(page, site, everything_sent):
    """The status of the answer, on the view that it was the answer to."""
    site.status = 404
    page.goto(f"{site.url}/missing")
    page.evaluate("history.pushState({}, '', '/two')")

    everything_sent()
    told = {event.path: event.properties for event in site.events("pageview")}
    assert told == {"/missing": {"title": "missing", "status": 404}, "/two": {"title": "missing"}}


# -- options


def test_a_fragment_can_be_the_address(page, site, everything_sent):
    """Only where the page asked for it; what follows a question mark stays in the page."""
    site.tag["hash"] = ""
    page.goto(f"{site.url}/app#/start")
    page.evaluate("""new Promise((done) => {
        addEventListener("hashchange", () => setTimeout(done));
        location.hash = "#/cart?token=1";
    })""")

    everything_sent()
    first, second = site.events("pageview")
    assert [first.path, second.path] == ["/app#/start", "/app#/cart"]
    assert second.url == f"{site.url}/app#/cart"


def test_a_driven_browser_is_told_and_not_judged(page, site, everything_sent):
    """The module sends all the same; the server marks the events."""
    page.goto(site.url)

    everything_sent()
    assert page.evaluate("navigator.webdriver") is True
    assert all(event.context["automated"] is True for event in site.events())


def test_web_vitals_are_told_when_the_page_is_left(page, site, module, console):
    """By a part that is loaded on demand, once each."""
    site.tag["vitals"] = ""
    page.goto(site.url)
    loaded = "performance.getEntriesByType('resource').some(({name}) => name.includes('/vitals.'))"
    wait_until(lambda: page.evaluate(loaded), lambda: "the part")
    page.click("#button")
    painted = "performance.getEntriesByName('first-contentful-paint').length"
    wait_until(lambda: page.evaluate(painted), lambda: "a paint")

    page.evaluate("dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('pagehide'))")

    events = site.wait_for_events(3, "web_vital")
    told = {event.properties["metric"]: event.properties["value"] for event in events}
    assert len(events) == len(told)
    assert {"CLS", "TTFB"} < set(told) <= {"CLS", "FCP", "INP", "LCP", "TTFB"}
    assert told["CLS"] == 0
    assert 0 < told["TTFB"] < 60_000
    assert console == []


def test_a_page_without_a_network_keeps_its_events(page, site, module):
    """Where it asked for it: the next page that is online sends them, with their own times."""
    site.tag["offline"] = ""
    page.goto(site.url)
    loaded = "performance.getEntriesByType('resource').some(({name}) => name.includes('/offline.'))"
    wait_until(lambda: page.evaluate(loaded), lambda: "the part")
    module("track('in_the_tunnel');")
    page.evaluate("Object.defineProperty(navigator, 'onLine', {value: false})")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert page.evaluate("localStorage.length") == 1
    assert site.posts == []

    page.goto(f"{site.url}/next")

    (event,) = site.wait_for_events(1, "in_the_tunnel")
    assert event.url == f"{site.url}/"
    wait_until(lambda: page.evaluate("localStorage.length") == 0, lambda: "nothing to be kept")


# -- consent

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {value: '1'})"


def test_nothing_leaves_before_a_yes(page, site, module):
    """Where consent is required, events wait in memory; a yes sends them."""
    site.tag.update(consent="required", flush=0.1)
    page.goto(site.url)
    module("track('before'); flush();")
    page.wait_for_timeout(400)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert site.posts == []

    module("setConsent(true);")

    site.wait_for_events(1, "before")
    assert len(site.events("pageview")) == 1
    assert page.context.cookies() == []


def test_a_no_forgets(page, site, module, everything_sent):
    """What waited is gone, and nothing is taken any more, until a yes."""
    page.goto(site.url)
    module("""track('waiting'); setConsent(false); track('after');
        return new Promise((resolve) => setTimeout(resolve, 150));""")
    module("setConsent(true); track('later');")

    everything_sent()
    names = {event.name for event in site.events()}
    assert names == {"pageview", "later", "marker 0"}
    assert len(site.events("pageview")) == 1


@pytest.mark.parametrize(
    ("script", "tag", "is_silent"),
    [
        (GPC, {}, True),
        (GPC, {"gpc": "ignore"}, False),
        (DNT, {}, False),
        (DNT, {"dnt": ""}, True),
    ],
)
def test_what_the_browser_says_for_its_visitor(
    script, tag, is_silent, page, at_start, site, module
):
    """Global Privacy Control counts unless the page says otherwise, Do Not Track if it does."""
    site.tag.update(tag)
    at_start(script)
    page.goto(site.url)
    module("track('said'); flush();")

    if not is_silent:
        site.wait_for_events(1, "said")
        return
    module("setConsent(true); track('asked'); flush();")  # the visitor told the page itself
    site.wait_for_events(2)  # two bodies, in whichever order they come
    assert sorted(event.name for event in site.events()) == ["asked", "pageview"]
