"""QR codes: drawn whole, from nowhere, dark on white."""

import re
import subprocess
import sys
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import segno

from rebind.domain import totp
from rebind.templates.qr import QUIET_MODULES, qr_address, qr_svg

TEXT = totp.uri(totp.secret(bytes(range(20))), "Служба входа", "+7••••••••67")
SVG = "{http://www.w3.org/2000/svg}"
STROKE = re.compile(r"([Mm])(-?[\d.]+) (-?[\d.]+)|h(\d+)")


def _drawn(svg: str) -> list[list[bool]]:
    """The modules of a picture, read back from its strokes."""
    root = ElementTree.fromstring(svg)
    side = int(root.attrib["viewBox"].split()[2])
    modules = [[False] * side for _ in range(side)]
    x = y = 0.0
    for move, dx, dy, run in STROKE.findall(root.findall(f"{SVG}path")[1].attrib["d"]):
        if move:
            x, y = (0.0, 0.0) if move == "M" else (x, y)
            x, y = x + float(dx), y + float(dy)
        else:
            for at in range(int(x), int(x) + int(run)):
                modules[int(y)][at] = True
            x += int(run)
    return modules


@pytest.mark.parametrize("text", ["A", TEXT, "x" * 500])
def test_the_picture_is_the_code_and_a_quiet_border(text: str) -> None:
    code = segno.make(text, error="m", boost_error=False, micro=False)
    expected = [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_MODULES)]
    assert _drawn(qr_svg(text)) == expected
    assert QUIET_MODULES == 4
    assert not any(any(row) for row in expected[:QUIET_MODULES])


def test_it_is_dark_on_white_in_any_light_and_of_any_size() -> None:
    root = ElementTree.fromstring(qr_svg(TEXT))
    ground, modules = root.findall(f"{SVG}path")
    assert ground.attrib["fill"] == "#fff"
    assert modules.attrib["stroke"] == "#000"
    assert not {"width", "height", "class", "style"} & root.attrib.keys()
    assert root.attrib["viewBox"].startswith("0 0 ")


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    svg = qr_svg('"><script>alert(1)</script>')
    assert not re.search(r"script|href|style|url\(|<\?|<!|&|class|on\w+=", svg)
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]


def test_it_is_an_address_too() -> None:
    address = qr_address(TEXT)
    assert re.fullmatch(r"data:image/svg\+xml,[A-Za-z0-9 %()*,./:;=@_~-]+", address)
    assert unquote(address.partition(",")[2]) == qr_svg(TEXT)
    assert len(address) < 10_000


def test_importing_it_loads_no_library() -> None:
    alone = "import sys, rebind.templates.qr; assert 'segno' not in sys.modules"
    subprocess.run([sys.executable, "-c", alone], check=True)
