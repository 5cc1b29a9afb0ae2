"""Permits: a re-authentication that was done, spent by the act that it was for.

It counts for its purpose, its thing and its session only, once, and for a few minutes (OWASP ASVS
5.0 7.5.1). The act's batch spends it, and holds the account still meanwhile: whoever changes what
protects it at the same moment is second.
"""

import msgspec

from rebind.domain import reauthentication
from rebind.domain.acts import Act, Line
from rebind.domain.evidence import CarrierFacts, Proof
from rebind.domain.refusals import (
    REAUTHENTICATION_REQUIRED,
    SESSION_ENDED,
    SESSION_REQUIRED,
    Refused,
)
from rebind.domain.request import Kind, State
from rebind.domain.rows import Apply, Purpose
from rebind.domain.units import SECOND, Id, Ms
from rebind.flows.desk import dossier as dossiers
from rebind.flows.desk import notices, tokens
from rebind.flows.desk.desk import Caller, Desk, line
from rebind.flows.desk.dossier import Dossier
from rebind.store import accounts, outbox, requests, sessions, standing
from rebind.store.statements import Query, Rows, Write


class Permit(msgspec.Struct, frozen=True):
    """A re-authentication that may be spent: the account with everything that it has. `set_by`: on
    the strength of what something is set by it, as the store keeps that."""

    dossier: Dossier
    set_by: str

    @property
    def account_id(self) -> Id:
        """Whose it is."""
        return self.dossier.account_id

    def has(self, *proofs: Proof) -> bool:
        """Whether the account has a factor of one of these kinds."""
        return any(factor.proof in proofs for factor in self.dossier.factors())


def key_of(desk: Desk, about: str) -> bytes:
    """How the thing that a re-authentication is for is kept beside it."""
    return desk.seal.index("email", about) if "@" in about else about.encode()


async def read(
    desk: Desk,
    caller: Caller,
    permit_id: Id,
    purpose: Purpose,
    about: str = "",
    more: tuple[Query, ...] = (),
) -> tuple[Permit, list[Rows]] | Refused:
    """The permit for exactly this, and what `more` found in the same go.
    Refusals: session_required, reauthentication_required, session_ended."""
    owner, now = tokens.owner_hash(caller.bearer), desk.clock.now()
    if owner is None or tokens.session(caller.bearer) is None:
        return Refused(SESSION_REQUIRED)
    found = await desk.engine.read(*dossiers.queries(desk, permit_id, owner, now), *more)
    dossier = dossiers.read(found[: dossiers.READS])
    if not isinstance(dossier, Refused) and not dossier.session_lives(now):
        return Refused(SESSION_ENDED)
    if isinstance(dossier, Refused) or not _holds(desk, dossier, purpose, about, now):
        return Refused(REAUTHENTICATION_REQUIRED)
    shown = dossier.with_context(desk, dossier.evidence, now)
    set_by = reauthentication.set_by(shown, desk.policy, now)
    return Permit(dossier, " ".join(sorted(set_by))), list(found[dossiers.READS :])


def _holds(desk: Desk, dossier: Dossier, purpose: Purpose, about: str, now: Ms) -> bool:
    row = dossier.row
    return (
        dossier.kind is Kind.REAUTHENTICATE
        and dossier.purpose is purpose
        and dossier.number(desk) == about
        and dossier.state(now) is State.DONE
        and row.spent_at is None
        and row.ended_at is not None
        and row.ended_at > _since(desk, now)
        and row.number_version == row.account_number_version
        # What was enough may be so no more: the account has a second factor by now.
        and isinstance(dossier.decide(desk, dossier.evidence, CarrierFacts(), now), Apply)
    )


def _since(desk: Desk, now: Ms) -> Ms:
    return now - desk.policy.reauthentication_ttl_s * SECOND


async def spend(
    desk: Desk,
    caller: Caller,
    permit: Permit,
    act: Act,
    writes: list[Write],
    now: Ms,
    *,
    what: str = "",
    on: Id | None = None,
    end_others: bool = False,
    silent: bool = False,
) -> Refused | None:
    """Do the act: its writes, the permit spent, everybody told (message `security_changed`, with
    the act and `what` it was about; `silent`: the writes tell of it in words of their own, or it
    changes nothing). `on`: the request that it is done to. `end_others` ends all other sessions and
    what they began.
    Refusals: reauthentication_required, try_again, session_ended."""
    row, account_id = permit.dossier.row, permit.account_id
    lines: list[Line] = [line(caller, act, account_id, on or row.id, row.policy_row)]
    batch = [
        accounts.touch(account_id, row.account_version or 0),
        requests.spend(row.id, _since(desk, now), now),
        *writes,
    ]
    if not silent:
        batch.append(outbox.put(notices.security(desk, permit.dossier, act, what, now)))
    if row.session_id is not None and end_others:
        batch.append(sessions.end_others(account_id, row.session_id, act, now))
        batch.append(standing.end_of_other_sessions(account_id, row.session_id, now))
        lines.append(line(caller, Act.SESSIONS_ENDED, account_id, row.id, act))
    return await desk.keep_or_refuse(batch, lines, now)
