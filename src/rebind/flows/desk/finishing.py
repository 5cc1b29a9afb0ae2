"""What a journey hands back when the rule said "now": its writes, its audit lines, its session."""

from collections.abc import Callable, Mapping

import msgspec

from rebind.domain.acts import Line
from rebind.domain.request import Kind
from rebind.domain.rows import Apply
from rebind.domain.units import Ms
from rebind.flows.desk.desk import Caller, Desk
from rebind.flows.desk.dossier import Dossier
from rebind.flows.desk.opening import SessionGiven
from rebind.store.statements import Write


class Finished(msgspec.Struct, frozen=True):
    """Everything that a journey's end adds to the batch. Values: nothing has happened yet."""

    writes: list[Write]
    lines: list[Line]
    session: SessionGiven | None = None


Finish = Callable[[Desk, Caller, Dossier, Apply, Ms], Finished]
"""How a journey ends a request that the rule applied."""

Journeys = Mapping[Kind, Finish]
"""The journeys that are served, handed to `verify` by the front hall."""
