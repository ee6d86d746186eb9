"""Row 12 of the fault matrix: a certificate that nobody trusts."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
import trustme

from flask_analytics.collectors.http import CONNECT_TIMEOUT, GeventAdapter, Http

from ..deploy.actors import wait_until
from .actors import Faults, FaultServer, Shop, webhook

OpenShop = Callable[..., Shop]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Nobody on this machine trusts it."""
    return trustme.CA()


@pytest.fixture(scope="module")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority's own certificate."""
    path: Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture(scope="module")
def tls_server(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FaultServer]:
    """Its certificate is for 127.0.0.1 only."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = folder / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    with FaultServer(folder, certificate=certificate) as server:
        yield server


@pytest.fixture
def faults(tls_server: FaultServer, authority_file: Path) -> Faults:
    """A part of the server, asked by a client that does trust the authority."""
    return tls_server.story(authority_file)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch, authority_file: Path) -> None:
    """As if the authority were among those that requests knows."""
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(authority_file))


def test_row_12_untrusted_certificate_is_a_network_fault(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Tried again, shown, nothing lost: and not one byte of an event goes there."""
    collector = webhook(faults.url("good"))
    shop = open_shop(collector)
    shop.track("a")

    wait_until(lambda: collector.tries >= 3, "it was not tried again")

    counts = shop.wait_for(state="retrying")
    assert (counts["pending"], counts["rejected"]) == (1, {})
    assert faults.requests() == []


@pytest.mark.usefixtures("trusting")
def test_row_12_certificate_for_another_host_is_a_network_fault(
    open_shop: OpenShop, faults: Faults
) -> None:
    """A trusted authority is not enough: the name must be the one of the address."""
    collector = webhook(faults.url("good", host="localhost"))
    shop = open_shop(collector)
    shop.track("a")

    wait_until(lambda: collector.tries >= 3, "it was not tried again")

    assert shop.counts()["pending"] == 1
    assert faults.requests() == []


@pytest.mark.usefixtures("trusting")
def test_row_12_trusted_certificate_is_taken(open_shop: OpenShop, faults: Faults) -> None:
    """The same server, once its authority is known: the tests above fail for one reason only."""
    shop = open_shop(webhook(faults.url("good")))
    shop.track("a")

    shop.wait_for(delivered=1, pending=0)

    assert faults.names() == ["a"]


def test_row_12_plain_http_where_tls_is_spoken_delivers_nothing(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Nor the other way round: what is not an answer of HTTP is a network fault."""
    collector = webhook(faults.url("good").replace("https:", "http:"))
    shop = open_shop(collector)
    shop.track("a")

    wait_until(lambda: collector.tries >= 3, "it was not tried again")

    assert shop.counts()["pending"] == 1
    assert faults.requests() == []


def test_row_12_environment_cannot_weaken_the_check(
    open_shop: OpenShop, faults: Faults, authority_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What requests reads from the environment is not asked."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority_file))
    monkeypatch.setenv("CURL_CA_BUNDLE", "")
    collector = webhook(faults.url("good"))
    shop = open_shop(collector)
    shop.track("a")

    wait_until(lambda: collector.tries >= 3, "it was not tried again")

    assert faults.requests() == []


def test_row_12_handshake_that_is_cut_off_leaves_no_socket(open_shop: OpenShop) -> None:
    """A destination that takes connections and never says a word costs no file descriptor."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        collector = webhook(url, timeout=0.05)
        shop = open_shop(collector)
        shop.track("a")
        wait_until(lambda: collector.tries >= 2, "it was not tried again")
        gc.disable()  # it would close them, late and with a warning
        before = len(os.listdir("/proc/self/fd"))
        tries = collector.tries

        wait_until(lambda: collector.tries >= tries + 8, "it was not tried again")

        assert len(os.listdir("/proc/self/fd")) <= before + 2
        gc.enable()
        # Before the silent one ends: gevent forgets a socket that is reset while it wraps it.
        shop.analytics.close(0.1)


def test_row_12_one_trusted_authority_is_not_trusted_for_others(
    faults: Faults, authority_file: Path
) -> None:
    """One connection with an authority of its own leaves the next one's checks alone."""
    adapter = GeventAdapter()
    request = requests.Request("POST", faults.url("good"), data=b"[]").prepare()

    with adapter.send(request, timeout=CONNECT_TIMEOUT, verify=str(authority_file)) as response:
        assert response.status_code == 200

    with pytest.raises(requests.exceptions.SSLError):
        adapter.send(request, timeout=CONNECT_TIMEOUT)
    adapter.close()
    plain = Http()
    with pytest.raises(requests.exceptions.SSLError):
        plain.post(faults.url("good"), b"[]", {})
    plain.close()
