"""What an event tells beyond its fields."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.metrics import facts
from flask_analytics.metrics.facts import Agent

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((5, "5"), (5.0, "5"), ("5", "5"), (-0.0, "0"), (True, "true"), (False, "false")),
        *((0.1, "0.1"), (1e21, "1e+21"), (10**17, "100000000000000000"), (2.5, "2.5")),
        *((0.1 + 0.2, "0.3"), (1e15, "1e+15"), (1e14, "100000000000000"), ("", "")),
        *((None, None), ([], None), ([1], None), ({}, None)),
    ],
)
def test_text_of_a_value(value: Any, text: str | None) -> None:
    """One key for what people take for one value; none for what is no value."""
    assert facts.text(value) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_an_integer_is_one_key_as_either_number(value: int) -> None:
    """JSON does not tell 5 from 5.0, so neither does a key."""
    assert facts.text(value) == facts.text(float(value)) == str(value)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (FIREFOX, Agent(False, "Firefox", "Linux", "desktop")),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) {APPLE}",
            Agent(False, "Mobile Safari", "iOS", "mobile"),
        ),
        (
            f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {APPLE}",
            Agent(False, "Mobile Safari", "iOS", "tablet"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-X900) {CHROME} Safari/537.36",
            Agent(False, "Chrome", "Android", "tablet"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; Pixel 7) {CHROME} Mobile Safari/537.36",
            Agent(False, "Chrome Mobile", "Android", "mobile"),
        ),
        (
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko",
            Agent(False, "IE", "Windows", "desktop"),
        ),
        ("our own thing", Agent(False)),
        ("", Agent(False)),
        (None, Agent(False)),
    ],
)
def test_what_a_user_agent_tells(user_agent: str | None, expected: Agent) -> None:
    """Families as ua-parser calls them, and the kind of device."""
    assert facts.agent(user_agent) == expected


@pytest.mark.parametrize("user_agent", [GOOGLEBOT, "curl/8.5.0", "python-requests/2.32"])
@pytest.mark.parametrize("source", ["server", "browser", "api"])
def test_a_bot_is_one_through_every_channel(user_agent: str, source: str) -> None:
    """By its user agent."""
    assert facts.is_bot(user_agent, source)
    assert facts.agent(user_agent).bot


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_user_agent(nothing: str | None) -> None:
    """Browsers always send one, programs of our own need not."""
    assert facts.is_bot(nothing, "server")
    assert facts.is_bot(nothing, "browser")
    assert not facts.is_bot(nothing, "api")


@pytest.mark.parametrize(
    ("source", "context", "is_bot"),
    [
        ("browser", {"automated": True}, True),
        ("browser", {"automated": "yes"}, False),
        ("browser", {}, False),
        ("api", {"automated": True}, False),
    ],
)
def test_a_driven_browser_is_a_bot(source: str, context: dict[str, Any], is_bot: bool) -> None:
    """Its module says so; what other channels put into a context is their own."""
    assert facts.is_bot(FIREFOX, source, context) is is_bot


def test_a_person_is_no_bot() -> None:
    """Not by a browser's user agent."""
    assert not facts.is_bot(FIREFOX, "server")


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """Looking for bots loads no families; importing loads neither."""
    code = (
        "import sys; from flask_analytics.metrics import facts\n"
        "assert not {'ua_parser', 'crawleruseragents'} & sys.modules.keys()\n"
        "assert facts.is_bot('curl/8', 'server') and 'ua_parser' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/?utm_source=n&utm_medium=m&utm_campaign=c%20d", ("n", "m", "c d")),
        ("https://a.example/?ref=r&source=s", ("r", None, None)),
        ("https://a.example/?source=s", ("s", None, None)),
        ("https://a.example/?utm_source=&ref=r", ("r", None, None)),
        ("https://a.example/", (None, None, None)),
        ("https://[broken", (None, None, None)),
    ],
)
def test_campaign_of_a_url(url: str, expected: tuple[str | None, ...]) -> None:
    """utm_source, else ref, else source."""
    assert tuple(facts.campaign(url)) == expected


@pytest.mark.parametrize(
    ("referrer", "hostname", "expected"),
    [
        ("https://www.Search.example/q", "shop.example", "search.example"),
        ("https://shop.example/a", "www.Shop.example", None),
        ("https://www.shop.example/a", "shop.example", None),
        ("https://a.example/", None, "a.example"),
        ("nonsense", "shop.example", None),
        ("https://[broken", "shop.example", None),
        ("", "shop.example", None),
        (None, None, None),
    ],
)
def test_where_a_visitor_came_from(
    referrer: str | None, hostname: str | None, expected: str | None
) -> None:
    """The referrer's host, unless it is our own."""
    assert facts.referrer_host(referrer, hostname) == expected
