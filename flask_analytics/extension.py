"""Analytics(app): what an application sees of it all; ``assembly`` puts the parts together."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakSet, ref

from flask import Blueprint, Flask, has_app_context

from . import config, hooks
from .assembly import assemble
from .context import Helpers
from .delivery import sigterm
from .errors import ConfigurationError, DropEvent
from .event import Event, currencies
from .metrics.ask import Metrics
from .pipeline import Step
from .record import Callbacks, State
from .web import api, browser, health, tracking, write
from .web.dashboard import door as dashboard

if TYPE_CHECKING:
    from .erasure import Erased

V = TypeVar("V")
F = TypeVar("F", bound=Callable[..., Any])


class Analytics(Helpers):
    """Analytics for a Flask application.

    >>> app = Flask(__name__)
    >>> analytics = Analytics(app)

    or, with an application factory, ``analytics = Analytics()`` and ``analytics.init_app(app)``.
    From then on each page view and each action of the application is an event, and the helpers
    (``track``, ``set_event_name``, ...) work in views, here, and on ``g.analytics``. The state
    of an application is ``app.extensions["analytics"]``; one ``Analytics`` may serve several.

    :param app: the application, if it is there already.
    :raises ConfigurationError: a setting is wrong, or the application has Analytics already.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._callbacks = Callbacks()
        self._steps: list[Step] = []
        self._states: WeakSet[State] = WeakSet()  # an application keeps its own alive
        #: The only one: looking into the set costs more than the rest of ``track``.
        self._only: ref[State] | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set an application up: settings, hooks, helpers, the browser module.

        :raises ConfigurationError: a setting is wrong, or it was done before.
        """
        if "analytics" in app.extensions:
            raise ConfigurationError(
                "This application has Analytics already. Use either Analytics(app) or "
                "analytics.init_app(app), once"
            )
        from .cli import door  # whoever only imports us needs none

        settings = config.read(app.config)
        currencies()  # 40 ms that the first view with revenue need not pay
        state = assemble(app, settings, self._callbacks, self._steps)
        app.extensions["analytics"] = state
        self._states.add(state)
        self._only = ref(state) if len(self._states) == 1 else None
        _offer_on_g(app, _Bound(state))
        browser.install(app, state)
        health.install(app, state)
        write.install(app, state)
        tracking.install(app, state)
        api.install(app, state)
        dashboard.install(app, state)
        door.install(app)
        if settings.enabled:
            hooks.install(app, state)
            if settings.sigterm:
                sigterm.install()

    # -- what an application may declare

    def exempt(self, view: V) -> V:
        """Decorate a view, or pass a blueprint: no automatic event for it."""
        if isinstance(view, Blueprint):
            self._callbacks.exempt.append(view)
        else:
            setattr(view, hooks.EXEMPT, True)
        return view

    def exclude(self, function: F) -> F:
        """Declare whose events do not count, such as those of staff: called without arguments,
        inside the request. True: nothing of it is an event, neither the request itself, nor what
        the helpers send, nor what its page sends.
        """
        self._callbacks.exclude = function
        return function

    def user_id(self, function: F) -> F:
        """Declare who the user of the request is: called without arguments, gives an id or None.

        Without it flask-login's user is taken where flask-login is set up.
        """
        self._callbacks.user_id = function
        return function

    def classify(self, function: F) -> F:
        """Declare what a request is: ``(request, response) -> EventType or None`` (no event).

        It replaces the rules of ``hooks``; a view that shaped its event gets one all the same.
        """
        self._callbacks.classify = function
        return function

    def before_send(self, function: F) -> F:
        """Declare a last look at each event: ``event -> event``, or None to drop it.

        Called in the thread of the request, once for each event, in the order of declaration,
        before anything of the event is on a disk. One that raises changes nothing: to take out
        what must not be kept, use ``redact``.
        """

        def step(event: Event) -> Event:
            result = function(event)
            if result is None:
                raise DropEvent("before_send")
            if not isinstance(result, Event):
                raise TypeError(f"before_send must return the event or None, not {result!r:.60}")
            return result

        self._steps.append(step)
        return function

    def redact(self, function: F) -> F:
        """Declare what takes out of each event what must not be kept: ``event -> None`` or event.

        Called last of all, in the thread of the request, before anything of the event is on a
        disk, told to a receiver or given to a collector; by ``flask analytics import`` too. What
        it raises drops the event, counted as ``redact_failed``.

        ``event.replace_texts(function)`` puts every text of an event through a function.
        """

        def step(event: Event) -> Event:
            result = function(event)
            if result is None:
                return event
            if not isinstance(result, Event):
                kind = type(result).__name__
                raise TypeError(f"redact must return None or the event, not {kind}")
            return result

        self._callbacks.redact.append(step)
        return function

    def access(self, function: F) -> F:
        """Declare who may read: called without arguments, inside the request.

        True lets in, False refuses, and a response, such as a redirect to a login, is passed on.
        Without it nobody may, but a browser on this machine in debug mode, and machines that
        have one of ANALYTICS_READ_TOKENS.
        """
        self._callbacks.access = function
        return function

    def consent(self, function: F) -> F:
        """Declare what the visitor of the request allows: called without arguments, inside it.

        True is a yes to all, False a no, and a mapping tells them apart, by purpose or by
        collector: ``{"store": True, "forward": False}``, ``{"Mixpanel": False}``. What it does
        not name is allowed. A no to all is counted as dropped (``consent``), and nothing is kept;
        so is whatever the function raises (``consent_failed``).

        :raises ConfigurationError: it wants arguments, or cannot be called.
        """
        try:
            inspect.signature(function).bind()
        except TypeError as error:
            raise ConfigurationError(
                f"@analytics.consent takes a function without arguments ({error}): it reads the "
                "request itself, such as request.cookies"
            ) from None
        self._callbacks.consent = function
        return function

    # -- questions

    @property
    def metrics(self) -> Metrics:
        """The questions to the current application's store: ``analytics.metrics.volume()``.

        :raises ConfigurationError: ANALYTICS_STORE is None.
        """
        state = self._state()
        if state.store is None:
            raise ConfigurationError(
                "ANALYTICS_STORE is None, so nothing is kept that could be asked: leave it out, "
                'or set it to "embedded:"'
            )
        return Metrics(state.store, state.pipeline.clock)

    def forget(self, id: str) -> Erased | None:
        """Erase a person, by any of their ids: from the store, from the journal's files of every
        process of this machine, from dead letters, and from what waits in memory.

        It waits until the store's files are rewritten. None: nobody has the id. What was delivered
        before, backups and exported files are not reached.

        :raises StoreError: the store cannot now; ask again.
        """
        from . import erasure

        state = self._state()
        store = state.store() if state.store else None
        person = erasure.find(state, store, id)
        if person is None:
            erasure.silence(state, id)  # of who is nowhere yet, something may wait in memory
            return None
        erased = erasure.forget(state, store, person)
        if store is not None:
            store.tend()
        return erased

    # -- delivery

    def flush(self, timeout: float = 5.0) -> bool:
        """Deliver what waits, within ``timeout`` seconds. True: nothing waits any more, and
        ``stats()`` says what became of it."""
        return self._state().pipeline.sink.flush(timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Deliver what waits, then stop. Default timeout: ANALYTICS_SHUTDOWN_TIMEOUT, seconds.

        True: nothing was left. What was left stays in the journal, and the next process delivers
        it. The end of the process calls this by itself; later events are counted as dropped.
        """
        state = self._state()
        limit = state.settings.shutdown_timeout if timeout is None else timeout
        return state.pipeline.sink.close(limit)

    def stats(self) -> dict[str, Any]:
        """What became of the events of this process.

        ``collectors``: by name, ``accepted``, ``delivered``, ``rejected`` and ``dropped`` by
        reason, ``pending``, ``state``, ``since`` (seconds since the epoch) and ``reason`` of the
        state, ``max_age`` in seconds; always accepted = delivered + rejected + dropped +
        pending. ``queued``: accepted, not yet given to collectors. ``dropped``: lost before any
        collector, by reason. ``trimmed``: parts and arguments that had to be changed.
        ``refused``: bodies of pages that met a limit of the browser's endpoint, by reason, and
        ``excluded``, what ``exclude`` left out.
        ``journal``: its ``state`` (``journal``, ``memory`` while it cannot be written, ``off``),
        the ``fault``, and counts of ``bytes``, ``segments``, ``adopted``, ``corrupt``, ``dead``.
        """
        return self._state().pipeline.stats()

    def _state(self) -> State:
        """The current application's state, or that of the only one there is."""
        if has_app_context():
            return super()._state()
        state = None if self._only is None else self._only()
        if state is not None:
            return state
        if len(self._states) == 1:
            return next(iter(self._states))
        raise RuntimeError(
            "Analytics serves no application, or several: use it inside app.app_context()"
        )


class _Bound(Helpers):
    """``g.analytics``: the helpers of one application."""

    def __init__(self, state: State) -> None:
        self._own = state

    def _state(self) -> State:
        return self._own


def _offer_on_g(app: Flask, helpers: Helpers) -> None:
    """Put ``analytics`` on every ``g`` of the application, at no cost for a request."""
    base = app.app_ctx_globals_class
    app.app_ctx_globals_class = type(  # type: ignore[assignment]
        base.__name__, (base,), {"analytics": helpers}
    )
