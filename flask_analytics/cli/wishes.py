"""The options of ``flask analytics import``: what was given, as what its formats take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import click
from flask import current_app

from .group import marks, state

if TYPE_CHECKING:
    from ..store.imports.formats import Options


#: What ``--format`` takes.
FORMATS = ("ndjson", "csv", "log", "segment", "plausible", "umami", "matomo")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options of the command, as they were given."""

    format_: str | None
    tz: str
    fixed: tuple[str, ...]
    columns: tuple[str, ...]
    rest: bool
    delimiter: str | None
    encoding: str
    exclude: tuple[str, ...]
    visitors: bool
    dry_run: bool
    again: bool


def options(wish: Wish) -> Options:
    from ..store.imports.formats import Options

    settings = state().settings
    _check_encoding(wish.encoding)
    return Options(
        fixed=_pairs("--set", wish.fixed, _known_field),
        columns=_pairs("--map", wish.columns, _known_field),
        keeps_rest=wish.rest,
        delimiter=_delimiter(wish.delimiter),
        encoding=wish.encoding,
        scheme=current_app.config["PREFERRED_URL_SCHEME"],
        quiet=(*_own_paths(), *settings.exclude, *wish.exclude),
        route=_router(),
        visitor=_visitor(wish),
    )


def _own_paths() -> Iterator[str]:
    """Paths that never are pages while the application runs either."""
    settings = state().settings
    for prefix in (settings.browser_prefix, settings.url_prefix, current_app.static_url_path):
        if prefix:
            yield f"{prefix}/*"


def _visitor(wish: Wish) -> Any:
    from ..store.imports.visitors import Visitors

    if not wish.visitors or state().settings.visitor_id is None:
        return None
    place = None if wish.dry_run else marks("imports")
    return Visitors(place / "salt" if place else None)


def _router() -> Callable[[str], tuple[str, str] | None]:
    """The application's own routes."""
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import RequestRedirect, Rule

    adapter = current_app.url_map.bind(current_app.config["SERVER_NAME"] or "localhost")

    def route(path: str) -> tuple[str, str] | None:
        try:
            rule, _ = cast("tuple[Rule, Any]", adapter.match(path, "GET", return_rule=True))
        except (HTTPException, RequestRedirect):
            return None
        return rule.rule, str(rule.endpoint)

    return route


def _pairs(
    option: str, given: tuple[str, ...], check: Callable[[str, str], None]
) -> dict[str, str]:
    found = {}
    for pair in given:
        field, sign, value = pair.partition("=")
        if not sign or not value:
            raise click.BadParameter(
                f"{pair!r} should be a field, =, and what it is.", param_hint=repr(option)
            )
        check(option, field)
        found[field] = value
    return found


def _known_field(option: str, field: str) -> None:
    from ..store.imports.csv import PLAIN, check_field

    if not check_field(field):
        raise click.BadParameter(
            f"{field!r} is no field: there are {', '.join(sorted(PLAIN))}, properties.NAME, "
            "traits.NAME, context.NAME, revenue.amount and revenue.currency.",
            param_hint=repr(option),
        )


def _delimiter(given: str | None) -> str | None:
    found = {"\\t": "\t", "tab": "\t"}.get(given or "", given)
    if found is not None and (len(found) != 1 or found in '"\r\n'):
        raise click.BadParameter("must be one letter, or tab.", param_hint="'--delimiter'")
    return found


def _check_encoding(name: str) -> None:
    try:
        if "\n,a".encode(name) == b"\n,a":
            return
    except (LookupError, UnicodeError):
        pass
    raise click.BadParameter(
        f"{name!r} is no encoding in which lines can be told apart: use utf-8, latin-1, cp1252, "
        "..., or convert the file with iconv.", param_hint="'--encoding'",
    )  # fmt: skip
