"""An event that the answer tells the page, and the page's module tells us: by a response header.

htmx and unpoly make DOM events of their headers ``HX-Trigger`` (https://htmx.org/headers/hx-trigger/)
and ``X-Up-Events`` (https://unpoly.com/X-Up-Events); the module listens to the one that we name.
"""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import Headers

#: The DOM event, and the hook of the module.
NAME = "analytics:track"

#: Characters of a header: proxies take all headers of an answer in 4 to 8 KiB.
MAX_HEADER = 4096


def add(headers: Headers, event_name: str, params: dict[str, Any]) -> None:
    """Put one more event into both headers; what is in them already stays.

    :raises ValueError: a header is something else, or there is no room.
    """
    payload = {"eventName": event_name, "params": params}
    for name, text in {
        "HX-Trigger": _htmx(headers.get("HX-Trigger", ""), payload),
        "X-Up-Events": _unpoly(headers.get("X-Up-Events", ""), payload),
    }.items():
        if len(text) > MAX_HEADER:
            raise ValueError(
                f"{name} would have {len(text)} characters, more than {MAX_HEADER}: "
                "send fewer params, or use track()"
            )
        headers[name] = text


def _htmx(header: str, payload: dict[str, Any]) -> str:
    """``{"event": detail}``; a list of names has no details yet, and one event no second detail."""
    if header.lstrip().startswith("{"):
        events = _json("HX-Trigger", header)
    else:
        events = {name.strip(): None for name in header.split(",") if name.strip()}
    before = events.get(NAME)
    if before is None:
        events[NAME] = payload
    else:
        events[NAME] = [*(before if isinstance(before, list) else [before]), payload]
    return json.dumps(events, separators=(",", ":"))


def _unpoly(header: str, payload: dict[str, Any]) -> str:
    """``[{"type": "event", ...}]``."""
    events = _json("X-Up-Events", header) if header else []
    return json.dumps([*events, {"type": NAME, "detail": payload}], separators=(",", ":"))


def _json(name: str, header: str) -> Any:
    try:
        return json.loads(header)
    except ValueError:
        raise ValueError(f"{name} is set already, and not as JSON: {header[:80]!r}") from None
