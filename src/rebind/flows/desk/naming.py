"""Naming: how somebody who signs in says who they are, and what is asked of strangers first.

The same for everybody who says it in that way, whether anybody is there or not (invariant 8).
"""

from enum import Enum, auto

from rebind.domain.evidence import Proof
from rebind.domain.request import Kind
from rebind.domain.rows import Ways


class Name(Enum):
    """How somebody who signs in says who they are."""

    NUMBER = auto()
    MAILBOX = auto()
    NOTHING = auto()  # the passkey says it


_FIRST_PROOFS: dict[Name, Ways] = {
    Name.NUMBER: ((Proof.CODE_CURRENT,), (Proof.PASSWORD,), (Proof.PASSKEY,)),
    Name.MAILBOX: ((Proof.PASSWORD,), (Proof.PASSKEY,)),
    Name.NOTHING: ((Proof.PASSKEY,),),
}


def strangers_needs(kind: Kind, named_by: Name = Name.NUMBER) -> Ways:
    """What a request begun without a session needs before anything is proved."""
    if kind is Kind.RECOVER:
        return ((Proof.CODE_EMAIL,),)
    return ((Proof.CODE_NEW,),) if kind is Kind.ENROL else _FIRST_PROOFS[named_by]
