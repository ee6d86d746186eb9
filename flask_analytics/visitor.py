"""What the application itself knows about its visitor: the user, and the language it speaks.

Only what is known anyway is read: no user is loaded from a database for analytics, and a
session that the view did not touch does not count as touched (Flask would add Vary: Cookie).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, g
from flask.globals import app_ctx, request_ctx

from .errors import kind
from .values import clean_text

#: Characters of an id.
MAX_ID = 256


def is_known(app: Flask, declared: Callable[[], Any] | None) -> bool:
    """Whether the application can tell anything about its visitors at all."""
    return declared is not None or hasattr(app, "login_manager") or "babel" in app.extensions


def user_id(app: Flask, declared: Callable[[], Any] | None) -> str | None:
    """The id of the user of this request: the declared callable's, else flask-login's."""
    if declared is not None:
        return id_text(ask(app, declared))
    if hasattr(app, "login_manager"):
        return id_text(_login_id())
    return None


def id_text(value: Any, field: str = "user_id") -> str | None:
    """An id as text; numbers are fine, emptiness is nobody.

    :param field: what it is called in errors.
    :raises TypeError: it is no text and no number, and has no text of its own as a UUID has.
    """
    if value is None:
        return None
    if type(value) is str:
        return clean_text(value, MAX_ID) or None
    if not issubclass(type(value), (bool, dict, list, tuple, set, bytes)):
        try:
            if _has_text(value):
                return clean_text(str(value), MAX_ID) or None
        except Exception:  # a number of 5,000 digits, or a method of the caller's own
            pass
    raise TypeError(f"{field} must be text, a number or a UUID, not {kind(value)}")


def _has_text(value: Any) -> bool:
    """Whether it is called the same each time: neither NaN nor ``<Order object at 0x7f...>``."""
    own = (getattr(type(value), name) is getattr(object, name) for name in ("__str__", "__repr__"))
    return not all(own) and bool(value == value)


def ask(app: Flask, declared: Callable[[], Any]) -> Any:
    """What a callable of the application says; that it looks into the session does not count."""
    session = _session()
    accessed = getattr(session, "accessed", False)
    try:
        return app.ensure_sync(declared)()
    finally:
        if session is not None:
            session.accessed = accessed


def _login_id() -> Any:
    if "_login_user" in g:
        user = g._login_user
        return user.get_id() if user.is_authenticated else None
    session = _session()
    if session is None:
        return None
    accessed = session.accessed
    try:
        return session.get("_user_id")
    finally:
        session.accessed = accessed


def _session() -> Any:
    """The session behind ``flask.session``, which would mark it as touched.

    Flask keeps it on its context: since 3.1.3 under a private name, from 3.2 on the context of
    the application. Where it is not found, only a user that the view has loaded is known.
    """
    found = getattr(app_ctx, "_session", None)
    if found is None:
        attributes = vars(request_ctx._get_current_object())  # type: ignore[attr-defined]
        found = attributes.get("_session", attributes.get("session"))
    return found


def language() -> str | None:
    """The language that Flask-Babel answers in, if it is installed and set up.

    Its selector may look into the session: that must not count as touched either.
    """
    if "babel" not in current_app.extensions:
        return None
    from flask_babel import get_locale

    session = _session()
    accessed = getattr(session, "accessed", False)
    try:
        locale = get_locale()
    finally:
        if session is not None:
            session.accessed = accessed
    return None if locale is None else str(locale)
