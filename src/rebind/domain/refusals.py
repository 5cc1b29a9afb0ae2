"""Every way in which Rebind says no: one closed list of stable codes.

A refusal is a value, never an exception of the rules. Doors turn it into problem+json (RFC 9457) or
a page; `templates` translates `title` and `text` (English here is the source of the catalogues).
A text never says which part of a secret was wrong, and never whether a number is known to us.
"""

from enum import StrEnum

import msgspec

from rebind.domain.units import Ms


class Level(StrEnum):
    """How loudly a refusal is logged. Most are everyday; some are worth an operator's look."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"


class Refusal(msgspec.Struct, frozen=True):
    """One entry of the catalogue. `status` is the HTTP status; `text` may use `{until}` (a "
    "time)."""

    code: str
    status: int
    title: str
    text: str
    level: Level = Level.INFO


class Refused(msgspec.Struct, frozen=True):
    """A refusal given to one person: with the moment when asking again makes sense, if there is
    one, and with a proof-of-work challenge where solving one opens the
    door earlier (invariant 7)."""

    refusal: Refusal
    until: Ms | None = None
    work: str | None = None


def _(text: str) -> str:
    """Mark a text for the translation catalogues; it is translated where it is shown."""
    return text


CATALOGUE: dict[str, Refusal] = {}


def _refusal(code: str, status: int, title: str, text: str, level: Level = Level.INFO) -> Refusal:
    refusal = Refusal(code, status, title, text, level)
    if code in CATALOGUE:
        raise ValueError(f"refusal {code} stands twice in the catalogue")
    CATALOGUE[code] = refusal
    return refusal


# What was sent could not be read. Nothing was counted, nothing was changed.
BODY_MALFORMED = _refusal(
    "body_malformed",
    400,
    _("We could not read this request"),
    _("The body is not valid JSON in UTF-8, or a field in it has the wrong form."),
    Level.DEBUG,
)
BODY_TOO_LARGE = _refusal(
    "body_too_large",
    413,
    _("This request is too large"),
    _("Requests to this address may be 16 KiB at most."),
    Level.DEBUG,
)
CONTENT_TYPE_WRONG = _refusal(
    "content_type_wrong",
    415,
    _("Wrong content type"),
    _("Send the body as application/json."),
    Level.DEBUG,
)
FORM_MALFORMED = _refusal(
    "form_malformed",
    400,
    _("We could not read this form"),
    _("A field is missing, stands there twice, or holds signs that no form sends. Load it anew."),
    Level.DEBUG,
)
FORM_FOREIGN = _refusal(
    "form_foreign",
    403,
    _("This form came from another site"),
    _("Nothing was done. Open the page on this site and try again there."),
    Level.WARNING,
)
FORM_STALE = _refusal(
    "form_stale",
    403,
    _("This page was open for too long"),
    _("Nothing was done. Check what you entered and send it once more."),
)
PATH_UNKNOWN = _refusal(
    "path_unknown", 404, _("There is nothing here"), _("This address does not exist."), Level.DEBUG
)
METHOD_NOT_ALLOWED = _refusal(
    "method_not_allowed",
    405,
    _("This cannot be done here"),
    _("This address does not answer to that method."),
    Level.DEBUG,
)
NUMBER_MALFORMED = _refusal(
    "number_malformed",
    422,
    _("This is not a phone number"),
    _("Write the number with its country code, for example +7 916 123-45-67."),
    Level.DEBUG,
)
EMAIL_MALFORMED = _refusal(
    "email_malformed",
    422,
    _("This is not an e-mail address"),
    _("Write it in full, with what follows the @ sign."),
    Level.DEBUG,
)
NUMBER_IMPOSSIBLE = _refusal(
    "number_impossible",
    422,
    _("This number does not exist"),
    _("Please check the digits: no operator gives out such a number."),
    Level.DEBUG,
)
NUMBER_KIND = _refusal(
    "number_kind_not_allowed",
    422,
    _("This kind of number cannot be used"),
    _(
        "Use a mobile number: toll-free, premium, shared-cost, pager and voicemail numbers are "
        "not accepted."
    ),
)
NUMBER_COUNTRY = _refusal(
    "number_country_not_allowed",
    422,
    _("Numbers of this country are not accepted"),
    _("This service does not accept numbers of that country."),
)
CODE_MALFORMED = _refusal(
    "code_malformed",
    422,
    _("This is not a code"),
    _("The code has {digits} digits and nothing else. This try was not counted."),
    Level.DEBUG,
)
PROOF_NOT_OFFERED = _refusal(
    "proof_not_offered",
    422,
    _("This proof cannot be used here"),
    _("See what the request still needs."),
    Level.DEBUG,
)
JOURNEY_NOT_OFFERED = _refusal(
    "journey_not_offered",
    422,
    _("This is not offered yet"),
    _("This service does not offer that step yet."),
)

# Who is asking.
SESSION_REQUIRED = _refusal(
    "session_required",
    401,
    _("Please sign in"),
    _("This needs a session. Sign in and try again."),
    Level.DEBUG,
)
SESSION_ENDED = _refusal(
    "session_ended",
    401,
    _("You have been signed out"),
    _("This session has ended. Sign in again; nothing was lost."),
)
SESSION_ON_PROBATION = _refusal(
    "session_on_probation",
    403,
    _("First show that this account is yours"),
    _(
        "This number has not been confirmed for a long time, so nothing can be changed from here "
        "yet."
    ),
    Level.WARNING,
)
REQUEST_UNKNOWN = _refusal(
    "request_unknown",
    404,
    _("This request does not exist"),
    _("It was begun elsewhere, has been cleared away, or never existed. Please begin again."),
)
REQUEST_EXPIRED = _refusal(
    "request_expired",
    410,
    _("This request has expired"),
    _("Too much time has passed. Please begin again; nothing has changed."),
)
REQUEST_FINISHED = _refusal(
    "request_finished",
    409,
    _("This request is finished"),
    _("It was already completed or cancelled. Please begin again if you still need it."),
)
MUST_WAIT = _refusal(
    "must_wait",
    409,
    _("The SIM card of this number was changed lately"),
    _(
        "A code to it alone counts again after {until}. Until then sign in on a device that you "
        "have used for a week, or with another proof."
    ),
)
LINK_UNKNOWN = _refusal(
    "link_unknown",
    404,
    _("This link does not work any more"),
    _("It is not whole, or what it was about is over. Open the newest message that we sent you."),
)
LOCK_TOO_YOUNG = _refusal(
    "lock_too_young",
    403,
    _("This account is locked for now"),
    _("A change of its number was taken back. A code by SMS alone opens it again after {until}."),
)
ACCOUNT_LOCKED = _refusal(
    "account_locked",
    403,
    _("This account is locked"),
    _("It was locked to protect it. Please contact support."),
    Level.WARNING,
)
SESSION_UNKNOWN = _refusal(
    "session_unknown",
    404,
    _("This session does not exist"),
    _("It has already ended or belongs to somebody else."),
)

# Codes.
CODE_WRONG = _refusal(
    "code_wrong", 403, _("The code does not match"), _("Check the newest message and try again.")
)
CODE_EXPIRED = _refusal("code_expired", 403, _("The code has expired"), _("Ask for a new code."))
CODE_TRIES_SPENT = _refusal(
    "code_tries_spent",
    403,
    _("Too many wrong codes"),
    _("This request is closed to further tries. Please begin again."),
    Level.WARNING,
)
CODE_NOT_SENT = _refusal(
    "code_not_sent", 409, _("No code was sent yet"), _("Ask for a code first."), Level.DEBUG
)

# Budgets: see domain/limits.py. All carry the time when the budget opens again.
TOO_MANY_CODES = _refusal(
    "too_many_codes",
    429,
    _("Please wait before the next code"),
    _("A code was sent a short while ago. The next one can be sent after {until}."),
)
TOO_MANY_REQUESTS = _refusal(
    "too_many_requests",
    429,
    _("Too many requests"),
    _("Please try again after {until}."),
    Level.WARNING,
)
SMS_SIGN_IN_CLOSED = _refusal(
    "sms_sign_in_closed",
    429,
    _("Sign-in by SMS is closed for new devices"),
    _(
        "Too many wrong codes were entered. Use a device that you have used before, or try again "
        "after {until}."
    ),
    Level.WARNING,
)
WORK_INVALID = _refusal(
    "work_invalid",
    422,
    _("The proof of work does not hold"),
    _("It has expired, was used already, or belongs to another number."),
)

# Decisions about numbers.
NUMBER_TAKEN = _refusal(
    "number_taken",
    409,
    _("This number belongs to another account"),
    _(
        "You have shown that you hold this number, but it is bound to an account already. If that"
        " account is yours, sign in to it."
    ),
)
NUMBER_IS_OWN = _refusal(
    "number_is_own",
    409,
    _("This is your number already"),
    _("Enter the number that you want to change to."),
)
CHANGED_RECENTLY = _refusal(
    "changed_recently",
    409,
    _("The number was changed a short while ago"),
    _(
        "The next change is possible after {until}. You may return to your previous number at any"
        " time."
    ),
)
FACTOR_TOO_YOUNG = _refusal(
    "factor_too_young",
    409,
    _("Your second factor is still too new"),
    _("A second factor counts for this step from {until} on."),
)
NO_WAY = _refusal(
    "no_way_offered",
    409,
    _("This cannot be confirmed from here"),
    _(
        "The account has no proof that would be enough on this device. Use a device that you have"
        " used for a week, or contact support."
    ),
)
ACCOUNT_CHANGED = _refusal(
    "account_changed",
    409,
    _("Something changed in the meantime"),
    _("The account was changed while this request was open. Please begin again."),
)
TRY_AGAIN = _refusal(
    "try_again",
    409,
    _("Somebody else was doing the same"),
    _("Nothing has changed. Please try again."),
)
