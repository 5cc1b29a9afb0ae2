"""The Chromium of this machine, driven by Playwright: for tests/browser and for `make pictures`.

For: one place that knows which program it is and how it is started. Refuses to download a browser:
scripts/system-packages brings Debian's. It asks nobody on the network for anything.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

FLAGS = (
    "--no-sandbox",  # its sandbox does not work for root, and it sees no page but ours
    "--disable-gpu",  # nobody looks at its window
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def program() -> str | None:
    """Where the browser is, if it is anywhere."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@asynccontextmanager
async def running(found: str) -> AsyncIterator[Browser]:
    """A browser without a window, until the block ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=[*FLAGS, *__import__("os").environ.get("XF","").split()])
        try:
            yield browser
        finally:
            await browser.close()
