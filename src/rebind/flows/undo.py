"""undo: "it wasn't me". A finished change is taken back from an address of the account before it.

Begun by the link of a notice or without one, it is proved by a code to that same address; a
stranger gets the same answer for every number and mailbox (invariant 8). What follows from it
stands in `undoing`.
"""

from rebind.domain import mailbox
from rebind.domain import phone as phones
from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.limits import UNDO_ADDRESS
from rebind.domain.refusals import EMAIL_MALFORMED, LINK_UNKNOWN, Refused
from rebind.domain.request import Kind, State
from rebind.domain.units import DAY, SECOND, Ms
from rebind.flows.desk import budgets, codes, notices, opening, tokens, undoing
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.budgets import Sending, Tally
from rebind.flows.desk.codes import Target
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.finishing import Journey
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.opening import About, Subject
from rebind.flows.desk.views import RequestView, shown
from rebind.store import limits, undoable
from rebind.store.statements import Query


async def by_number(desk: Desk, caller: Caller, number: str) -> RequestView | Refused:
    """Begin with the number that was replaced, as typed; a code goes to it.

    Refusals: those of `phone.parse`; too_many_requests, too_many_codes, work_invalid.
    """
    phone = phones.parse(number, desk.policy.countries, caller.home)
    if not isinstance(phone, phones.Phone):
        return Refused(phone)
    keys = desk.seal.indexes("number", phone.e164)
    now = desk.clock.now()
    target = Target(Proof.CODE_NEW, phone.e164, keys[0])
    found = undoable.by_number(keys[0], now)
    return await _begin(desk, caller, target, Sending(keys, phone.region), found, now)


async def by_email(desk: Desk, caller: Caller, address: str) -> RequestView | Refused:
    """Begin with an e-mail of the account; a code goes to it.

    Refusals: email_malformed, too_many_requests, too_many_codes, work_invalid.
    """
    address = address.strip()
    if not mailbox.looks_right(address):
        return Refused(EMAIL_MALFORMED)
    keys = desk.seal.indexes("email", mailbox.canonical(address))
    now = desk.clock.now()
    since = now - desk.policy.notice_removed_d * DAY
    target = Target(Proof.CODE_EMAIL, address, keys[0])
    found = undoable.by_email(keys[0], since, now)
    return await _begin(desk, caller, target, Sending(keys, None), found, now)


async def by_link(desk: Desk, caller: Caller, link: str) -> RequestView | Refused:
    """Begin with the link of a notice; a code goes to the address that the notice went to.

    Refusals: link_unknown, too_many_requests, too_many_codes, work_invalid.
    """
    request_id = tokens.linked_request(link)
    if request_id is None:
        return Refused(LINK_UNKNOWN)
    now = desk.clock.now()
    dossier = dossiers.read(await desk.engine.read(*dossiers.queries(desk, request_id, None, now)))
    to = None if isinstance(dossier, Refused) else notices.sent_to(desk, dossier, link)
    if isinstance(dossier, Refused) or to is None:
        return Refused(LINK_UNKNOWN)
    target, sending = _to(desk, to, dossier.row.region)
    return await _begin(
        desk, caller, target, sending, undoable.by_request(request_id, now), now, known=True
    )


def _to(desk: Desk, to: Addressee, region: str) -> tuple[Target, Sending]:
    """A code to an address of the account, and whose budgets it spends."""
    if to.channel == "mail":
        keys = desk.seal.indexes("email", mailbox.canonical(to.address))
        return Target(Proof.CODE_EMAIL, to.address, keys[0]), Sending(keys, None)
    keys = desk.seal.indexes("number", to.address)
    return Target(Proof.CODE_NEW, to.address, keys[0]), Sending(keys, region)


async def _begin(
    desk: Desk,
    caller: Caller,
    target: Target,
    sending: Sending,
    query: Query,
    now: Ms,
    *,
    known: bool = False,
) -> RequestView | Refused:
    """The same reads and writes whether or not there is anything to undo. Whoever has a link knows
    already that there was something, and is told when it is over."""
    request_id = desk.dice.id(now)
    places = budgets.places_to_read(desk, caller, [sending], request_id)
    places += [(UNDO_ADDRESS.name, key, 0) for key in sending.address_keys]
    rows, counters = await desk.engine.read(query, limits.rows(places))
    found, counted = undoable.row(rows), limits.counted(counters)
    if found is None and known:
        return Refused(LINK_UNKNOWN)
    tally = Tally(desk, now)
    if not known:
        tally.add(UNDO_ADDRESS, sending.address_keys)
    refusal = budgets.count_sending(desk, caller, tally, sending, request_id, counted, now)
    refusal = refusal or tally.refused(counted)
    if refusal is not None:
        return refusal
    token, owner_hash = tokens.new_request(desk.dice)
    account_id = found.account_id if found else desk.dice.id(now)
    version = found.account_version if found else 0
    to = Target(target.proof, target.address, target.address_key, nobody=found is None)
    about = About(
        target.address, target.address_key, sending.region or "", found.id if found else None
    )
    subject = Subject(account_id, version, None, None, owner_hash)
    writes = [
        *tally.writes(counted),
        opening.begin(desk, Kind.UNDO, request_id, subject, about, now),
        *codes.send(desk, caller, Kind.UNDO, account_id, request_id, [to], now),
    ]
    begun = line(caller, Act.REQUEST_BEGUN, account_id, request_id, Kind.UNDO, "stranger")
    refusal = await desk.keep_or_refuse(writes, [begun], now)
    return refusal or RequestView(
        request_id,
        Kind.UNDO,
        State.OPEN,
        ((target.proof,),),
        now + desk.policy.request_ttl_s * SECOND,
        token,
        number=shown(target.address),
    )


JOURNEY = Journey(undoing.finish, undoing.tell)
