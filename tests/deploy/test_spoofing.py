"""Two hosts, and a client that says it is somebody else: to the application itself and through
proxies. Network namespaces, so the addresses are real."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .actors import HERE, wait_until
from .hosts import CLIENT, SERVER, Hosts, why_not
from .servers import BIN

REASON = why_not()

pytestmark = [
    pytest.mark.deploy,
    pytest.mark.skipif(bool(REASON), reason=REASON or "two hosts"),
]

#: On the server's host nobody else has a port.
APPLICATION, OURS, NGINX = 8000, 8001, 8002

LIE = "203.0.113.9"

#: Every header that somebody may believe, with a lie in it, and once more under the names that CGI
#: makes the same.
LIES = [
    ("X-Forwarded-For", f"{LIE}, 127.0.0.1"), ("X-Forwarded-For", LIE), ("X_Forwarded_For", LIE),
    ("Forwarded", f'for={LIE};host=evil.test;proto=https, for="[::1]"'), ("X-Real-IP", LIE),
    ("X-Client-IP", LIE), ("True-Client-IP", LIE), ("CF-Connecting-IP", LIE),
    ("Via", "1.1 evil.test"), ("X-Forwarded-Host", "evil.test"), ("X-Original-Host", "evil.test"),
    ("Remote-Addr", LIE),
    ("X-Forwarded-Prefix", "/evil"), ("X-Forwarded-Port", "1"),
]  # fmt: skip


@dataclass
class Place:
    """An application on the server's host, and its proxies."""

    hosts: Hosts
    events_file: Path

    def ask(self, *requests: dict[str, Any], by: str = "client") -> list[int]:
        """Statuses of requests from a host."""
        return [answer["status"] for answer in self.hosts.ask(getattr(self.hosts, by), *requests)]

    def events(self, count: int) -> list[dict[str, Any]]:
        """So many events, all that there are."""

        def read() -> list[dict[str, Any]] | None:
            lines = self.events_file.read_bytes().splitlines() if self.events_file.exists() else []
            return [json.loads(line) for line in lines] if len(lines) >= count else None

        found = wait_until(read, f"{count} events")
        assert found is not None
        assert len(found) == count
        return found


def request(port: int, path: str = "/page", host: str = "shop.test", lies: Any = LIES,
            **more: Any) -> dict[str, Any]:  # fmt: skip
    headers = [("Host", host), *lies, *more.pop("headers", [])]
    return {"host": SERVER, "port": port, "path": path, "headers": headers, **more}


def nginx_conf(folder: Path) -> Path:
    """What the manual shows: the host as the client says it, and the client's address appended."""
    path = folder / "nginx.conf"
    path.write_text(f"""
        daemon off; pid {folder}/nginx.pid; error_log stderr; user root; worker_processes 1;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            server {{
                listen {NGINX};
                location / {{
                    proxy_pass http://127.0.0.1:{APPLICATION};
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                }}
            }}
        }}
    """)
    return path


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    """Start the application and whatever can stand before it."""
    with ExitStack() as stack:

        def begin(**environ: str) -> Place:
            hosts = stack.enter_context(Hosts())
            place = Place(hosts, tmp_path / "events")
            told = {"EVENTS": str(place.events_file), "FOLDER": str(tmp_path / "a"), **environ}
            server = [str(BIN / "gunicorn"), f"--bind=0.0.0.0:{APPLICATION}", "--no-control-socket",
                      "--worker-class=gthread", "--threads=4", "app_behind_proxy:app"]  # fmt: skip
            proxy = [sys.executable, str(HERE / "proxy.py"), str(OURS), str(APPLICATION)]
            processes = {"gunicorn": server, "proxy": proxy}
            if shutil.which("nginx"):
                processes["nginx"] = ["nginx", "-p", str(tmp_path), "-c", str(nginx_conf(tmp_path))]
            for name, command in processes.items():
                stack.enter_context(hosts.serve(command, tmp_path / f"{name}.log", **told))
            ports = [APPLICATION, OURS, *([NGINX] if "nginx" in processes else [])]

            def is_up() -> bool:
                asked = [request(port, "/ready", lies=[]) for port in ports]
                return place.ask(*asked) == [200] * len(ports)

            wait_until(is_up, "the server's host did not come up")
            return place

        yield begin


def proxies() -> list[int]:
    """Ports of those that there are."""
    if not shutil.which("nginx"):
        print("nginx is not installed: only our own small proxy stands before the application")
    return [OURS, *([NGINX] if shutil.which("nginx") else [])]


def test_lies_are_not_believed(start: Callable[..., Place]) -> None:
    """Without ProxyFix an address is the connection's: the client's, or that of the proxy. A host
    that is not ours is nowhere in the event."""
    place = start()
    ports = [APPLICATION, *proxies()]
    view = {"events": [{"event_name": "seen", "url": "http://evil.test/x"}]}
    post = {"method": "POST", "path": "/_a/e", "body": json.dumps(view),
            "headers": [("Content-Type", "text/plain")]}  # fmt: skip

    statuses = place.ask(
        *(request(port, host=host) for port in ports for host in ("shop.test", "evil.test")),
        *(request(port, **{**post, "host": "evil.test"}) for port in ports),
    )

    assert statuses == [200] * 2 * len(ports) + [204] * len(ports)
    events = place.events(3 * len(ports))
    assert {event["client_ip"] for event in events} == {CLIENT, "127.0.0.1"}
    assert sum(event["client_ip"] == CLIENT for event in events) == 3  # those not by a proxy
    assert [event.get("hostname") for event in events].count("shop.test") == len(ports)
    assert {event.get("hostname") for event in events} == {"shop.test", None}
    for event in events:
        assert LIE not in json.dumps(event)
        assert "evil" not in json.dumps(event)


def test_behind_one_proxy_only_its_own_word_counts(start: Callable[..., Place]) -> None:
    """With ProxyFix(x_for=1) the last entry of X-Forwarded-For is the proxy's, whatever the client
    has put before it."""
    place = start(PROXIES="1")

    statuses = place.ask(*(request(port) for port in proxies()))

    assert statuses == [200] * len(proxies())
    events = place.events(len(proxies()))
    assert {event["client_ip"] for event in events} == {CLIENT}
    assert {event["hostname"] for event in events} == {"shop.test"}
    assert not any(LIE in json.dumps(event) or "evil" in json.dumps(event) for event in events)


#: What might make a stranger somebody of this machine.
AS_IF_LOCAL = [
    [], [("X-Forwarded-For", "127.0.0.1")], [("X-Forwarded-For", "127.0.0.1, 127.0.0.1")],
    [("X-Real-IP", "127.0.0.1")], [("Forwarded", "for=127.0.0.1;host=localhost")],
    [("X_Forwarded_For", "127.0.0.1")], [("Sec-Fetch-Site", "same-origin")],
    [("X-Forwarded-Host", "localhost"), ("X-Forwarded-For", "::1")],
]  # fmt: skip


@pytest.mark.parametrize("behind", [None, "1", "2"])
def test_debug_mode_is_for_this_machine_only(
    start: Callable[..., Place], behind: str | None
) -> None:
    """The dashboard of debug mode, open without a login, is closed to every other host: by each
    name of this machine, through a proxy on it, and where ProxyFix believes one too many."""
    place = start(DEBUG="1", **({} if behind is None else {"PROXIES": behind}))
    paths = ["/analytics/", "/analytics/api/volume", "/analytics/health"]

    strangers = place.ask(*(
        request(port, path, host=name, lies=lies)
        for port in (APPLICATION, *proxies()) for lies in AS_IF_LOCAL
        for name in ("localhost", f"127.0.0.1:{APPLICATION}", "[::1]") for path in paths
    ))  # fmt: skip

    assert set(strangers) == {403}


def test_a_page_cannot_come_in_by_a_name_of_its_own(start: Callable[..., Place]) -> None:
    """DNS rebinding: a browser on this machine follows a stranger's name to 127.0.0.1. Its own
    names let in, and only those."""
    place = start(DEBUG="1")

    def asked(host: str, *headers: tuple[str, str]) -> dict[str, Any]:
        return {**request(APPLICATION, "/analytics/", host, headers), "host": "127.0.0.1"}

    own = place.ask(asked("localhost"), asked("127.0.0.1:8000"), asked("LOCALHOST"), by="server")
    others = place.ask(
        *map(asked, ("evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "[::1]evil.test",
                     "localhost@evil.test", "evil.test:8000", "", SERVER, "0.0.0.0")),
        asked("localhost", ("Sec-Fetch-Site", "cross-site")),
        asked("localhost", ("Sec-Fetch-Site", "same-site")),
        by="server",
    )  # fmt: skip

    assert own == [200] * 3
    assert set(others) <= {400, 403}
