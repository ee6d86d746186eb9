"""Whether a request comes from one of our own pages."""

from __future__ import annotations

from flask import Request


def is_same_origin(current: Request) -> bool:
    """Whether a request comes from our own pages. Browsers tell; scripts cannot change it.

    ``Sec-Fetch-Site`` decides where it is there; else ``Origin`` must be this very host. Old
    browsers send neither.
    """
    site = current.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = current.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == current.host
