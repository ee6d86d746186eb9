"""The same page in Firefox and in WebKit: a view, a navigation, its title, leaving, an outage.

Both come from Debian's packages (``browsers.sh``). WebKitGTK has no Navigation API, so there the
module's other way to hear of navigations is the only one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: Sent without the module at hand: it hears the page's events.
TRACK = 'document.dispatchEvent(new CustomEvent("analytics:track", {detail: {eventName: "kept"}}));'


@pytest.fixture(scope="module", params=["firefox.Firefox", "webkit.WebKit"])
def visitor(request: pytest.FixtureRequest) -> Iterator[Any]:
    """One browser for all of this module's tests; each test has a site of its own."""
    name, kind = request.param.split(".")
    try:
        browser = getattr(importlib.import_module(f"tests.browser.{name}"), kind)
    except ImportError as error:
        pytest.skip(f"no {kind} without a package of the extra 'test': {error}")
    if reason := browser.problem():
        pytest.skip(reason)
    # Not pytest's folder, which stays: a profile is large. A process that has just been killed may
    # still be in it.
    with (
        TemporaryDirectory(prefix=name, ignore_cleanup_errors=True) as folder,
        browser(Path(folder)) as visitor,
    ):
        yield visitor


@pytest.fixture
def open_page(visitor: Any, site: Any) -> Iterator[Callable[..., None]]:
    """Opens the site in a tab of its own, which is closed before the site goes."""
    yield lambda path="/": visitor.visit(site.url + path)
    visitor.close_tab()


def test_a_load_is_one_view_joined_with_the_servers(open_page, site):
    """The view has its title and its address, and the id that the server has counted it under."""
    site.tag = {"flush": 0.2}

    open_page("/?utm_source=mail&secret=1#part")

    (view,) = site.wait_for_events(1)
    (served,) = site.events("pageview", source="server")
    assert view.view_id == served.view_id
    assert view.properties["title"] == "home"
    assert view.url == f"{site.url}/?utm_source=mail"


def test_a_navigation_inside_the_page_is_one_view(open_page, visitor, site):
    """It has its own id, the page before as referrer, and the title that was set after it."""
    site.tag = {"flush": 0.2}
    open_page()
    site.wait_for_events(1, "pageview")

    visitor.run("""history.pushState({}, "", "/two?x=1");
        history.replaceState({scroll: 1}, "", location.href);
        setTimeout(() => { document.title = "two"; }, 20);""")

    first, second = site.wait_for_events(2, "pageview")
    visitor.run(TRACK)
    site.wait_for_events(1, "kept")
    assert len(site.events("pageview")) == 2
    assert [first.properties["title"], second.properties["title"]] == ["home", "two"]
    assert second.view_id != first.view_id
    body = next(post.body for post in site.posts if post.body["view_id"] == second.view_id)
    assert body["url"] == f"{site.url}/two"
    assert body["referrer"] == f"{site.url}/"


def test_leaving_the_page_delivers(open_page, visitor, site):
    """What waited leaves with the page, as a beacon."""
    open_page()
    visitor.run(TRACK)
    assert site.posts == []

    open_page("/next")

    (kept,) = site.wait_for_events(1, "kept")
    (view,) = site.wait_for_events(1, "pageview")
    assert kept.view_id == view.view_id
    assert {post.mode for post in site.posts} == {"no-cors"}


def test_closing_the_tab_delivers(open_page, visitor, site):
    """The same when nothing comes after the page."""
    open_page()
    visitor.run(TRACK)
    assert site.posts == []

    visitor.close_tab()

    site.wait_for_events(1, "kept")
    site.wait_for_events(1, "pageview")


def test_an_outage_is_survived_with_the_same_events(open_page, visitor, site):
    """What a 503 has refused comes again under the same message ids, and arrives once."""
    site.tag = {"flush": 60, "batch": 2}
    site.faults = [("503 Service Unavailable", {})]
    open_page()

    visitor.run("Math.random = () => 0; // the shortest pause\n" + TRACK)

    (view,) = site.wait_for_events(1, "pageview")
    first, second = site.posts
    assert first.events == second.events
    assert view.message_id in second.ids
