"""What the JSON API takes and gives: the shapes that programs rely on.

A field may be added to an answer; none is renamed, and none changes its meaning. Bodies refuse
fields that nobody knows: a misspelt one must not be overlooked.
"""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rebind.domain.acts import Act, Door
from rebind.domain.assurance import Aal
from rebind.domain.evidence import Proof
from rebind.domain.request import Kind, State
from rebind.domain.rows import AccountState, Level, Purpose
from rebind.entrypoints.shared.spelling import ID_PATTERN, moment
from rebind.flows.account import AccountView, BindingView
from rebind.flows.desk import RequestView, SessionGiven
from rebind.flows.desk import SentCode as ViewedCode
from rebind.flows.desk.answers import ANSWER_CHARACTERS_MAX
from rebind.flows.sessions import SessionView

Identifier = Annotated[
    str,
    Meta(
        description="32 hexadecimal digits",
        examples=["019b8d21c4007d2c8a3f5e6b7c8d9e0f"],
        extra_json_schema={"pattern": ID_PATTERN},
    ),
]
Moment = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC, milliseconds",
        examples=["2026-01-05T08:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Number = Annotated[
    str, Meta(description="E.164, or masked by dots", examples=["+79161234567", "+7••••••••67"])
]
Region = Annotated[str, Meta(description="ISO 3166, by libphonenumber", examples=["RU", "KZ"])]

Typed = Annotated[
    str,
    Meta(
        max_length=64,
        description="As a person types it, with its country code",
        examples=["+7 916 123-45-67"],
    ),
]
Mailbox = Annotated[
    str,
    Meta(max_length=254, description="For journeys that may begin by e-mail"),
]


Linked = Annotated[str, Meta(max_length=64)]
"""What follows the last slash in the link of a notice: 44 characters."""


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A journey to be begun."""

    kind: Annotated[Kind, Meta(description="enrol, sign_in, change, recover and undo are offered")]
    number: Typed | None = None
    email: Annotated[
        Mailbox | None,
        Meta(description="undo, recover, and sign_in by password, in place of a number"),
    ] = None
    link: Annotated[
        Linked | None, Meta(description="undo only: what stands in the link of a notice")
    ] = None
    send: Annotated[
        list[Proof] | None,
        Meta(
            description="change: the codes that leave at once, code_new or code_current, each "
            "once; code_current, if that is of use, where nothing is said. sign_in: an empty list "
            "sends no code"
        ),
    ] = None


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the link of a notice, after the last slash."""

    link: Linked


class Reauthenticate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fresh proof to be given, and what for."""

    purpose: Purpose
    about: Annotated[
        str,
        Meta(
            max_length=254,
            description="email_add: the mailbox; email_remove, passkey_remove, request_resume and "
            "request_stop: the id",
        ),
    ] = ""


class AskCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code to be sent."""

    proof: Annotated[Proof, Meta(description="code_new, code_current or code_email")]
    number: Annotated[
        Typed | None,
        Meta(description="recover only, with code_new: the number that the account is to have"),
    ] = None


class Prove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One proof as a person typed it."""

    proof: Proof
    code: Annotated[
        str,
        Meta(
            max_length=ANSWER_CHARACTERS_MAX,
            description="The code or the password; of a passkey its PublicKeyCredential as JSON",
            examples=["123456"],
        ),
    ]


class Session(msgspec.Struct, frozen=True):
    """A session that a finished request opened."""

    token: Annotated[str, Meta(description="For `Authorization: Bearer`; given once")]
    expires_at: Moment
    level: Annotated[Level, Meta(description="probation sees masked data and changes nothing")]
    device: Annotated[
        str | UnsetType,
        Meta(description="The key of this device, for `Rebind-Device`; given once"),
    ] = UNSET


class SentCode(msgspec.Struct, frozen=True):
    """A code that was sent and may be answered."""

    proof: Proof
    to: Annotated[str, Meta(description="Where it went, masked")]
    at: Moment
    expires_at: Moment
    again_at: Annotated[Moment, Meta(description="From when another one may be asked for")]
    tries_left: int


class Request(msgspec.Struct, frozen=True):
    """A journey on its way."""

    id: Identifier
    kind: Kind
    state: State
    needs: Annotated[
        tuple[tuple[Proof, ...], ...],
        Meta(description="The ways that lead on, each as the proofs that it still lacks"),
    ]
    expires_at: Moment
    number: Annotated[
        str, Meta(description="What it is about, masked; of an undo the address it was begun by")
    ] = ""
    wait_until: Annotated[
        Moment | UnsetType, Meta(description="When a waiting request takes effect")
    ] = UNSET
    row: Annotated[
        str | UnsetType, Meta(description="The row of the policy by which it waits or was done")
    ] = UNSET
    sent: Annotated[
        list[SentCode] | UnsetType,
        Meta(description="Codes that may be answered; only where it is looked at"),
    ] = UNSET
    token: Annotated[
        str | UnsetType,
        Meta(description="Ties the request to who began it; given once, without a session"),
    ] = UNSET
    session: Session | UnsetType = UNSET
    purpose: Annotated[Purpose | UnsetType, Meta(description="What a re-authentication is for")] = (
        UNSET
    )
    passkey: Annotated[
        dict[str, Any] | UnsetType,
        Meta(
            description="PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3), where a "
            "passkey would lead on"
        ),
    ] = UNSET
    beside: Annotated[
        list[Identifier] | UnsetType,
        Meta(description="recover: what waits on this account already; `resume` goes on with it"),
    ] = UNSET
    case: Annotated[
        str | UnsetType,
        Meta(description="The link of its case: the one it opened, or that of an objection to it"),
    ] = UNSET
    elsewhere: Annotated[
        bool | UnsetType,
        Meta(
            description="In a list: a change that waits in another session; `resume` goes on "
            "with it in this one"
        ),
    ] = UNSET


class Requests(msgspec.Struct, frozen=True):
    """What waits on an account, newest first."""

    requests: list[Request]


class Account(msgspec.Struct, frozen=True):
    """The account as its holder sees it."""

    id: Identifier
    state: AccountState
    number: Number
    region: Region
    bound_at: Annotated[Moment, Meta(description="Since when this number is the account's")]
    confirmed_at: Annotated[Moment, Meta(description="Last trusted proof of possession")]
    enrolled_at: Moment
    locale: Annotated[str, Meta(examples=["ru"])]
    level: Annotated[Level, Meta(description="Of the session that asks")]


class Binding(msgspec.Struct, frozen=True):
    """A number that the account has or had; former ones are masked."""

    number: Number
    region: Region
    bound_at: Moment
    confirmed_at: Moment
    released_at: Moment | None
    reason: Annotated[str | None, Meta(description="Why it was released")]


class Bindings(msgspec.Struct, frozen=True):
    """The numbers of the account, newest first."""

    bindings: list[Binding]


class Happened(msgspec.Struct, frozen=True):
    """One line of what happened to the account."""

    id: Identifier
    act: Act
    actor: Annotated[str, Meta(description="holder, stranger, system or an operator's name")]
    door: Door
    at: Moment
    why: Annotated[str | None, Meta(description="A stable word: a row, a code, a reason")]


class Acts(msgspec.Struct, frozen=True):
    """A page of what happened, newest first; the next is asked for `before` its last line."""

    acts: list[Happened]


class ListedSession(msgspec.Struct, frozen=True):
    """A live session."""

    id: Identifier
    current: Annotated[bool, Meta(description="Whether it is the one that asks")]
    level: Level
    opened_at: Moment
    expires_at: Moment
    seen_at: Moment
    address: Annotated[str, Meta(description="Network address where it was opened")]
    agent: Annotated[str, Meta(description="What the browser or app called itself")]
    proofs: Annotated[
        list[Proof], Meta(description="What it was opened with; empty for very old sessions")
    ]
    aal: Annotated[Aal, Meta(description="The assurance level of these proofs (NIST SP 800-63B-4)")]


class Sessions(msgspec.Struct, frozen=True):
    """The live sessions of the account, newest first."""

    sessions: list[ListedSession]


def request(view: RequestView) -> Request:
    """A request as programs see it."""
    return Request(
        view.id.hex(),
        Kind(view.kind),
        State(view.state),
        view.needs,
        moment(view.expires_at),
        view.number,
        UNSET if view.wait_until is None else moment(view.wait_until),
        UNSET if view.row is None else view.row,
        [sent(each) for each in view.sent] if view.sent else UNSET,
        token=UNSET if view.token is None else view.token,
        session=UNSET if view.session is None else session(view.session),
        purpose=UNSET if view.purpose is None else Purpose(view.purpose),
        passkey=UNSET if view.passkey is None else view.passkey,
        beside=[each.id.hex() for each in view.beside] if view.beside else UNSET,
        case=UNSET if view.case is None else view.case,
        elsewhere=view.elsewhere or UNSET,
    )


def sent(code: ViewedCode) -> SentCode:
    """A code on its way, as programs see it."""
    return SentCode(
        code.proof,
        code.to,
        moment(code.at),
        moment(code.expires_at),
        moment(code.again_at),
        code.tries_left,
    )


def session(given: SessionGiven) -> Session:
    """A session just opened."""
    device = UNSET if given.device is None else given.device
    return Session(given.token, moment(given.expires_at), Level(given.level), device)


def account(view: AccountView) -> Account:
    """Who am I."""
    return Account(
        view.id.hex(),
        AccountState(view.state),
        view.number,
        view.region,
        moment(view.bound_at),
        moment(view.confirmed_at),
        moment(view.enrolled_at),
        view.locale,
        Level(view.level),
    )


def binding(view: BindingView) -> Binding:
    """One number of the account."""
    return Binding(
        view.number,
        view.region,
        moment(view.bound_at),
        moment(view.confirmed_at),
        None if view.released_at is None else moment(view.released_at),
        view.reason,
    )


def listed_session(view: SessionView) -> ListedSession:
    """One live session."""
    return ListedSession(
        view.id.hex(),
        view.current,
        Level(view.level),
        moment(view.opened_at),
        moment(view.expires_at),
        moment(view.seen_at),
        view.address,
        view.agent,
        list(view.proofs),
        view.aal,
    )
