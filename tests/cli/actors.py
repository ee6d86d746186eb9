"""The shop with a store that stays, in this process and as real ones; lines of its history."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from flask_analytics import Event
from flask_analytics.event import EventType, encode

from .shelf import Shelf

HERE = Path(__file__).parent
#: Seconds until a process is given up, on a busy machine.
PATIENCE = 100.0

#: A time that no retention reaches, and no clock either.
THEN = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"


@dataclass
class Terminal:
    """Runs commands of the shop."""

    home: Path
    app: Flask
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Shelf:
        """The shop's store."""
        return Shelf(self.home / "shelf.db")

    def run(self, *words: Any, status: int = 0, **options: Any) -> Any:
        """One command in this process, with nothing that is a terminal."""
        args = ["analytics", *map(str, words)]
        result = self.app.test_cli_runner().invoke(args=args, **options)
        assert result.exit_code == status, (result.output, result.exception)
        return result

    def ask(self, *words: Any, **options: Any) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.run(*words, **options).stdout)

    def command(self, *words: Any) -> list[str]:
        """For a process of its own."""
        shop = [sys.executable, "-m", "flask", "--app", str(HERE / "shop.py"), "analytics"]
        return [*shop, *map(str, words)]

    def process(self, *words: Any, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """A command as a real process, whose output is a pipe."""
        return subprocess.run(
            self.command(*words), env=self.environ, capture_output=True, timeout=PATIENCE, **options
        )

    def names(self) -> list[str]:
        """What is in the store, by time."""
        return [json.loads(body).get("event_name", "pageview") for body in self.store.events()]


def line(name: str = "signup", minute: int = 0, **more: Any) -> str:
    """An event as a line of NDJSON."""
    told = {"event_name": name, "timestamp": THEN + timedelta(minutes=minute), **more}
    event = Event(**{"type": EventType.CUSTOM, "user_id": "ana", "user_agent": AGENT, **told})
    return encode(event).decode()


def hit(path: str = "/", minute: int = 0, **more: Any) -> str:
    """A request as a line of a combined log."""
    told = {"status": 200, "method": "GET", "address": "192.0.2.7", "agent": AGENT, "user": "-"}
    told |= more
    at = f"{THEN + timedelta(minutes=minute):%d/%b/%Y:%H:%M:%S +0000}"
    return (
        f'{told["address"]} - {told["user"]} [{at}] "{told["method"]} {path} HTTP/1.1" '
        f'{told["status"]} 512 "https://news.example/" "{told["agent"]}"'
    )


@dataclass
class Screen:
    """The other end of a terminal."""

    file: int

    def read(self) -> str:
        """All that is shown until the process ends, without colours and moves."""
        data = b""
        while True:
            try:
                part = os.read(self.file, 1 << 16)
            except OSError:  # the last process has closed it
                part = b""
            if not part:
                break
            data += part
        text = data.decode().replace("\r\n", "\n")
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@contextmanager
def on_pty(
    words: list[str], environ: dict[str, str], width: int = 90
) -> Iterator[tuple[subprocess.Popen[bytes], Screen]]:
    """A process on a terminal that is so wide."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(words, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield process, Screen(ours)
    finally:
        os.close(ours)
        process.kill()
        process.wait()
