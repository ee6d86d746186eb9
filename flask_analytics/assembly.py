"""Puts the parts of one application together: settings -> store, collectors, delivery, pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask

from . import config, enrich, visitor
from .collectors import address
from .collectors.base import Collector
from .collectors.memory import MemoryCollector
from .collectors.store import StoreCollector
from .delivery import folder, letters
from .delivery.board import Board
from .delivery.direct import Direct
from .delivery.forgotten import Forgotten
from .errors import ConfigurationError
from .event import Event
from .log import QuietLog
from .permission import DNT, GPC, Permission
from .pipeline import Pipeline, Sink, Step
from .record import Callbacks, State, thaw
from .salt import DailySalt
from .store.address import Opener

#: Seconds.
DAY = 86_400.0


def assemble(
    app: Flask, settings: config.Settings, callbacks: Callbacks, steps: list[Step]
) -> State:
    """Everything of one application. Nothing is opened and no file made before it is needed.

    :raises ConfigurationError: a collector, the store or the journal's folder is wrong.
    """
    log = QuietLog()
    store = _store(app, settings, log)
    collectors = _collectors(settings, store)
    place = _journal_folder(app, settings)
    home = _home(app, settings)
    forgotten = Forgotten(home / "forgotten.json" if folder.HAS_LOCKS else None)
    pipeline, board = _pipeline(app, settings, collectors, place, log, forgotten)
    pipeline.steps, pipeline.redactions = steps, callbacks.redact
    permission = Permission(
        partial(visitor.ask, app),
        lambda: callbacks.consent,
        {GPC: settings.gpc, DNT: settings.dnt},
        [word for one in collectors.items() for word in (one[0], one[1].integration)],
        log,
    )
    return State(
        app, settings, pipeline, callbacks, board, permission, home, forgotten, store, collectors
    )


def _home(app: Flask, settings: config.Settings) -> Path:
    return Path(settings.dir or Path(app.instance_path) / "analytics")


def _store(app: Flask, settings: config.Settings, log: QuietLog) -> Opener | None:
    if settings.store is None:
        return None
    return Opener(
        settings.store,
        _home(app, settings),
        is_testing=lambda: app.testing,
        retention_days=settings.retention_days,
        log=log,
    )


def _salt(app: Flask, settings: config.Settings) -> Callable[[], DailySalt]:
    """Opens the day's salt at first use; under TESTING without a file."""
    opened: list[DailySalt] = []

    def salt() -> DailySalt:
        if not opened:  # appending is atomic: threads that race here all get the first
            opened.append(DailySalt(None if app.testing else _home(app, settings)))
        return opened[0]

    return salt


def _visitor(settings: config.Settings, salt: Callable[[], DailySalt]) -> enrich.Visitor | None:
    """Gives visitors the id of their day."""
    if settings.visitor_id is None:
        return None

    def visitor(address: str | None, agent: str | None, moment: datetime) -> str | None:
        return salt().visitor(address, agent, moment)

    return visitor


def _upkeep(
    settings: config.Settings, salt: Callable[[], DailySalt], place: Path | None, log: QuietLog
) -> Callable[[], None]:
    """Destroys what is over: called every second or so while the process lives."""
    looked_at = [0.0]

    def keep() -> None:
        salt().tidy()
        now = time.time()
        if place is not None and abs(now - looked_at[0]) >= DAY:
            looked_at[0] = now
            letters.expire(place, now - settings.retention_days * DAY, log)

    return keep


def _collectors(settings: config.Settings, store: Opener | None) -> dict[str, Collector]:
    """The store's own collector, then those that were asked for."""
    own = [] if store is None else [StoreCollector(store, store.scheme)]
    return address.collectors([*own, *settings.collectors])


def _journal_folder(app: Flask, settings: config.Settings) -> Path | None:
    """Where the journal is; it is made at the first event.

    :raises ConfigurationError: a journal was asked for, and its folder cannot be written.
    """
    must = settings.durability == "journal" and not app.testing
    if settings.durability == "memory":
        return None
    if not folder.HAS_LOCKS and not must:
        return None
    place = _home(app, settings) / "journal"
    try:
        if must and not folder.HAS_LOCKS:
            raise OSError(0, "this system has no flock")
        if must:
            folder.make(place)
    except OSError as error:
        raise ConfigurationError(
            f'ANALYTICS_DURABILITY is "journal", but {place} cannot be written '
            f"({error.strerror}). Set ANALYTICS_DIR to a folder that this process may write, "
            f"or leave ANALYTICS_DURABILITY out"
        ) from None
    return place


def _pipeline(
    app: Flask,
    settings: config.Settings,
    collectors: dict[str, Collector],
    place: Path | None,
    log: QuietLog,
    forgotten: Forgotten,
) -> tuple[Pipeline, Callable[[], Board]]:
    """The pipeline of an application, and the board that shows its counts. Under TESTING it ends
    in memory, with no thread."""
    # Here, not in the first request: a fork beside that one would leave its child half a module.
    from .delivery.dispatcher import Dispatcher

    salt = _salt(app, settings)

    def open_sink(complete: Callable[[Any], Event]) -> Sink:
        if not collectors and not app.testing:
            pipeline.log.warning(
                "collectors",
                "Analytics has no collector, so events go nowhere. Set ANALYTICS_COLLECTORS before "
                'Analytics(app), for example to ["stdout:"]',
            )
        if app.testing:
            own = {name: collectors[name] for name in ("store",) if name in collectors}
            return Direct({"memory": MemoryCollector(), **own}, complete=complete)
        return Dispatcher(
            collectors,
            complete=complete,
            freeze=pipeline.freeze,
            thaw=thaw,
            send_signal=pipeline.send_signal,
            listens=pipeline.listens,
            folder=place,
            owner=app.name,
            fsync=settings.fsync,
            board=board,
            forgotten=forgotten,
            upkeep=_upkeep(settings, salt, place, log),
            queue_events=settings.queue_events,
            queue_bytes=settings.queue_bytes,
            shutdown_timeout=settings.shutdown_timeout,
            log=pipeline.log,
        )

    pipeline = Pipeline(
        app,
        open_sink=open_sink,
        enrich=enrich.enricher(settings.trusted_hosts, _visitor(settings, salt)),
        redact=enrich.redact,
        log=log,
    )
    board = _board(app, place if collectors else None, pipeline)
    return pipeline, board


def _board(app: Flask, place: Path | None, pipeline: Pipeline) -> Callable[[], Board]:
    """Opens the board at first use, because TESTING is often set after the extension."""
    boards: list[Board] = []

    def board() -> Board:
        if not boards:  # appending is atomic: threads that race here all get the first
            shared = None if app.testing else place
            boards.append(Board(shared, app.name, pipeline.stats))
        return boards[0]

    return board
