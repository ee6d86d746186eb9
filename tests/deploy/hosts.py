"""Two hosts on one machine: network namespaces with a cable between them. Needs root on Linux."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .actors import HERE, Process

#: Their addresses on the cable, from a block for documentation.
SERVER, CLIENT = "198.51.100.1", "198.51.100.2"


class Hosts:
    """A server's host and a client's, for the length of a ``with`` block."""

    def __init__(self) -> None:
        own = f"fa{os.getpid()}"
        self.server, self.client = f"{own}s", f"{own}c"

    def __enter__(self) -> Hosts:
        try:
            for name in (self.server, self.client):
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            cable = ("link", "add", "cable", "type", "veth", "peer", "name", "cable")
            ip("-n", self.server, *cable, "netns", self.client)
            for name, address in ((self.server, SERVER), (self.client, CLIENT)):
                ip("-n", name, "address", "add", f"{address}/30", "dev", "cable")
                ip("-n", name, "link", "set", "cable", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)

    def serve(self, command: Sequence[str], log: Path, **environ: str) -> Process:
        """A process on the server's host."""
        return Process(["ip", "netns", "exec", self.server, *command], log, **environ)

    def ask(self, host: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
        """What requests of a host are answered, see ``visitor.py``."""
        command = [sys.executable, str(HERE / "visitor.py")]
        found = subprocess.run(
            ["ip", "netns", "exec", host, *command], input=json.dumps(requests), text=True,
            capture_output=True, timeout=60, check=True,
        )  # fmt: skip
        answers: list[dict[str, Any]] = json.loads(found.stdout)
        return answers


def ip(*words: str) -> None:
    """:raises RuntimeError: it does not work here, and what it said."""
    found = subprocess.run(["ip", *words], capture_output=True, text=True)
    if found.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {found.stderr.strip()}")


def why_not() -> str:
    """Why there cannot be two hosts here, or nothing."""
    if shutil.which("ip") is None:
        return "there is no ip command (iproute2)"
    try:
        with Hosts():
            return ""
    except RuntimeError as error:
        return f"no network namespaces: {error}"
