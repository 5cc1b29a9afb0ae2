"""account: who am I, which numbers did I have, what happened, which language do I speak, and, for
whoever has just come in by a number alone, which ways in the account has.

A session on probation sees its number masked and nothing else of the account.
"""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.evidence import Proof
from rebind.domain.phone import masked
from rebind.domain.refusals import SESSION_ON_PROBATION, Refused
from rebind.domain.units import Id, Ms
from rebind.flows.desk import callers, views
from rebind.flows.desk.callers import SignedIn, signed_in
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.own import own_factors
from rebind.flows.desk.views import RequestView
from rebind.store import accounts, acts, emails, factors, standing
from rebind.store.acts import StoredAct
from rebind.store.emails import EmailRow

HISTORY_MAX = 100
"""Bindings shown; an account that changes its number each month needs eight years to fill it."""

ACTS_PAGE = 50
_NEWEST = b"\xff" * 16


class AccountView(msgspec.Struct, frozen=True):
    """The account as its holder sees it. `number` is masked on probation."""

    id: Id
    state: str
    number: str
    region: str
    bound_at: Ms
    confirmed_at: Ms
    enrolled_at: Ms
    locale: str
    level: str


class BindingView(msgspec.Struct, frozen=True):
    """One number that the account has or had. Former numbers are masked."""

    number: str
    region: str
    bound_at: Ms
    confirmed_at: Ms
    released_at: Ms | None
    reason: str | None


class WaysInView(msgspec.Struct, frozen=True):
    """By what the account can be entered, told so that its holder knows it again and nobody else
    learns anything of use: addresses are masked, passkeys only counted."""

    enrolled_at: Ms
    number: str
    emails: tuple[str, ...]
    passkeys: int
    password: bool
    totp: bool
    recovery_codes: bool


async def show(desk: Desk, caller: Caller) -> AccountView | Refused:
    """Who am I. Refusals: session_required, session_ended."""
    who = await signed_in(desk, caller)
    return who if isinstance(who, Refused) else _view(desk, who)


async def show_with_waiting(
    desk: Desk, caller: Caller
) -> tuple[AccountView, list[RequestView]] | Refused:
    """Who am I, and what waits on the account, in one read; on probation nothing is told of that.
    Refusals: session_required, session_ended."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    waiting = standing.of_account(token.account_id, now, views.STANDING_MAX)
    rows, found = await desk.engine.read(query, waiting)
    who = callers.answered(token, rows, now)
    if isinstance(who, Refused):
        return who
    await callers.note_seen(desk, who, now)
    shown = views.standing(desk, standing.rows(found), now, who.row.id) if who.full else []
    return _view(desk, who), shown


def _view(desk: Desk, who: SignedIn) -> AccountView:
    row, number = who.row, who.number(desk)
    return AccountView(
        row.account_id,
        row.state,
        number if who.full else masked(number),
        row.region,
        row.bound_at,
        row.confirmed_at,
        row.enrolled_at,
        row.locale,
        row.level,
    )


async def ways_in(desk: Desk, caller: Caller) -> WaysInView | Refused:
    """Since when the account exists and which ways in it has, on probation too: before anybody goes
    on they must be able to see that it is not theirs. Refusals: session_required, session_ended."""
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, query = asked
    now = desk.clock.now()
    found, mails, beside = await desk.engine.read(
        query, emails.of_account(token.account_id, now), factors.of_account(token.account_id)
    )
    who = callers.answered(token, found, now)
    if isinstance(who, Refused):
        return who
    live = [mail for mail in emails.rows(mails) if mail.removed_at is None]
    kinds = [factor.proof for factor in own_factors([], beside)]
    return WaysInView(
        who.row.enrolled_at,
        masked(who.number(desk)),
        tuple(views.shown(_mailbox(desk, mail)) for mail in live),
        kinds.count(Proof.PASSKEY),
        Proof.PASSWORD in kinds,
        Proof.TOTP in kinds,
        Proof.RECOVERY_CODE in kinds,
    )


def _mailbox(desk: Desk, mail: EmailRow) -> str:
    return desk.seal.unseal("emails.address", mail.id, mail.address_sealed)


async def _in_full(desk: Desk, caller: Caller) -> SignedIn | Refused:
    who = await signed_in(desk, caller)
    if isinstance(who, SignedIn) and not who.full:
        return Refused(SESSION_ON_PROBATION)
    return who


async def bindings(desk: Desk, caller: Caller) -> list[BindingView] | Refused:
    """The numbers of the account, newest first. Refusals: session_required, session_ended,
    session_on_probation."""
    who = await _in_full(desk, caller)
    if isinstance(who, Refused):
        return who
    (found,) = await desk.engine.read(accounts.history(who.account_id, HISTORY_MAX))
    views = []
    for each in accounts.bindings(found):
        place = accounts.place_of(who.account_id, each.version)
        number = desk.seal.unseal("bindings.number", place, each.number_sealed)
        views.append(
            BindingView(
                number if each.released_at is None else masked(number),
                each.region,
                each.bound_at,
                each.confirmed_at,
                each.released_at,
                each.reason,
            )
        )
    return views


async def happened(
    desk: Desk, caller: Caller, before: Id | None = None
) -> list[StoredAct] | Refused:
    """What happened to the account, newest first, a page older than the line `before`.
    Refusals: session_required, session_ended, session_on_probation."""
    who = await _in_full(desk, caller)
    if isinstance(who, Refused):
        return who
    (found,) = await desk.engine.read(acts.of_subject(who.account_id, before or _NEWEST, ACTS_PAGE))
    return acts.stored(found)


async def speak(desk: Desk, caller: Caller, locale: str) -> Refused | None:
    """From now on speak to the account in this language, in messages as on pages. Any session may:
    on probation too, people must be able to read. Refusals: session_required, session_ended."""
    who = await signed_in(desk, caller)
    if isinstance(who, Refused):
        return who
    if who.row.locale == locale:
        return None
    now = desk.clock.now()
    changed = line(caller, Act.LANGUAGE_CHANGED, who.account_id, why=locale)
    return await desk.keep_or_refuse([accounts.set_locale(who.account_id, locale)], [changed], now)
