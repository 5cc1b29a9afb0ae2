"""Makes the table in docs/running/settings.md from settings.py: no default is written twice.

`make docs` runs it; a house test fails where the page and the settings say different things.
"""

import json
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT

from rebind.settings import Settings
from scripts import blocks
from scripts.blocks import DOCS, Block
from scripts.policy_page import allowed, constraints, source

PAGE = DOCS / "running" / "settings.md"


def settings() -> str:
    """Every setting with its default, what it may be, and what it means."""
    rows = [
        (
            f"`REBIND_{field.name.upper()}`",
            default(field),
            bounds(field.type),
            source(field.type).replace("|", "\\|"),
        )
        for field in msgspec.structs.fields(Settings)
    ]
    return blocks.table(("setting", "default", "allowed", "meaning"), rows)


def default(field: Any) -> str:
    """What holds where nothing is set, as one would write it in the environment."""
    value = field.default_factory() if field.default is NODEFAULT else field.default
    if value is None or value in ((), {}):
        return "not set"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def bounds(hint: Any) -> str:
    """The kind of value and its bounds."""
    kind = get_args(hint)[0]
    if get_origin(kind) is Literal:
        return allowed(hint)
    meta = constraints(hint)
    lengths = meta is not None and (meta.min_length is not None or meta.max_length is not None)
    if lengths and meta is not None:
        return f"{meta.min_length or 0} to {meta.max_length} characters"
    return allowed(hint) or named(kind)


def named(kind: Any) -> str:
    """A type in words."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return ", ".join(named(part) for part in get_args(kind) if part is not type(None))
    words: dict[Any, str] = {str: "text", int: "a whole number", dict: "JSON object", tuple: "list"}
    return words[origin or kind]


BLOCKS = [Block(PAGE, "settings", settings)]

if __name__ == "__main__":
    blocks.write(BLOCKS)
