"""Opens connections from the event loop, without waiting behind other people's look-ups.

Names are looked up in the few threads that the event loop has for it. gevent's own way takes one
of them for each try, also for an address that needs no look-up, so that one name whose server
hangs would soon have them all, and every other collector would wait.
"""

from __future__ import annotations

import _socket  # what is in socket may be gevent's, which is not for these threads
import socket
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import gevent
import gevent.socket

from ..errors import Forbidden
from .public import is_public

#: An answer of getaddrinfo, and the error that came instead of one.
_Found = tuple[list[Any], OSError | None]

#: The look-ups under way in each event loop, by host and port.
_under_way: WeakKeyDictionary[Any, dict[tuple[str, int], Any]] = WeakKeyDictionary()


class FairSocket(gevent.socket.socket):  # type: ignore[misc]
    """Lets others have their turn while there is always more to read. gevent's own waits only when
    there is nothing, so an endless answer would stop the event loop, and every time limit too."""

    #: Reads between two turns.
    EVERY = 16

    #: Seconds of a turn. Not 0: gevent runs fifty of those before it looks at clock and sockets.
    TURN = 1e-6

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._reads = 0

    def recv_into(self, *args: Any) -> int:
        """Read, and every so often wait for the others."""
        self._reads += 1
        if self._reads % self.EVERY == 0:
            gevent.sleep(self.TURN)
        return super().recv_into(*args)  # type: ignore[no-any-return]


def connect(host: str, port: int, timeout: float | None, allow_private: bool = True) -> Any:
    """A gevent socket that is connected to the first address that answers.

    :param timeout: seconds for each address.
    :param allow_private: False: only to addresses of the open Internet. The address that was
        looked at is the one connected to, so a name cannot lead elsewhere a moment later.
    :raises Forbidden: the host has none of those.
    :raises OSError: none does, or the host has none. Whatever is raised, no socket stays open.
    """
    fault: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    found = look_up(host, port)
    if not allow_private:
        found = [one for one in found if is_public(one[4][0])] or _forbid()
    for family, kind, protocol, _, address in found:
        sock = FairSocket(family, kind, protocol)
        try:
            sock.settimeout(timeout)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            fault = error
        except BaseException:  # a time limit, or the end of the lane
            sock.close()
            raise
    raise fault


def _forbid() -> NoReturn:
    raise Forbidden("private_address")


def look_up(host: str, port: int) -> list[Any]:
    """The addresses of a host, as getaddrinfo gives them.

    A name is looked up once at a time, however many ask, and goes on being looked up when they
    have given up: one name holds one thread.

    :raises OSError: it has none.
    """
    if _is_address(host):
        return _socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    hub = gevent.get_hub()
    under_way = _under_way.setdefault(hub, {})
    result = under_way.get((host, port))
    if result is None:
        result = under_way[host, port] = hub.threadpool.spawn(_caught, host, port)
        result.rawlink(lambda _: under_way.pop((host, port), None))
    found, error = result.get()
    if error is not None:
        raise error
    return found  # type: ignore[no-any-return]


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return True
    return False


def _caught(host: str, port: int) -> _Found:
    """In a thread of a pool, which prints what is raised."""
    try:
        return _socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM), None
    except (OSError, UnicodeError) as error:
        return [], error if isinstance(error, OSError) else socket.gaierror(str(error))
