"""QR codes, drawn for pages: what an authenticator app reads from the screen.

For: a picture that needs nobody else. It is one SVG, without style, script or reference, so that it
works inside a page and as a `data:` address alike under the strictest policy. Refuses to follow the
colours of the page: many cameras read dark on light only, so it has white around it in the dark
too. What the picture is, in words, is the page's matter. segno is loaded with the first one.
"""

from io import BytesIO
from urllib.parse import quote

QUIET_MODULES = 4
"""The light border of a QR code (ISO/IEC 18004, 6.3.8)."""


def qr_svg(text: str) -> str:
    """`text` as an `<svg>` that fills whatever box it is given. Error correction of level M (15 %
    of it may be unreadable): a screen is clean, and fewer modules are larger ones."""
    import segno

    found = BytesIO()
    segno.make(text, error="m", boost_error=False, micro=False).save(
        found,
        kind="svg",
        border=QUIET_MODULES,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return found.getvalue().decode()


def qr_address(text: str) -> str:
    """The same picture for `<img src>`."""
    return "data:image/svg+xml," + quote(qr_svg(text), safe=" ()*,-./:;=@_~")
