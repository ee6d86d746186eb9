"""The floors of the house: a module imports only from the floors below its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "flask_analytics"

#: A package with a star is one room: its modules may import each other, in no circle.
FLOORS = [
    # 1: words and laws. They import nothing of ours but errors.
    "signals assets ids event config log tally guard trigger consent "
    "delivery.ledger delivery.retry delivery.breaker delivery.latch delivery.folder "
    "delivery.stats delivery.sigterm collectors.public "
    "web.keys web.problem web.origin web.headers web.table web.charts.* doctor.finding",
    # 2: what is made of them; the questions and their answers, as values
    "values needs pipeline salt claims collectors.base collectors.checks collectors.clip "
    "collectors.words collectors.visits collectors.connect delivery.hub delivery.buffer "
    "delivery.dead delivery.segment delivery.sheet delivery.forgotten delivery.chosen metrics.* "
    "web.rates web.vocabulary",
    # 3: tools, each about one thing; what a store is
    "enrich visitor permission delivery.blanks delivery.addressee delivery.verdicts "
    "delivery.supply delivery.announcer delivery.lifetime "
    "delivery.direct delivery.suspects delivery.journal delivery.retired "
    "collectors.answer collectors.ga4_words collectors.memory collectors.stdout store.base "
    "store.bookmark",
    # 4: machines made of tools; the questions in SQL
    "record delivery.account delivery.caller collectors.store collectors.http web.payload "
    "delivery.census delivery.letters store.sql.* store.run store.move store.address",
    # 5: a lane; what the helpers are given; the stores
    "arguments delivery.batcher delivery.board delivery.diagnosis delivery.exposition web.access "
    "store.memory.* store.embedded.* store.clickhouse.* store.exports.* metrics.ask "
    "web.batch web.shapes collectors.client",
    # 6: what fills the lanes; the helpers
    "context erasure delivery.pump delivery.summary store.imports.* store.replays.* web.body "
    "web.senders "
    "web.tracking_messages web.tracking_context collectors.webhook collectors.destination",
    # 7: what describes the doors; who lives beside us; services
    "web.openapi web.tracking_calls web.ingest neighbours "
    "collectors.address collectors.amplitude collectors.ga4 collectors.matomo collectors.mixpanel "
    "collectors.plausible collectors.posthog collectors.segment collectors.umami",
    # 8: doors
    "hooks web.browser web.health web.write web.tracking web.api delivery.dispatcher screen.* "
    "doctor.*",
    # 9: the command line; the dashboard; what puts an application together
    "cli.* web.dashboard.* assembly",
    # 10: the front
    "extension testing",
]


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts), path


PATHS = dict(modules())
NAMED = {name: n for n, names in enumerate(FLOORS, 1) for name in names.split()}


def room(name: str) -> str:
    """The entry of FLOORS that a module belongs to: its own, else its package's."""
    return name if name in NAMED else name.rpartition(".")[0] + ".*"


FLOOR = {name: NAMED[room(name)] for name in PATHS if room(name) in NAMED}
FLOOR["errors"] = 0

#: a third-party package -> the only modules that may import it; with a star, the only package
DOORS = {
    "gevent": {
        "delivery.dispatcher",
        "delivery.batcher",
        "delivery.caller",
        "delivery.pump",
        "delivery.hub",
        "delivery.latch",
        "delivery.announcer",
        "collectors.connect",
        "collectors.http",
        "store.run",
        "store.embedded.native",
    },
    "requests": {"collectors.http"},
    "urllib3": {"collectors.http"},
    "blinker": {"signals"},
    "click": {"cli.*"},
    "rich": {"screen.*"},
    "iso4217": {"event"},
    "flask_babel": {"visitor"},
    "flask_login": {"neighbours"},
    "itsdangerous": {"claims"},
    "limits": {"web.rates", "web.table"},
    "redis": {"web.rates"},
    "crawleruseragents": {"metrics.facts"},
    "ua_parser": {"metrics.facts"},
    "sqlite3": {"store.embedded.*"},
    "duckdb": {"store.embedded.*", "store.exports.*"},
    "numpy": {"store.embedded.*"},
    "clickhouse_connect": {"store.clickhouse.*"},
    "chdb": {"store.clickhouse.*"},
    "pandas": {"metrics.frame"},
    "pyarrow": {"metrics.frame"},
    "flask": {
        "record",
        "context",
        "visitor",
        "hooks",
        "neighbours",
        "cli.*",
        "assembly",
        "extension",
        "testing",
        "web.access",
        "web.api",
        "web.body",
        "web.browser",
        "web.dashboard.*",
        "web.health",
        "web.ingest",
        "web.keys",
        "web.origin",
        "web.problem",
        "web.senders",
        "web.tracking",
        "web.write",
    },
}


def imports(name: str, path: Path) -> Iterator[tuple[bool, str]]:
    """Yield (is it ours?, module) for each import that runs; not those for type checkers."""
    package = name.split(".")[:-1]
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (place(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join(
                [ROOT.name] * bool(node.level) + base + [node.module] * bool(node.module)
            )
            names = [f"{start}.{alias.name}" for alias in node.names]
            found = [place(start)] if is_module(start) else [place(name) for name in names]
            yield from found


def is_module(dotted: str) -> bool:
    is_ours, rest = place(dotted)
    return not is_ours or rest in FLOOR


def place(dotted: str) -> tuple[bool, str]:
    top, _, rest = dotted.partition(".")
    return (True, rest) if top == ROOT.name else (False, top)


@pytest.mark.parametrize(("name", "path"), list(PATHS.items()), ids=lambda value: str(value)[-30:])
def test_module_keeps_to_its_floor(name: str, path: Path) -> None:
    """No module imports from its own floor or one above, and strangers come in by one door."""
    for is_ours, other in imports(name, path):
        if is_ours:
            is_below = FLOOR[other] < FLOOR[name] or room(other) == room(name)
            assert is_below, f"{name} (floor {FLOOR[name]}) imports {other}"
        elif other in DOORS:
            assert room(name) in DOORS[other] or name in DOORS[other], (
                f"only {DOORS[other]} may import {other}"
            )


def test_no_module_imports_itself_in_a_circle() -> None:
    """Also inside a room there is an order in which the modules can be read."""
    graph = {
        name: {other for is_ours, other in imports(name, path) if is_ours}
        for name, path in PATHS.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_every_module_has_a_floor() -> None:
    """A new module takes a place in the house before it is used."""
    assert set(PATHS) == set(FLOOR)
    assert {room(name) for name in PATHS if name != "errors"} == set(NAMED)


def test_no_file_is_too_long() -> None:
    """A reader holds one file in the head."""
    home = ROOT.parent
    paths = [
        *home.glob("flask_analytics/**/*.py"),
        *home.glob("static/**/*.js"),
        *home.glob("*.mjs"),
        *home.glob("tests/**/*.py"),
        *home.glob("benchmarks/*.py"),
        *(path for path in home.glob("example/**/*.*") if path.suffix in (".py", ".css", ".js")),
    ]
    lengths = {str(path): len(path.read_text().splitlines()) for path in paths}
    assert {path: n for path, n in lengths.items() if n > 400} == {}
