"""Nonces of AES-GCM: 96 random bits each, drawn in blocks from the operating system.

For: sealing several values per request with one system call for hundreds. Refuses to give one out
twice, because with AES-GCM a nonce used twice under one key breaks the key. A nonce is no secret,
so a block of them may wait in memory. Neighbour: `vault.py`.
"""

import os

NONCE_BYTES = 12
_NONCES_PER_BLOCK = 256
_waiting: list[bytes] = []

# A forked child would otherwise seal with the very nonces that its parent seals with.
os.register_at_fork(after_in_child=_waiting.clear)


def nonce() -> bytes:
    """A fresh nonce, given out once: `pop` and `extend` are atomic under the interpreter's lock,
    so threads need no lock of ours."""
    try:
        return _waiting.pop()
    except IndexError:
        block = os.urandom(NONCE_BYTES * _NONCES_PER_BLOCK)
        fresh = [block[at : at + NONCE_BYTES] for at in range(0, len(block), NONCE_BYTES)]
        one = fresh.pop()
        _waiting.extend(fresh)
        return one
