"""The pages: what they show is what the Python API answers."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_analytics import Analytics
from flask_analytics.errors import StoreError
from flask_analytics.metrics.duration import told
from flask_analytics.store.run import Busy
from flask_analytics.testing import capture_events
from flask_analytics.web.dashboard.menu import PAGES
from flask_analytics.web.headers import PAGE

from .conftest import attributes, event, text_of, view

Look = Callable[..., TestResponse]
Keep = Callable[..., None]

#: Every page there is, with all that can be on it.
EVERY = (
    "", "?days=1", "?days=365&compare=0", "?show=errors&pages=page&devices=os", "events",
    "events?event=purchase", "funnels", "retention", "people", "people?id=ann",
    "people?id=ann&confirm=forget", "live", "speed?sort=p95", "delivery", "nothing",
    "funnels?step=pageview&step=purchase&breakdown=device&step_filter=1:device=mobile",
)  # fmt: skip

HOSTILE = "\"'><script>alert(1)</script>{{7*7}}"


def test_filters_are_in_every_number(look: Look, shop: Analytics, app: Flask) -> None:
    """And stand above the page, each with a way to take it off."""
    page = look("?days=7&filter=device%3Dmobile&filter=route%3D%2F")
    with app.app_context():
        people = shop.metrics.active_users(filter=["device=mobile", "route=/"]).people

    assert f"Visitors {people} " in text_of(page)
    assert "/analytics/?days=7&filter=route%3D%2F" in attributes(page, "href")


def test_csv_asks_the_same_question(look: Look, client: FlaskClient) -> None:
    """Every table has a link to the read API, which answers it."""
    links = [link for link in attributes(look("?days=7"), "href") if "format=csv" in link]
    found = [client.get(link) for link in links]

    assert len(links) == 6
    assert {answer.status_code for answer in found} == {200}
    assert "search.example" in "".join(answer.text for answer in found)


def test_one_event(look: Look) -> None:
    """Its number, people, money, the values of its properties, and who did it last."""
    page = text_of(look("events?event=purchase&days=7"))

    assert "Events 7 \u00b10.0% People 1 Revenue 87.50 EUR" in page
    assert "plan Name Events pro 7" in page
    assert "21 Nov 2026, 10:58:48 ann /checkout revenue 12.50 EUR plan pro" in page


def test_all_events(look: Look, shop: Analytics, app: Flask) -> None:
    """By name, with their people."""
    page = text_of(look("events?days=7"))
    with app.app_context():
        top = shop.metrics.top_events()
        people = shop.metrics.active_users(event=top[0].key).people

    assert f"{top[0].key} {people} {top[0].count} " in page


def test_funnel(look: Look, shop: Analytics, app: Flask) -> None:
    """Counts, drop-off, times and groups are those of the Python API."""
    page = text_of(look("funnels?days=7&step=pageview&step=purchase&breakdown=device"))
    with app.app_context():
        answer = shop.metrics.funnel(["pageview", "purchase"], breakdown="device")

    first, last = answer.steps
    assert f"{last.conversion * 100:.0f}% of {first.count} people got through" in page
    assert last.median_seconds is not None
    pace = told(last.median_seconds)
    assert f"25% went on half within {pace} {first.count - last.count} left" in page
    assert f"2. purchase {last.count} 25% 25% {pace}" in page
    for group in answer.groups:
        first, last = group.steps
        pace = "" if last.median_seconds is None else f"{told(last.median_seconds)} "
        assert f"{group.key} {first.count} {last.count} {pace}{last.conversion * 100:.0f}%" in page


def test_funnel_is_built_step_by_step(look: Look) -> None:
    """Every state of the builder is a URL; filters go with their step."""
    page = look("funnels?step=a&step=b&step=c&step_filter=3:os=iOS")
    links = attributes(page, "href")

    assert "/analytics/funnels?step=a&step=c&step_filter=2%3Aos%3DiOS" in links
    assert "/analytics/funnels?step=a&step=c&step=b&step_filter=2%3Aos%3DiOS" in links
    assert "/analytics/funnels?step=a&step=b&step=c" in links
    assert "A funnel needs two steps" in text_of(look("funnels"))
    assert "One more step" in text_of(look("funnels?step=a"))


def test_retention(look: Look, shop: Analytics, app: Flask) -> None:
    """The grid is that of the Python API."""
    page = text_of(look("retention?period=day"))
    with app.app_context():
        answer = shop.metrics.retention(
            "2026-11-08", list(range(14)), to="2026-11-22", period="day", grid=True
        )

    assert f"All {answer.size} 100%" in page
    (cohort,) = [one for one in answer.cohorts if one.size == 2 and one.time > "2026-11-09"]
    assert cohort.returned[1].returned == 2
    assert "Sun 15 Nov 2026 2 100% 100%" in page


def test_people_and_one_of_them(look: Look) -> None:
    """Found by a part of the id; with traits and what they did, in the viewer's zone."""
    assert re.search(r"bob \d+ \d+ min ago", text_of(look("people?search=bo&days=7")))
    assert "Nobody in this range has an id" in text_of(look("people?search=Bo"))

    page = text_of(look("people?id=ann&tz=Asia/Tokyo"))
    assert "plan pro" in page
    assert "Saturday, 21 Nov 2026 19:58:48 purchase /checkout revenue 12.50 EUR" in page
    assert "Asia/Tokyo (UTC+9)" in page
    assert look("people?id=nobody").status_code == 400


def test_speed(look: Look, shop: Analytics, app: Flask) -> None:
    """Routes with their latency, JavaScript errors by message."""
    page = text_of(look("speed?days=7&sort=p95"))
    with app.app_context():
        slowest = max(shop.metrics.latency(), key=lambda one: one.p95 or 0)

    assert slowest.route == "/pay"
    assert f"/pay {slowest.count} {slowest.errors} 100% 400 ms 400 ms" in page
    assert "TypeError: x is null 1" in page


@pytest.mark.parametrize("path", EVERY)
def test_every_page_is_protected_and_small(look: Look, path: str) -> None:
    """Headers, no inline code, and at most 40 KB packed."""
    page = look(path)

    assert page.status_code == (404 if path == "nothing" else 200)
    assert {name: page.headers[name] for name in PAGE} == PAGE
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script>|https?://", page.text)
    assert len(gzip.compress(page.data)) < 40 * 1024


@pytest.mark.parametrize("path", EVERY)
def test_every_link_leads_somewhere(look: Look, client: FlaskClient, path: str) -> None:
    """No page has a link of ours that is broken."""
    links = {link for link in attributes(look(path), "(?:href|src)") if link.startswith("/")}

    statuses = {link: client.get(link).status_code for link in sorted(links)[::5]}
    assert set(statuses.values()) == {200}, statuses


def test_nothing_of_an_event_is_markup(
    analytics: Analytics, client: FlaskClient, keep: Keep
) -> None:
    """Names, properties, paths, referrers and ids of those who would like it to be."""
    analytics.access(lambda: True)
    keep(
        view(1, HOSTILE, HOSTILE, referrer=f"https://{HOSTILE}/", url=f"/?utm_source={HOSTILE}",
             locale=HOSTILE, hostname=HOSTILE),
        event(2, HOSTILE, event_name=HOSTILE, properties={HOSTILE: HOSTILE}),
        event(3, HOSTILE, event_name="js_error", properties={"message": HOSTILE}),
    )  # fmt: skip
    quoted = quote(HOSTILE)
    asked = ("events?event=", "people?id=", "?filter=", "?filter=route%3D", "people?search=",
             f"funnels?step={quoted}&step=", "live?like=", "?show=", "?tz=")  # fmt: skip

    for path in (*EVERY, *(start + quoted for start in asked)):
        page = client.get(f"/analytics/{path}").text
        assert "<script>" not in page, path
        assert "'><script" not in page, path
    assert HOSTILE in text_of(client.get("/analytics/events"))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("?days=x", "days"), ("?filter=colour%3Dred", "colour"), ("?show=money", "show"),
        ("?pages=people", "pages"), ("?sources=x", "sources"), ("retention?period=hour", "period"),
        ("speed?sort=x", "sort"), ("funnels?step=a&step=b&window=soon", "window"),
        ("?field=&value=x", "field"), ("funnels?step=a&step=b&step_filter=9:os=iOS", "step"),
    ],
)  # fmt: skip
def test_a_wrong_url_is_a_friendly_page(look: Look, path: str, told: str) -> None:
    """It names what is wrong, keeps the menu, and leads back."""
    page = look(path)

    assert page.status_code == 400
    assert told in text_of(page)
    assert "/analytics/people" in attributes(page, "href")


def test_a_form_becomes_a_url(look: Look) -> None:
    """What is sent in parts is redirected to what can be shared."""
    answer = look("?days=7&field=device&op=%3D&value=mobile")

    assert (answer.status_code, answer.location) == (
        303, "/analytics/?days=7&filter=device%3Dmobile"
    )  # fmt: skip


def test_zone_and_language_are_the_viewers(look: Look, client: FlaskClient) -> None:
    """The cookie that the script sets, and what the browser asks for."""
    client.set_cookie("analytics_zone", "Europe/Berlin", path="/analytics/")
    page = look("", headers={"Accept-Language": "de-DE,en;q=0.5"})

    assert "Europe/Berlin (UTC+1)" in text_of(page)
    assert "175,00 EUR" in text_of(page)


def test_empty_pages_say_what_to_do(analytics: Analytics, keep: Keep, client: FlaskClient) -> None:
    """Who has just installed it is not left alone."""
    analytics.access(lambda: True)
    pages = {page: text_of(client.get(f"/analytics/{page}")) for page in
             ("", "events", "funnels", "retention", "people", "live", "delivery")}  # fmt: skip

    assert "Open a page of the application" in pages[""]
    assert "track(" in pages["events"]
    assert "@analytics.user_id" in pages["retention"]
    assert "Open a page" in pages["live"]


def test_without_a_store_the_page_says_so(analytics: Analytics, client: FlaskClient) -> None:
    """The only page that needs none shows its numbers all the same."""
    analytics.access(lambda: True)

    assert client.get("/analytics/").status_code == 404
    assert "ANALYTICS_STORE" in client.get("/analytics/").text
    assert client.get("/analytics/delivery").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"), [(StoreError("/secret/path"), 503), (Busy(7), 503), (KeyError("x"), 500)]
)
def test_a_store_that_fails_is_a_friendly_page(
    app: Flask, look: Look, error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own words, which may name files, stay in the log."""
    state = app.extensions["analytics"]

    def broken() -> Any:
        raise error

    state.store = broken
    app.testing = False
    with caplog.at_level(logging.WARNING):
        page = look()

    assert page.status_code == status
    assert "/secret/path" not in page.text
    assert page.headers.get("Retry-After") == ("7" if isinstance(error, Busy) else None)


@pytest.mark.parametrize(
    ("zone", "foot"), [("UTC", "Times in UTC"), ("Asia/Tokyo", "Times in Asia/Tokyo (UTC+9)")]
)
def test_foot_names_the_zone_once(look: Look, zone: str, foot: str) -> None:
    """UTC needs no distance from itself."""
    footer = re.search(r"<footer.*?</footer>", look(f"live?tz={zone}").text, re.S)

    assert footer
    assert foot == " ".join(re.sub(r"<button.*</button>|<[^>]+>", "", footer[0]).split())


def test_closed_page_says_how_to_open_it(client: FlaskClient) -> None:
    """As a page for people; programs get the problem document."""
    page = client.get("/analytics/", headers={"Accept": "text/html"})

    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert "@analytics.access" in page.text
    assert page.headers["Content-Security-Policy"] == PAGE["Content-Security-Policy"]
    assert "--debug" in page.text
    plain = client.get("/analytics/", headers={"Accept": "application/json"})
    assert plain.mimetype == "application/problem+json"


def test_whoever_is_refused_learns_nothing(analytics: Analytics, client: FlaskClient) -> None:
    """Neither numbers nor how it is set up."""
    analytics.access(lambda: False)
    page = client.get("/analytics/events?event=secret", headers={"Accept": "text/html"})

    assert page.status_code == 403
    assert "You may not read this." in page.text
    assert "@analytics" not in page.text


def test_looking_is_no_event(look: Look, app: Flask) -> None:
    """Whoever watches the numbers must not change them."""
    with capture_events(app) as captured:
        for path in EVERY:
            look(path)

    assert list(captured) == []


def test_templates_can_be_replaced(app: Flask, look: Look, tmp_path: Any) -> None:
    """One of the application's own with the same name wins."""
    own = tmp_path / "flask_analytics" / "dashboard"
    own.mkdir(parents=True)
    (own / "banner.html").write_text("<p>Ours</p>")
    app.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]

    assert "<p>Ours</p>" in look().text


def test_menu_has_a_key_for_each_page() -> None:
    """And none twice."""
    keys = [key for _, _, key in PAGES]
    assert len(set(keys)) == len(keys) == 8


def test_files_are_for_everybody_and_for_long(client: FlaskClient) -> None:
    """The closed page needs them. Nothing else of the folder is served."""
    page = client.get("/analytics/", headers={"Accept": "text/html"})
    link = next(one for one in attributes(page, "href") if ".css" in one)

    assert client.get(link).headers["Cache-Control"].endswith("immutable")
    assert client.get("/analytics/look/dashboard.js").headers["Cache-Control"] == "no-cache"
    assert client.get("/analytics/look/analytics.js").status_code == 404
    assert client.get("/analytics/look/..%2fsetup.py").status_code in (403, 404)
    assert len(gzip.compress(client.get("/analytics/look/dashboard.js").data)) < 4096
