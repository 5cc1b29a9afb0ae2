"""What is looked at on every page that a story comes to.

For: whatever makes a page unusable for somebody, found without being asked for in any story:
accessibility (axe, WCAG 2.2 AA), both colours, contents wider than a small screen, things that jump
while the page is read, controls that the keyboard does not reach or whose focus nobody sees, and
every complaint of the browser itself. Refuses to judge taste: that is what `make pictures` is for.

A page that a story comes to is looked at once in a run: one of the same parts, in the same language
and on the same screen, is the same page, whatever it says. `test_pages.py` looks at each sample.
"""

import hashlib
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import ConsoleMessage, Error, Page, Request, Response

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": STANDARD},
    # Axe leaves this rule of WCAG 2.2 (2.5.8, at least 24 pixels) out unless it is asked.
    "rules": {"target-size": {"enabled": True}},
}
AXE_COLOURS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
NARROW = (390, 320)
"""Widths at which nothing may be wider than the screen: a usual phone, and WCAG 1.4.10."""

SCRIPT = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
"""Runs before every page's own scripts and keeps what is asked for afterwards."""

_memory: list[Path] = []


def remembers_in(folder: Path) -> None:
    """Where the processes of this run keep what has been looked at."""
    _memory[:] = [folder]


class Watch:
    """Listens to a page from its first moment; `complaints` is what its browser said."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.status = 0
        page.on("console", self._said)
        page.on("pageerror", self._threw)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # A status is judged where it is known to what: in `_answered`.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(f"console {message.type}: {message.text}")

    def _threw(self, error: Error) -> None:
        self.complaints.append(f"error in a script: {error}")

    def _failed(self, request: Request) -> None:
        # A page that is left while it still asks for something is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        request = response.request
        if request.is_navigation_request():
            self.status = response.status
        # A form that is refused says so by its status, also where a script sends it; nothing else
        # may.
        least = 500 if request.is_navigation_request() or request.method == "POST" else 400
        if response.status >= least:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")


async def look(page: Page, watch: Watch, *, scripts: bool = True) -> None:
    """Look at the page that is open now, and fail with everything that is wrong with it."""
    wrong = await found(page, watch, scripts=scripts)
    assert not wrong, "\n  ".join([f"{page.url} ({await page.title()}):", *wrong])


async def found(
    page: Page, watch: Watch, *, scripts: bool = True, deep: bool | None = None
) -> list[str]:
    """What is wrong with the page that is open now. `deep`: with axe and the keyboard; where that
    is not said, once for each page."""
    wrong = []
    if scripts:
        seen = await page.evaluate("looks.settled()")
        wrong = [f"it jumps: {shift}" for shift in seen["shifts"]]
        if _new(seen["parts"], page) if deep is None else deep:
            wrong += await violations(page)
            wrong += await unreachable(page)
    wrong += await too_wide(page)
    wrong += watch.complaints
    watch.complaints = []
    return wrong


def _new(parts: str, page: Page) -> bool:
    """Whether nobody has looked at a page of these parts; from now on somebody has."""
    name = hashlib.blake2b(f"{page.viewport_size} {parts}".encode(), digest_size=16).hexdigest()
    try:
        (_memory[0] / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


async def violations(page: Page) -> list[str]:
    """What axe finds in light colours, and which colours it cannot read in dark ones."""
    found = await _axe(page, AXE)
    await page.emulate_media(color_scheme="dark")
    found += [f"in the dark, {line}" for line in await _axe(page, AXE_COLOURS)]
    await page.emulate_media(color_scheme="light")
    return found


async def _axe(page: Page, options: dict[str, Any]) -> list[str]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    violations = await page.evaluate("async (how) => (await axe.run(how)).violations", options)
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]} {_why(node)}"
        for violation in violations
        for node in violation["nodes"]
    ]


def _why(node: dict[str, Any]) -> str:
    return "; ".join(check["message"] for check in (*node["any"], *node["all"], *node["none"]))


async def too_wide(page: Page) -> list[str]:
    """At which widths one would have to scroll sideways, and because of what."""
    size = page.viewport_size
    assert size is not None
    found = []
    for width in NARROW:
        await page.set_viewport_size({"width": width, "height": 844})
        over = await page.evaluate(WIDER)
        found += [f"wider than {width} pixels: {what}" for what in over]
    await page.set_viewport_size(size)
    return found


async def unreachable(page: Page) -> list[str]:
    """What the Tab key does not reach, or reaches without anybody seeing it."""
    names: list[str] = await page.evaluate("looks.begin()")
    reached: set[int] = set()
    found = []
    for _ in range(len(names) + 2):
        await page.keyboard.press("Tab")
        at = await page.evaluate("looks.here()")
        if at is None or at["index"] in reached:
            break
        reached.add(at["index"])
        found += [f"{names[at['index']]}: {what}" for what in at["wrong"]]
    found += [
        f"the Tab key does not reach {name}"
        for index, name in enumerate(names)
        if index not in reached
    ]
    await page.evaluate("looks.end()")
    return found


WIDER = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const over = [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > room + 0.5)
    .map((one) => one.outerHTML.slice(0, 120));
  return [over.at(-1) ?? "the page itself"];
}"""
