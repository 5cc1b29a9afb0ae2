"""Undoing: what follows from taking a change back. Whatever was added since goes, whatever was
removed comes back, every session ends, and the account is locked against everything that is not
older than the change (`sign_in` lifts that). A frozen account is for the support desk.
"""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.cases import CaseKind, CaseState, Verdict
from rebind.domain.evidence import stale
from rebind.domain.phone import masked
from rebind.domain.request import Kind, State
from rebind.domain.rows import AccountFacts, Apply, Gives, LockFacts
from rebind.domain.sign_in import sms_lifts_at
from rebind.domain.units import DAY, HOUR, Id, Ms
from rebind.flows.desk import casefiles, notices
from rebind.flows.desk.casefiles import Wish
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, News, next_repeat
from rebind.flows.desk.notices import FALLBACK_LOCALE, Addressee
from rebind.flows.desk.own import email_factor
from rebind.store import (
    accounts,
    devices,
    emails,
    factors,
    locks,
    numbers,
    outbox,
    sessions,
    standing,
)
from rebind.store.outbox import Parcel
from rebind.store.statements import Write


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """Rows U1 and U2. Both end all sessions and suspend what was added; U1 puts the old number back
    and lets the new one go, U2 holds both until support has decided."""
    row = dossier.row
    account_id, version = row.account_id, row.undone_version
    if version is None:
        raise LookupError("this request is no undo")
    since = _since(desk, dossier)
    freezes = decision.gives is Gives.FREEZE
    message = "account_frozen" if freezes else "number_returned"
    told = _told(desk, dossier, message, dossier.current_number(desk), now, now)
    writes = [
        *(_frozen(desk, dossier, now) if freezes else _returned(desk, dossier, now)),
        emails.suspend_since(account_id, since, now),
        emails.restore_since(account_id, since),
        *factors.suspend_since(account_id, since, now),
        *factors.restore_since(account_id, since),
        devices.forget_since(account_id, since, row.undone_device_id),
        sessions.end_all(account_id, "undone", now),
        standing.end_waiting(account_id, row.id, State.CANCELLED, now),
        standing.let_stand_no_more(account_id, version, row.id),
        outbox.put(told),
    ]
    acts = [Act.SESSIONS_ENDED, Act.ACCOUNT_FROZEN if freezes else Act.ACCOUNT_LOCKED]
    if not freezes:
        acts.append(Act.NUMBER_RETURNED)
    lines = [line(caller, act, account_id, row.id, decision.row) for act in acts]
    if freezes:
        case_id = desk.dice.id(now)
        writes += _case(desk, dossier, case_id, now)
        lines.append(line(caller, Act.CASE_OPENED, case_id, row.id, CaseKind.FROZEN))
    return Finished(writes, lines, due_at=next_repeat(desk.policy, now, now))


def _case(desk: Desk, dossier: Dossier, case_id: Id, now: Ms) -> list[Write]:
    """What is frozen is for the support desk."""
    row, old = dossier.row, dossier.undone_number(desk)
    wish = Wish(
        CaseKind.FROZEN,
        row.account_locale or FALLBACK_LOCALE,
        row.account_id,
        request_id=row.id,
        claimed=old,
        number=dossier.current_number(desk),
        region=row.region,
    )
    opened = casefiles.opened(desk, case_id, wish, CaseState.NEW, now)
    return [*opened, *casefiles.found_by(desk, case_id, wish.claimed, wish.number)]


def decided(desk: Desk, dossier: Dossier, verdict: Verdict, now: Ms) -> list[Write]:
    """What two people at the desk have found of a frozen account: for whoever took the change back,
    and the old number returns; or against, and everything is as it was before the undo."""
    row = dossier.row
    if verdict is Verdict.FOR:
        message, new = "number_returned", dossier.current_number(desk)
        told = _told(desk, dossier, message, new, now, now)
        return [*_returned(desk, dossier, now, frozen=True), outbox.put(told)]
    frozen_at = row.frozen_at or now
    old_keys = desk.seal.indexes("number", dossier.undone_number(desk))
    return [
        locks.thaw(row.account_id, frozen_at),
        *factors.revive(row.account_id, frozen_at),
        *numbers.hold_longer(old_keys, row.account_id, now),
    ]


def _since(desk: Desk, dossier: Dossier) -> Ms:
    """What came after this moment is not trusted: 7 days before the undone request began, but not
    what the account was opened with."""
    row, policy = dossier.row, desk.policy
    opened_until = (row.enrolled_at or 0) + policy.aged_at_enrolment_h * HOUR
    return max((row.undone_begun_at or 0) - policy.undo_reach_d * DAY, opened_until)


def _returned(desk: Desk, dossier: Dossier, now: Ms, *, frozen: bool = False) -> list[Write]:
    """The old number is live again, `confirmed_at` as it was (invariant 14); the new one and those
    in between are anybody's."""
    row = dossier.row
    account_id, live = row.account_id, row.number_version
    old, new = dossier.undone_number(desk), dossier.current_number(desk)
    old_keys, new_keys = desk.seal.indexes("number", old), desk.seal.indexes("number", new)
    sealed = desk.seal.seal("bindings.number", accounts.place_of(account_id, live + 1), old)
    between = set[bytes]()
    for each in dossier.released:
        if row.undone_version is not None and each.version > row.undone_version:
            between.update(desk.seal.indexes("number", dossier.released_number(desk, each)))
    between -= {*old_keys, *new_keys}
    return [
        locks.returned(account_id, live, row.undone_begun_at or now, now, frozen=frozen),
        accounts.release(account_id, live, Kind.UNDO, now),
        accounts.disown(account_id, row.undone_version or live, Kind.UNDO),
        accounts.bind(
            account_id,
            live + 1,
            sealed,
            old_keys[0],
            row.undone_region or row.region,
            row.undone_confirmed_at or now,
            now,
        ),
        *numbers.hold(new_keys, account_id, live, now, now),
        *numbers.hold_longer(sorted(between), account_id, now),
        *numbers.reserve(old_keys, account_id, live + 1, now),
    ]


def _frozen(desk: Desk, dossier: Dossier, now: Ms) -> list[Write]:
    """The live number stays, the old one is held on."""
    row = dossier.row
    old_keys = desk.seal.indexes("number", dossier.undone_number(desk))
    until = now + desk.policy.freeze_hold_d * DAY
    return [
        locks.freeze(row.account_id, row.number_version, row.undone_begun_at or now, now),
        *numbers.hold_longer(old_keys, row.account_id, until),
    ]


def tell(desk: Desk, dossier: Dossier, news: News, at: Ms | None, now: Ms) -> list[Parcel]:
    """Everybody is told again while the account is locked."""
    row = dossier.row
    if row.locked_at is None:
        return []
    new = dossier.current_number(desk)
    if row.frozen_at is not None:
        return _told(desk, dossier, "account_frozen", new, row.locked_at, now)
    for each in dossier.released:
        if each.version == row.number_version:
            new = dossier.released_number(desk, each)
    return _told(desk, dossier, "number_returned", new, row.locked_at, now)


def _between(dossier: Dossier) -> set[bytes]:
    """The keys, as stored, of the numbers that the account has had since the one that returns."""
    since = dossier.row.undone_version
    return {
        each.number_key for each in dossier.released if since is not None and each.version > since
    }


def _told(desk: Desk, dossier: Dossier, message: str, new: str, when: Ms, now: Ms) -> list[Parcel]:
    """The notice of an undo: to the old and the new number and to every e-mail, but for what was
    suspended by it. `new` is the number that the account had until then."""
    row, since = dossier.row, _since(desk, dossier)
    old = dossier.undone_number(desk)
    old_key, new_key = desk.seal.index("number", old), desk.seal.index("number", new)
    trusted = [mail for mail in dossier.emails if mail.set_at <= since]
    told = [
        Addressee("sms", old, old_key, "old"),
        Addressee("sms", new, new_key, notices.NEW),
        *notices.mailboxes(desk, msgspec.structs.replace(dossier, emails=tuple(trusted))),
        *notices.former_numbers(desk, dossier, {old_key, new_key, *_between(dossier)}),
    ]
    lock = LockFacts(when, row.undone_begun_at or when)
    facts = AccountFacts(
        row.enrolled_at or when,
        row.region,
        row.confirmed_at or when,
        factors=(
            *(
                email_factor(mail)
                for mail in trusted
                if mail.removed_at is None or mail.removed_at > since
            ),
            *(row.factor for row in dossier.beside if row.usable and row.set_at <= since),
        ),
    )
    lifts_at = sms_lifts_at(facts, lock, desk.policy)
    confirmed_at, region = row.undone_confirmed_at or when, row.undone_region or row.region
    if lifts_at is not None and stale(confirmed_at, region, desk.policy, lifts_at):
        # A number that may be somebody else's by then opens nothing by itself.
        lifts_at = None
    params = {
        "old_masked": masked(old),
        "new_masked": masked(new),
        "when": str(when),
        "until": "" if lifts_at is None else str(lifts_at),
        "again": "" if when == now else "1",
    }
    locale = row.account_locale or FALLBACK_LOCALE
    return notices.parcels(desk, message, told, locale, params, row.account_id, row.id, now)
