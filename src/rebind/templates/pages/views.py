"""What pages are given beside the views of the flows.

For: the door, which fills these, and the templates, which read nothing else. Values only.

| page | is given, beside `site`, `path`, `csrf`, `signed_in`, `now` |
|---|---|
| landing | nothing |
| sign_up/number, sign_in/number | `form` (fields `number`, `next`) |
| sign_in/password | `form` (fields `name`, `next`; a password is never given back) |
| sign_in/check | `account`, `ways` (WaysInView of the flows), `form` (field `next`) |
| sign_in/not_mine | nothing |
| requests/show | `view` (RequestView of the flows), `page` (RequestPage) |
| requests/elsewhere | nothing |
| recover/begin | `form` (field `name`), `waiting` (a RequestView or None) |
| account/profile, /settings, /personal_data | `account`, `waiting` (RequestViews) |
| phone/show | `account`, `bindings`, `waiting` |
| phone/change | `account`, `form` (fields `number`, `without_current`), `alone` (no other way in) |
| phone/unlink | `account` |
| closing/close | `account`, `waiting`, `form` |
| closing/export | `account`, `form` (field `permit`) |
| closing/export_file | `held` (Holdings of the flows), `papers` and nothing else: it is a file |
| security/passkeys | `account`, `passkeys`, `full` (no room), `signal`, `done`, `form` |
| security/passkey_new | `account`, `options`, `form` (fields `permit`, `name`) |
| security/checkup | `account`, `waiting`, `checkup` (CheckupView; None on probation), `done` |
| security/emails | `account`, `emails` (EmailViews), `full`, `done`, `form` (field `about`) |
| security/lost_phone | `account`, `checkup`, `form` |
| security/password | `account`, `password` (PasswordView), `done` (set, removed or None), `form` |
| security/password_new | `account`, `choosing` (Choosing), `form` (field `permit`) |
| security/totp | `account`, `totp` (TotpView), `setup` (None), `qr`, `done`, `form` |
| security/totp, with a permit | `setup` (Setup), `qr`, `form` (fields `permit`, `end_others`) |
| security/recovery_codes | `account`, `found` (RecoveryCodesView), `codes`, `form` (`permit`) |
| sessions/list | `sessions` |
| sessions/not_mine | `account`, `waiting` |
| history/list | `acts`, `older` (an act's id in hex, or None) |
| undo/begin | `form` (field `address`: a number or an e-mail) |
| undo/link, stop/confirm, stop/done | `what` (NoticeView); the first two `form` as well |
| support/ladder | nothing |
| support/new | `form` (`kind`, `message`, `contact`, `claimed`, `number`), `inside`, `account` |
| support/received | `case` (CaseView of the flows) |
| support/case | `case`, `recovery` (RequestView or None), `words`, `paper` (forms), `megabytes` |
| support/mine | `account`, `cases` (CaseViews without their threads) |
| support/correspondence | `case`, `service`, `now`, `papers` and nothing else: it is a file |
| error | `title`, `text`, `code` |

Every page of the console is given `me` (who is signed in, or None) besides.

| page | is given |
|---|---|
| console/sign_in | `form` (fields `login`, `next`, `confirm`), `offer`, `confirming` |
| console/join | `joining` (Joining of the flows), `qr`, `form` |
| console/own | `sessions`, `access`, `done` (added, removed, set or None), `form` |
| console/own_new | `more` (More of the flows), `qr`, `form` |
| console/operators | `found` (Operators of the flows) |
| console/operator | `person` (OperatorView), `roles`, `form` |
| console/operator_new | `form` (fields `login`, `name`, `role`), `roles` |
| console/invited | `invitation`, `link` |
| console/figures | `found` (Figures of the flows), `ages` (borders in days), `days` |
| console/cases | `page`, `tab`, `tabs`, `kind`, `kinds`, `after`, `form` (field `typed`) |
| console/found | `found` (Summaries), `case` (id of the one they were looked for in), `form` |
| console/case | `case` (CaseSeen of the flows), and what `entrypoints/console/case.py` says |
| console/document | `case`, `document`, `facts` (which it can match), `form` |
| console/audit | `trail` (Trail of the flows, or None), `form` (field `whose`) |
| console/error | `title`, `text`, `code` |

Errors of a form that belong to no field stand under the name "" and are shown above it.
Neighbour: `samples.py` has an example of each.
"""

from collections.abc import Mapping

import msgspec
from msgspec import field

from rebind.domain.papers import BUILT_IN, Papers
from rebind.domain.policy import Policy
from rebind.domain.units import Ms


class Site(msgspec.Struct, frozen=True):
    """What all pages of a service have in common. `assets` maps a file's name to its address;
    pages tell figures of `policy`, and name the kinds of documents in `papers`."""

    service: str
    assets: Mapping[str, str]
    policy: Policy = field(default_factory=Policy)
    logo: str | None = None
    brand: str | None = None
    demo: bool = False
    papers: Papers = BUILT_IN


class Work(msgspec.Struct, frozen=True):
    """Work that opens a spent budget before `until`: a number n for which SHA-256 of
    "challenge:n" begins with `bits` zero bits. The form then carries `challenge.n` as `work`."""

    challenge: str
    bits: int
    until: Ms | None


class Form(msgspec.Struct, frozen=True):
    """A form as it was sent, with what is wrong with it. Codes and passwords are never given
    back."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    work: Work | None = None


class RequestPage(msgspec.Struct, frozen=True):
    """What the page of a request knows beside the request.

    `owner` may cancel; who is not, but is signed in to the account, may object. Fields of `form`
    are named by their proof. `told` are the masked addresses that got a notice. `old` (masked) and
    `undo_until` belong to a change that is done.
    """

    form: Form = field(default_factory=Form)
    owner: bool = True
    told: tuple[str, ...] = ()
    old: str | None = None
    undo_until: Ms | None = None


class NoticeView(msgspec.Struct, frozen=True):
    """What a link of a notice is about: a change of a number that waits (`until` its end), is done
    (`until` the end of undoing), or was only begun; or a closing that waits. `case` leads to where
    the account's side is heard about one that was stopped."""

    kind: str
    old_masked: str
    new_masked: str
    at: Ms
    until: Ms | None
    case: str | None = None
