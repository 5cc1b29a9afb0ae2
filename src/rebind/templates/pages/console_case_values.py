"""What the console's sample pages about cases and figures are made of: structs with the fields of
the values of the flows, doors and store rows, which templates may not import.

For: `console_case_samples.py`, its only reader. Refuses nothing; it is data.
"""

from datetime import date

import msgspec

from rebind.domain.evidence import CarrierFacts
from rebind.domain.operators import Right
from rebind.domain.units import Id, Ms

ID: Id = bytes([7] * 16)
OLD, NEW, MAIL = "+7••••••••67", "+7••••••••33", "a•••@example.org"


class Tab(msgspec.Struct, frozen=True):
    """As `entrypoints.console.queue.Tab`."""

    name: str
    label: str
    kinds: bool = True
    right: Right = Right.SEE_QUEUE


class Summary(msgspec.Struct, frozen=True):
    """As `flows.casebook.Summary`."""

    id: Id
    reference: str
    kind: str
    state: str
    opened_at: Ms
    due_at: Ms | None
    assignee: str | None
    locked_by: str | None
    second: str | None
    outcome: str | None
    about: str


class Page(msgspec.Struct, frozen=True):
    """As `flows.casebook.Page`."""

    cases: tuple[Summary, ...]
    after: tuple[Ms, Id] | None = None


class Row(msgspec.Struct, frozen=True):
    """As `store.cases.CaseRow`, as far as pages ask."""

    opened_at: Ms
    due_at: Ms | None
    id: Id = ID
    reference: str = "7K3M9-QXF2T"
    kind: str = "lost_access"
    state: str = "open"
    version: int = 3
    locale: str = "ru"
    round: int = 1
    outcome: str | None = None
    assignee: str | None = "olga"
    locked_by: str | None = None
    locked_until: Ms | None = None
    second: str | None = None
    bounced_at: Ms | None = None


class Said(msgspec.Struct, frozen=True):
    """As `flows.casebook.Said`."""

    id: Id
    side: str
    author: str | None
    text: str | None
    at: Ms
    manner: tuple[str, ...] = ()


class Document(msgspec.Struct, frozen=True):
    """As `store.case_threads.DocumentRow`."""

    id: Id
    kind: str
    pages: int
    findings: str
    scanned: int
    blob: str | None
    verdict: str | None = None
    fact: str | None = None
    checked_by: str | None = None
    checked_at: Ms | None = None


class Step(msgspec.Struct, frozen=True):
    """As `store.case_threads.DecisionRow`."""

    round: int
    step: int
    verdict: str
    reason: str
    operator: str
    at: Ms


class Binding(msgspec.Struct, frozen=True):
    """As `store.accounts.Binding`, as far as pages ask."""

    bound_at: Ms
    released_at: Ms | None = None


class Brief(msgspec.Struct, frozen=True):
    """As `store.cases.Brief`."""

    id: Id
    reference: str
    kind: str
    state: str
    outcome: str | None
    opened_at: Ms


class Account(msgspec.Struct, frozen=True):
    """As `flows.desk.accountviews.AccountSeen`, with `domain.evidence.CarrierFacts`."""

    enrolled_at: Ms
    confirmed_at: Ms | None
    seen_at: Ms | None
    mailboxes: tuple[tuple[str, Ms], ...]
    factors: tuple[tuple[str, Ms], ...]
    bindings: tuple[tuple[str, Binding], ...]
    visits: tuple[tuple[str, Ms, Ms], ...]
    number: str = OLD
    locked_at: Ms | None = None
    frozen_at: Ms | None = None
    carrier: CarrierFacts | None = None
    others: tuple[Brief, ...] = ()


class Act(msgspec.Struct, frozen=True):
    """As `store.trail.TrailRow`, as far as pages ask."""

    act: str
    actor: str
    at: Ms


class Case(msgspec.Struct, frozen=True):
    """As `flows.casebook.CaseSeen`."""

    row: Row
    messages: tuple[Said, ...]
    documents: tuple[Document, ...] = ()
    decisions: tuple[Step, ...] = ()
    account: Account | None = None
    carried: bool = False
    stranded: bool = False
    acts: tuple[Act, ...] = ()
    contact: str = MAIL
    claimed: str = OLD
    number: str = NEW


class Prospect(msgspec.Struct, frozen=True):
    """As `entrypoints.console.case.Prospect`."""

    says: str
    row: str = ""
    until: Ms | None = None
    ways: tuple[tuple[str, ...], ...] = ()
    text: str = ""


class Ages(msgspec.Struct, frozen=True):
    """As `flows.figures.Ages`."""

    state: str
    counts: tuple[int, ...]
    more: bool = False


class Times(msgspec.Struct, frozen=True):
    """As `flows.figures.Times`."""

    median: Ms | None = None
    ninetieth: Ms | None = None


class Days(msgspec.Struct, frozen=True):
    """As `flows.figures.Days`."""

    days: tuple[tuple[date, int], ...]
    since: date


class Figures(msgspec.Struct, frozen=True):
    """As `flows.figures.Figures`."""

    ages: tuple[Ages, ...]
    answer: Times
    decision: Times
    decided: int
    decided_for: int
    decided_against: int
    decided_more: bool
    objections: Days
    changes: Days
    recoveries: Days
