"""What a question has to mind at the moment it is asked: one small look, before the large one."""

from __future__ import annotations

from typing import NamedTuple

from .client import Client
from .identity import remap

_STATE = """SELECT
    (SELECT count() FROM links) > 0,
    (SELECT groupBitXor(sipHash64(message)) FROM (SELECT DISTINCT message FROM aliases)),
    (SELECT count() FROM waiting) > 0,
    (SELECT count() FROM twice) > 0"""


class State(NamedTuple):
    """What is there besides the events.

    :param links: some anonymous id belongs to a user.
    :param version: the state of the aliases; 0: none.
    :param waiting: some page view of a browser may be one that the server saw.
    :param twice: some event is there twice until ``tend`` comes by.
    """

    links: bool
    version: int
    waiting: bool
    twice: bool

    @property
    def people(self) -> str | None:
        """A SELECT of ``key`` and ``person``; None: every key is its own person."""
        return remap(self.version) if self.links or self.version else None


def look(client: Client) -> State:
    """How things are now."""
    links, version, waiting, twice = client.rows(_STATE)[0]
    return State(bool(links), int(version), bool(waiting), bool(twice))
