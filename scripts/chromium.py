"""The Chromium of this machine, driven by Playwright: for tests/browser and for `make pictures`.

For: one place that knows which program it is and how it is started. Refuses to download a browser:
scripts/system-packages brings Debian's. It asks nobody on the network for anything.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

OFF = (
    # What a window has for people, and a spare process for the next page: half of what it costs to
    # open one, for nobody.
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    # What Playwright turns off as well, as far as it concerns our pages: the last list is heeded.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
)
FLAGS = (
    "--no-sandbox",  # its sandbox does not work for root, and it sees no page but ours
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--disable-features={','.join(OFF)}",
)


def program() -> str | None:
    """Where the browser is, if it is anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@asynccontextmanager
async def running(found: str) -> AsyncIterator[Browser]:
    """A browser without a window, until the block ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
