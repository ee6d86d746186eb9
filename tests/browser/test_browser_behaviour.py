"""What the module notices by itself: looking, clicking, sending forms, failing."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

#: The page stays where it is, whatever is clicked or sent.
STAY = """addEventListener("submit", (event) => event.preventDefault());
    addEventListener("click", (event) => event.target.closest("a") && event.preventDefault())"""


@pytest.fixture
def told(page, site, everything_sent):
    """Open a page with this in its body, do something there, and return the events of a name."""

    def tell(body, action, name):
        site.body = body
        page.goto(site.url)
        page.evaluate(STAY)
        action()
        everything_sent()
        return [event.properties for event in site.events(name)]

    return tell


def one_second(page):
    """By the page's own clock: what the module does every second was done once in it."""
    page.evaluate("new Promise((done) => setTimeout(done, 1000))")


def leave(page):
    """Go as far as a browser tells a page that it is left."""
    page.evaluate("dispatchEvent(new Event('pagehide'))")


# -- looking


def test_engagement_is_whole_seconds_and_depth(page, told):
    """A view that is left tells how long it was looked at, and how much of it was seen."""

    def look():
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
        one_second(page)
        leave(page)

    (first,) = told("<br>" * 300, look, "engagement")
    assert 1 <= first["engaged_seconds"] <= 60
    assert 50 <= first["scroll_percent"] < 100


def test_a_view_without_the_focus_is_not_looked_at(page, at_start, told):
    """Another window is."""
    at_start("document.hasFocus = () => false")

    def look():
        one_second(page)
        leave(page)

    (first,) = told("", look, "engagement")
    assert first == {"engaged_seconds": 0, "scroll_percent": 100}


def test_engagement_is_told_again_only_if_there_is_news(page, told):
    """Each report has the seconds since the last, so that their sum is the time."""

    def look():
        leave(page)
        leave(page)
        one_second(page)
        leave(page)

    first, second = told("", look, "engagement")
    assert first["engaged_seconds"] + second["engaged_seconds"] >= 1


def test_each_view_has_its_own_engagement(page, site, told):
    """A navigation inside the page ends one and begins another."""

    def look():
        page.evaluate("history.pushState({}, '', '/two')")
        leave(page)

    assert len(told("", look, "engagement")) == 2
    views = {event.path: event.view_id for event in site.events("engagement")}
    assert set(views) == {"/", "/two"}
    assert views["/"] != views["/two"]


# -- clicking

BUTTON = '<div id="target" class="buy now">buy</div>'


def clicks(page, selector, count, **position):
    box = page.locator(selector).bounding_box()
    for number in range(count):
        page.mouse.click(
            box["x"] + 3 + position.get("dx", 0) * number, box["y"] + box["height"] / 2
        )


def test_three_quick_clicks_on_a_spot_are_rage(page, told):
    """Told once, also when it goes on, by the element's selector and nothing that it says."""
    assert told(BUTTON, lambda: clicks(page, "#target", 5), "rage_click") == [
        {"selector": "div.buy.now#target"}
    ]


@pytest.mark.parametrize(
    ("body", "dx"),
    [
        ('<input id="target" type="number">', 0),
        ('<p id="target" contenteditable>text</p>', 0),
        (f"<section data-analytics-ignore>{BUTTON}</section>", 0),
        (BUTTON, 40),
    ],
    ids=["field", "editor", "ignored", "elsewhere"],
)
def test_what_is_no_rage(body, dx, page, told):
    """Steppers and editors are clicked quickly for good reasons; far apart is no spot."""
    assert told(body, lambda: clicks(page, "#target", 4, dx=dx), "rage_click") == []


def test_slow_clicks_are_no_rage(page, told):
    """Somebody who waits is not angry; the clicks' own times tell."""
    action = """for (const at of [0, 600, 1200]) {
        const click = new MouseEvent("click", {bubbles: true, clientX: 5, clientY: 5});
        Object.defineProperty(click, "timeStamp", {value: at});
        document.querySelector("#target").dispatchEvent(click);
    }"""
    assert told(BUTTON, lambda: page.evaluate(action), "rage_click") == []


LINKS = """<a id="out" href="https://elsewhere.test/a?token=1#x"><b>out</b></a>
<a id="file" href="/files/list.PDF?key=1">file</a> <a id="given" download href="/next">given</a>
<a id="mail" href="mailto:a@elsewhere.test">mail</a> <a id="here" href="/next">here</a>"""


def test_links_that_lead_elsewhere_or_to_a_file(page, site, told):
    """Without their queries; links inside the site and of other kinds are nothing special."""

    def click_all():
        for name in ("out b", "file", "given", "mail", "here"):
            page.click(f"#{name}")

    assert told(LINKS, click_all, "outbound_click") == [{"url": "https://elsewhere.test/a"}]
    assert [event.properties["url"] for event in site.events("file_download")] == [
        f"{site.url}/files/list.PDF",
        f"{site.url}/next",
    ]


def test_an_element_names_its_event(page, told):
    """Attributes do what a script would, also for what was put into the page later."""
    body = """<button id="plan" data-analytics-event="plan.chosen" data-analytics-prop-plan="pro"
        data-analytics-prop-item-id="7"><i>choose</i></button>"""

    def click():
        page.click("#plan i")
        page.evaluate("document.body.append(document.querySelector('#plan').cloneNode(true))")
        page.evaluate("document.querySelectorAll('#plan')[1].click()")

    assert told(body, click, "plan.chosen") == [{"plan": "pro", "item_id": "7"}] * 2


# -- forms

FORM = """<form id="search" name="finder" action="/next" {more}><input name="name" value="secret">
<input name="id" value="1"><button id="send">send</button></form>"""


def test_a_form_that_is_sent(page, site, told):
    """Its name, never what is in it, even where a field is called name."""
    sent = told(FORM.format(more=""), lambda: page.click("#send"), "form_submit")

    assert sent == [{"form": "finder"}]
    assert not any(b"secret" in post.raw for post in site.posts)


def test_a_form_names_its_event(page, site, told):
    """Once, when it is sent, and not when it is clicked."""
    more = 'data-analytics-event="searched" data-analytics-prop-where="head"'

    assert told(FORM.format(more=more), lambda: page.click("#send"), "searched") == [
        {"where": "head"}
    ]


def test_behaviours_can_be_switched_off(page, site, told):
    """Each by its name; what an element declares stays, it was asked for."""
    site.tag["off"] = "views engagement errors links rage forms"

    def do_all():
        page.click("#out")
        page.click("#send")
        clicks(page, "#target", 3)
        page.evaluate("setTimeout(() => { throw new Error('boom') })")
        leave(page)

    more = 'data-analytics-event="searched"'
    told(LINKS + BUTTON + FORM.format(more=more), do_all, "searched")
    assert {event.name for event in site.events()} - {"marker 0"} == {"searched"}


# -- failing

THROW = "setTimeout(() => {{ {script} }})"


@pytest.fixture
def errors(page, site, module, everything_sent):
    """Run scripts that fail in a page; returns what was told of it, in order."""

    def run(*scripts):
        page.goto(site.url)
        for script in scripts:
            page.evaluate(THROW.format(script=script))
        # The part that reads errors is loaded with the first one, and then at once.
        module("""const isPart = ({name}) => name.includes("/errors.");
            const again = (resolve) => performance.getEntriesByType("resource").some(isPart)
                ? setTimeout(resolve, 100) : setTimeout(again, 20, resolve);
            return new Promise(again);""")
        everything_sent()
        return [event.properties for event in site.events("js_error")]

    return run


def test_errors_and_rejections_are_told(errors):
    """What was never caught, with its place and its stack."""
    told = errors("throw new TypeError('boom')", "Promise.reject(new Error('later'))")

    thrown, rejected = sorted(told, key=lambda error: error["message"])
    assert "boom" in thrown["message"]
    assert min(thrown["line"], thrown["column"]) > 0
    assert "TypeError" in thrown["stack"]
    assert rejected["message"] == "later"


def test_an_error_is_told_once_and_ten_at_most(errors):
    """A page that fails in a loop has said enough."""
    told = errors(
        "for (let i = 0; i < 4; i++) Promise.reject('same')",
        "for (let i = 0; i < 20; i++) Promise.reject('error ' + i)",
    )

    messages = [error["message"] for error in told]
    assert len(messages) == len(set(messages)) == 10


def test_noise_is_no_error(errors):
    """Browsers' own chatter, other sites' secrets, and extensions are not the page's."""
    told = errors(
        "dispatchEvent(new ErrorEvent('error', {message: 'ResizeObserver loop completed'}))",
        "dispatchEvent(new ErrorEvent('error', {message: 'Script error.'}))",
        "dispatchEvent(new ErrorEvent('error', {message: 'x', filename: 'moz-extension://a/b.js'}))",
        "dispatchEvent(new ErrorEvent('error', {message: 'mine', filename: '/a.js?token=1'}))",
    )

    assert [(error["message"], error["file"]) for error in told] == [("mine", "/a.js")]


def test_the_page_hears_of_errors_and_tells_its_own(page, module, site, everything_sent):
    """The hook `error` has what happened, whoever noticed it; what is emitted on it is sent."""
    page.goto(site.url)
    payload = module("""
        const heard = new Promise((resolve) => hooks.once("error", resolve));
        Promise.reject(new Error("heard"));
        return heard;
    """)
    module("""hooks.emit("error", {message: "own", type: "render", context: "render"});
        return new Promise((resolve) => setTimeout(resolve, 50));""")

    everything_sent()
    assert payload["message"] == "heard"
    assert payload["type"] == "unhandledrejection"
    assert payload["context"] == "unknown"
    assert payload["timestamp"] > 1_700_000_000_000
    assert [e.properties["message"] for e in site.events("js_error")] == ["heard", "own"]


def test_a_part_that_cannot_be_loaded_is_no_error(page, site, everything_sent):
    """It is asked for once for each error, and that it is missing is not told as another one."""
    tries = []
    page.on("request", lambda request: tries.append(request.url))
    page.route("**/errors.*", lambda route: route.abort())
    page.goto(site.url)
    page.evaluate("void Promise.reject('once')")
    page.evaluate("new Promise((done) => setTimeout(done, 200))")

    everything_sent()
    page.unroute_all()
    assert len([url for url in tries if "/errors." in url]) == 1
    assert site.events("js_error") == []
