"""Firefox over WebDriver BiDi: one websocket to the browser itself, no driver in between."""

from __future__ import annotations

import json
import shutil
from itertools import count
from pathlib import Path
from typing import Any

from websocket import WebSocket, create_connection

from ..deploy.actors import PATIENCE, Process, wait_until

BINARY = shutil.which("firefox-esr") or shutil.which("firefox") or ""


class Firefox:
    """A Firefox without a window, with a profile of its own in the folder.

    Leaving the ``with`` block kills it. A visit after ``close_tab()`` opens the next tab.
    """

    @staticmethod
    def problem() -> str:
        """Why there is none; empty if there is."""
        return "" if BINARY else "there is no firefox-esr and no firefox on the PATH"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ids = count(1)
        self._tab = ""
        options = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile"]
        self._process = Process([BINARY, *options, str(folder)], folder / "log", HOME=str(folder))

    def __enter__(self) -> Firefox:
        try:
            self._socket = self._connect()
            self._command("session.new", capabilities={})
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.kill()

    def _connect(self) -> WebSocket:
        """Its profile tells the port, as soon as somebody listens."""
        file = self._folder / "WebDriverBiDiServer.json"
        text = wait_until(
            lambda: file.exists() and file.read_text(),
            "the port of Firefox",
            3 * PATIENCE,
        )
        at = json.loads(text)
        url = f"ws://{at['ws_host']}:{at['ws_port']}/session"
        return create_connection(url, suppress_origin=True, timeout=3 * PATIENCE)

    def _command(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            pass  # events that nobody asked for
        assert answer["type"] == "success", answer
        return answer["result"]

    def visit(self, url: str) -> None:
        """Load a page; returns after its load event."""
        self._tab = self._tab or self._command("browsingContext.create", type="tab")["context"]
        self._command("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def run(self, script: str) -> Any:
        """Run statements in the page, and return the text or number that they return."""
        answer = self._command(
            "script.evaluate",
            expression=f"(() => {{ {script} }})()",
            target={"context": self._tab},
            awaitPromise=False,
        )
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def close_tab(self) -> None:
        """Close the page as a visitor does."""
        if self._tab:
            self._command("browsingContext.close", context=self._tab)
        self._tab = ""
