"""Makes the state diagrams in docs/journeys/ from MOVES, the table of moves in domain/request.py,
as far as the rows of each journey lead, and that of cases from CASE_MOVES in domain/cases.py.

`make docs` runs it; a house test fails where a diagram and the table say different things.
"""

from functools import partial

from rebind.domain.cases import CASE_MOVES, CaseState
from rebind.domain.decision import ROWS
from rebind.domain.request import MOVES, Kind, Move, State
from rebind.domain.rows import Strength
from scripts import blocks
from scripts.blocks import DOCS, Block

JOURNEYS = (Kind.ENROL, Kind.SIGN_IN, Kind.CHANGE, Kind.RECOVER, Kind.UNDO)
"""The journeys that are requests. `sessions` has no picture: a session is no request."""

PAGES = {**{kind: str(kind) for kind in JOURNEYS}, Kind.REAUTHENTICATE: "reauthentication"}

MEANING = {
    Move.PROVE: "a proof is accepted, more is needed",
    Move.WAIT: "the rule says wait",
    Move.RIPEN: "the wait is over, a fresh code is needed",
    Move.APPLY: "the rule says now",
    Move.REFUSE: "the rule says no, finally",
    Move.CANCEL: "its owner stops it",
    Move.OBJECT: "somebody with standing stops it",
    Move.PASS_TIME: "its time is over",
}


def moves_of(kind: Kind) -> list[tuple[State, Move, State]]:
    """The moves that a request of this kind can make. It waits where a row waits by itself, or
    rests on a code to the present number, whose SIM may have been swapped; a fresh code at the end
    is for a new number."""
    rows = [row for row in ROWS if row.kind is kind]
    wanted = {strength for row in rows for way in row.ways for strength in way}
    never = set()
    if Strength.CODE_CURRENT not in wanted and all(row.wait is None for row in rows):
        never.add(Move.WAIT)
    if Strength.CODE_NEW not in wanted:
        never.add(Move.RIPEN)
    table = [each for each in MOVES if each[1] not in never]
    reached, grown = {State.OPEN}, True
    while grown:
        more = {after for before, _move, after in table if before in reached}
        reached, grown = reached | more, not more <= reached
    return [each for each in table if each[0] in reached]


def diagram(kind: Kind) -> str:
    """The moves of a journey as a Mermaid state diagram."""
    table = moves_of(kind)
    left = {before for before, _move, _after in table}
    ended = {after for _before, _move, after in table} - left
    moves = [f"    {before} --> {after}: {move} ({MEANING[move]})" for before, move, after in table]
    ends = [f"    {state} --> [*]" for state in State if state in ended]
    lines = ["stateDiagram-v2", f"    [*] --> {State.OPEN}: begin", *moves, *ends]
    return "\n".join(["```mermaid", *lines, "```"])


def cases() -> str:
    """The moves of a case, from the first word to the last."""
    moves = [f"    {before} --> {after}: {move}" for before, move, after in CASE_MOVES]
    lines = ["stateDiagram-v2", f"    [*] --> {CaseState.DRAFT}: begin", *moves]
    return "\n".join(["```mermaid", *lines, f"    {CaseState.CLOSED} --> [*]", "```"])


BLOCKS = [
    Block(DOCS / "journeys" / "cases.md", "states", cases),
    *(
        Block(DOCS / "journeys" / f"{page}.md", "states", partial(diagram, kind))
        for kind, page in PAGES.items()
    ),
]

if __name__ == "__main__":
    blocks.write(BLOCKS)
