"""Sample contexts of the pages of the console, as `samples.py` lists them with all others.

For: tests and pictures. Refuses nothing; it is data. The structs have the fields of the views of
the flows and doors, which templates may not import. Neighbour: `samples.py`.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from rebind.domain import totp
from rebind.domain.acts import Act, Door
from rebind.domain.evidence import Proof
from rebind.domain.operators import Right, Role, login_of, may
from rebind.domain.units import DAY, HOUR, MINUTE, Id, Ms
from rebind.templates.pages.views import Form
from rebind.templates.qr import qr_address

_SECRET = totp.secret(bytes(range(20)))
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0.0.0 Safari/537.36"
_TOKEN = "ri_t0ken"


class Entry(msgspec.Struct, frozen=True):
    """As `entrypoints.console.routes.Entry`."""

    section: str
    path: str
    label: str
    right: Right
    key: str


ENTRIES = (
    Entry("figures", "/console/figures", "Figures", Right.SEE_FIGURES, "f"),
    Entry("cases", "/console/cases", "Cases", Right.SEE_QUEUE, "c"),
    Entry("operators", "/console/operators", "Colleagues", Right.SEE_OPERATORS, "o"),
    Entry("audit", "/console/audit", "Audit", Right.SEE_AUDIT, "a"),
    Entry("own", "/console/own", "My access", Right.OWN_ACCESS, "m"),
)


class Me(msgspec.Struct, frozen=True):
    """As `entrypoints.console.faces.Me`."""

    login: str
    name: str
    role: Role
    rights: frozenset[str]
    entries: tuple[Entry, ...]


def me(role: Role, login: str = "ada", name: str = "Ada Orlova") -> Me:
    """Somebody of that role, for this page and for others of the console."""
    rights = frozenset(right.value for right in Right if may(role, right))
    return Me(login, name, role, rights, tuple(each for each in ENTRIES if may(role, each.right)))


class App(msgspec.Struct, frozen=True):
    """As `flows.desk.operator_ways.AppOffer`."""

    secret: str = _SECRET
    grouped: str = totp.grouped(_SECRET)
    uri: str = totp.uri(_SECRET, "Rebind", "olga")


class Offer(msgspec.Struct, frozen=True):
    """As `flows.operator_sessions.Offer`, and `flows.operator_access.More`."""

    id: Id = bytes(range(16))
    passkey: dict[str, str] = {}
    app: App = App()
    characters_min: int = 15
    characters_max: int = 128


class Joining(msgspec.Struct, frozen=True):
    """As `flows.operator_joining.Joining`."""

    until: Ms
    id: Id = bytes(range(16))
    login: str = "olga"
    name: str = "Olga Petrova"
    role: Role = Role.OPERATOR
    passkey: dict[str, str] = {}
    app: App = App()
    characters_min: int = 15
    characters_max: int = 128


class Passkey(msgspec.Struct, frozen=True):
    """As `flows.operator_access.OperatorPasskeyView`."""

    id: Id
    name: str
    added_at: Ms
    used_at: Ms | None


class Access(msgspec.Struct, frozen=True):
    """As `flows.operator_access.Access`."""

    passkeys: tuple[Passkey, ...]
    password: bool
    only: bool


class Session(msgspec.Struct, frozen=True):
    """As `flows.operator_sessions.OperatorSessionView`."""

    id: Id
    current: bool
    opened_at: Ms
    expires_at: Ms
    seen_at: Ms
    address: str
    agent: str
    proofs: tuple[Proof, ...] = (Proof.PASSKEY,)


class Person(msgspec.Struct, frozen=True):
    """As `flows.operators.OperatorView`."""

    login: str
    name: str
    role: Role
    created_by: str | None
    created_at: Ms
    disabled_at: Ms | None = None
    invited_until: Ms | None = None


class People(msgspec.Struct, frozen=True):
    """As `flows.operators.Operators`."""

    people: tuple[Person, ...]
    after: str | None = None


class Invitation(msgspec.Struct, frozen=True):
    """As `flows.operators.Invitation`."""

    login: str
    until: Ms


class TrailLine(msgspec.Struct, frozen=True):
    """As `flows.audit.TrailLine`."""

    id: Id
    act: str
    actor: str
    door: str
    at: Ms
    about: Id | None
    why: str | None

    @property
    def login(self) -> str | None:
        """Who at the desk did it."""
        return login_of(self.actor)


class Trail(msgspec.Struct, frozen=True):
    """As `flows.audit.Trail`."""

    whose: str
    lines: tuple[TrailLine, ...]
    older: Id | None = None


_NOW: Ms = 1_764_000_000_000
PEOPLE = (
    Person("ada", "Ada Orlova", Role.ADMINISTRATOR, None, _NOW - 400 * DAY),
    Person("ivan", "Ivan Kuznetsov", Role.OPERATOR, "ada", _NOW - 90 * DAY, _NOW - DAY),
    Person("max", "Max", Role.AUDITOR, "ada", _NOW - 3 * DAY, None, _NOW - 2 * DAY),
    Person("olga", "Olga Petrova", Role.OPERATOR, "ada", _NOW - 60 * DAY),
    Person("sam", "Sam Rubin", Role.SUPERVISOR, "ada", _NOW - HOUR, None, _NOW + 23 * HOUR),
)
_Fields = tuple[str, str, str, bool, dict[str, Any]]
_SIGN_IN = {"login": "", "next": "", "confirm": ""}


def all_samples(now: Ms) -> Iterator[_Fields]:
    """The fields of each `Sample`."""
    yield from _entering(now)
    yield from _own(now)
    yield from _operators()
    yield from _audit(now)
    told = {"title": "Your role does not allow this", "text": "Ask.", "code": "right_missing"}
    yield "console/error", "", "/console/audit", True, {"me": me(Role.OPERATOR), **told}


def _entering(now: Ms) -> Iterator[_Fields]:
    asked = Form({**_SIGN_IN, "next": "/console/operators/new"})
    wrong = Form({**_SIGN_IN, "login": "olga"}, {"": "That does not match. Try again."})
    for name, form in (("", Form(_SIGN_IN)), ("wrong", wrong)):
        given: dict[str, Any] = {"me": None, "form": form, "offer": Offer(), "confirming": False}
        yield "console/sign_in", name, "/console/sign-in", False, given
    known = Form({**asked.values, "login": "ada", "confirm": "yes"})
    given = {"me": me(Role.ADMINISTRATOR), "form": known, "offer": Offer(), "confirming": True}
    yield "console/sign_in", "confirm", "/console/confirm", True, given
    short = Form({}, {"password": "For this desk the password is too short."})
    for name, form in (("", Form()), ("wrong", short)):
        joining = Joining(now + DAY)
        shown = {"me": None, "joining": joining, "qr": qr_address(joining.app.uri), "form": form}
        yield "console/join", name, f"/console/join/{_TOKEN}", False, shown


def _own(now: Ms) -> Iterator[_Fields]:
    keys = (
        Passkey(bytes([1] * 16), "YubiKey", now - 90 * DAY, now - HOUR),
        Passkey(bytes([2] * 16), "Chrome, Windows", now - DAY, None),
    )
    sessions = (
        Session(bytes([1] * 16), True, now - HOUR, now + HOUR, now, "203.0.113.7", _CHROME),
        Session(bytes([2] * 16), False, now - 5 * HOUR, now, now - 50 * MINUTE, "2001:db8::7", ""),
    )
    refused = Form({}, {"": "This is your only way in. Add another one first."})
    for name, access, done, form in (
        ("", Access(keys, True, False), "added", Form()),
        ("only", Access(keys[:1], False, True), None, refused),
    ):
        given = {
            "me": me(Role.OPERATOR, "olga", "Olga Petrova"),
            "sessions": sessions,
            "access": access,
            "done": done,
            "form": form,
        }
        yield "console/own", name, "/console/own", True, given
    new = {"me": me(Role.OPERATOR), "more": Offer(), "qr": qr_address(App().uri)}
    wrong = Form({}, {"code": "The code of the app does not match."})
    for name, form in (("", Form()), ("wrong", wrong)):
        yield "console/own_new", name, "/console/own/new", True, {**new, "form": form}


def _operators() -> Iterator[_Fields]:
    admin, auditor = me(Role.ADMINISTRATOR), me(Role.AUDITOR, "max", "Max")
    home = "/console/operators"
    yield "console/operators", "", home, True, {"me": admin, "found": People(PEOPLE, "sam")}
    refused = Form({}, {"": "Somebody else was quicker. Try again."})
    for name, who, person, form in (
        ("", admin, PEOPLE[3], Form()),
        ("disabled", admin, PEOPLE[1], refused),
        ("oneself", admin, PEOPLE[0], Form()),
        ("auditor", auditor, PEOPLE[3], Form()),
    ):
        given = {"me": who, "person": person, "roles": tuple(Role), "form": form}
        yield "console/operator", name, f"{home}/{person.login}", True, given
    blank = {"login": "", "name": "", "role": ""}
    taken = Form(
        {"login": "olga", "name": "Olga", "role": "supervisor"},
        {"login": "This login is taken. Choose another one."},
    )
    for name, form in (("", Form(blank)), ("wrong", taken)):
        fresh = {"me": admin, "roles": tuple(Role), "form": form}
        yield "console/operator_new", name, f"{home}/new", True, fresh
    made = Invitation("olga", _NOW + DAY)
    link = "https://example.com/console/join/ri_KbSg0mGqR2m5tq8h0cVJ0m9sZ2E"
    told = {"me": admin, "invitation": made, "link": link}
    yield "console/invited", "", f"{home}/new", True, told


def _audit(now: Ms) -> Iterator[_Fields]:
    auditor, home = me(Role.AUDITOR, "max", "Max"), "/console/audit"
    acts = (
        (Act.OPERATOR_ROLE_CHANGED, "operator:ada", Door.CONSOLE, None, "supervisor"),
        (Act.OPERATOR_SIGNED_IN, "operator:olga", Door.CONSOLE, None, "passkey"),
        (Act.SESSION_ENDED, "operator:olga", Door.CONSOLE, bytes([9] * 16), None),
        (Act.OPERATOR_PROOF_WRONG, "stranger", Door.CONSOLE, None, None),
        (Act.OPERATOR_INVITED, "system", Door.COMMAND_LINE, None, "operator"),
    )
    lines = tuple(
        TrailLine(bytes([i] * 16), act, actor, door, now - i * HOUR, about, why)
        for i, (act, actor, door, about, why) in enumerate(acts, 1)
    )
    plain = {"me": auditor, "form": Form({"whose": "olga"})}
    yield "console/audit", "ask", home, True, {**plain, "trail": None, "form": Form({"whose": ""})}
    wrong = Form({"whose": "nobody"}, {"whose": "Nothing is kept under this name."})
    yield "console/audit", "wrong", home, True, {**plain, "trail": None, "form": wrong}
    full = Trail("olga", lines, bytes([5] * 16))
    yield "console/audit", "", f"{home}/olga", True, {**plain, "trail": full}
    yield "console/audit", "empty", f"{home}/olga", True, {**plain, "trail": Trail("olga", ())}
