"""Blocks of pages that are made from the code: what stands between two markers is never written by
hand.

A block begins with `<!-- made: name -->` and ends with `<!-- /made: name -->`. `make docs` renews
every block; a house test fails where one is stale. Neighbours: `journey_pages.py`,
`settings_page.py` and `catalogue_blocks.py` say what stands in them; `policy_page.py` makes a whole
page.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

DOCS = Path(__file__).resolve().parents[1] / "docs"


class Block(msgspec.Struct, frozen=True):
    """One block: the page it stands on, its name there, and how it is made."""

    page: Path
    name: str
    made: Callable[[], str]


def renewed(text: str, name: str, body: str) -> str:
    """The page with that block made anew. Raises ValueError where the page has no such block."""
    begin, end = f"<!-- made: {name} -->", f"<!-- /made: {name} -->"
    before, found_begin, rest = text.partition(begin)
    _old, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the page has no block “{name}”: it needs {begin} and {end}")
    return f"{before}{begin}\n\n{body.strip()}\n\n{end}{after}"


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def write(blocks: list[Block]) -> None:
    """Renew these blocks in their pages."""
    for block in blocks:
        text = block.page.read_text(encoding="utf-8")
        block.page.write_text(renewed(text, block.name, block.made()), encoding="utf-8")
