"""emails: the mailboxes of an account: one more, one less, and which is named first.

Each was verified by a code to it, in the re-authentication for that very mailbox, before it comes
here. A mailbox is told of everything, and beside other proofs it is one; it is no second factor and
signs nobody in by itself (NIST SP 800-63B-4 3.1.3.1). It may be another account's as well, and
nobody is told so. Whether one counts yet, and to which a code goes, is decided elsewhere.
"""

import msgspec

from rebind.domain import checkup, mailbox
from rebind.domain.acts import Act
from rebind.domain.refusals import (
    EMAIL_IS_OWN,
    FACTOR_UNKNOWN,
    SESSION_ON_PROBATION,
    TOO_MANY_FACTORS,
    Refused,
)
from rebind.domain.rows import Purpose
from rebind.domain.units import Id, Ms
from rebind.flows.desk import callers, permits
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.own import email_factor
from rebind.store import emails as store
from rebind.store.emails import EmailRow

EMAILS_MAX = 10
"""Of one account. Each of them is told of everything that matters."""


class EmailView(msgspec.Struct, frozen=True):
    """A mailbox of the account, in full. `primary`: it is named first, the others are for recovery.
    `counts_from`: when it counts, or counted, for moving the number or removing something."""

    id: Id
    address: str
    primary: bool
    set_at: Ms
    counts_from: Ms


class Emails(msgspec.Struct, frozen=True):
    """The live mailboxes of an account, the primary one first, then as they came."""

    emails: tuple[EmailView, ...]

    @property
    def full(self) -> bool:
        """Whether there is no room for one more."""
        return len(self.emails) >= EMAILS_MAX


async def listed(desk: Desk, caller: Caller) -> Emails | Refused:
    """The mailboxes of the account. Refusals: session_required, session_ended,
    session_on_probation."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    found, mails = await desk.engine.read(query, store.of_account(token.account_id, now))
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    await callers.note_seen(desk, who, now)
    live = _live(store.rows(mails))
    first = _primary(live)
    views = [
        _view(desk, mail, mail is first, _address(desk, mail), who.row.enrolled_at) for mail in live
    ]
    return Emails(tuple(sorted(views, key=lambda view: not view.primary)))


async def add(desk: Desk, caller: Caller, permit_id: Id, address: str) -> EmailView | Refused:
    """A mailbox is the account's from now on: `address` as it was typed for the re-authentication,
    which took a code to it. It is named first where it is the only one.

    Refusals: session_required, session_ended, reauthentication_required, email_is_own,
    too_many_factors, try_again.
    """
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    plain = mailbox.canonical(address)
    found = await permits.read(desk, caller, permit_id, Purpose.EMAIL_ADD, plain)
    if isinstance(found, Refused):
        return found
    permit, _more = found
    live, key = _live(permit.dossier.emails), desk.seal.index("email", plain)
    if any(mail.address_key == key for mail in live):
        return Refused(EMAIL_IS_OWN)
    if len(live) >= EMAILS_MAX:
        return Refused(TOO_MANY_FACTORS)
    now = desk.clock.now()
    email_id = desk.dice.id(now)
    sealed = desk.seal.seal("emails.address", email_id, plain)
    new = store.add(permit.account_id, email_id, key, sealed, permit.set_by, now)
    refused = await permits.spend(
        desk, caller, permit, Act.EMAIL_ADDED, [new], now, what=mailbox.masked(plain)
    )
    if refused is not None:
        return refused
    row = EmailRow(permit.account_id, email_id, sealed, key, now, permit.set_by, None)
    return _view(desk, row, not live, plain, permit.dossier.row.enrolled_at or now)


async def remove(desk: Desk, caller: Caller, permit_id: Id, email_id: Id) -> Refused | None:
    """A mailbox is the account's no more: it proves nothing from this moment on, but is told for 30
    days, and for so long it may object and undo.

    Refusals: session_required, session_ended, reauthentication_required, factor_unknown, try_again.
    """
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    found = await permits.read(desk, caller, permit_id, Purpose.EMAIL_REMOVE, email_id.hex())
    if isinstance(found, Refused):
        return found
    permit, _more = found
    gone = next((mail for mail in _live(permit.dossier.emails) if mail.id == email_id), None)
    if gone is None:
        return Refused(FACTOR_UNKNOWN)
    now = desk.clock.now()
    writes = [store.remove(permit.account_id, email_id, now)]
    what = mailbox.masked(_address(desk, gone))
    return await permits.spend(desk, caller, permit, Act.EMAIL_REMOVED, writes, now, what=what)


async def make_primary(desk: Desk, caller: Caller, email_id: Id) -> Refused | None:
    """It is named first from now on; it is worth no more by that, so no fresh proof is asked.
    Refusals: session_required, session_ended, session_on_probation, factor_unknown."""
    who = await callers.signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    now = desk.clock.now()
    made = line(caller, Act.EMAIL_MADE_PRIMARY, who.account_id)
    writes = [store.make_primary(who.account_id, email_id, now)]
    return await desk.keep_or_refuse(writes, [made], now)


def _live(mails: tuple[EmailRow, ...]) -> list[EmailRow]:
    return [mail for mail in mails if mail.removed_at is None]


def _primary(live: list[EmailRow]) -> EmailRow | None:
    """The last that was made primary; where none was, the oldest, which comes first."""
    made = [mail for mail in live if mail.primary_since is not None]
    if made:
        return max(made, key=lambda mail: mail.primary_since or 0)
    return live[0] if live else None


def _address(desk: Desk, mail: EmailRow) -> str:
    return desk.seal.unseal("emails.address", mail.id, mail.address_sealed)


def _view(desk: Desk, mail: EmailRow, primary: bool, address: str, enrolled_at: Ms) -> EmailView:
    counts_from = checkup.counts_from(email_factor(mail), enrolled_at, desk.policy)
    return EmailView(mail.id, address, primary, mail.set_at, counts_from)
