"""enrol: a number and a code make an account.

Begins the same for every number; that a number is taken is told only to somebody who has just
answered a code on it (row E2).
"""

from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.limits import CODE_ADDRESS, ENROL_ADDRESS
from rebind.domain.phone import masked
from rebind.domain.refusals import Refused
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply
from rebind.domain.units import SECOND, Ms
from rebind.flows.desk import budgets, codes, opening, tokens
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Finished, Journey
from rebind.flows.desk.naming import strangers_needs
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, limits, numbers


async def begin(desk: Desk, caller: Caller, number: str) -> RequestView | Refused:
    """Begin with a number as typed; a code goes to it.

    Refusals: those of `phone.parse`; too_many_requests, too_many_codes, work_invalid.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    now = desk.clock.now()
    request_id = desk.dice.id(now)
    keys = desk.seal.indexes("number", phone.e164)
    sending = Sending(keys, phone.region, None)
    places = budgets.places_to_read(desk, caller, [sending], request_id)
    places += [(ENROL_ADDRESS.name, key, 0) for key in keys]
    (found,) = await desk.engine.read(limits.rows(places))
    rows = limits.counted(found)
    closed = budgets.spent_under(desk, ENROL_ADDRESS, keys, rows, now)
    if closed is not None:
        return closed
    tally = Tally(desk, now)
    refusal = budgets.count_sending(desk, caller, tally, sending, request_id, rows, now)
    refusal = refusal or tally.refused(rows)
    if refusal is not None:
        return refusal
    token, owner_hash = tokens.new_request(desk.dice)
    device_id = tokens.device(desk.seal, caller.device)
    subject = Subject(desk.dice.id(now), 0, None, device_id, owner_hash)
    target = Target(Proof.CODE_NEW, phone.e164, keys[0])
    about = About(phone.e164, keys[0], phone.region)
    writes = [
        *tally.writes(rows),
        opening.begin(desk, Kind.ENROL, request_id, subject, about, now),
        *codes.send(desk, caller, Kind.ENROL, subject.account_id, request_id, [target], now),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, subject.account_id, request_id, Kind.ENROL, "stranger")
    refusal = await desk.keep_or_refuse(writes, [begun], now)
    return refusal or RequestView(
        request_id,
        Kind.ENROL,
        State.OPEN,
        strangers_needs(Kind.ENROL),
        now + desk.policy.request_ttl_s * SECOND,
        token,
        number=masked(phone.e164),
    )


def finish(desk: Desk, caller: Caller, dossier: Dossier, decision: Apply, now: Ms) -> Finished:
    """Row E1: the account, its first binding, and a session on the device that enrolled it."""
    row, number = dossier.row, dossier.number(desk)
    account_id = row.account_id
    keys = desk.seal.indexes("number", number)
    sealed = desk.seal.seal("bindings.number", accounts.place_of(account_id, 1), number)
    given, opening_writes = opening.session(
        desk,
        caller,
        account_id,
        1,
        row.device_id,
        decision,
        dossier.proofs(),
        now,
        enrolled=True,
    )
    return Finished(
        writes=[
            accounts.open_account(account_id, caller.locale, now),
            accounts.bind(account_id, 1, sealed, keys[0], row.region, now, now),
            *opening_writes,
            *(limits.forgive(CODE_ADDRESS, key) for key in keys),
            *numbers.reserve(keys, account_id, 1, now),
        ],
        lines=[
            line(caller, Act.ACCOUNT_OPENED, account_id, row.id, decision.row),
            line(caller, Act.SESSION_OPENED, account_id, row.id, decision.row),
        ],
        session=given,
    )


JOURNEY = Journey(finish)
