"""The processes that serve: how many share what, who forks, who patches."""

from __future__ import annotations

import ast
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .delivery import total
from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "workers"


def check(patient: Patient) -> Iterator[Finding]:
    """What can be told from processes that run, and from settings of servers."""
    words = _running(patient) or _configured(patient)
    found = [*_apart(patient, words), *_servers(patient, words), *_patched()]
    if not found:
        what = _server(words)
        text = f"{what} fits." if what else "No server runs, and none is configured here."
        found = [Finding(NAME, OK, text)]
    yield from found


def _apart(patient: Patient, words: list[str]) -> Iterator[Finding]:
    settings = patient.state.settings
    several = _count(words, patient) > 1
    if several and settings.durability == "memory":
        yield Finding(
            NAME, WARNING, "Several processes, and no journal: each knows its own counts only, and "
            "what waits in one that is killed is lost.",
            "Leave ANALYTICS_DURABILITY out, and let ANALYTICS_DIR be writable.",
        )  # fmt: skip
    if several and str(settings.store).startswith("memory"):
        yield Finding(
            NAME, PROBLEM, "Several processes, each with a store in its own memory: every answer "
            "shows the events of one of them.", 'Set ANALYTICS_STORE to "embedded:".',
        )  # fmt: skip


def _servers(patient: Patient, words: list[str]) -> Iterator[Finding]:
    text, sigterm = " ".join(words), patient.state.settings.sigterm
    server = _server(words)
    if server == "uWSGI" and not _is_set(text, "enable-threads", "threads", "gevent"):
        yield Finding(
            NAME, PROBLEM, "uWSGI runs without threads of Python: nothing is ever delivered.",
            "Give it enable-threads.",
        )  # fmt: skip
    if server == "flask run" and not patient.app.debug:
        yield Finding(
            NAME, WARNING, "flask run is for development.",
            "Serve with gunicorn, uWSGI or waitress.",
        )  # fmt: skip
    if server in ("flask run", "waitress") and not sigterm:
        yield Finding(
            NAME, WARNING, f"{server} ends at SIGTERM without delivering what waits.",
            "Set ANALYTICS_SIGTERM to True.",
        )  # fmt: skip
    if server == "gunicorn" and _is_set(text, "preload") and "gevent" in text:
        yield Finding(
            NAME, WARNING, "gunicorn with gevent and preload patches ssl after it was loaded, if "
            "the application sends before it forks.",
            "Patch at the top of gunicorn.conf.py: from gevent import monkey; monkey.patch_all()",
        )  # fmt: skip


def _patched() -> Iterator[Finding]:
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("socket"):
        return
    if not monkey.is_module_patched("threading"):
        yield Finding(
            NAME, PROBLEM, "gevent has patched sockets and not threads: delivery can stand still.",
            "Call monkey.patch_all() without exceptions, before everything else.",
        )  # fmt: skip


def _running(patient: Patient) -> list[str]:
    """The command line of a process that counts at this moment."""
    for sheet in total(patient).sheets:
        try:
            told = Path(f"/proc/{sheet.pid}/cmdline").read_bytes()
        except OSError:  # another system, another container
            continue
        if words := [word for word in told.decode(errors="replace").split("\0") if word]:
            return words
    return []


def _configured(patient: Patient) -> list[str]:
    """What servers would be told here."""
    words = shlex.split(patient.environ.get("GUNICORN_CMD_ARGS", ""))
    words = ["gunicorn", *words] if words else []
    for path in (patient.folder / "gunicorn.conf.py", patient.folder / "uwsgi.ini"):
        try:
            text = path.read_text()
        except (OSError, UnicodeError):
            continue
        words += ["gunicorn", *_settings(text)] if path.suffix == ".py" else ["uwsgi", *_ini(text)]
    return words


def _settings(text: str) -> Iterator[str]:
    """The plain values of gunicorn's configuration, as its options."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            name = getattr(node.targets[0], "id", "")
            if node.value.value is True and name == "preload_app":
                yield "--preload"
            elif isinstance(node.value.value, (str, int)) and node.value.value is not False:
                yield f"--{name.replace('_', '-')}={node.value.value}"


def _ini(text: str) -> Iterator[str]:
    for line in text.splitlines():
        name, sign, value = line.partition("=")
        if sign and value.strip().lower() not in ("false", "0"):
            yield f"--{name.strip()}={value.strip()}"


def _server(words: list[str]) -> str:
    """Which server a command line starts."""
    programs = [Path(word).name for word in words[:4]]
    names = {"gunicorn": "gunicorn", "uwsgi": "uWSGI", "waitress": "waitress"}
    for program in programs:
        for name, server in names.items():
            if program.startswith(name):
                return server
    return "flask run" if "flask" in programs and "run" in words else ""


def _is_set(text: str, *options: str) -> bool:
    return any(f"--{option}" in text for option in options)


def _count(words: list[str], patient: Patient) -> int:
    """Processes at work: those that count, else those that a server would start."""
    living = len(total(patient).sheets)
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in ("-w", "--workers", "-p", "--processes"):
            value = value or (words[place + 1] if place + 1 < len(words) else "")
            return max(living, int(value) if value.isdecimal() else 1)
    return max(living, 1)
