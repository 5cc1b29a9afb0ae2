"""Files of the pages: kept for ever under names that change with them, compressed, inert."""

import gzip

import pytest

from rebind.entrypoints.api.app import build
from rebind.entrypoints.web import app as web
from rebind.entrypoints.web.assets import Brand
from rebind.store.statements import Unavailable
from rebind.templates import pages
from tests.entrypoints.browsers import Browser
from tests.entrypoints.conftest import PUBLIC_URL
from tests.people import JOURNEYS, House

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("file", ["app.css", "app.js", "icon.svg"])
async def test_a_file_is_kept_for_ever(browser: Browser, file: str) -> None:
    address = pages.urls()[file]
    plain = await browser.step("GET", address)
    small = await browser.step("GET", address, accept_encoding="gzip, br")
    assert (plain.status, small.status) == (200, 200)
    assert gzip.decompress(small.answer.body) == plain.answer.body
    assert small.answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.answer.headers
    for seen in (plain, small):
        headers = seen.answer.headers
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["vary"] == "accept-encoding"
        assert int(headers["content-length"]) == len(seen.answer.body)
        assert seen.cookies == ()
    none = await browser.step("GET", address, accept_encoding="gzip;q=0")
    assert "content-encoding" not in none.answer.headers


async def test_the_first_page_is_light(browser: Browser) -> None:
    """Over the wire, page, style and script: 20 KB or less."""
    landing = await browser.open("/")
    sizes = [len(landing.answer.body)]
    for file in ("app.css", "app.js"):
        seen = await browser.step("GET", pages.urls()[file], accept_encoding="gzip")
        sizes.append(len(seen.answer.body))
    assert sum(sizes) <= 20_000, sizes


async def test_a_file_that_nobody_has(browser: Browser) -> None:
    for name in ("app.css", "none", "..%2fapp.css", "app.0000000000000000.css"):
        seen = await browser.step("GET", f"/assets/{name}")
        assert (seen.status, seen.answer.headers["cache-control"]) == (404, "no-store")


async def test_the_administrator_s_brand(house: House) -> None:
    brand = Brand(b":root{--brand:#123}", LOGO, ".svg")
    door = web.build(
        house.desk,
        JOURNEYS,
        intake=house.intake,
        service="Shop & Co",
        public_url=PUBLIC_URL,
        brand=brand,
    )
    app = build(
        house.desk,
        JOURNEYS,
        intake=house.intake,
        unavailable=Unavailable,
        report=lambda error: None,
        pages=door.pages,
        tell=door.tell,
    )
    browser = Browser(app)
    page = (await browser.open("/")).answer.body.decode()
    assert "Shop &amp; Co" in page
    addresses = {part.partition('"')[0] for part in page.split('"') if part.startswith("/assets/")}
    (css,) = [each for each in addresses if "/brand." in each]
    (logo,) = [each for each in addresses if "/logo." in each]
    style = await browser.step("GET", css)
    assert (style.answer.body, style.answer.headers["content-type"]) == (
        brand.css, "text/css; charset=utf-8"
    )  # fmt: skip
    picture = await browser.step("GET", logo)
    assert picture.answer.body == LOGO
    assert picture.answer.headers["content-type"] == "image/svg+xml"
    assert picture.answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_well_known_addresses(browser: Browser) -> None:
    seen = await browser.step("GET", "/.well-known/change-password")
    assert (seen.status, seen.answer.headers["location"]) == (302, "/security")
