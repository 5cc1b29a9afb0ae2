"""objections: a request that is not theirs is stopped by whoever has standing: an address of the
account, by the link of a notice, or any full session of it.

Looking changes nothing, and objecting is always an act of its own: mail scanners open links. The
first objection ends the request; what had begun to wait becomes a case, which a supervisor decides
who hears both sides. An address that has answered a code in the request may stop it, and is not
heard as the holder. What the desk lets go on is stopped by a second factor only.
"""

import msgspec

from rebind.domain.acts import Act
from rebind.domain.cases import CaseKind, CaseState, Side
from rebind.domain.evidence import Proof, aged
from rebind.domain.phone import masked
from rebind.domain.refusals import (
    HEARD_ALREADY,
    LINK_UNKNOWN,
    REQUEST_FINISHED,
    REQUEST_UNKNOWN,
    SESSION_ON_PROBATION,
    TRY_AGAIN,
    Refused,
)
from rebind.domain.request import REPLACING, Kind, Move, State, after, may
from rebind.domain.rows import Purpose
from rebind.domain.units import Id, Ms
from rebind.flows.desk import callers, casefiles, hearing, notices, permits, tokens, views
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk.casefiles import Wish
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Journeys, News, spread
from rebind.flows.desk.notices import Addressee
from rebind.flows.desk.views import RequestView
from rebind.store import daily_counts, requests
from rebind.store.daily_counts import Daily
from rebind.store.statements import Query, Write

_TURNS = 4
"""How often a request is read anew that moves while it is being stopped."""


class NoticeView(msgspec.Struct, frozen=True):
    """What a notice was about, as whoever was told may see it. `until`: of a waiting request when
    it will be done, of a finished one until when it can be undone; `case`: of a stopped one, what
    the link carries by which the account's side is heard at the support desk. Of a closing both
    numbers are the account's."""

    kind: str
    state: str
    old_masked: str
    new_masked: str
    at: Ms
    until: Ms | None
    to: str
    case: str | None = None


async def look(desk: Desk, link: str) -> NoticeView | Refused:
    """What the link of a notice is about. Refusals: link_unknown."""
    now = desk.clock.now()
    found = await _linked(desk, link, now)
    if isinstance(found, Refused):
        return found
    dossier, to = found
    row, state = dossier.row, dossier.state(now)
    done = state is State.DONE
    if dossier.kind is Kind.CLOSE:
        return Refused(LINK_UNKNOWN) if done else _closing(desk, dossier, state, to.address)
    old = dossier.number_before(desk) if done else dossier.current_number(desk)
    if dossier.kind not in REPLACING or old is None:
        return Refused(LINK_UNKNOWN)
    if done and (row.stands_until is None or row.stands_until <= now):
        return Refused(LINK_UNKNOWN)
    case = None
    if state is State.OBJECTED and not _asked_from(desk, dossier, to):
        case = await casefiles.contested(desk, row.account_id, row.id, Side.HOLDER)
    return NoticeView(
        row.kind,
        state,
        masked(old),
        masked(dossier.number(desk)),
        row.ended_at or row.begun_at,
        row.stands_until if done else row.wait_until,
        views.shown(to.address),
        case,
    )


def _closing(desk: Desk, dossier: Dossier, state: State, to: str) -> NoticeView:
    """A closing as it was told: the number that it would make free stands on both sides."""
    row, number = dossier.row, masked(dossier.number(desk))
    at = row.ended_at or row.begun_at
    return NoticeView(row.kind, state, number, number, at, row.wait_until, views.shown(to))


async def by_link(
    desk: Desk, journeys: Journeys, caller: Caller, link: str
) -> RequestView | Refused:
    """Stop a request as the address to which the link was sent.

    Refusals: link_unknown, request_finished, heard_already.
    """
    now = desk.clock.now()
    found = await _linked(desk, link, now)
    if isinstance(found, Refused):
        return found
    dossier, to = found
    why = "mailbox" if to.channel == "mail" else "number"
    view = await _stop(desk, journeys, caller, dossier, why, now)
    if isinstance(view, RequestView) and _asked_from(desk, dossier, to):
        return msgspec.structs.replace(view, case=None)
    return view


async def by_session(
    desk: Desk, journeys: Journeys, caller: Caller, request_id: Id
) -> RequestView | Refused:
    """Stop a request as any full session of its account, whoever began it.

    Refusals: session_required, session_ended, session_on_probation, request_unknown,
    request_finished, heard_already.
    """
    asked = callers.asked(caller)
    if isinstance(asked, Refused):
        return asked
    token, session_query = asked
    now = desk.clock.now()
    found = await desk.engine.read(session_query, *_whole(desk, request_id, now))
    who = callers.answered(token, found[0], now)
    if isinstance(who, Refused):
        return who
    if not who.full:
        return Refused(SESSION_ON_PROBATION)
    dossier = dossiers.read(found[1:])
    if isinstance(dossier, Refused):
        return dossier
    if dossier.account_id != who.account_id:
        return Refused(REQUEST_UNKNOWN)
    return await _stop(desk, journeys, caller, dossier, "session", now)


async def by_permit(
    desk: Desk, journeys: Journeys, caller: Caller, request_id: Id, permit_id: Id
) -> RequestView | Refused:
    """Stop a request that the support desk has let go on: by a re-authentication for this very
    request, on an account that had an aged second factor when both sides were heard. What somebody
    has set since, perhaps with the very SIM that was in dispute, says nothing that was not heard.

    Refusals: session_required, session_ended, reauthentication_required, request_unknown,
    request_finished, heard_already (the account had no second factor).
    """
    now = desk.clock.now()
    about, reads = request_id.hex(), _whole(desk, request_id, now)
    found = await permits.read(desk, caller, permit_id, Purpose.REQUEST_STOP, about, reads)
    if isinstance(found, Refused):
        return found
    permit, rows = found
    dossier = dossiers.read(rows)
    if isinstance(dossier, Refused) or dossier.account_id != permit.account_id:
        return Refused(REQUEST_UNKNOWN)
    if not _had_second_factor(desk, dossier):
        return Refused(HEARD_ALREADY)
    if not _could_stop(dossier, now):
        return Refused(REQUEST_FINISHED)
    row, stopped = dossier.row, after(dossier.state(now), Move.OBJECT)
    writes = [
        requests.end(row.id, row.version, stopped, row.policy_row, now),
        *spread(journeys[dossier.kind], desk, dossier, News.STOPPED, None, now),
    ]
    refused = await permits.spend(
        desk, caller, permit, Act.REQUEST_OBJECTED, writes, now, silent=True
    )
    return refused or views.request(desk, dossier, stopped, ())


def _had_second_factor(desk: Desk, dossier: Dossier) -> bool:
    row = dossier.row
    enrolled_at = row.enrolled_at or row.begun_at
    return any(
        factor.proof in (Proof.TOTP, Proof.PASSKEY)
        and aged(factor, enrolled_at, desk.policy, row.begun_at)
        for factor in dossier.factors()
    )


def _whole(desk: Desk, request_id: Id, now: Ms) -> tuple[Query, ...]:
    return dossiers.queries(desk, request_id, None, now)


async def _linked(desk: Desk, link: str, now: Ms) -> tuple[Dossier, Addressee] | Refused:
    """The request that a link names and the address that it was sent to."""
    request_id = tokens.linked_request(link)
    if request_id is None:
        return Refused(LINK_UNKNOWN)
    dossier = dossiers.read(await desk.engine.read(*_whole(desk, request_id, now)))
    if isinstance(dossier, Refused):
        return Refused(LINK_UNKNOWN)
    to = notices.sent_to(desk, dossier, link)
    return Refused(LINK_UNKNOWN) if to is None else (dossier, to)


def _asked_from(desk: Desk, dossier: Dossier, to: Addressee) -> bool:
    """Whether a code to this address was answered in the request: whoever began it reads it."""
    if to.channel != "mail":
        answered = any(item.proof is Proof.CODE_CURRENT for item in dossier.evidence)
        return answered and to.address == dossier.current_number(desk)
    mailboxes = hearing.answered_at(dossier.evidence)
    return any(
        mail.address_key == to.address_key and mail.set_at in mailboxes for mail in dossier.emails
    )


async def _stop(
    desk: Desk, journeys: Journeys, caller: Caller, dossier: Dossier, why: str, now: Ms
) -> RequestView | Refused:
    """End the request. Where it moves under our hands without ending, because somebody is reminded
    of it or proves something more, it is read and stopped anew."""
    for _turn in range(_TURNS):
        stopped = await _stop_as_read(desk, journeys, caller, dossier, why, now)
        if isinstance(stopped, RequestView) or not _could_stop(dossier, now):
            return stopped
        if stopped.refusal is HEARD_ALREADY:
            return stopped
        again = dossiers.read(await desk.engine.read(*_whole(desk, dossier.id, now)))
        if isinstance(again, Refused):
            return again
        dossier = again
    return Refused(TRY_AGAIN)


def _could_stop(dossier: Dossier, now: Ms) -> bool:
    # What nobody has proved anything in was told to nobody, and ends by itself within the hour.
    return may(dossier.state(now), Move.OBJECT) and dossier.row.first_proof_at is not None


async def _stop_as_read(
    desk: Desk, journeys: Journeys, caller: Caller, dossier: Dossier, why: str, now: Ms
) -> RequestView | Refused:
    if not _could_stop(dossier, now):
        return Refused(REQUEST_FINISHED)
    row, stopped = dossier.row, after(dossier.state(now), Move.OBJECT)
    if row.contested is not None:
        return Refused(HEARD_ALREADY)
    writes = [
        requests.end(row.id, row.version, stopped, row.policy_row, now),
        *spread(journeys[dossier.kind], desk, dossier, News.STOPPED, None, now),
    ]
    lines = [line(caller, Act.REQUEST_OBJECTED, row.account_id, row.id, why)]
    link = None
    if dossier.kind in REPLACING and row.wait_until is not None:
        case_id = desk.dice.id(now)
        link = tokens.case_link(desk.seal, case_id, Side.HOLDER)
        writes += _case(desk, dossier, case_id, now)
        writes.append(daily_counts.add(desk.calendar.local_day(now), Daily.OBJECTION, row.id))
        lines.append(line(caller, Act.CASE_OPENED, case_id, row.id, CaseKind.CONTESTED))
    refusal = await desk.keep_or_refuse(writes, lines, now)
    view = views.request(desk, dossier, stopped, ())
    return refusal or msgspec.structs.replace(view, case=link)


def _case(desk: Desk, dossier: Dossier, case_id: Id, now: Ms) -> list[Write]:
    """What waited and was stopped is for a supervisor, who hears both sides."""
    row = dossier.row
    wish = Wish(
        CaseKind.CONTESTED,
        row.account_locale or notices.FALLBACK_LOCALE,
        row.account_id,
        request_id=row.id,
        claimed=dossier.current_number(desk),
        number=dossier.number(desk),
        region=row.region,
    )
    opened = casefiles.opened(desk, case_id, wish, CaseState.NEW, now)
    return [*opened, *casefiles.found_by(desk, case_id, wish.claimed, wish.number)]
