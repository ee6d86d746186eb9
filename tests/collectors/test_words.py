"""Words that several services share. What visitors send is no reason to lose an event."""

from __future__ import annotations

import pytest

from flask_analytics.collectors import words


@pytest.mark.parametrize("url", ["https://[::1", "https://[bad]/", "//", "", None, "no address"])
def test_an_address_that_is_none_has_no_parts(url: str | None) -> None:
    """A referrer is written by the visitor: nothing is raised, and nothing found."""
    assert words.host(url) is None
    assert words.campaign(url) == {}
    assert words.utm(url) == {}


def test_campaign_in_both_spellings() -> None:
    """Segment says name where the address says campaign."""
    url = "https://shop.example/?utm_campaign=spring&utm_source=news&utm_other=x"

    assert words.campaign(url) == {"name": "spring", "source": "news"}
    assert words.utm(url) == {"utm_campaign": "spring", "utm_source": "news"}
    assert words.host(url) == "shop.example"


@pytest.mark.parametrize("who", [None, "", " ", "Anonymous", "null", "0", "{}", " nil "])
def test_nobody(who: str | None) -> None:
    """What programs say for want of an id is none."""
    assert words.somebody(who) is None


@pytest.mark.parametrize("who", ["ann", "42", "nullable", "a b"])
def test_somebody(who: str) -> None:
    """Any other id is sent as it is."""
    assert words.somebody(who) == who
