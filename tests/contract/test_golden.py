"""The very requests that each destination gets, checked against its documented schema.

``GOLDEN=write python -m pytest tests/contract/test_golden.py`` writes the files anew: read the
difference before you commit it.
"""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flask_analytics.testing import FakeDestination

from . import events
from .conftest import Deliver
from .kind import Kind
from .kinds import KINDS
from .test_contract import collector, good

HERE = Path(__file__).parent


def shown(kind: Kind, destination: FakeDestination) -> Any:
    """Every request as data, without what is another each time."""
    requests = [
        {"path": received.path, "headers": _headers(received.headers), "body": _body(received.body)}
        for received in destination.requests
    ]
    text = json.dumps(requests, indent=1, sort_keys=True, ensure_ascii=False)
    for number in range(len(events.everything())):
        written = json.dumps(kind.written(events.NOW.timestamp() + number))
        text = text.replace(written, f'"<time {number}>"')
        bare = written.strip('"')
        text = text.replace(f"={bare}&", f"=<time {number}>&")  # in a query string
    text = re.sub(r'"(sentAt|sent_at)": "[^"]+"', r'"\1": "<time of sending>"', text)
    text = re.sub(r'"session_id": \d+', '"session_id": "<visit>"', text)
    text = text.replace(json.dumps(version("flask-analytics-bridge")), '"<version>"')
    return json.loads(text)


def _body(body: bytes) -> Any:
    return json.loads(body)


def _headers(headers: Any) -> dict[str, str]:
    own = ("Content-Length", "Host", "Accept-Encoding", "Connection", "Accept")
    shown = {name: value for name, value in headers.items() if name not in own}
    for name in shown.keys() & {"Idempotency-Key", "X-Analytics-Signature"}:
        shown[name] = re.sub(r"[0-9a-f]{64}", "<of the body>", shown[name])
    return shown


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_requests_are_the_golden_ones(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """One event of each kind; a change of what is sent is a change of a file in the review."""
    file = HERE / "golden" / f"{kind.name}.json"
    good(kind, destination)

    deliver(collector(kind, destination, max_inflight=1), *events.everything())

    found = shown(kind, destination)
    if os.environ.get("GOLDEN") == "write":
        file.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    assert found == json.loads(file.read_text())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_requests_are_as_the_destination_documents(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """The schema is written from the destination's documentation, not from our payloads."""
    schema = json.loads((HERE / "schemas" / f"{kind.name}.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    good(kind, destination)

    deliver(collector(kind, destination), *events.everything())

    assert destination.requests
    for received in destination.requests:
        validator.validate(_body(received.body))
    wrong = [{}], [], {"nothing": 1}
    assert any(not validator.is_valid(body) for body in wrong), "the schema refuses nothing"
