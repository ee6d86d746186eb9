"""The group that all commands are in, and what they share: the store, the words of errors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from flask import current_app
from flask.cli import AppGroup

from ..errors import ConfigurationError, QuestionError, StoreError

if TYPE_CHECKING:
    from ..record import State
    from ..store.base import Store

NAME = "analytics"

commands = AppGroup(NAME, help="The events of this application: ask, bring in, take out.")

F = TypeVar("F", bound=Callable[..., Any])

#: Names that an option has without the two dashes of the others.
ARGUMENTS = {"id": "ID"}


class Unknown(click.ClickException):
    """There is no answer: neither well nor ill."""

    exit_code = 2


def state() -> State:
    """What the application keeps of us."""
    found: State = current_app.extensions["analytics"]
    return found


def store() -> Store:
    """The application's store, open.

    :raises click.ClickException: it keeps none, or it cannot be opened.
    """
    opened = state().store
    if opened is None:
        raise click.ClickException("This application keeps no store: ANALYTICS_STORE is None.")
    with plain_errors():
        found: Store = opened()
    if found.scheme == "memory":
        if str(state().settings.store).startswith("embedded") and not current_app.testing:
            raise click.ClickException(
                f"The store in {folder()} cannot be opened by this user: run the command as the "
                "user that the application runs as."
            )
        click.echo(
            "The store is in memory: this command has one of its own, which begins empty and ends "
            "with it. What the workers hold is in their dashboard and read API.",
            err=True,
        )
    return found


def nobody(id: str) -> click.ClickException:
    """The error for a stranger."""
    return click.ClickException(
        f"The store has nothing of {id!r}. Ids are exact, capitals too; flask analytics people "
        "--search finds them."
    )


def folder() -> Path:
    """Where this application's files are."""
    settings = state().settings
    return Path(settings.dir or Path(current_app.instance_path) / "analytics")


def marks(kind: str) -> Path | None:
    """The folder of one kind of bookmarks; None, and a word about it, where it cannot be made."""
    from ..delivery.folder import make

    place = folder() / kind
    try:
        make(folder())
        make(place)
    except OSError as error:
        click.echo(
            f"{place} cannot be written ({error.strerror}): after a kill, this begins anew, with "
            "the same message ids.", err=True,
        )  # fmt: skip
        return None
    return place


@contextmanager
def plain_errors() -> Iterator[None]:
    """Wrong questions are wrong options; a store that cannot is an error without a traceback."""
    try:
        yield
    except QuestionError as error:
        name = error.field
        hint = ARGUMENTS.get(name) or "--" + name.replace("_", "-")
        raise click.BadParameter(f"{error.detail}.", param_hint=repr(hint)) from None
    except (StoreError, ConfigurationError) as error:
        raise click.ClickException(str(error)) from None


def json_option(function: F) -> F:
    """``--json``; without it, a terminal gets tables and anything else JSON."""
    option: Callable[[F], F] = click.option(
        "--json", "is_json", is_flag=True, help="Print JSON, as is done where this is no terminal."
    )
    return option(function)


def wants_json(is_json: bool) -> bool:
    """Whether JSON is printed."""
    return is_json or not sys.stdout.isatty()


def print_json(value: Any) -> None:
    """One document, indented."""
    click.echo(msgspec.json.format(encode(value), indent=2).decode().translate(_CONTROLS))


encode = msgspec.json.Encoder(decimal_format="string").encode

#: What commands a terminal and may yet stand in JSON as it is: the upper control characters.
_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
