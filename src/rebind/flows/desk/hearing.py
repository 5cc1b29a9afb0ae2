"""Hearing: where each side of a contested request is told what the support desk says.

Neither side may read what the other is told, so whoever began the request is told at the number
that they want, which answered a code in it; and the holder at no address that answered one of its
codes, for whoever began it reads that too. Refuses to guess: of a request whose proofs are not kept
any more nobody is told. Neighbour: `casefiles.py` sends.
"""

from collections.abc import Iterable

import msgspec

from rebind.domain.evidence import Evidence, Proof
from rebind.domain.units import Ms
from rebind.flows.desk.desk import Desk
from rebind.store import accounts, emails, requests
from rebind.store.cases import CaseRow

Addresses = list[tuple[str, str]]
"""Each (channel, address)."""


class Sides(msgspec.Struct, frozen=True):
    """Both sides. `shown`: mailboxes of the account that answered a code in the request; whoever
    began it reads them, and so may the holder: nothing goes there that is for one side."""

    person: Addresses = []
    shown: Addresses = []
    holder: Addresses = []


def answered_at(evidence: Iterable[Evidence]) -> frozenset[Ms]:
    """Since when the account has had the mailboxes that answered a code in a request: by that they
    are found again."""
    return frozenset(
        each.factor.set_at
        for each in evidence
        if each.proof is Proof.CODE_EMAIL and each.factor is not None
    )


async def of(desk: Desk, row: CaseRow) -> Sides:
    """The sides of the request that a case is about."""
    if row.account_id is None or row.request_id is None or row.number_sealed is None:
        return Sides()
    proved, mails, history = await desk.engine.read(
        requests.evidence_of(row.request_id),
        emails.of_account(row.account_id, desk.clock.now()),
        accounts.history(row.account_id, 1),
    )
    evidence = requests.evidence(proved)
    proofs = {item.proof for item in evidence}
    if Proof.CODE_NEW not in proofs:
        return Sides()
    shown_at = answered_at(evidence)
    shown, holder = Addresses(), Addresses()
    for mail in emails.rows(mails):
        address = desk.seal.unseal("emails.address", mail.id, mail.address_sealed)
        if mail.removed_at is None:
            (shown if mail.set_at in shown_at else holder).append(("mail", address))
    if not holder and Proof.CODE_CURRENT not in proofs:
        for binding in accounts.bindings(history):
            place = accounts.place_of(row.account_id, binding.version)
            number = desk.seal.unseal("bindings.number", place, binding.number_sealed)
            holder.append(("sms", number))
    wanted = desk.seal.unseal("cases.number", row.id, row.number_sealed)
    return Sides([("sms", wanted)], shown, holder)
