"""Which format a file is in, told by how it begins."""

from __future__ import annotations

from . import accesslog, csv, ndjson
from .refusal import Unreadable

#: The words for ``--format``.
NAMES = (ndjson.Ndjson.name, csv.Csv.name, accesslog.AccessLog.name)


def guess(head: bytes) -> str:
    """The format's name.

    :param head: the first bytes of the file.
    :raises Unreadable: it could be anything.
    """
    first, _, _ = head.lstrip().partition(b"\n")
    text = first.decode("utf-8", "replace").rstrip("\r")
    if text.startswith("{"):
        return ndjson.Ndjson.name
    if accesslog.looks_like(text):
        return accesslog.AccessLog.name
    if any(sign in text for sign in ",;\t|"):
        return csv.Csv.name
    if not text:
        raise Unreadable("it is empty")
    raise Unreadable(
        "its first line is neither JSON nor a row nor a line of an access log: name its format "
        f"with --format, one of {', '.join(NAMES)}"
    )
