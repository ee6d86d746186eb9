"""Pages that htmx, Turbo and unpoly swap: one view a visit, in both channels, and their events."""

from __future__ import annotations

import pytest
from flask import Flask, make_response, render_template_string, request

from flask_analytics import trigger_client_event

from .conftest import wait_until
from .npm import package

pytestmark = pytest.mark.browser

#: What each library needs to be told, and where its script is.
LIBRARIES = {
    "htmx": (
        "htmx.org/dist/htmx.min.js",
        '<meta name="htmx-config" content=\'{"includeIndicatorStyles":false,"allowEval":false}\'>',
        'hx-boost="true"',
        'hx-post="/act" hx-swap="none"',
    ),
    "turbo": ("@hotwired/turbo/dist/turbo.es2017-umd.js", "", "", ""),
    "unpoly": (
        "unpoly/unpoly.min.js",
        "",
        "",
        'up-submit up-target=":none"',
    ),
}

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
{{ meta|safe }}<script src="/library.js"></script>
{% include "flask_analytics/snippet.html" %}</head>
<body {{ body|safe }}><main id="main"><h1>{{ title }}</h1>
<a id="two" up-follow up-target="main" href="/page/two">two</a>
<form id="act" method="post" action="/act" {{ form|safe }}><button id="send">act</button></form>
</main></body></html>"""

#: The libraries write styles of their own.
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'"


@pytest.fixture(params=LIBRARIES)
def library(request):
    return request.param


@pytest.fixture
def site(library, site):
    """The site, its pages made with the library."""
    path, meta, body, form = LIBRARIES[library]
    script = package(path).read_bytes()
    app: Flask = site.flask

    def show(title="one"):
        page = render_template_string(PAGE, title=title, meta=meta, body=body, form=form)
        tag = "".join(f'data-{name}="{value}" ' for name, value in site.tag.items())
        page = page.replace('<script type="module"', f'<script {tag}type="module"')
        return page, 200, {"Content-Security-Policy": POLICY}

    def act():
        answer = make_response("<main id='main'>done</main>", 200 if library != "turbo" else 422)
        trigger_client_event(answer, "order.paid", {"method": request.method})
        return trigger_client_event(answer, "order.counted", {"n": 2})

    app.add_url_rule("/page/<title>", "page", show)
    app.add_url_rule("/act", "act", act, methods=["POST"])
    app.add_url_rule(
        "/library.js", "library", lambda: (script, {"Content-Type": "text/javascript"})
    )
    return site


def test_a_visit_inside_the_page_is_one_view(library, page, site, console, everything_sent):
    """Without a reload, under the id of the page view that the server saw, with its title."""
    page.goto(f"{site.url}/page/one")
    everything_sent()
    page.evaluate("window.kept = true")

    page.click("#two")
    page.wait_for_url("**/page/two")
    loaded = "performance.getEntriesByType('resource').some(({name}) => name.includes('/join.'))"
    wait_until(lambda: page.evaluate(loaded), lambda: "the part")
    page.evaluate("new Promise((done) => setTimeout(done, 200))")
    everything_sent()

    assert page.evaluate("window.kept")
    seen, served = site.events("pageview"), site.events("pageview", source="server")
    assert [event.path for event in seen] == ["/page/one", "/page/two"]
    assert [event.properties["title"] for event in seen] == ["one", "two"]
    assert [event.view_id for event in seen] == [
        event.view_id for event in served if event.path.startswith("/page/")
    ]
    assert console == []


def test_an_action_is_told_to_who_listens(library, page, site, module):
    """In the words of the hooks, whichever library sent it."""
    page.goto(f"{site.url}/page/one")
    module("""window.heard = [];
        for (const name of ["action:start", "action:complete"])
            hooks.on(name, (payload) => heard.push([name, payload]));
        return new Promise((ready) => hooks.once("framework:ready", ready));""")

    page.click("#send")
    wait_until(lambda: len(page.evaluate("heard")) >= 2, lambda: page.evaluate("heard"))

    (start, began), (end, done) = page.evaluate("heard")
    assert (start, end) == ("action:start", "action:complete")
    assert began["action"] == done["action"] == f"{site.url}/act"
    assert (began["method"], began["elementTag"]) == ("POST", "form")
    assert done["statusCode"] == (422 if library == "turbo" else 200)
    assert done["success"] is (library != "turbo")
    assert done["duration"] > 0


def test_an_answer_tells_events_to_the_page(library, page, site, everything_sent):
    """By the header of the library; Turbo has none."""
    if library == "turbo":
        pytest.skip("Turbo makes no events of headers: an inert block in the page does it")
    page.goto(f"{site.url}/page/one")

    page.click("#send")

    wait_until(
        lambda: any(str(e.type) == "action" for e in site.events(source="server")), lambda: "act"
    )
    page.wait_for_timeout(200)
    everything_sent()
    (paid,), (counted,) = site.events("order.paid"), site.events("order.counted")
    assert paid.properties == {"method": "POST"}
    assert counted.properties == {"n": 2}
    assert paid.view_id == site.events("pageview")[0].view_id
