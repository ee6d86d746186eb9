"""Run in a network and a file system of its own: names whose addresses are partly private, and one
that leads elsewhere the second time. Tells which address got which events."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flask_analytics import Event
from flask_analytics.collectors import WebhookCollector
from flask_analytics.testing import deliver

#: One that is public, and is nobody's here but ours.
PUBLIC = "11.22.33.44"


def serve(address: str, port: int) -> tuple[list[str], int]:
    """A server that remembers the names of events, and closes each connection."""
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.extend(event["event_name"] for event in json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((address, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return got, server.server_port


def send(host: str, port: int, name: str, timeout: float) -> dict[str, object]:
    url = f"http://{host}:{port}/"
    collector = WebhookCollector(url, allow_private=False, flush_interval=0.1)
    return deliver(collector, Event(event_name=name), timeout=timeout)


def main(hosts: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"], check=True)
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    public, port = serve(PUBLIC, 0)
    here, _ = serve("127.0.0.1", port)

    hosts.write_text(f"127.0.0.1 both.example\n{PUBLIC} both.example\n{PUBLIC} turns.example\n")
    send("both.example", port, "both", 30)
    send("turns.example", port, "first", 30)
    hosts.write_text("127.0.0.1 turns.example\n")
    told = send("turns.example", port, "second", 3)

    print(json.dumps({**told, "public": public, "here": here}))


main(Path(sys.argv[1]))
