"""Waits: a request that the rule lets wait, and what is asked of the operator before it decides.

Begun by a proof (`verify`) or begun again by time (`upkeep`), a wait is written in one way only:
until when, when time looks at it, who is told. So is its end, where nothing comes of it and nobody
has objected.
"""

import msgspec

from rebind.domain.acts import Act, Line
from rebind.domain.evidence import CarrierFacts
from rebind.domain.request import REPLACING, Move, State, after
from rebind.domain.rows import Wait
from rebind.domain.units import DAY, HOUR, Ms
from rebind.flows.desk import views
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.finishing import Journey, News, spread
from rebind.store import outbox, standing
from rebind.store.statements import Write


class Waiting(msgspec.Struct, frozen=True):
    """A wait that is about to begin: its writes, its lines, and the request as it then is."""

    writes: list[Write]
    lines: list[Line]
    dossier: Dossier
    state: State


def begin(
    desk: Desk, caller: Caller, journey: Journey, dossier: Dossier, decision: Wait, now: Ms
) -> Waiting:
    """Everybody has time to object until the decision's moment, and is told so. A wait that goes on
    as it was is told to nobody twice."""
    row, until = dossier.row, decision.until
    state = after(dossier.state(now), Move.WAIT)
    expires_at = until + desk.policy.ready_ttl_d * DAY
    then = msgspec.structs.replace(
        row, wait_until=until, ready_at=None, policy_row=decision.row, expires_at=expires_at
    )
    waiting = msgspec.structs.replace(dossier, row=then)
    due_at = look_at(desk, until, now)
    wait = standing.wait(row.id, row.version, decision.row, until, due_at, expires_at, now)
    writes, lines = [wait], list[Line]()
    if until != row.wait_until:
        writes += spread(journey, desk, waiting, News.WAITING, until, now)
        begun = line(caller, Act.REQUEST_WAITING, row.account_id, row.id, decision.row)
        lines.append(begun)
    return Waiting(writes, lines, waiting, state)


def look_at(desk: Desk, until: Ms, now: Ms) -> Ms:
    """When time looks at a wait next: to remind everybody, where that is still ahead, or at its
    end."""
    remind_at = until - desk.policy.remind_before_h * HOUR
    return remind_at if now < remind_at < until else until


async def told_of_end(
    desk: Desk, journey: Journey, dossier: Dossier, now: Ms, news: News = News.ENDED
) -> list[Write]:
    """The outbox rows that say that a request will not happen, for the batch that ends it: to those
    who would be told that it waits, but for the addresses at which no notice of this wait arrived.
    They were told nothing that would have to be taken back, and would not hear this either. One
    that took an earlier notice stays, and one that was never tried is tried now. While another
    number still waits on the account, its addresses hear nothing: whoever lets one of two changes
    die must not have the holder told that all is well; nor a number that waits still itself."""
    if journey.tell is None:
        return []
    fates, found = await desk.engine.read(
        outbox.of_wait(dossier.id),
        standing.of_account(dossier.account_id, now, views.STANDING_MAX),
    )
    silent = outbox.out_of_reach(fates)
    for each in standing.rows(found):
        if each.id != dossier.id and each.kind in REPLACING and each.ended_at is None:
            number = desk.seal.unseal("requests.number", each.id, each.number_sealed)
            silent.update(desk.seal.indexes("number", number))
            news = News.ENDED_BESIDE
    told = journey.tell(desk, dossier, news, None, now)
    left = [parcel for parcel in told if parcel.address_key not in silent]
    return [outbox.put(left)] if left else []


async def carrier(desk: Desk, dossier: Dossier) -> CarrierFacts:
    """The operator's answers about the account's number, where there are both."""
    confirmed_at = dossier.row.confirmed_at
    if desk.carrier is None or not dossier.someone or confirmed_at is None:
        return CarrierFacts()
    return await desk.carrier.ask(dossier.current_number(desk), confirmed_at)
