"""What a request tells: address, language, host, URL, referrer, cut and cleaned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_analytics import Event, track
from flask_analytics.enrich import (
    MAX_VALUE,
    best_language,
    capture,
    cut_url,
    enricher,
    header_text,
    host_name,
    language_tag,
    public_url,
    redact,
)
from flask_analytics.testing import capture_events


def get(client: FlaskClient, path: str = "/", **headers: str) -> None:
    client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_facts_of_a_request(client: FlaskClient, events: list[Event]) -> None:
    """One request, every fact."""
    get(
        client,
        "/blog/first?utm_source=mail&ref=x&token=secret&page=2",
        Accept_Language="fr;q=0.5, de-at",
        User_Agent="Mozilla/5.0",
        Referer="https://user:pass@search.example/?q=me&utm_medium=a#frag",
        Host="shop.example:8080",
    )

    (event,) = events
    assert event.client_ip == "127.0.0.1"
    assert event.locale == "de-AT"
    assert event.hostname == "shop.example"
    assert event.url == "http://shop.example:8080/blog/first?utm_source=mail&ref=x"
    assert event.path == "/blog/first"
    assert event.user_agent == "Mozilla/5.0"
    assert event.referrer == "https://search.example/?utm_medium=a"
    assert event.method == "GET"
    assert event.view_id
    assert event.source == "server"


def test_forwarded_address_is_believed_only_through_proxyfix(
    app: Flask, events: list[Event]
) -> None:
    """A raw X-Forwarded-For is a visitor's claim; ProxyFix decides."""
    get(app.test_client(), X_Forwarded_For="6.6.6.6")
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    get(app.test_client(), X_Forwarded_For="6.6.6.6")

    assert [event.client_ip for event in events] == ["127.0.0.1", "6.6.6.6"]


def test_untrusted_host_is_not_told(make_app: Callable[..., Flask]) -> None:
    """A forged Host header becomes neither hostname nor URL."""
    app = make_app(ANALYTICS_TRUSTED_HOSTS=["shop.example", ".shop.example"])

    with capture_events(app) as events:
        for host in ("shop.example:80", "www.shop.example", "evil.example"):
            get(app.test_client(), Host=host)

    assert [event.hostname for event in events] == ["shop.example", "www.shop.example", None]
    assert events[-1].url is None
    assert events[-1].path == "/"


def test_callers_fields_stand(app: Flask, client: FlaskClient, events: list[Event]) -> None:
    """Enrichment fills only what is empty."""
    app.add_url_rule("/t", "t", lambda: track("a", user_id="me") or {})

    client.get("/t")

    assert events[0].user_id == "me"


@pytest.mark.parametrize("length", [2047, 2048, 2049, 5000])
def test_long_values_are_cut_at_2048_characters(
    client: FlaskClient, events: list[Event], length: int
) -> None:
    """User agent, URL and referrer, under, at and over the limit."""
    get(
        client,
        "/" + "a" * length,
        User_Agent="u" * length,
        Referer="https://a.example/" + "r" * length,
    )

    (event,) = events
    assert len(event.user_agent or "") == min(length, 2048)
    assert len(event.url or "") == min(len("http://localhost/") + length, 2048)
    assert len(event.referrer or "") == min(len("https://a.example/") + length, 2048)


@pytest.mark.parametrize("shift", range(12))
def test_cut_url_never_breaks_a_character(shift: int) -> None:
    """A character that is written as several %XX stays whole, wherever the cut falls."""
    url = "http://localhost/" + "a" * shift + "%F0%9F%8E%89" * 600

    cut = cut_url(url)

    assert 2048 - 12 < len(cut) <= 2048
    assert cut.removeprefix("http://localhost/" + "a" * shift) == "%F0%9F%8E%89" * (
        (len(cut) - 17 - shift) // 12
    )


@given(st.text(min_size=1, max_size=3000))
def test_cut_url_keeps_any_text_decodable(text: str) -> None:
    """Whatever the path, what is left of it decodes."""
    from urllib.parse import quote, unquote

    url = "http://localhost/" + quote(text, errors="replace")

    assert unquote(cut_url(url), errors="strict")


def test_utf8_in_a_header_is_read(client: FlaskClient, events: list[Event]) -> None:
    """WSGI hands UTF-8 over as Latin-1; a path comes out as people wrote it."""
    assert header_text("na\u00c3\u00afve \u00f0\u009f\u008e\u0089") == "naïve 🎉"
    assert header_text("na\u00efve") == "naïve"

    client.get("/blog/größe")

    assert events[0].path == "/blog/größe"
    assert events[0].url == "http://localhost/blog/gr%C3%B6%C3%9Fe"


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("de-de,en;q=0.5", "de-DE"),
        ("en;q=0.1, zh-hans-cn;q=0.9", "zh-Hans-CN"),
        ("*", None),
        ("", None),
        (";;;=,", None),
        ("x" * 10_000, "x" * 35),
    ],
)
def test_best_language(header: str, tag: str | None) -> None:
    """The most wanted language, as a BCP 47 tag."""
    assert best_language(header) == tag


def test_language_tag_has_its_capitals() -> None:
    """Language small, script capitalised, region in capitals."""
    assert language_tag("ZH_hANS_cn") == "zh-Hans-CN"
    assert language_tag("sr-latn") == "sr-Latn"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("A.Example:80", "a.example"),
        ("[::1]:80", "::1"),
        ("", None),
        ("a\nb", None),
        ("a b", None),
        ("shop.example/x?token=secret#", None),
        ("user:pass@shop.example", None),
        ("[::1", None),
    ],
)
def test_host_name(host: str, name: str | None) -> None:
    """Lower case, without its port."""
    assert host_name(host, None) == name


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://a.example/x?utm_source=1&q=2#f", "https://a.example/x?utm_source=1"),
        ("http://u:p@a.example:81/x", "http://a.example:81/x"),
        ("http://[::1]:5000/", "http://[::1]:5000/"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("/relative", None),
        ("http://", None),
        ("http://[broken", None),
        ("http://a.example:99999/", None),
        ("http://a\0b/", None),
        ("http://a\ud800b/", None),
        ("http://a.example/<b>\n", "http://a.example/%3Cb%3E"),
    ],
)
def test_public_url(url: str, public: str | None) -> None:
    """Only http(s) addresses, without passwords, fragments and unlisted query keys."""
    assert public_url(url) == public


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("utm_source=mail&utm_email=joe@x.org", "?utm_source=mail"),
        ("ref=abc;token=secret", "?ref=abc"),
        ("ref=https://x.example/?token=secret", "?ref=https://x.example/"),
        ("ref=https%3A%2F%2Fx%2F%3Ftoken%3Dsecret", "?ref=https%3A%2F%2Fx%2F"),
        ("ref=" + "x" * 500, "?ref=" + "x" * 128),
        ("ref", "?ref="),
        ("q=ref", ""),
    ],
)
def test_query_keeps_what_cannot_be_a_secret(query: str, kept: str) -> None:
    """A listed key, and of its value what is no query in itself."""
    assert public_url(f"http://a.example/?{query}") == f"http://a.example/{kept}"


def test_hostile_url_is_cut_quickly() -> None:
    """A long run of %FF that ends otherwise would cost 20 ms with a search from the left."""
    assert len(cut_url("http://a/" + "%FF" * 680 + "z" * 60_000)) <= 2048
    assert len(cut_url("http://a/" + "%ZZ" * 680 + "%" * 60_000)) <= 2048


def test_mounted_application_has_its_whole_path(app: Flask, events: list[Event]) -> None:
    """SCRIPT_NAME is part of the address."""
    app.test_client().get("/", base_url="http://localhost/mounted")

    assert events[0].path == "/mounted/"
    assert events[0].url == "http://localhost/mounted/"


@given(st.text(), st.text(), st.binary(max_size=200))
def test_nothing_in_an_environ_raises(host: str, agent: str, path: bytes) -> None:
    """Headers are strangers' texts: any of them becomes an event that can be written."""
    from flask_analytics.enrich import Facts, enricher
    from flask_analytics.event import encode

    facts: Any = Facts(
        "1.1.1.1", host, "s", "http", "", path.decode("latin-1"), agent, "GET", host, agent, host
    )
    event = Event()
    enricher(None)(event, facts)
    assert encode(event)


def test_query_of_raw_bytes() -> None:
    """Some clients send UTF-8 as it is; the copy on the disk says the same as the event."""
    query = "utm_source=" + "caf\xc3\xa9" * 60
    facts = capture({"HTTP_HOST": "shop.example", "PATH_INFO": "/", "QUERY_STRING": query})
    direct, kept = Event(), Event()

    enricher(None)(direct, facts)
    enricher(None)(kept, redact(facts))

    assert direct.url == kept.url
    assert "utm_source=caf%C3%A9caf%C3%A9" in (direct.url or "")
    assert len((direct.url or "").partition("=")[2]) <= MAX_VALUE
