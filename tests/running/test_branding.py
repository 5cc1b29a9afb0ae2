"""The administrator's style sheet and logo: read at the start, refused by name."""

from pathlib import Path

import pytest

from rebind.entrypoints.web.assets import Brand
from rebind.main import branding
from rebind.settings import Settings, Unfit


def read(tmp_path: Path, css: bytes | None, logo: bytes | None, name: str = "logo.svg") -> None:
    fields: dict[str, str] = {}
    for setting, file, content in (("brand_css", "brand.css", css), ("brand_logo", name, logo)):
        if content is not None:
            (tmp_path / file).write_bytes(content)
            fields[setting] = str(tmp_path / file)
    branding.read(Settings(**fields))  # type: ignore[arg-type]


def refusals(tmp_path: Path, *args: bytes | None, name: str = "logo.svg") -> list[str]:
    with pytest.raises(Unfit) as unfit:
        read(tmp_path, args[0], args[1], name)
    return [reason.partition(":")[0] for reason in unfit.value.reasons]


def test_nothing_set_is_nothing_read() -> None:
    assert branding.read(Settings()) == Brand()


def test_both_are_read(tmp_path: Path) -> None:
    read(tmp_path, b"a{}", b"<svg/>")
    read(tmp_path, b"", b"\x89PNG", "LOGO.PNG")


def test_what_cannot_be_used_is_refused_by_its_setting(tmp_path: Path) -> None:
    assert refusals(tmp_path, b"x" * (64 * 1024 + 1), None) == ["brand_css"]
    assert refusals(tmp_path, b"\xff", None) == ["brand_css"]
    assert refusals(tmp_path, None, b"x" * (256 * 1024 + 1)) == ["brand_logo"]
    assert refusals(tmp_path, None, b"GIF89a", name="logo.gif") == ["brand_logo"]
    assert refusals(tmp_path, None, b"?", name="logo") == ["brand_logo"]
    missing = Settings(brand_css="no/such.css", brand_logo="no/such.svg")
    with pytest.raises(Unfit) as unfit:
        branding.read(missing)
    assert [reason.partition(":")[0] for reason in unfit.value.reasons] == [
        "brand_css", "brand_logo"
    ]  # fmt: skip
