"""Where events may go: what the configuration names, by no detour, and to no private address
where that was asked."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from flask_analytics.collectors import WebhookCollector
from flask_analytics.collectors.address import from_address
from flask_analytics.collectors.public import is_public
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.errors import ConfigurationError
from flask_analytics.testing import Answer, FakeDestination

from ..deploy.actors import wait_until
from .actors import Deliver, counts

#: Sends two events, tells the counts of its collector as JSON.
SENDER = """
import json, sys
from flask_analytics import Event
from flask_analytics.collectors.address import from_address
from flask_analytics.testing import deliver
collector = from_address(sys.argv[1])
events = [Event(event_name=name) for name in ("a", "b")]
print(json.dumps(deliver(collector, *events, timeout=float(sys.argv[2]))))
"""


def send_from(address: str, environ: dict[str, str], timeout: float = 30) -> dict[str, Any]:
    """What became of the events of a process with this environment."""
    own = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [sys.executable, "-c", SENDER, address, str(timeout)],
        env={**own, **environ}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def paused(dispatcher: Dispatcher) -> dict[str, Any]:
    """The counts of a collector, once it has stopped."""
    wait_until(lambda: counts(dispatcher)["state"] == "misconfigured", "it goes on")
    return counts(dispatcher)


class Proxy:
    """A real proxy: passes on what it is asked to, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                if not piece:
                    return
                head += piece
            self.asked.append(head.decode("latin-1"))
            method, target, _ = head.split(b"\r\n")[0].split(b" ", 2)
            place = target.decode() if method == b"CONNECT" else target.decode().split("/")[2]
            host, _, port = place.rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                if method == b"CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    server.sendall(head)
                back = threading.Thread(target=_pour, args=(server, client), daemon=True)
                back.start()
                _pour(client, server)
                back.join(10)


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


#: A destination that only a private authority vouches for, and that one's file.
Private = tuple[FakeDestination, Path]


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Private]:
    authority = trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    with FakeDestination(authority.issue_cert("127.0.0.1")) as destination:
        yield destination, file


def named(proxy: str) -> dict[str, str]:
    """The environment that names a proxy for everything, in all spellings."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {spelt: f"http://{proxy}" for name in names for spelt in (name, name.lower())}


# -- by no detour


def test_the_environment_changes_nothing(
    destination: FakeDestination, proxy: Proxy, tmp_path: Path
) -> None:
    """Neither a proxy, which could read every event, nor a password of .netrc, which would be
    sent to whoever is at that address."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login planted password planted\n")
    netrc.chmod(0o600)
    environ = {**named(proxy.address), "NETRC": str(netrc), "HOME": str(tmp_path)}
    (tmp_path / ".netrc").write_bytes(netrc.read_bytes())

    told = send_from(f"webhook+{destination.url}?flush_interval=0.1", environ)

    assert told["delivered"] == 2
    assert proxy.asked == []
    assert all("Authorization" not in request.headers for request in destination.requests)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_environment_adds_no_authority(private: Private, name: str) -> None:
    """Only ``ca_file`` does; whom the environment trusts may not read what is sent here."""
    destination, file = private
    address = f"webhook+{destination.url}?flush_interval=0.1"

    refused = send_from(address, {name: str(file)}, 2)
    assert (refused["delivered"], destination.requests) == (0, [])

    taken = send_from(f"{address}&ca_file={file}", {name: "/nowhere"})
    assert taken["delivered"] == 2


def test_a_proxy_that_is_asked_for_is_used(destination: FakeDestination, proxy: Proxy) -> None:
    """By its address, with its password; the destination never sees that one."""
    address = (
        f"webhook+{destination.url}?flush_interval=0.1&proxy=http://me:planted@{proxy.address}"
    )

    told = send_from(address, {})

    assert told["delivered"] == 2
    assert proxy.asked[0].startswith(f"POST {destination.url}")
    assert "proxy-authorization: basic " in proxy.asked[0].lower()
    assert len(destination.events) == 2


def test_a_tunnel_goes_through_the_proxy(proxy: Proxy, private: Private) -> None:
    """TLS ends at the destination: the proxy sees its name and port only."""
    destination, file = private
    end = f"ca_file={file}&proxy=http://{proxy.address}"

    told = send_from(f"webhook+{destination.url}?flush_interval=0.1&{end}", {})

    assert told["delivered"] == 2
    assert len(destination.events) == 2
    assert [asked.split()[0] for asked in proxy.asked] == ["CONNECT"]


@pytest.mark.parametrize("exempt", ["", "127.0.0.1"])
def test_the_environment_is_asked_where_that_is_wished(
    destination: FakeDestination, proxy: Proxy, exempt: str
) -> None:
    """With its exceptions."""
    environ = {**named(proxy.address), "NO_PROXY": exempt, "no_proxy": exempt}

    told = send_from(f"webhook+{destination.url}?flush_interval=0.1&proxy=environment", environ)

    assert told["delivered"] == 2
    assert bool(proxy.asked) is not bool(exempt)


def test_a_proxy_of_another_kind_pauses_the_collector(destination: FakeDestination) -> None:
    """Rather than go without it: the events wait, and the state says why."""
    environ = {"ALL_PROXY": "socks5://127.0.0.1:9", "HTTP_PROXY": "socks5://127.0.0.1:9"}

    told = send_from(f"webhook+{destination.url}?flush_interval=0.1&proxy=environment", environ, 2)

    assert (told["state"], told["reason"]) == ("misconfigured", "proxy_scheme")
    assert (told["pending"], destination.requests) == (2, [])


def test_a_redirect_is_not_followed(deliver: Deliver, destination: FakeDestination) -> None:
    """It would take the events to an address that nobody configured."""
    with FakeDestination() as elsewhere:
        destination.answers.append(Answer(307, {"Location": elsewhere.url}))

        stats = paused(deliver(WebhookCollector(destination.url), "a", timeout=0.01))

        assert (stats["state"], stats["pending"]) == ("misconfigured", 1)
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "proxy",
    ["", "proxy:3128", "https://planted@proxy:3128", "socks5://planted@proxy:1", "http://", 5,
     "http://planted@proxy:3128/path", "env"],
)  # fmt: skip
def test_a_proxy_that_is_none_is_refused(proxy: Any) -> None:
    """At set-up, with what to write, without its password."""
    with pytest.raises(ConfigurationError, match="http://host:port") as caught:
        WebhookCollector("http://a/", proxy=proxy)
    assert "planted" not in str(caught.value)


# -- to no private address

#: Addresses of this machine, in the ways there are to write one.
OURSELVES = ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0",
             "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]")  # fmt: skip


@pytest.mark.parametrize("host", OURSELVES)
def test_no_spelling_of_this_machine_is_reached(
    deliver: Deliver, destination: FakeDestination, host: str
) -> None:
    """Looked at once the name is an address: the collector pauses, its events are kept."""
    port = destination.url.rpartition(":")[2]
    collector = WebhookCollector(f"http://{host}:{port}", allow_private=False)

    stats = paused(deliver(collector, "a", timeout=0.01))

    assert (stats["state"], stats["reason"]) == ("misconfigured", "private_address")
    assert (stats["pending"], destination.requests) == (1, [])


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "192.0.0.192",
     "168.63.129.16", "224.0.0.1", "255.255.255.255", "203.0.113.1", "fe80::1%eth0", "fc00::1",
     "fd00:ec2::254", "fec0::1", "ff02::1", "::", "::7f00:1", "::ffff:169.254.169.254",
     "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "x", ""],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    """Networks of one's own, clouds' metadata, and what hides them in IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "11.22.33.44", "::ffff:8.8.8.8", "64:ff9b::808:808", "2600:1f18::1"]
)
def test_public_addresses(address: str) -> None:
    """Also through what translates them on networks without IPv4."""
    assert is_public(address)


def test_services_take_the_option_too() -> None:
    """In an address, as everywhere."""
    collector: Any = from_address("plausible://a.example?allow_private=false")
    assert collector._allow_private is False


def test_a_proxy_would_connect_for_us() -> None:
    """Where to cannot be seen from here, so both together promise what cannot be kept."""
    with pytest.raises(ConfigurationError, match="do not go together"):
        WebhookCollector("http://a/", proxy="http://proxy:3128", allow_private=False)


def test_a_name_that_changes_its_mind_reaches_nobody(tmp_path: Path) -> None:
    """In a network of its own, where a public address is ours: of a name's addresses only the
    public one gets events, and none once the name leads to this machine."""
    hosts = tmp_path / "hosts"
    hosts.touch()
    apart = ["unshare", "--net", "--mount"]
    usable = shutil.which("unshare") and shutil.which("ip")
    if not usable or subprocess.run([*apart, "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to make a network of its own")

    done = subprocess.run(
        [*apart, sys.executable, str(Path(__file__).with_name("rebinding.py")), str(hosts)],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["public"] == ["both", "first"]
    assert told["here"] == []
    assert (told["state"], told["reason"]) == ("misconfigured", "private_address")
    assert told["pending"] == 1
