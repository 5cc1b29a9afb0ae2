"""Makes docs/running/policy.md from domain/policy.py, so that no figure is written down twice.

`make docs` runs it; a house test fails where the page and the policy say different things.
"""

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from rebind.domain.policy import Policy

PAGE = Path(__file__).resolve().parents[1] / "docs" / "running" / "policy.md"

HEAD = """\
# The policy: every figure, its bounds and its source

This page is made from `src/rebind/domain/policy.py` by `make docs`; do not edit it by hand.
Override figures in the TOML file that `REBIND_POLICY` names; `rebind policy show` prints what is in
force, `rebind policy check` refuses contradictions by name. The unit goes last in each name: `_s`
seconds, `_h` hours, `_d` days.

| figure | default | allowed | source or meaning |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(
        f"| `{name}` | {value(getattr(Policy(), name))} | {allowed(hint)} | {source(hint)} |\n"
        for name, hint in get_type_hints(Policy, include_extras=True).items()
    )


def value(figure: object) -> str:
    """A default as an administrator would write it in TOML."""
    match figure:
        case None:
            return "not set"
        case dict():
            pairs = (f"{key} = {written(figure[key])}" for key in sorted(figure))
            return f"`{{ {', '.join(pairs)} }}`"
        case frozenset():
            return f"`{written(sorted(figure))}`"
        case _:
            return f"`{written(figure)}`"


def written(plain: object) -> str:
    """Words, numbers and lists of them look alike in TOML and in JSON."""
    return json.dumps(plain, ensure_ascii=False)


def allowed(hint: Any) -> str:
    """The bounds of a figure in words."""
    kind = get_args(hint)[0]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    meta = constraints(hint)
    bounds = []
    if meta is not None and meta.ge is not None:
        bounds.append(f"at least {meta.ge:,}")
    if meta is not None and meta.le is not None:
        bounds.append(f"at most {meta.le:,}")
    return ", ".join(bounds)


def source(hint: Any) -> str:
    """Where a figure comes from."""
    meta = constraints(hint)
    return (meta.description or "") if meta is not None else ""


def constraints(hint: Any) -> msgspec.Meta | None:
    """The `Meta` of an annotated field."""
    return next((part for part in get_args(hint) if isinstance(part, msgspec.Meta)), None)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
