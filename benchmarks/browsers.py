"""The browser module beside other trackers: sizes, and eight checks in a real Chromium.

    python benchmarks/browsers.py [--keep] [--only NAME]

npm fetches the latest of each into ``benchmarks/peers``, where nothing of it is committed; all
traffic of the pages stays on this machine. GoatCounter's ``count.js`` is not on npm, so it is not
here, and npm's Umami is an old one. About three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from trackers import TRACKERS, Tracker, fetch
from visited import Site, served

#: Seconds after which a tracker has sent what it will send: the slowest sends every five.
SETTLED = 7.0

#: Seconds that a view which was refused may take to come again.
RETRY = 20.0

#: Seconds that the endpoint takes while a link is clicked, and how often it is.
SLOW = 3.0
CLICKS = 3

#: Seconds that all checks may take.
LIMIT = 400.0

#: What a check wants; a click wants less than half a second.
WANT = {
    "load": "1",
    "pushState": "1",
    "late title": "new",
    "replaceState same URL": "0",
    "bfcache restore": "1",
    "script twice": "1",
    "link click, 3 s endpoint": "<0.5 s",
    "retry after 503": "yes",
}

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-component-update",
    # Else a page can tell that a program drives it, and some trackers send nothing then.
    "--disable-blink-features=AutomationControlled",
]


async def judge(browser: Browser, site: Site) -> dict[str, str]:
    """All checks but the click, which has the machine to itself."""
    async with visit(browser, site) as page:
        found = {"load": str(await views(site, page.goto(site.url)))}
        push = page.evaluate("history.pushState({}, '', '/two')")
        found["pushState"] = str(await views(site, push))
        found["late title"] = await late_title(page, site)
        replace = page.evaluate("history.replaceState({n: 1}, '', location.href)")
        found["replaceState same URL"] = str(await views(site, replace))
    found["bfcache restore"] = await restore(browser, site)
    site.tags = 2
    async with visit(browser, site) as page:
        found["script twice"] = str(await views(site, page.goto(site.url)))
    site.tags = 1
    found["retry after 503"] = await retry(browser, site)
    return found


@asynccontextmanager
async def visit(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """A page of a visitor that nobody has seen before; afterwards what it sent is over."""
    context = await browser.new_context(user_agent=user_agent(browser))
    try:
        yield await context.new_page()
    finally:
        await context.close()
        site.views.clear()


def user_agent(browser: Browser) -> str:
    """This Chromium's, without the word that says it has no window."""
    version = browser.version.partition(".")[0]
    return (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.0.0 Safari/537.36"
    )


async def views(site: Site, action: Any) -> int:
    """How many page views arrive for something that is done."""
    before = len(site.views)
    await action
    await asyncio.sleep(SETTLED)
    return len(site.views) - before


async def late_title(page: Page, site: Site) -> str:
    """A page's own router sets the title after it has rendered."""
    count = await views(
        site,
        page.evaluate("""history.pushState({}, "", "/three");
            setTimeout(() => { document.title = "late"; }, 20)"""),
    )
    if not count:
        return "-"
    title = site.views[-1]
    return "not sent" if title is None else "new" if title == "late" else "old"


async def restore(browser: Browser, site: Site) -> str:
    async with visit(browser, site) as page:
        await page.goto(site.url)
        await page.evaluate("window.kept = true")
        await views(site, page.goto(f"{site.url}/next"))
        count = await views(site, page.evaluate("history.back()"))
        return str(count) if await page.evaluate("window.kept") else "loaded anew"


async def retry(browser: Browser, site: Site) -> str:
    """Whether the first view arrives although its first body was refused."""
    site.refuse = 1
    async with visit(browser, site) as page:
        await page.goto(site.url)
        end = time.monotonic() + RETRY
        while not site.views and time.monotonic() < end:
            await asyncio.sleep(0.1)
        return "-" if site.refuse else "yes" if site.views else "no, lost"


async def click(browser: Browser, site: Site) -> str:
    """Seconds from a click on a link that is an event to the end of the next page's parsing."""
    took = []
    for _ in range(CLICKS):
        async with visit(browser, site) as page:
            site.delay = 0.0
            await page.goto(site.url)
            await asyncio.sleep(1.0)
            site.delay = SLOW
            # The window's name is all that both pages have.
            await page.evaluate("addEventListener('click', () => { name = Date.now() }, true)")
            await page.click("#next", no_wait_after=True)
            await page.wait_for_url("**/next", wait_until="domcontentloaded")
            timing = "performance.timing.domContentLoadedEventEnd - Number(name)"
            took.append(await page.evaluate(timing) / 1000)
    return f"{statistics.median(took):.2f} s"


async def compare(trackers: list[Tracker]) -> dict[str, dict[str, str]]:
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        raise SystemExit("There is no Chromium on the PATH: `make browsers` says what to do.")
    with ExitStack() as stack:
        sites = [stack.enter_context(served(tracker)) for tracker in trackers]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable,
                args=ARGUMENTS,
                ignore_default_args=["--disable-back-forward-cache"],
            )
            print(f"Chromium {browser.version}")
            judged = await asyncio.gather(*(judge(browser, site) for site in sites))
            for site, found in zip(sites, judged, strict=True):
                found["link click, 3 s endpoint"] = await click(browser, site)
            await browser.close()
    return {site.tracker.key: found for site, found in zip(sites, judged, strict=True)}


def is_right(check: str, found: str) -> bool:
    if check.startswith("link"):
        return float(found.split()[0]) < 0.5
    return found == WANT[check]


def table(rows: list[list[str]]) -> str:
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="The browser module beside other trackers.")
    parser.add_argument("--keep", action="store_true", help="what the last run has fetched")
    parser.add_argument("--only", help="one tracker: " + ", ".join(t.key for t in TRACKERS))
    options = parser.parse_args()
    trackers = [t for t in TRACKERS if options.only in (None, t.key)]
    sizes = fetch(options.keep)
    judged = asyncio.run(asyncio.wait_for(compare(trackers), LIMIT))

    print(time.strftime("%Y-%m-%d"))
    rows = [["", "version", "raw", "gzip -9", "brotli 11"]]
    for tracker in trackers:
        size = sizes[tracker.key]
        numbers = [f"{size[key]:,}" for key in ("raw", "gzip", "brotli")]
        rows.append([tracker.name, size["version"], *numbers])
    print(table(rows))
    rows = [["", *WANT, "right"], ["wanted", *WANT.values(), "8"]]
    for tracker in trackers:
        found = judged[tracker.key]
        right = sum(is_right(check, found[check]) for check in WANT)
        rows.append([tracker.name, *(found[check] for check in WANT), str(right)])
    print(table(rows))


if __name__ == "__main__":
    main()
