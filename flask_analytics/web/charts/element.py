"""One element of SVG or HTML, with everything in it escaped."""

from __future__ import annotations

from markupsafe import Markup, escape


def element(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """``<name attributes>children</name>``.

    :param children: text, which is escaped, or Markup, which is not.
    :param attributes: ``class_`` is ``class``, other underscores are hyphens; None is left out.
    """
    told = Markup("").join(
        Markup(' {}="{}"').format(_spelled(key), _value(value))
        for key, value in attributes.items()
        if value is not None
    )
    inside = Markup("").join(escape(child) for child in children)
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), told, inside)


def _spelled(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """A coordinate, in few characters."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """A share of 1 as a length."""
    return f"{number(share * 100)}%"
