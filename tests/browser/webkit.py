"""WebKitGTK's own small browser, which WebKitWebDriver drives, on a screen that nobody sees."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path
from typing import Any

from selenium.webdriver import Remote
from selenium.webdriver.common.proxy import Proxy, ProxyType
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.webkitgtk.options import Options

from ..deploy.actors import Process, free_port, wait_until

#: Debian's package has the browser where no PATH leads; newer WebKits first.
BINARY = max(map(str, Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser")), default="")


class WebKit:
    """A MiniBrowser with its home in the folder; leaving the ``with`` block ends it and its screen.

    A visit after ``close_tab()`` opens the next tab.
    """

    @staticmethod
    def problem() -> str:
        """Why there is none; empty if there is."""
        missing = [name for name in ("WebKitWebDriver", "Xvfb") if not shutil.which(name)]
        missing += [] if BINARY else ["MiniBrowser"]
        return f"there is no {' and no '.join(missing)}" if missing else ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> WebKit:
        command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
        self._screen = Process(command, self._folder / "screen.log")
        try:
            self._process = self._start_driver(wait_until(self._display, "a screen"))
            self._driver = self._connect()
            self._first = self._driver.current_window_handle
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._driver.quit()
        finally:
            self._stop()

    def _display(self) -> str:
        lines = self._screen.output().split("\n")[:-1]
        return next(filter(str.isdigit, lines), "")

    def _start_driver(self, display: str) -> Process:
        self._port = free_port()
        home = str(self._folder)
        folders = dict.fromkeys(
            ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), home
        )
        command = ["WebKitWebDriver", f"--port={self._port}"]
        log = self._folder / "driver.log"
        return Process(command, log, DISPLAY=f":{display}", GTK_A11Y="none", **folders)

    def _connect(self) -> Remote:
        url = f"http://127.0.0.1:{self._port}"
        wait_until(lambda: listens(self._port), "WebKitWebDriver")
        options = Options()
        options.binary_location = BINARY
        options.add_argument("--automation")
        direct = Proxy({"proxyType": ProxyType.DIRECT})
        return Remote(
            RemoteConnection(client_config=ClientConfig(url, proxy=direct)), options=options
        )

    def _stop(self) -> None:
        if hasattr(self, "_process"):
            self._process.kill()
        # A screen that is killed leaves its lock and its socket in the system's folder.
        self._screen.stop(signal.SIGTERM)

    def visit(self, url: str) -> None:
        """Load a page; returns after its load event."""
        if self._driver.current_window_handle == self._first:
            self._driver.switch_to.new_window("tab")
        self._driver.get(url)

    def run(self, script: str) -> Any:
        """Run statements in the page, and return the text or number that they return."""
        return self._driver.execute_script(script)

    def close_tab(self) -> None:
        """Close the page as a visitor does. The first window stays: the session ends with it."""
        if self._driver.current_window_handle != self._first:
            self._driver.close()
            self._driver.switch_to.window(self._first)


def listens(port: int) -> bool:
    """Whether a connection to the port is taken."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
