"""Sends requests exactly as they are told, on standard input, and prints the answers: JSON both.

A request: ``host``, ``port``, ``path``, ``method``, ``headers`` (pairs, so that one may be there
twice) and ``body``. What is not told is not sent, ``Host`` neither.
"""

from __future__ import annotations

import json
import sys
from http.client import HTTPConnection
from typing import Any


def ask(request: dict[str, Any]) -> dict[str, Any]:
    connection = HTTPConnection(request["host"], request["port"], timeout=20)
    try:
        connection.putrequest(request.get("method", "GET"), request["path"], skip_host=True)
        for name, value in request.get("headers", []):
            connection.putheader(name, value)
        body = request.get("body", "").encode()
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return {"status": answer.status, "body": answer.read().decode(errors="replace")}
    except OSError as error:
        return {"status": 0, "body": repr(error)}
    finally:
        connection.close()


if __name__ == "__main__":
    print(json.dumps([ask(request) for request in json.load(sys.stdin)]))
