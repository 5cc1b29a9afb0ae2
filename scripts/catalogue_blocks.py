"""Makes the tables that repeat a closed list: refusals, limits and acts.

`make docs` runs it; a house test fails where a page and the code say different things.
"""

import re

from rebind.domain.acts import Act
from rebind.domain.budget import Limit
from rebind.domain.limits import LIMITS
from rebind.domain.refusals import CATALOGUE
from scripts import blocks
from scripts.blocks import DOCS, Block

ACTS = DOCS.parent / "src" / "rebind" / "domain" / "acts.py"


def refusals() -> str:
    """Every code with its status and its English words."""
    rows = [
        (f"`{each.code}`", str(each.status), f"{each.title}. {each.text}")
        for each in CATALOGUE.values()
    ]
    return blocks.table(("code", "status", "what people read"), rows)


def limits() -> str:
    """Every line of the page of limits, with its defaults."""
    rows = [
        (
            f"`{limit.name}`",
            f"`{limit.key}`",
            how_much(limit),
            f"`{limit.told.code}`",
            limit.protects,
        )
        for limit in LIMITS
    ]
    return blocks.table(("limit", "counted by", "default", "told", "against"), rows)


def how_much(limit: Limit) -> str:
    """Amount, window and pauses in words."""
    window = f" in {limit.window_s:,} s" if limit.window_s else " in a row"
    gaps = "/".join(str(gap) for gap in limit.gaps_s)
    return f"{limit.amount:,}{window}" + (f", pauses {gaps} s" if gaps else "")


def acts() -> str:
    """Every act with the comment that explains it."""
    text = ACTS.read_text(encoding="utf-8")
    found = dict(re.findall(r'^    [A-Z_]+ = "([a-z_]+)"  # (.+)$', text, re.MULTILINE))
    rows = [(f"`{act.value}`", found[act.value]) for act in Act]
    return blocks.table(("act", "meaning"), rows)


BLOCKS = [
    Block(DOCS / "api.md", "refusals", refusals),
    Block(DOCS / "api.md", "acts", acts),
    Block(DOCS / "running" / "settings.md", "limits", limits),
]

if __name__ == "__main__":
    blocks.write(BLOCKS)
