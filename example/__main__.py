"""The whole example: ``python -m example`` starts the shop, the destination of its events, and a
dashboard with two months of made-up history.

Each is a process of its own, as in real life. They end in order, the shop first: its last events
go out while it stops, and the destination must still be there to take them.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path

import click
from werkzeug.serving import run_simple

HOME = Path(__file__).resolve().parent.parent

#: Seconds that a process may take to start, or to stop.
PATIENCE = 15.0

#: Where the demonstration is, unless somebody else is there.
DEMONSTRATION_PORT = 5002

#: What ends the example: Ctrl-C, a supervisor, a terminal that is closed.
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

GREETING = """
  The shop          {shop}
  Its destination   {destination}
  Its dashboard     {shop}/analytics/
"""

DEMONSTRATION = """\
  Made up           {demonstration}/analytics/

  The last one is a dashboard full of life: two months of a shop that never was, in a store of
  their own.
"""

FAREWELL = """
  Open them side by side. Click through the shop, watch the events arrive.
  Ctrl-C ends them all.
"""


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--shop-port", default=5000, show_default=True, help="Port of the shop.")
@click.option("--destination-port", default=5001, show_default=True, help="Port of the other.")
@click.option(
    "--demonstration/--no-demonstration",
    default=True,
    help="Whether there is a dashboard full of made-up life, too.",
)
@click.pass_context
def main(
    context: click.Context, host: str, shop_port: int, destination_port: int, demonstration: bool
) -> None:
    """Start the example shop, the destination that its events go to, and a demonstration of the
    dashboard.

    A port that is taken is replaced by a free one.
    """
    if context.invoked_subcommand is None:
        for number in ENDINGS:
            signal.signal(number, interrupt)
        wanted = (shop_port, destination_port, *((DEMONSTRATION_PORT,) if demonstration else ()))
        run_all(host, *free_ports(host, *wanted))


@main.command(hidden=True)
@click.argument("name")
@click.argument("host")
@click.argument("port", type=int)
def serve(name: str, host: str, port: int) -> None:
    """Serve one of the applications: what the processes of this example do."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line for each request
    run_simple(host, port, import_module(name).create_app(), threaded=True)


def run_all(host: str, shop_port: int, destination_port: int, *others: int) -> None:
    """Run until somebody ends it, then say how many events have arrived."""
    shop, destination = address(host, shop_port), address(host, destination_port)
    with running("example.destination", host, destination_port, FLASK_SHOP_URL=shop):
        try:
            with (
                demonstrating(host, *others),
                running(
                    "example.shop",
                    host,
                    shop_port,
                    FLASK_DESTINATION_URL=destination,
                    # A second is short, so that one can watch; the default is five.
                    FLASK_ANALYTICS_COLLECTORS=f"webhook+{destination}/events?flush_interval=1",
                    FLASK_DEBUG="1",  # on this machine anybody may ask then
                ) as process,
            ):
                click.echo(greeting(shop, destination, *(address(host, port) for port in others)))
                process.wait()
                raise click.ClickException("the shop has ended by itself; its reason is above")
        except KeyboardInterrupt:
            pass
        click.echo(f"\n  Events that have arrived: {count_events(host, destination_port)}")


def greeting(shop: str, destination: str, *others: str) -> str:
    """What there is to open, and how it ends."""
    made_up = "".join(DEMONSTRATION.format(demonstration=other) for other in others)
    return GREETING.format(shop=shop, destination=destination) + made_up + FAREWELL


@contextmanager
def demonstrating(host: str, *ports: int) -> Iterator[None]:
    """The demonstration, where there is a port for it."""
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(running("example.demonstration", host, port))
        yield


@contextmanager
def running(name: str, host: str, port: int, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """One application as a process that answers; in the end it is stopped as by Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "example", "serve", name, host, str(port)],
        cwd=HOME,
        env={**os.environ, **environ},
        start_new_session=True,  # Ctrl-C reaches this process only, which stops them in order
    )
    try:
        wait_until_up(process, host, port)
        yield process
    finally:
        stop(process)


def wait_until_up(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    """Wait until somebody listens on the port."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((reachable(host), port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise click.ClickException("a part of the example did not start; its reason is above")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let a process end by itself, which is when its last events go out. A second Ctrl-C kills."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()


def interrupt(*_: object) -> None:
    """Make every signal that ends the example the one that Python knows best."""
    raise KeyboardInterrupt


def free_ports(host: str, *wanted: int) -> list[int]:
    """The ports as wanted, another one for each that is taken. No port comes twice."""
    with ExitStack() as held:
        return [held.enter_context(bound(host, port)).getsockname()[1] for port in wanted]


def bound(host: str, port: int) -> socket.socket:
    """A socket that holds the port, or a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    # As the server itself will do it: a port that was in use a moment ago counts as free.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.bind((host, 0))
    return sock


def reachable(host: str) -> str:
    """Where a server on this host can be asked: 'everywhere' is no address to connect to."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def address(host: str, port: int) -> str:
    """Where a browser finds a server of this host."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def count_events(host: str, port: int) -> int:
    """How many events the destination has received in all."""
    connection = HTTPConnection(reachable(host), port, timeout=PATIENCE)
    try:
        connection.request("GET", "/events.json")
        events = json.loads(connection.getresponse().read())["events"]
    finally:
        connection.close()
    return events[-1]["number"] if events else 0


if __name__ == "__main__":
    main()
