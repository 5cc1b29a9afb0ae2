"""assurance: what a session was opened with, and which level of NIST SP 800-63B-4 that comes to.

The session keeps the proofs as words; the level is made of them here, so that a better definition
needs no migration.
"""

from collections.abc import Iterable
from enum import StrEnum

from rebind.domain.evidence import Proof

_OF_A_SESSION = frozenset(
    {
        Proof.CODE_CURRENT,
        Proof.CODE_EMAIL,
        Proof.PASSWORD,
        Proof.TOTP,
        Proof.PASSKEY,
        Proof.RECOVERY_CODE,
        Proof.KNOWN_DEVICE,
    }
)
_HAVE = frozenset({Proof.CODE_CURRENT, Proof.TOTP, Proof.RECOVERY_CODE})


class Aal(StrEnum):
    """Authentication assurance level (NIST SP 800-63B-4 2)."""

    AAL1 = "aal1"
    AAL2 = "aal2"


def stored(proofs: Iterable[Proof]) -> str:
    """The proofs of a session as it keeps them. A code to a new number is one to the present number
    from then on."""
    found = {Proof.CODE_CURRENT if proof is Proof.CODE_NEW else proof for proof in proofs}
    return " ".join(sorted(found & _OF_A_SESSION))


def proofs(text: str | None) -> frozenset[Proof]:
    """What a session was opened with; nothing is known of sessions from before this was kept."""
    return frozenset(Proof(word) for word in (text or "").split())


def level(given: frozenset[Proof]) -> Aal:
    """The level of these proofs: two for a passkey (it verifies its user by itself, 63B-4 3.1.7.1),
    and for a password with something that one has. Codes by e-mail are no authenticator (3.1.3.1),
    and a code to the number beside a TOTP is twice something that one has."""
    if Proof.PASSKEY in given:
        return Aal.AAL2
    if Proof.PASSWORD in given and given & _HAVE:
        return Aal.AAL2
    return Aal.AAL1
