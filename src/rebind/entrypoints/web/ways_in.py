"""/sign-in beside the code: a password, a passkey, and the question whether the account is theirs.

A name that nobody has, a wrong password and an account without one look the same: the same page in
the same words. Refuses to sign anybody in by looking at a page. Neighbours: `entering.py` has the
code by SMS and the end of a session, `requests.py` whatever is needed beside a first proof.
"""

import msgspec

from rebind.domain.evidence import Proof
from rebind.domain.refusals import PROOF_WRONG, Refused
from rebind.entrypoints.shared import forms
from rebind.entrypoints.shared.routes import Auth
from rebind.entrypoints.web.account import inside
from rebind.entrypoints.web.cookies import UNSURE, taken
from rebind.entrypoints.web.entering import CHECK, HOME, gone, kept, let_in
from rebind.entrypoints.web.faces import Explain
from rebind.entrypoints.web.routes import Moved, Outcome, Page, Route, Visit
from rebind.flows import account, sessions, sign_in, verify
from rebind.flows.desk import Desk, Given, Journeys, tokens

_FIELDS = ("name", "next")
_NOT_MINE = "/sign-in/not-mine"


class WaysIn:
    """The handlers."""

    def __init__(self, desk: Desk, journeys: Journeys, explain: Explain) -> None:
        self._desk = desk
        self._journeys = journeys
        self._explain = explain

    async def password_form(self, visit: Visit) -> Outcome:
        """Where a name and a password are given."""
        who = await account.show(self._desk, visit.caller)
        if not isinstance(who, Refused):
            return Moved(visit.way_on or HOME)
        form = forms.blank(_FIELDS, {"next": visit.way_on or ""})
        return Page("sign_in/password", {"form": form})

    async def password(self, visit: Visit) -> Outcome:
        """A number or a mailbox, and the password: in, or on to what is needed beside it."""
        desk, name = self._desk, visit.form.get("name", "")
        if "@" in name:
            view = await sign_in.by_email(desk, visit.caller, name)
        else:
            view = await sign_in.by_number(desk, visit.caller, name, ())
        if isinstance(view, Refused):
            return view
        owner = msgspec.structs.replace(visit.caller, bearer=view.token)
        given = [Given(Proof.PASSWORD, visit.form.get("password", ""))]
        proved = await verify.prove(desk, self._journeys, owner, view.id, given)
        if isinstance(proved, Refused):
            return proved
        if proved.session is None:
            return Moved(f"/requests/{view.id.hex()}", kept(desk, visit, view))
        return await let_in(desk, visit, proved, visit.way_on)

    async def password_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The form with the name as it was typed, and never the password."""
        text = self._explain(refused, visit.caller.locale)
        typed = {**visit.form, "next": visit.way_on or ""}
        # That something does not match belongs to both fields.
        field = "" if refused.refusal is PROOF_WRONG else "name"
        form = forms.again(_FIELDS, typed, refused, text, field)
        return Page("sign_in/password", {"form": form})

    async def passkey(self, visit: Visit) -> Outcome:
        """A passkey says by itself whose it is."""
        view = await sign_in.by_passkey(self._desk, visit.caller)
        if isinstance(view, Refused):
            return view
        return Moved(f"/requests/{view.id.hex()}", kept(self._desk, visit, view))

    async def passkey_again(self, visit: Visit, refused: Refused) -> Outcome:
        """The page of the number, with why not."""
        text = self._explain(refused, visit.caller.locale)
        typed = {"next": visit.way_on or ""}
        return Page(
            "sign_in/number", {"form": forms.again(("number", "next"), typed, refused, text)}
        )

    async def check_form(self, visit: Visit) -> Outcome:
        """Since when the account exists, and which ways in it has."""
        who = await account.show(self._desk, visit.caller)
        if isinstance(who, Refused):
            return who
        ways = await account.ways_in(self._desk, visit.caller)
        if isinstance(ways, Refused):
            return ways
        way_on = visit.way_on or visit.way_after or ""
        return inside(
            "sign_in/check", who, ways=ways, form=forms.blank(("next",), {"next": way_on})
        )

    async def check(self, visit: Visit) -> Outcome:
        """It is theirs: in. It is not: out, and nothing of it is kept in the browser."""
        if visit.form.get("mine") == "yes":
            return Moved(visit.way_on or HOME, (taken(UNSURE),))
        token = tokens.session(visit.caller.bearer)
        if token is not None:
            refused = await sessions.end(self._desk, visit.caller, token.session_id)
            if refused is not None:
                return refused
        return Moved(_NOT_MINE, gone(self._desk, visit))

    async def not_mine(self, _visit: Visit) -> Outcome:
        """What somebody can do whose number another account has."""
        return Page("sign_in/not_mine")


def routes(desk: Desk, journeys: Journeys, explain: Explain) -> list[Route]:
    """This part of the table."""
    at = WaysIn(desk, journeys, explain)
    return [
        Route(
            method="GET",
            path="/sign-in/password",
            handler=at.password_form,
            auth=Auth.NONE,
            summary="Where one signs in with a password",
        ),
        Route(
            method="POST",
            path="/sign-in/password",
            handler=at.password,
            again=at.password_again,
            auth=Auth.NONE,
            summary="Sign in with a number or e-mail and a password",
        ),
        Route(
            method="POST",
            path="/sign-in/passkey",
            handler=at.passkey,
            again=at.passkey_again,
            page="/sign-in",
            auth=Auth.NONE,
            summary="Begin to sign in with a passkey",
        ),
        Route(
            method="GET",
            path=CHECK,
            handler=at.check_form,
            auth=Auth.SESSION,
            summary="Whether the account behind the number is theirs",
        ),
        Route(
            method="POST",
            path=CHECK,
            handler=at.check,
            auth=Auth.SESSION,
            summary="It is theirs, or it is not and they are signed out",
        ),
        Route(
            method="GET",
            path=_NOT_MINE,
            handler=at.not_mine,
            auth=Auth.NONE,
            summary="What to do when another account has one's number",
        ),
    ]
