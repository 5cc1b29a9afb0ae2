"""Random 64-bit words from the operating system, drawn in blocks.

For: the ids of rows, of which a request needs many; one system call fills hundreds. Refuses what
must stay secret: codes and tokens are drawn one by one, because a block that waits in memory would
hold tomorrow's. Neighbour: `system.py`.
"""

import os

_WORDS_PER_BLOCK = 512
_waiting: list[int] = []

# A forked child would otherwise give out the very ids that its parent gives out.
os.register_at_fork(after_in_child=_waiting.clear)


def word() -> int:
    """A uniform 64-bit integer, given out once: `pop` and `extend` are atomic under the
    interpreter's lock, so threads need no lock of ours."""
    try:
        return _waiting.pop()
    except IndexError:
        fresh = memoryview(os.urandom(8 * _WORDS_PER_BLOCK)).cast("Q").tolist()
        one = fresh.pop()
        _waiting.extend(fresh)
        return one
