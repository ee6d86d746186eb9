"""What the browser module takes of a page that loads: from its last byte until it listens.

In a real Chromium, a fresh page each time: to run it and note the first view, before anything is
sent. Script is the processor's time of the page's main thread in scripts, the figure to trust on a
machine that others use too; the clock has the browser's compiling and waiting as well. Layouts are
those that it made the browser do.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Browser, CDPSession, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_analytics import Analytics

#: Milliseconds that a page may lose to it.
GOAL = 5.0

#: A page that imports it, and takes the time at the module's last byte and after it ran.
MEASURE = """async () => {
    await import("/_a/a.js");
    const end = performance.now();
    const isModule = ({name}) => /\\/a\\.\\w+\\.js$/.test(name);
    return end - performance.getEntriesByType("resource").find(isModule).responseEnd;
}"""


class Quiet(WSGIRequestHandler):
    """Without a log of each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextmanager
def site(build: str) -> Iterator[str]:
    """The address of a page, served by an application that has the module."""
    app = Flask("site")
    app.config.update(
        ANALYTICS_COLLECTORS=[], ANALYTICS_STORE=None, ANALYTICS_BROWSER={"build": build}
    )
    app.add_url_rule("/", "home", lambda: "<!doctype html><title>home</title>")
    analytics = Analytics(app)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    analytics.close(1.0)


def load(browser: Browser, url: str) -> tuple[float, float, float]:
    """Milliseconds, those of script, and layouts of a page where nothing is cached or compiled."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    inside = context.new_cdp_session(page)
    inside.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = _metrics(inside)
    took = float(page.evaluate(MEASURE))
    after = _metrics(inside)
    context.close()
    script = after["ScriptDuration"] - before["ScriptDuration"]
    return took, script * 1000, after["LayoutCount"] - before["LayoutCount"]


def _metrics(inside: CDPSession) -> dict[str, float]:
    found = inside.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in found}


def main() -> None:
    """Print what each build takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=30)
    loads = parser.parse_args().loads
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for build in ("full", "core"):
            with site(build) as url:
                times = [load(browser, url) for _ in range(loads)]
            walls, scripts, layouts = zip(*times, strict=True)
            print(f"init of {build}, {loads} loads, ms (goal {GOAL:.0f}):")
            for name, found in (("clock", walls), ("script", scripts)):
                middle = statistics.median(found)
                print(f"  {name:8} minimum {min(found):.1f}   median {middle:.1f}")
            print(f"  layouts  {statistics.median(layouts):.0f}")
        browser.close()


if __name__ == "__main__":
    main()
