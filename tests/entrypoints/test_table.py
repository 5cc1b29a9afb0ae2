"""The route table against the truth: who may, and which refusals are documented.

Set REBIND_WRITE_RIGHTS=1 to write rights.txt anew, and read the difference before you keep it.
"""

import json
import os
from pathlib import Path

import pytest

from rebind.domain.refusals import (
    ACCOUNT_CHANGED,
    BODY_MALFORMED,
    CHANGED_RECENTLY,
    CODE_TRIES_SPENT,
    DOCUMENTS_ENOUGH,
    FACTOR_TOO_YOUNG,
    JOURNEY_NOT_OFFERED,
    LOCK_TOO_YOUNG,
    NO_WAY,
    NUMBER_IS_OWN,
    NUMBER_MALFORMED,
    NUMBER_TAKEN,
    PROOF_NOT_OFFERED,
    REQUEST_EXPIRED,
    REQUEST_FINISHED,
    REQUEST_UNKNOWN,
    SESSION_ON_PROBATION,
    SESSION_REQUIRED,
    SESSION_TOO_YOUNG,
    SMS_SIGN_IN_CLOSED,
    SUPPORT_NEEDED,
    TOO_MANY_CODES,
    TOO_MANY_MESSAGES,
    TRY_AGAIN,
    Refusal,
)
from rebind.entrypoints.api.app import routes
from rebind.entrypoints.shared.routes import Auth, Route, rights
from tests.entrypoints.reach import Node, graph
from tests.entrypoints.visitors import Visitor
from tests.people import JOURNEYS, House

RIGHTS = Path(__file__).with_name("rights.txt")

HANDED_IN: dict[str, list[Node]] = {
    "prove": [
        ("rebind.flows.enrol", "finish"),
        ("rebind.flows.sign_in", "finish"),
        ("rebind.flows.desk.replacing", "finish"),
        ("rebind.flows.desk.undoing", "finish"),
    ],
}
"""Where a handler's way goes through a table of the front hall."""

TELL_NOTHING = (
    "Dossier.needs", "_holds", "_MISSED", "_sent", "Upkeep.work", "CaseUpkeep.work",
    "Retention.work",
)  # fmt: skip
"""`needs` returns ways and drops a refusal; `_holds` asks whether a permit holds still; `_MISSED`
is read guard by guard; `_sent` asks when another code would be refused, and tells only the time; no
door calls what time does by itself."""

_SPENDS = {REQUEST_UNKNOWN, SMS_SIGN_IN_CLOSED}
"""Whoever names no re-authentication of theirs is told that one is needed; of a device the flows
only ask whether it is known."""

NEVER_TOLD: dict[str, set[Refusal]] = {
    # A new request has no tries yet; who has a number is told only after `code_new`; a link that
    # names nothing is `link_unknown`; nobody begins a change in a locked account; a young session
    # is in the way of what protects the account, not of its number.
    "beginRequest": {
        CODE_TRIES_SPENT,
        LOCK_TOO_YOUNG,
        NUMBER_TAKEN,
        REQUEST_FINISHED,
        REQUEST_UNKNOWN,
        SESSION_TOO_YOUNG,
    },
    # Whoever looks is told the state of what is closed; only an ended session is refused.
    "showRequest": {ACCOUNT_CHANGED, REQUEST_EXPIRED, REQUEST_FINISHED},
    # A link that names nothing is `link_unknown`.
    "objectByLink": {REQUEST_UNKNOWN},
    # A recovery whose number is being named is open already, and needs no session; who has that
    # number is told only after `code_new`.
    "sendCode": {
        FACTOR_TOO_YOUNG,
        JOURNEY_NOT_OFFERED,
        LOCK_TOO_YOUNG,
        NO_WAY,
        NUMBER_TAKEN,
        SESSION_ON_PROBATION,
        SESSION_REQUIRED,
        SESSION_TOO_YOUNG,
    },
    # A re-authentication that is spent sends no code.
    "objectToRequest": {SMS_SIGN_IN_CLOSED},
    # A new request has no tries yet.
    "openCase": {CODE_TRIES_SPENT},
    # A case says of the recovery that came of it what it finds, and of none nothing.
    **{name: {REQUEST_UNKNOWN} for name in ("showCase", "writeToCase", "addDocument")},
    "continueCase": {REQUEST_UNKNOWN},
    # It moves no number; a lock leaves no session; it is new, so nobody has finished it.
    "reauthenticate": {
        SUPPORT_NEEDED,
        CHANGED_RECENTLY,
        JOURNEY_NOT_OFFERED,
        LOCK_TOO_YOUNG,
        NUMBER_IS_OWN,
        NUMBER_TAKEN,
        REQUEST_FINISHED,
        SMS_SIGN_IN_CLOSED,
    },
    **dict.fromkeys(
        (
            "addEmail",
            "removeEmail",
            "restoreSms",
            "suspendSms",
            "passkeyOptions",
            "addPasskey",
            "removePasskey",
            "choosePassword",
            "removePassword",
            "makeRecoveryCodes",
            "setUpTotp",
            "removeTotp",
            "closeAccount",
            "exportData",
        ),
        _SPENDS,
    ),
    # Wrong codes of the app are counted by a limit that says so itself.
    "confirmTotp": {*_SPENDS, TOO_MANY_CODES},
    # Each has one guard, and a word for it.
    "makeEmailPrimary": {TRY_AGAIN},
    # As above; but whose request it is about is told.
    "resumeRequest": {SMS_SIGN_IN_CLOSED},
    # A miss while a wrong code is counted is caught where it is counted.
    "prove": {TOO_MANY_CODES},
    # Words are no document, a document is no message, and the budget of a message has a refusal of
    # its own. Whose the request of a contested case is, is asked to find out who is told.
    "writeToCase": {DOCUMENTS_ENOUGH, REQUEST_UNKNOWN, TOO_MANY_CODES},
    "addDocument": {REQUEST_UNKNOWN, TOO_MANY_CODES, TOO_MANY_MESSAGES},
    # They ask whether the device's own limit is spent, and tell nobody.
    "endOtherSessions": {SMS_SIGN_IN_CLOSED},
    # Whatever was first, the session is gone: the flow says so in one word.
    "endSession": {SMS_SIGN_IN_CLOSED, TRY_AGAIN},
}


@pytest.fixture
def table(house: House) -> list[Route]:
    return routes(house.desk, JOURNEYS, house.intake)


def test_the_rights_are_as_agreed(table: list[Route]) -> None:
    now = rights(table)
    if os.environ.get("REBIND_WRITE_RIGHTS"):
        RIGHTS.write_text(now, encoding="utf-8")
    assert now == RIGHTS.read_text(encoding="utf-8"), (
        "who may do what has changed: if that is meant, run with REBIND_WRITE_RIGHTS=1"
    )


async def test_the_rights_are_true(table: list[Route], visitor: Visitor) -> None:
    """Without any token, and with a request's where a session is asked for."""
    begun = await visitor.post("/api/v1/requests", {"kind": "enrol", "number": "+79161234567"})
    link = {"link": "x" * 44}
    bodies = {
        "objectByLink": link,
        "sendCode": {"proof": "code_new"},
        "prove": {"proof": "code_new", "code": "123456"},
        "reauthenticate": {"purpose": "password_set"},
    }
    for route in table:
        path = route.path.replace("{id}", begun.json["id"])
        for bearer in (None, begun.json["token"]):
            visitor.bearer = bearer
            example = next(iter(route.examples.values()), None)
            body = bodies.get(route.operation_id, example)
            pieces, headers = [b""], {}
            if body is not None:
                pieces, headers = [json.dumps(body).encode()], {"content-type": "application/json"}
            answer = await visitor.ask(route.method, path, pieces, headers)
            if route.auth is Auth.SESSION:
                assert answer.code == "session_required", route.path
            if route.auth is Auth.REQUEST and bearer is None:
                assert answer.code == "request_unknown", route.path
            if route.auth is Auth.LINK:
                assert answer.code == "link_unknown", route.path
            if route.auth is Auth.CASE:
                assert answer.code == "session_required", route.path


def test_every_refusal_of_a_handler_is_documented(table: list[Route]) -> None:
    for route in table:
        reached = _reached(route)
        missing = {refusal.code for refusal in reached - set(route.every_refusal)}
        assert not missing, f"{route.operation_id} can be refused with {sorted(missing)}"


def test_no_refusal_is_documented_that_nobody_gives(table: list[Route]) -> None:
    for route in table:
        more = {refusal.code for refusal in set(route.refusals) - _reached(route)}
        assert not more, f"{route.operation_id} is never refused with {sorted(more)}"


def test_the_reading_of_the_sources_finds_what_it_should(table: list[Route]) -> None:
    (begin,) = [route for route in table if route.operation_id == "beginRequest"]
    assert _reached(begin) >= {
        BODY_MALFORMED, NUMBER_MALFORMED, PROOF_NOT_OFFERED, JOURNEY_NOT_OFFERED, SESSION_REQUIRED
    }  # fmt: skip


def _reached(route: Route) -> set[Refusal]:
    handler = route.handler
    start = [(handler.__module__, handler.__qualname__), *HANDED_IN.get(route.operation_id, [])]
    if "<locals>" in handler.__qualname__:
        start = [(handler.__module__, handler.__qualname__.partition(".")[0])]
    never = NEVER_TOLD.get(route.operation_id, set())
    return graph().refusals(start, TELL_NOTHING) - never


def test_examples_are_what_the_table_says(table: list[Route]) -> None:
    import msgspec

    for route in table:
        for name, example in route.examples.items():
            assert msgspec.convert(example, route.body) is not None, (route.operation_id, name)


def test_every_operation_has_a_name_of_its_own(table: list[Route]) -> None:
    names = [route.operation_id for route in table]
    assert len(set(names)) == len(names)
    assert len({(route.method, route.path) for route in table}) == len(table)
