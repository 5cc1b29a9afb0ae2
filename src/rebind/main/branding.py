"""The administrator's own style sheet and logo, read once when the service starts.

Refuses, by the name of its setting, a file that cannot be read, is too large for a page that is to
open at once, or is no picture. Neighbour: `entrypoints/web/assets.py` serves them.
"""

from pathlib import Path

from rebind.entrypoints.web.assets import LOGO_TYPES, Brand
from rebind.settings import Settings, Unfit

CSS_BYTES_MAX = 64 * 1024
LOGO_BYTES_MAX = 256 * 1024


def read(settings: Settings) -> Brand:
    """Both files, as far as they are set. Raises `Unfit` with every reason."""
    wrong: list[str] = []
    css = _bytes("brand_css", settings.brand_css, CSS_BYTES_MAX, wrong)
    logo = _bytes("brand_logo", settings.brand_logo, LOGO_BYTES_MAX, wrong)
    suffix = Path(settings.brand_logo or "logo.svg").suffix.lower()
    if css is not None and not _is_text(css):
        wrong.append("brand_css: is not text in UTF-8")
    if logo is not None and suffix not in LOGO_TYPES:
        wrong.append(f"brand_logo: must end in one of {', '.join(LOGO_TYPES)}")
    if wrong:
        raise Unfit(wrong)
    return Brand(css, logo, suffix)


def _bytes(name: str, path: str | None, bytes_max: int, wrong: list[str]) -> bytes | None:
    if path is None:
        return None
    try:
        with Path(path).open("rb") as file:
            found = file.read(bytes_max + 1)
    except OSError as error:
        wrong.append(f"{name}: {path}: {error.strerror}")
        return None
    if len(found) > bytes_max:
        wrong.append(f"{name}: {path} has more than {bytes_max // 1024} KiB")
    return found


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
