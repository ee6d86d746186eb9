"""The body of a request, packed or not, whole or not."""

from __future__ import annotations

import gzip
import io

from flask import Flask

from flask_analytics.web import body
from flask_analytics.web.batch import MAX_BATCH
from flask_analytics.web.payload import Unreadable

from .targets import refused

APP = Flask("fuzz")

SEEDS = [
    b"p{}",
    b"g" + gzip.compress(b'{"events":[]}'),
    b"g" + gzip.compress(b"a" * 100_000) + b"more",
    b"g" + gzip.compress(b"a")[:-4],
    b"g" + gzip.compress(b"") * 3,
]


def run(data: bytes) -> None:
    """At most so many bytes, or Unreadable. The first byte says whether it is packed."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "wsgi.input": io.BytesIO(data[1:]),
        "wsgi.input_terminated": True,
    }
    if data[:1] == b"g":
        environ["HTTP_CONTENT_ENCODING"] = "gzip"
    try:
        found = body.read(APP.request_class(environ))
    except Unreadable as error:
        refused(error.status)
        return
    assert len(found) <= MAX_BATCH
