"""export: the person takes along what we hold of them, as one value.

It takes a fresh re-authentication, which it spends, and every address is told: whoever is inside
with a stolen session shall not read a whole life in one go, nor unseen. Former numbers and
mailboxes are told in full, since they are the person's own; secrets are told of by their dates
only. What requests are about is masked, and so are numbers and mailboxes that an undo has taken off
the account: they may be somebody else's. What other people wrote about it stays theirs. Neighbour:
`closing.py` deletes what is told here.
"""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.cases import Side
from rebind.domain.refusals import SESSION_REQUIRED, Refused
from rebind.domain.request import Kind, state_of
from rebind.domain.rows import Purpose
from rebind.domain.units import Id, Ms
from rebind.flows.desk import casefiles, caseviews, permits, tokens, views
from rebind.flows.desk.casefiles import Access
from rebind.flows.desk.caseviews import CaseView
from rebind.flows.desk.desk import Caller, Desk
from rebind.store import accounts, acts, cases, holdings
from rebind.store.statements import Rows

ACTS_MAX = 1000
"""Lines of the history in one export, newest first; `history_cut` says where there are more."""

CASES_MAX = 50
ROWS_MAX = 500
"""Of anything else that there can be many of: sessions, devices, requests, numbers."""

_NEWEST = b"\xff" * 16


class NumberHeld(msgspec.Struct, frozen=True):
    """A number that the account has or had, and from when till when."""

    number: str
    region: str
    bound_at: Ms
    confirmed_at: Ms
    released_at: Ms | None
    reason: str | None


class EmailHeld(msgspec.Struct, frozen=True):
    """A mailbox. `suspended_at`: since when it does not count, after an undo."""

    address: str
    verified_at: Ms
    primary_since: Ms | None
    removed_at: Ms | None
    suspended_at: Ms | None


class FactorHeld(msgspec.Struct, frozen=True):
    """Something set beside the number: that it is there, never what it is. `name`: of a passkey."""

    kind: str
    name: str
    set_at: Ms
    used_at: Ms | None
    removed_at: Ms | None
    suspended_at: Ms | None


class DeviceHeld(msgspec.Struct, frozen=True):
    """A browser or app that was met. `trusted_since`: from when it counts towards being known;
    `reported_at`: when the holder said that it is not theirs."""

    id: Id
    trusted_since: Ms | None
    seen_at: Ms
    reported_at: Ms | None


class SessionHeld(msgspec.Struct, frozen=True):
    """A session: on which device, from which network address, by which program, and when."""

    device: Id
    level: str
    address: str
    agent: str
    opened_at: Ms
    seen_at: Ms
    expires_at: Ms
    ended_at: Ms | None
    ended_why: str | None


class RequestHeld(msgspec.Struct, frozen=True):
    """A request. `about` is masked."""

    kind: str
    state: str
    about: str
    purpose: str | None
    begun_at: Ms
    wait_until: Ms | None
    ended_at: Ms | None


class ActHeld(msgspec.Struct, frozen=True):
    """A line of the history."""

    act: str
    door: str
    at: Ms


class AccountHeld(msgspec.Struct, frozen=True):
    """The account itself. `sms_off_at`: since when codes to the number prove nothing."""

    id: Id
    state: str
    locale: str
    enrolled_at: Ms
    number_changed_at: Ms | None
    locked_at: Ms | None
    frozen_at: Ms | None
    sms_off_at: Ms | None


class Holdings(msgspec.Struct, frozen=True):
    """Everything that is held of a person. Lists are newest first, but for e-mails and factors,
    which stand as they came."""

    service: str
    made_at: Ms
    account: AccountHeld
    numbers: tuple[NumberHeld, ...]
    emails: tuple[EmailHeld, ...]
    factors: tuple[FactorHeld, ...]
    devices: tuple[DeviceHeld, ...]
    sessions: tuple[SessionHeld, ...]
    requests: tuple[RequestHeld, ...]
    history: tuple[ActHeld, ...]
    history_cut: bool
    cases: tuple[CaseView, ...]


async def look(desk: Desk, caller: Caller, permit_id: Id) -> Refused | None:
    """Whether this re-authentication would be enough, which is not spent by asking.
    Refusals: session_required, session_ended, reauthentication_required."""
    found = await permits.read(desk, caller, permit_id, Purpose.DATA_EXPORT)
    return found if isinstance(found, Refused) else None


async def take(desk: Desk, caller: Caller, permit_id: Id) -> Holdings | Refused:
    """All of it, once for each re-authentication; every address hears of it.

    Refusals: session_required, session_ended, reauthentication_required, try_again.
    """
    token = tokens.session(caller.bearer)
    if token is None:
        return Refused(SESSION_REQUIRED)
    account_id = token.account_id
    more = (
        holdings.account(account_id),
        accounts.history(account_id, ROWS_MAX),
        holdings.emails(account_id),
        holdings.factors(account_id),
        holdings.devices(account_id, ROWS_MAX),
        holdings.sessions(account_id, ROWS_MAX),
        holdings.requests(account_id, ROWS_MAX),
        acts.of_subject(account_id, _NEWEST, ACTS_MAX + 1),
        cases.of_account(account_id, CASES_MAX),
    )
    found = await permits.read(desk, caller, permit_id, Purpose.DATA_EXPORT, more=more)
    if isinstance(found, Refused):
        return found
    permit, rows = found
    now = desk.clock.now()
    refused = await permits.spend(desk, caller, permit, Act.DATA_EXPORTED, [], now)
    return refused or await _told(desk, account_id, rows, now)


async def _told(desk: Desk, account_id: Id, rows: list[Rows], now: Ms) -> Holdings:
    own, numbers, mails, factors, devices, sessions, requests, lines, of_cases = rows
    row = holdings.account_row(own)
    happened = acts.stored(lines)
    return Holdings(
        desk.service,
        now,
        AccountHeld(account_id, **msgspec.structs.asdict(row)),
        _numbers(desk, account_id, numbers),
        _emails(desk, mails),
        _factors(desk, factors),
        tuple(DeviceHeld(*msgspec.structs.astuple(e)) for e in holdings.device_rows(devices)),
        _sessions(desk, sessions),
        _requests(desk, requests, now),
        tuple(ActHeld(each.act, each.door, each.at) for each in happened[:ACTS_MAX]),
        len(happened) > ACTS_MAX,
        await _cases(desk, of_cases),
    )


def _numbers(desk: Desk, account_id: Id, found: Rows) -> tuple[NumberHeld, ...]:
    def number(each: accounts.Binding) -> str:
        place = accounts.place_of(account_id, each.version)
        whole = desk.seal.unseal("bindings.number", place, each.number_sealed)
        return views.shown(whole) if each.reason == Kind.UNDO else whole

    return tuple(
        NumberHeld(
            number(each),
            each.region,
            each.bound_at,
            each.confirmed_at,
            each.released_at,
            each.reason,
        )
        for each in accounts.bindings(found)
    )


def _emails(desk: Desk, found: Rows) -> tuple[EmailHeld, ...]:
    def address(each: holdings.EmailHeld) -> str:
        whole = desk.seal.unseal("emails.address", each.id, each.address_sealed)
        return whole if each.suspended_at is None else views.shown(whole)

    return tuple(
        EmailHeld(
            address(each),
            each.verified_at,
            each.primary_since,
            each.removed_at,
            each.suspended_at,
        )
        for each in holdings.email_rows(found)
    )


def _factors(desk: Desk, found: Rows) -> tuple[FactorHeld, ...]:
    def name(each: holdings.FactorHeld) -> str:
        sealed = each.name_sealed
        return "" if sealed is None else desk.seal.unseal("passkeys.name", each.id, sealed)

    return tuple(
        FactorHeld(
            each.kind,
            name(each),
            each.set_at,
            each.used_at,
            each.removed_at,
            each.suspended_at,
        )
        for each in holdings.factor_rows(found)
    )


def _sessions(desk: Desk, found: Rows) -> tuple[SessionHeld, ...]:
    return tuple(
        SessionHeld(
            each.device_id,
            each.level,
            desk.seal.unseal("sessions.address", each.id, each.address_sealed),
            desk.seal.unseal("sessions.agent", each.id, each.agent_sealed),
            each.opened_at,
            each.seen_at,
            each.expires_at,
            each.ended_at,
            each.ended_why,
        )
        for each in holdings.session_rows(found)
    )


def _requests(desk: Desk, found: Rows, now: Ms) -> tuple[RequestHeld, ...]:
    return tuple(
        RequestHeld(
            each.kind,
            state_of(each.ended_as, each.wait_until, each.ready_at, each.expires_at, now),
            views.shown(desk.seal.unseal("requests.number", each.id, each.number_sealed)),
            each.purpose,
            each.begun_at,
            each.wait_until,
            each.ended_at,
        )
        for each in holdings.request_rows(found)
    )


async def _cases(desk: Desk, found: Rows) -> tuple[CaseView, ...]:
    mine = [row for row in cases.rows(found) if casefiles.from_inside(row)]
    return tuple([await caseviews.whole(desk, Access(row, Side.PERSON)) for row in mine])
