"""Codes: drawing one, keeping its keyed hash, and putting the message into the outbox.

A code counts for exactly one (account, purpose, address, request): all four are in its hash
(invariant 5). The code itself leaves this module only inside a sealed payload, which is wiped once
the message has been sent.
"""

from collections.abc import Sequence

import msgspec

from rebind.domain.evidence import Proof
from rebind.domain.policy import Policy
from rebind.domain.units import HOUR, MINUTE, Id, Ms
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import challenges, outbox
from rebind.store.challenges import Challenge, NewCode
from rebind.store.outbox import Lane, Parcel
from rebind.store.statements import Write

NOBODY = "nobody"
"""The message of a code for a number that no account has: the same work, and nothing leaves."""


class Target(msgspec.Struct, frozen=True):
    """Where a code goes and what it is for."""

    proof: Proof
    address: str
    address_key: bytes
    nobody: bool = False

    @property
    def by_email(self) -> bool:
        """Whether it goes to a mailbox, and not to a telephone."""
        return self.proof is Proof.CODE_EMAIL or "@" in self.address

    def lives(self, policy: Policy) -> Ms:
        """How long its code may be answered: one that verifies a new mailbox takes its time."""
        if self.by_email and self.proof is Proof.CODE_NEW:
            return policy.email_verify_h * HOUR
        return policy.code_ttl(self.by_email)


def purpose(kind: str, proof: str) -> str:
    """What the code is for, as hashed and as told in the message."""
    return f"{kind}.{proof}"


def _mac_parts(
    account_id: Id, kind: str, proof: str, address_key: bytes, request_id: Id, code: str
) -> tuple[bytes, ...]:
    return account_id, purpose(kind, proof).encode(), address_key, request_id, code.encode()


def send(
    desk: Desk,
    caller: Caller,
    kind: str,
    account_id: Id,
    request_id: Id,
    targets: Sequence[Target],
    now: Ms,
) -> list[Write]:
    """New codes for these targets: challenges and outbox rows, for the flow's batch."""
    kept, parcels = [], []
    for target in targets:
        code = desk.dice.code(desk.policy.code_digits)
        ttl = target.lives(desk.policy)
        parts = _mac_parts(account_id, kind, target.proof, target.address_key, request_id, code)
        mac = desk.seal.mac("code", *parts)
        kept.append(NewCode(target.proof.value, target.address_key, mac, now + ttl))
        parcels.append(
            parcel(
                desk,
                lane=Lane.CODE,
                message=NOBODY if target.nobody else "code",
                channel="mail" if target.by_email else "sms",
                to=target.address,
                address_key=target.address_key,
                locale=caller.locale,
                params={
                    "code": code,
                    "purpose": purpose(kind, target.proof),
                    "minutes": str(ttl // MINUTE),
                },
                account_id=account_id,
                request_id=request_id,
                now=now,
                expires_at=now + ttl,
            )
        )
    return [
        challenges.set_codes(
            request_id, kept, desk.policy.code_tries, now - desk.policy.code_new_fresh, now
        ),
        outbox.put(parcels),
    ]


def right(
    desk: Desk, challenge: Challenge, kind: str, account_id: Id, request_id: Id, code: str
) -> bool:
    """Whether this is the code, compared in constant time. The try was counted before."""
    parts = _mac_parts(account_id, kind, challenge.proof, challenge.address_key, request_id, code)
    return desk.seal.matches(challenge.code_mac, "code", *parts)


def parcel(
    desk: Desk,
    *,
    lane: Lane,
    message: str,
    channel: str,
    to: str,
    address_key: bytes,
    locale: str,
    params: dict[str, str],
    account_id: Id,
    request_id: Id | None,
    now: Ms,
    expires_at: Ms,
) -> Parcel:
    """A message for the outbox, its address and words sealed."""
    parcel_id = desk.dice.id(now)
    payload = msgspec.json.encode({"to": to, "locale": locale, "params": params}).decode()
    return Parcel(
        id=parcel_id,
        lane=lane,
        channel=channel,
        address_key=address_key,
        message=message,
        account_id=account_id,
        request_id=request_id,
        payload_sealed=desk.seal.seal("outbox.payload", parcel_id, payload),
        created_at=now,
        due_at=now,
        expires_at=expires_at,
    )
