"""Other extensions of the same application: what they have to know of us, and what they tell.

They are met at the first request, when each of them is set up, in whatever order that was.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g

from . import visitor
from .context import identify
from .record import State, running_request

#: Our routes that see for themselves who sends: they ask for a key, for the origin, or for a
#: token of their own.
_NO_FORMS = (
    "flask_analytics",
    "flask_analytics_write",
    "flask_analytics_tracking",
    "flask_analytics_dashboard",
)

#: On ``g``: the user who was joined with the visitor in this request.
_JOINED = "_analytics_joined"


class Neighbours:
    """The other extensions of one application. No exception leaves here."""

    def __init__(self, app: Flask, state: State) -> None:
        self._app = app
        self._state = state

    def meet(self) -> None:
        """Say and ask what there is to. Doing it twice is doing it once."""
        for name, meet in (("csrf", self._be_exempt), ("flask_login", self._follow_logins)):
            try:
                meet()
            except Exception as error:
                self._state.pipeline.log.warning(name, "cannot work with %s", name, error=error)

    def _be_exempt(self) -> None:
        """Flask-WTF would look for a form's token where there is no form."""
        protection: Any = self._app.extensions.get("csrf")
        if hasattr(protection, "exempt"):
            for name in _NO_FORMS:
                protection.exempt(self._app.blueprints[name])

    def _follow_logins(self) -> None:
        if not hasattr(self._app, "login_manager") or self._state.settings.visitor_id is None:
            return
        from flask_login import user_logged_in  # it is loaded, or there were no login_manager

        user_logged_in.connect(self.on_login, self._app)  # weakly: whoever met us holds us

    def on_login(self, sender: Flask, **_: Any) -> None:
        """A visitor turns out to be a user: say so, once, with both ids in one event."""
        try:
            if running_request() is None:  # a login from a test or a script has no visitor
                return
            user = visitor.user_id(self._app, self._state.callbacks.user_id)
            if user is not None and g.get(_JOINED) != user:
                setattr(g, _JOINED, user)
                identify(user)
        except Exception as error:
            self._state.pipeline.log.warning("login", "a login was not followed", error=error)
