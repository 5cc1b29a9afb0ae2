"""Makes the state diagrams in docs/journeys/ from the table of moves, MOVES in domain/request.py.

`make docs` runs it; a house test fails where a diagram and the table say different things.
"""

from rebind.domain.request import MOVES, Move, State
from scripts import blocks
from scripts.blocks import DOCS, Block

JOURNEYS = ("enrol", "sign_in", "change")
"""The journeys that are requests. `sessions` has a picture of its own: a session is no request."""

MEANING = {
    Move.PROVE: "a proof is accepted, more is needed",
    Move.APPLY: "the rule says now",
    Move.REFUSE: "the rule says no, finally",
    Move.CANCEL: "its owner stops it",
    Move.PASS_TIME: "its time is over",
}


def diagram() -> str:
    """The moves as a Mermaid state diagram."""
    left = {before for before, _move, _after in MOVES}
    moves = [f"    {before} --> {after}: {move} ({MEANING[move]})" for before, move, after in MOVES]
    ends = [f"    {state} --> [*]" for state in State if state not in left]
    lines = ["stateDiagram-v2", f"    [*] --> {MOVES[0][0]}: begin", *moves, *ends]
    return "\n".join(["```mermaid", *lines, "```"])


BLOCKS = [Block(DOCS / "journeys" / f"{word}.md", "states", diagram) for word in JOURNEYS]

if __name__ == "__main__":
    blocks.write(BLOCKS)
