"""`make pictures`: photographs of every page and state, for whoever judges how they look.

For: seeing at once what a change of a template or a style did, on a phone and on a desk, in both
languages and in both colours. Refuses to judge, and to keep: the folder `pictures/` is made anew
and never committed. The pages are those of `templates/pages/samples.py`, rendered as the door does;
no server is asked. Words after `make pictures ARGS=` choose the pages whose names hold one of them.
Neighbours: `page_samples.py` shows the pages; tests/browser judges what a machine can judge.
"""

import asyncio
import html
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from playwright.async_api import Browser, Page, ViewportSize
from rich.progress import Progress

from rebind.templates.catalogue import LOCALES, Locale
from rebind.templates.pages.samples import Sample
from scripts import chromium, page_samples

FOLDER = Path(__file__).resolve().parents[1] / "pictures"
SCREENS: dict[str, ViewportSize] = {
    "390": {"width": 390, "height": 844},
    "1280": {"width": 1280, "height": 800},
}
COLOURS = ("light", "dark")


class Shot(msgspec.Struct, frozen=True):
    """One photograph: a sample in a language, on a screen, in a colour."""

    sample: Sample
    locale: Locale
    screen: str
    colour: str

    @property
    def title(self) -> str:
        """The name of the sample, by which its photographs stand together."""
        return f"{self.sample.page} {self.sample.name}".strip()

    @property
    def sides(self) -> str:
        """What sets it apart from the other photographs of its sample."""
        return f"{self.locale} w{self.screen} {self.colour}"

    @property
    def file(self) -> str:
        """Where it is kept."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
        return f"{plain}.{self.locale}.{self.screen}.{self.colour}.png"


def shots(words: list[str]) -> list[Shot]:
    """Every photograph that was asked for, those of one sample after one another."""
    return [
        Shot(sample, locale, screen, colour)
        for locale in LOCALES
        for sample in page_samples.all_pages(locale)
        for colour in COLOURS
        for screen in SCREENS
        if not words or any(word in f"{sample.page} {sample.name}" for word in words)
    ]


async def photograph(browser: Browser, wanted: list[Shot]) -> None:
    """Take them all, several at a time, and show how far it is."""
    with Progress() as progress:
        task = progress.add_task("Photographs", total=len(wanted))
        waiting = {
            (screen, colour): [
                shot for shot in wanted if (shot.screen, shot.colour) == (screen, colour)
            ]
            for screen in SCREENS
            for colour in COLOURS
        }

        async def one_camera(screen: str, colour: str) -> None:
            context = await browser.new_context(
                viewport=SCREENS[screen],
                color_scheme="dark" if colour == "dark" else "light",
                reduced_motion="reduce",
                device_scale_factor=2 if screen == "390" else 1,
                timezone_id="Europe/Moscow",
            )
            page = await context.new_page()
            while waiting[screen, colour]:
                await take(page, waiting[screen, colour].pop(0))
                progress.advance(task)
            await context.close()

        await asyncio.gather(*(one_camera(*each) for each in waiting))


async def take(page: Page, shot: Shot) -> None:
    """Show one page and photograph the whole of it."""
    await page.set_viewport_size(SCREENS[shot.screen])
    await page_samples.show(page, shot.sample, shot.locale)
    # A screen as high as the page, so that what stays at its foot does not lie across the middle.
    height = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({**SCREENS[shot.screen], "height": height})
    await page.screenshot(path=FOLDER / shot.file, animations="disabled")


def sheet(wanted: list[Shot]) -> str:
    """All photographs on one page, those of a sample in a row."""
    by_title: dict[str, list[Shot]] = {}
    for shot in wanted:
        by_title.setdefault(shot.title, []).append(shot)
    rows = "\n".join(_row(title, found) for title, found in by_title.items())
    return SHEET.replace("{rows}", rows).replace("{chosen}", "\n".join(_chosen()))


def _row(title: str, found: list[Shot]) -> str:
    figures = "\n".join(
        f'<a class="{shot.sides}" href="{shot.file}">'
        f'<img loading="lazy" src="{shot.file}" alt="{shot.sides}"></a>'
        for shot in found
    )
    return f"<section><h2>{html.escape(title)}</h2><div>{figures}</div></section>"


def _chosen() -> Iterator[str]:
    """A switch for each side of the photographs, that hides its other ones; no script is needed."""
    for name in (*LOCALES, *(f"w{screen}" for screen in SCREENS), *COLOURS):
        label = name.removeprefix("w")
        yield f'<label><input type="checkbox" id="{name}" checked> {label}</label>'
        yield f"<style>body:has(#{name}:not(:checked)) a.{name} {{ display: none }}</style>"


SHEET = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Pages of Rebind</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 0; background: #8a8f98; color: #111 }
nav { position: sticky; top: 0; padding: 12px 24px; background: #fff; display: flex; gap: 20px }
section { padding: 8px 24px 24px }
h2 { font-size: 15px }
section div { display: flex; gap: 16px; align-items: start; overflow-x: auto }
a.w390 img { width: 260px }
a.w1280 img { width: 640px }
img { display: block; border-radius: 6px; box-shadow: 0 2px 12px #0006 }
</style>
<nav>{chosen}</nav>
{rows}
</html>
"""


async def main(words: list[str]) -> None:
    """Make the folder anew."""
    found = chromium.program()
    if found is None:
        raise SystemExit("Chromium is not installed: scripts/system-packages chromium")
    wanted = shots(words)
    if not wanted:
        raise SystemExit(f"No sample's name holds any of: {', '.join(words)}")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    async with chromium.running(found) as browser:
        await photograph(browser, wanted)
    (FOLDER / "index.html").write_text(sheet(wanted), encoding="utf-8")
    print(f"{len(wanted)} photographs: open {FOLDER.name}/index.html")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
