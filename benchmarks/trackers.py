"""The trackers of ``browsers.py``: how a page includes each, and what it sends for a page view."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

HERE = Path(__file__).parent
FOLDER = HERE / "peers"
BUILT = HERE.parent / "static" / "built"

#: How the files with our sizes end.
ENDS = {"raw": "", "gzip": ".gz", "brotli": ".br"}

#: Seconds that npm may take.
PATIENCE = 300

QUIET = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"]


@dataclass(frozen=True)
class Tracker:
    """One tracker.

    :param views: the titles of the page views in a body that came to a path; ``None`` for a view
        that is sent without its title.
    :param tag: the tag in the page; ours is the extension's snippet.
    :param link: the attribute that makes a click on a link an event, where the tracker has one.
    """

    name: str
    key: str
    views: Callable[[str, bytes], list[str | None]]
    tag: str
    link: str = ""


def module(key: str) -> str:
    return f'<script type="module" src="/peers/{key}.js"></script>'


def ours(path: str, body: bytes) -> list[str | None]:
    events = json.loads(body)["events"]
    return [event["properties"]["title"] for event in events if event["type"] == "pageview"]


def plausible(path: str, body: bytes) -> list[str | None]:
    return [None] if json.loads(body)["n"] == "pageview" else []


def umami(path: str, body: bytes) -> list[str | None]:
    payload = json.loads(body)["payload"]
    return [] if "name" in payload else [unquote(payload["title"])]


def openpanel(path: str, body: bytes) -> list[str | None]:
    payload = json.loads(body).get("payload", {})
    return [payload["properties"]["__title"]] if payload.get("name") == "screen_view" else []


def swetrix(path: str, body: bytes) -> list[str | None]:
    return [None] if path.rstrip("/") == "/log" else []


def ahoy(path: str, body: bytes) -> list[str | None]:
    """A form of several parts by beacon, JSON by a request."""
    if path != "/ahoy/events":
        return []
    text = body.decode()
    if not text.startswith("{"):
        text = text.partition('name="events_json"')[2].partition("\r\n\r\n")[2].partition("\r\n")[0]
        text = f'{{"events": {text}}}'
    events = json.loads(text)["events"]
    return [event["properties"]["title"] for event in events if event["name"] == "$view"]


def posthog(path: str, body: bytes) -> list[str | None]:
    if not path.startswith(("/e/", "/i/")):
        return []
    if body.startswith(b"data="):  # a beacon
        body = b64decode(parse_qs(body)[b"data"][0])
    told: Any = json.loads(body)
    batch = told if isinstance(told, list) else told.get("batch", [told])
    return [event["properties"]["title"] for event in batch if event["event"] == "$pageview"]


UMAMI = (
    '<script defer src="/peers/umami.js" data-website-id="benchmark" data-host-url="/"></script>'
)

TRACKERS = [
    Tracker("**ours**", "ours", ours, "", 'data-analytics-event="go"'),
    Tracker("Plausible", "plausible", plausible, module("plausible")),
    Tracker("Umami", "umami", umami, UMAMI, 'data-umami-event="go"'),
    Tracker("OpenPanel", "openpanel", openpanel, module("openpanel"), 'data-track="go"'),
    Tracker("Swetrix", "swetrix", swetrix, module("swetrix")),
    Tracker("ahoy.js", "ahoy", ahoy, module("ahoy")),
    Tracker("PostHog", "posthog", posthog, module("posthog"), 'data-ph-capture-attribute-go="go"'),
]


def fetch(keep: bool) -> dict[str, dict[str, Any]]:
    """Have npm fetch the latest of each, and bundle them: versions and sizes by key.

    :param keep: take what the last run has fetched.
    """
    modules = FOLDER / "node_modules"
    if not (keep and modules.exists()):
        shutil.rmtree(modules, ignore_errors=True)
        npm("install", "--no-package-lock", *QUIET)
        fetch_umami(modules / "umami")
    told = run("node", "bundle.mjs")
    return {"ours": our_sizes(), **json.loads(told)}


def fetch_umami(folder: Path) -> None:
    """Its package is the whole server, whose own packages nobody needs here."""
    folder.mkdir()
    archive = FOLDER / "node_modules" / npm("pack", "umami@latest", *QUIET, cwd="node_modules")
    with tarfile.open(archive) as packed:
        for name in ("package.json", "src/tracker/index.js"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(packed.extractfile(f"package/{name}").read())  # type: ignore[union-attr]
    archive.unlink()


def npm(*arguments: str, cwd: str = ".") -> str:
    executable = shutil.which("npm")
    if executable is None:
        raise SystemExit("There is no npm on the PATH: it fetches the trackers to compare with.")
    return run(executable, *arguments, cwd=cwd)


def run(*command: str, cwd: str = ".") -> str:
    done = subprocess.run(
        command, cwd=FOLDER / cwd, capture_output=True, text=True, timeout=PATIENCE
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} has failed: {done.stderr[-1000:]}")
    return done.stdout.strip()


def our_sizes() -> dict[str, Any]:
    """What is served: built and compressed beforehand."""
    size = {key: (BUILT / f"analytics.js{end}").stat().st_size for key, end in ENDS.items()}
    return {"version": "this checkout", **size}


def scripts() -> Iterator[tuple[str, bytes]]:
    """What was bundled, by the name that a page asks for."""
    for path in sorted((FOLDER / "node_modules/.bundled").glob("*/*.js")):
        yield path.name, path.read_bytes()
