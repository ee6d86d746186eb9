"""One element of SVG or HTML, with everything in it escaped."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup, escape


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """``<name attributes>children</name>``.

    :param children: text, which is escaped, or Markup, which is not.
    :param attributes: ``class_`` is ``class``, other underscores are hyphens; None is left out.
    """
    # Not by Markup.format: a page has a thousand attributes, each would take ten times as long.
    told = "".join(
        f' {_spelled(key)}="{escape(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(map(escape, children))
    return Markup(f"<{name}{told}>{inside}</{name}>")


@cache
def _spelled(key: str) -> str:
    return escape(key if key == "viewBox" else key.rstrip("_").replace("_", "-"))


def number(value: float) -> str:
    """A coordinate, in few characters."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """A share of 1 as a length."""
    return f"{number(share * 100)}%"
