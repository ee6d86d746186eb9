"""How events reach the endpoint: in time, after a fault, and without being in anybody's way."""

from __future__ import annotations

import time

import pytest

from .conftest import wait_until

pytestmark = pytest.mark.browser

OUTAGE = ("503 Service Unavailable", {})
CUT = ("", {})


def test_events_leave_at_the_interval_of_the_tag(page, module, site):
    """Nobody has to call flush()."""
    site.tag = {"flush": 0.2}
    page.goto(site.url)
    start = time.monotonic()
    module("track('soon');")

    site.wait_for_events(1, "soon")

    assert time.monotonic() - start < 4.5  # the default is five


def test_a_full_batch_leaves_at_once(page, module, site):
    """The tag says how much is a batch; a body never has more."""
    site.tag = {"flush": 60, "batch": 3}
    page.goto(site.url)
    module("flush();")
    site.wait_for_posts(1)

    module("for (let i = 0; i < 7; i++) track('many', {i});")

    site.wait_for_events(6, "many")
    assert [len(post.names) for post in site.posts] == [1, 3, 3]


def test_leaving_the_page_delivers(page, module, site):
    """What was tracked right before the click is not lost with the page."""
    page.goto(site.url)
    module("track('before_leaving');")

    page.click("#next")

    assert site.wait_for_events(1, "before_leaving")
    assert site.wait_for_events(1, "pageview")


@pytest.mark.parametrize("told_by", ["visibilitychange", "pagehide"])
def test_closing_the_tab_delivers(told_by, page, at_start, module, site):
    """The same when nothing comes after the page, by beacon; not every browser tells it twice."""
    if told_by == "pagehide":
        at_start("""document.addEventListener("visibilitychange",
            (event) => event.stopImmediatePropagation(), true)""")
    page.goto(site.url)
    module("track('before_closing');")
    assert site.posts == []

    page.close(run_before_unload=True)

    assert site.wait_for_events(1, "before_closing")
    assert [post.mode for post in site.posts] == ["no-cors"]


def test_hiding_the_tab_delivers_and_the_page_lives_on(page, module, site):
    """A phone may never bring a hidden page back; if it does, nothing is sent twice."""
    page.goto(site.url)
    module("track('while_visible');")

    page.evaluate("""Object.defineProperty(document, 'hidden', {value: true});
        document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))""")
    site.wait_for_events(1, "while_visible")
    module("track('later'); flush();")

    site.wait_for_events(1, "later")
    names = sorted(event.name for event in site.events())
    assert names == ["engagement", "later", "pageview", "while_visible"]


def test_a_slow_endpoint_does_not_hold_up_a_navigation(page, module, site):
    """Even when every event is flushed alone, connections are left for the page itself."""
    site.delay = 6.0
    page.goto(site.url)
    module("for (let i = 0; i < 8; i++) { track('slow'); flush(); }")

    start = time.monotonic()
    page.click("#next")
    page.wait_for_url("**/next")
    took = time.monotonic() - start

    assert took < 5.0


@pytest.fixture
def impatient(page, at_start):
    """The page with every random pause at its shortest."""
    at_start("Math.random = () => 0")
    return page


def test_an_outage_is_survived_with_the_same_events(impatient, module, site):
    """What failed comes again under the same message ids, arrives once, and is dated anew: the
    wait must not look like a page's clock that is slow."""
    site.faults = [OUTAGE]
    impatient.goto(site.url)
    module("track('kept'); flush();")

    (kept,) = site.wait_for_events(1, "kept")

    first, second = site.posts
    assert first.events == second.events
    assert first.body["sent_at"] < second.body["sent_at"]
    assert kept.message_id in [event["message_id"] for event in second.body["events"]]


def test_a_lost_connection_is_survived(impatient, module, site):
    """The first try falls back to a request that ends with the page, and that one fails too."""
    site.faults = [CUT, CUT]
    impatient.goto(site.url)
    module("track('kept'); flush();")

    site.wait_for_events(1, "kept")

    assert len(site.posts) == 3
    assert len({post.events for post in site.posts}) == 1


def test_a_body_is_given_up_after_five_tries(impatient, module, site):
    """Then it makes way, and the page can hear of it."""
    site.faults = [OUTAGE] * 5
    impatient.goto(site.url)
    lost = module("""
        const lost = new Promise((resolve) => hooks.once("analytics:lost", resolve));
        track('doomed'); flush();
        return lost;
    """)
    assert lost["reason"] == 503
    assert "doomed" in lost["body"]

    module("track('next'); flush();")

    site.wait_for_events(1, "next")
    assert len(site.posts) == 6
    assert len({post.events for post in site.posts}) == 2


def test_the_server_may_ask_for_a_pause(page, module, site):
    """Retry-After is kept, and what is tracked meanwhile waits too."""
    site.faults = [("429 Too Many Requests", {"Retry-After": "2"})]
    page.goto(site.url)
    with page.expect_response("**/_a/e"):
        module("track('first'); flush();")
    module("track('second'); flush();")

    site.wait_for_events(1, "first")
    site.wait_for_events(1, "second")

    refused, *later = site.posts
    assert later[0].at - refused.at >= 2.0


@pytest.mark.parametrize("status", ["403 Forbidden", "410 Gone"])
def test_an_endpoint_that_wants_nothing_gets_nothing_more(
    status, page, module, site, everything_sent
):
    """The module is silent until the page goes, and also when it goes."""
    site.faults = [(status, {})]
    page.goto(site.url)
    with page.expect_response("**/_a/e"):
        module("track('refused'); flush();")

    module("for (let i = 0; i < 50; i++) track('useless'); flush();")
    page.goto(f"{site.url}/next")

    (view,) = everything_sent()
    assert view.url == f"{site.url}/next"


def test_a_refused_body_is_not_repeated(page, module, site):
    """The events are gone, the page can hear of it, and the next events go on."""
    site.faults = [("400 Bad Request", {}), ("400 Bad Request", {})]
    page.goto(site.url)
    module("window.lost = []; hooks.on('analytics:lost', ({reason}) => lost.push(reason));")
    for name in ("bad", "worse"):
        with page.expect_response("**/_a/e"):
            module("track(argument); flush();", name)

    module("track('good'); flush();")

    site.wait_for_events(1, "good")
    assert len(site.posts) == 3
    assert page.evaluate("lost") == [400, 400]


def test_a_burst_arrives_whole(page, module, site):
    """60 events of 3 KB: no body above the limit, none lost while the page stays."""
    site.delay = 0.3
    page.goto(site.url)

    module("for (let i = 0; i < 60; i++) track('big', {i, text: 'x'.repeat(3000)}); flush();")

    events = site.wait_for_events(60, "big")
    assert sorted(event.properties["i"] for event in events) == list(range(60))
    assert max(len(post.raw) for post in site.posts) <= 60 * 1024


def test_another_script_may_have_used_up_the_quota(page, at_start, module, site):
    """A browser keeps 64 KiB alive in all; what it refuses goes out in another way, at once."""
    at_start("Math.random = () => 5")  # any pause would be one of ten seconds
    page.goto(site.url)
    page.evaluate("""void fetch("/elsewhere",
        {method: "POST", body: "x".repeat(65000), keepalive: true})""")

    start = time.monotonic()
    module("track('refused', {text: 'x'.repeat(1000)}); flush();")

    site.wait_for_events(1, "refused")
    assert time.monotonic() - start < 8


def test_a_burst_right_before_leaving_is_not_lost(page, module, site):
    """What the browser cannot carry past the page's end leaves before it, also when the endpoint
    takes its time."""
    site.delay = 0.3
    page.goto(site.url)

    module("for (let i = 0; i < 60; i++) track('big', {i, text: 'x'.repeat(3000)});")
    page.click("#next")

    assert len(site.wait_for_events(20, "big")) >= 20


def test_the_queue_keeps_the_newest(page, module, site, everything_sent):
    """During a long outage memory is bounded, and the oldest bodies go first."""
    site.faults = [("503 Service Unavailable", {"Retry-After": "2"})]
    page.goto(site.url)
    with page.expect_response("**/_a/e"):
        module("track('tripping'); flush();")

    module("for (let i = 0; i < 230; i++) track('many', {i});")

    everything_sent()
    numbers = sorted(event.properties["i"] for event in site.events("many"))
    assert 180 <= len(numbers) <= 200
    assert numbers == list(range(230 - len(numbers), 230))


def test_an_event_beyond_all_limits_is_dropped_alone(page, module, site):
    """It could never arrive, so it must not take the others with it."""
    page.goto(site.url)
    module("window.lost = []; hooks.on('analytics:lost', ({reason}) => lost.push(reason));")

    module("""track('before'); track('huge', {text: 'x'.repeat(65 * 1024)}); track('after');
        flush();""")

    site.wait_for_events(1, "after")
    site.wait_for_events(1, "before")
    assert not site.events("huge")
    wait_until(lambda: page.evaluate("lost") == [413], lambda: page.evaluate("lost"))


def test_the_visitors_browser_is_left_as_it_was(page, module, site, everything_sent):
    """After a busy visit there is no cookie, nothing stored, and no new global."""
    site.faults = [OUTAGE]
    site.snippets = 0
    page.goto(site.url)
    before = set(page.evaluate("Object.getOwnPropertyNames(window)"))
    site.snippets = 1
    page.goto(site.url)
    module("track('one'); history.pushState({}, '', '/two'); track('two'); flush();")
    page.click("#next")
    page.wait_for_url("**/next")
    everything_sent()

    assert page.context.cookies() == []
    stored = "[localStorage.length, sessionStorage.length, indexedDB.databases(), caches.keys()]"
    assert page.evaluate(f"Promise.all({stored})") == [0, 0, [], []]
    assert set(page.evaluate("Object.getOwnPropertyNames(window)")) - before == set()
