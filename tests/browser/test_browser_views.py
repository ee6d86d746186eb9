"""What counts as a page view, and what it says."""

from __future__ import annotations

import uuid

import pytest

pytestmark = pytest.mark.browser

NO_NAVIGATION_API = "Object.defineProperty(window, 'navigation', {value: undefined})"


@pytest.fixture(params=["navigation api", "patched history"])
def navigable(request, page, at_start):
    """The page, with the API that tells of navigations and without."""
    if request.param == "patched history":
        at_start(NO_NAVIGATION_API)
    return page


def test_a_load_is_one_view_joined_with_the_servers(page, site, console, everything_sent):
    """Both channels report the same view id, and a strict policy has nothing to complain about."""
    page.goto(f"{site.url}/?utm_source=mail#part")

    (event,) = everything_sent()
    (served,) = site.events("pageview", source="server")
    assert event.view_id == served.view_id
    assert event.properties["title"] == "home"
    assert event.url == f"{site.url}/?utm_source=mail"
    assert {post.content_type for post in site.posts} == {"text/plain;charset=UTF-8"}
    assert console == []


def test_the_hook_tells_the_page_about_a_view(page, site, module):
    """Who listens learns what is sent."""
    page.goto(site.url)

    view = module("""
        flush(); // the first view is over
        const heard = new Promise((resolve) => hooks.once("page:view", resolve, {priority: -1}));
        history.pushState({}, "", "/two#part");
        return heard;
    """)

    assert view.pop("timestamp") > 1_700_000_000_000
    assert uuid.UUID(view.pop("view_id"))
    assert view == {
        "url": page.url.removesuffix("#part"),
        "title": "home",
        "referrer": page.url.replace("/two#part", "/"),
        "isInitialLoad": False,
    }


def test_a_navigation_inside_the_page_is_one_view(navigable, site, everything_sent):
    """It has its own id, the view before as referrer, and the title that was set after it."""
    navigable.goto(site.url)
    everything_sent()

    navigable.evaluate("""new Promise((done) => {
        history.pushState({}, "", "/two?x=1");
        setTimeout(() => { document.title = "two"; done(); }, 20);
    })""")

    everything_sent()
    first, second = site.events("pageview")
    assert [first.properties["title"], second.properties["title"]] == ["home", "two"]
    assert second.view_id != first.view_id
    bodies = {post.body["view_id"]: post.body for post in site.posts}
    assert bodies[second.view_id]["url"] == f"{site.url}/two"
    assert bodies[second.view_id]["referrer"] == f"{site.url}/"


def test_going_back_inside_the_page_is_a_view(navigable, site, everything_sent):
    """The visitor sees the first page again."""
    navigable.goto(site.url)
    navigable.evaluate("history.pushState({}, '', '/two')")

    navigable.evaluate("""new Promise((done) => {
        addEventListener("popstate", () => setTimeout(done));
        history.back();
    })""")

    everything_sent()
    urls = [event.url for event in site.wait_for_events(3, "pageview")]
    assert sorted(urls) == [f"{site.url}/", f"{site.url}/", f"{site.url}/two"]


def test_the_same_address_is_no_new_view(navigable, site, everything_sent):
    """Neither saved state nor a jump to a fragment shows another page."""
    navigable.goto(site.url)

    navigable.evaluate("history.replaceState({scroll: 1}, '', location.href)")
    navigable.evaluate("history.pushState({}, '', '#part')")
    navigable.evaluate("location.hash = 'other'")

    everything_sent()
    assert len(site.events("pageview")) == 1


def test_events_go_out_under_the_view_they_belong_to(page, module, site, everything_sent):
    """A body speaks for one view: what happened before a navigation is not the next view's."""
    page.goto(site.url)

    module("track('before'); history.pushState({}, '', '/two');")
    module("track('after');")
    everything_sent()

    (before,), (after,) = site.wait_for_events(1, "before"), site.events("after")
    views = {event.url: event.view_id for event in site.events("pageview")}
    assert before.view_id == views[f"{site.url}/"]
    assert after.view_id == views[f"{site.url}/two"]
    assert len(site.posts) == 2


def test_a_page_restored_from_the_cache_is_a_new_view(page, site, everything_sent):
    """No script runs again, yet the visitor sees the page again."""
    site.tag = {"flush": 0.2}
    page.goto(site.url)
    page.evaluate("window.kept = true")
    page.goto(f"{site.url}/next")
    site.wait_for_events(2, "pageview")

    # page.go_back() would wait for a load that a restored page does not have.
    page.evaluate("history.back()")
    views = site.wait_for_events(3, "pageview")

    assert page.evaluate("window.kept"), "the browser did not restore the page, it loaded it"
    everything_sent()
    assert len(site.events("pageview")) == 3
    assert views[2].url == views[0].url
    assert views[2].view_id != views[0].view_id


def test_two_snippets_count_once(page, site, everything_sent):
    """A module runs once, also when the short address loads it a third time."""
    site.snippets = 2
    page.goto(site.url)

    (event,) = everything_sent()
    assert str(event.type) == "pageview"


def test_a_prerendered_page_counts_when_it_is_shown(page, at_start, module, site):
    """Until then nothing leaves it, neither its view nor what it tracked."""
    at_start("""Object.defineProperty(document, "prerendering", {
        configurable: true, get: () => !window.shown })""")
    site.tag = {"flush": 0.2}
    page.goto(site.url)
    module("track('early'); flush();")
    page.wait_for_timeout(500)  # the interval and the wait for the title are over
    assert site.posts == []

    page.evaluate("shown = true; document.dispatchEvent(new Event('prerenderingchange'))")

    (view,) = site.wait_for_events(1, "pageview")
    (early,) = site.wait_for_events(1, "early")
    assert early.view_id == view.view_id


def test_ids_do_not_need_a_secure_context(page, at_start, site, everything_sent):
    """Over plain http there is no randomUUID; the ids look the same."""
    at_start("delete Crypto.prototype.randomUUID")
    page.goto(site.url)
    page.evaluate("history.pushState({}, '', '/two')")

    everything_sent()
    views = site.wait_for_events(2, "pageview")

    assert page.evaluate("crypto.randomUUID") is None
    (second,) = [view for view in views if view.url == f"{site.url}/two"]
    ids = [second.view_id, *(view.message_id for view in views)]
    assert len(set(ids)) == 3
    assert {uuid.UUID(text).version for text in ids} == {4}
