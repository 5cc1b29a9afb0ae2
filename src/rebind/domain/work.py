"""Proof of work: what a spent sending budget offers instead of a bare no (invariant 7).

The challenge names the address it is for and when it ends, under our keyed hash, so nothing is
stored until it is used. Solving means finding a nonce for which SHA-256 of "challenge:nonce" begins
with `BITS` zero bits: about a second in a browser, and each extra code costs that much.
"""

from hashlib import sha256

BITS = 18
"""About 260,000 hashes on average."""

TTL_S = 600
NONCE_MAX = 32


def solved(challenge: str, nonce: str) -> bool:
    """Whether the nonce solves the challenge."""
    if not nonce or len(nonce) > NONCE_MAX:
        return False
    digest = sha256(f"{challenge}:{nonce}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - BITS) == 0
