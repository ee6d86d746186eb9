"""Whether the application's own Content-Security-Policy lets the browser module work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from ..errors import DropEvent
from ..event import Event
from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "policy"

#: Where a page may say it as well.
_META = re.compile(
    r"""<meta[^>]+http-equiv=["']?content-security-policy["']?[^>]*?content=("[^"]*"|'[^']*')""",
    re.IGNORECASE,
)

#: The tag of the snippet.
_SCRIPT = r"<script\b[^>]*\bsrc=[\"']?{}[^>]*>"

#: A page that is fetched in advance is no page view.
_HEADERS = {"Accept": "text/html", "Sec-Purpose": "prefetch"}

Directives = dict[str, list[str]]


def check(patient: Patient) -> Iterator[Finding]:
    """Each page, as a stranger gets it. Asking for it makes no event."""
    for path in patient.pages:
        status, policies, html = _page(patient, path)
        if status >= 300 or not html:
            yield Finding(
                NAME, OK, f"{path} answers {status} to a stranger, so its policy was not looked at "
                "(--page names another).",
            )  # fmt: skip
        else:
            yield from _judged(patient, path, policies, html)


def _judged(patient: Patient, path: str, policies: list[str], html: str) -> Iterator[Finding]:
    settings = patient.state.settings
    module, endpoint = f"{settings.browser_prefix}/a.", f"{settings.browser_prefix}/e"
    tag = re.search(_SCRIPT.format(re.escape(module)), html)
    if tag is None:
        yield Finding(
            NAME, WARNING, f"{path} has no snippet: browsers tell nothing of it.",
            'Write {% include "flask_analytics/snippet.html" %} into the head of your base '
            "template.",
        )  # fmt: skip
    faults = [
        fault
        for text in policies
        for fault in faults_of(parse(text), module, endpoint, tag[0] if tag else "")
    ]
    yield from (Finding(NAME, PROBLEM, f"The policy of {path} {fault}", cure)
                for fault, cure in dict(faults).items())  # fmt: skip
    if tag is not None and not faults:
        what = "lets the module in" if policies else "is not set, so the module is let in"
        yield Finding(NAME, OK, f"The policy of {path} {what}.")


def _page(patient: Patient, path: str) -> tuple[int, list[str], str]:
    """Status, policies and text of a page."""

    def silence(event: Event) -> Event:
        raise DropEvent("doctor")

    steps = patient.state.pipeline.steps
    steps.insert(0, silence)
    try:
        answer = patient.app.test_client().get(path, headers=_HEADERS)
        html = answer.text if answer.mimetype == "text/html" else ""
    finally:
        steps.remove(silence)
    own = answer.headers.getlist("Content-Security-Policy")
    return answer.status_code, [*own, *(found[1][1:-1] for found in _META.finditer(html))], html


def parse(text: str) -> Directives:
    """A policy's directives; of two of a name the first counts."""
    found: Directives = {}
    for part in text.split(";"):
        name, *sources = part.split() or [""]
        found.setdefault(name.lower(), sources)
    return found


def faults_of(
    policy: Directives, module: str, endpoint: str, tag: str
) -> Iterator[tuple[str, str]]:
    """What a policy forbids of what we need, each with its cure."""
    names = ("script-src-elem", "script-src", "default-src")
    scripts = next((policy[name] for name in names if name in policy), None)
    if scripts is not None and not _lets_script(scripts, module, tag):
        yield (
            f"forbids {module}*.js: the browser module does not run.",
            "Allow 'self' in script-src, or give templates a csp_nonce, which the snippet prints.",
        )
    calls = next((policy[name] for name in ("connect-src", "default-src") if name in policy), None)
    if calls is not None and not _lets_url(calls, endpoint):
        yield (f"forbids {endpoint}: what browsers tell cannot be sent.",
               "Allow 'self' in connect-src.")  # fmt: skip


def _lets_script(sources: list[str], path: str, tag: str) -> bool:
    nonce = re.search(r"\bnonce=[\"']?([^\"'\s>]+)", tag)
    if nonce and f"'nonce-{nonce[1]}'" in sources:
        return True
    integrity = re.search(r"\bintegrity=[\"']?([^\"'\s>]+)", tag)
    if integrity and f"'{integrity[1]}'" in sources:
        return True
    return "'strict-dynamic'" not in sources and _lets_url(sources, path)


def _lets_url(sources: list[str], path: str) -> bool:
    """Whether one of the sources is us. By which name the application is served is not known
    here, so a whole address counts if its path fits."""
    for source in sources:
        if source.lower() in ("'self'", "*", "https:"):
            return True
        if not source.startswith("'") and not source.endswith(":"):
            place = urlsplit(source if "//" in source else f"//{source}").path
            is_folder = not place or place.endswith("/")
            if path.startswith(place) if is_folder else urljoin(place, path) == place:
                return True
    return False
