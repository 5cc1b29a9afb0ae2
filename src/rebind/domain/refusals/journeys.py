"""Refusals of journeys: who is asking, where a request stands, what a budget or the rule says."""

from rebind.domain.refusals.catalogue import Level, _, entry

# Who is asking.
SESSION_REQUIRED = entry(
    "session_required",
    401,
    _("Please sign in"),
    _("This needs a session. Sign in and try again."),
    Level.DEBUG,
)
SESSION_ENDED = entry(
    "session_ended",
    401,
    _("You have been signed out"),
    _("This session has ended. Sign in again; nothing was lost."),
)
SESSION_ON_PROBATION = entry(
    "session_on_probation",
    403,
    _("First show that this account is yours"),
    _(
        "This number has not been confirmed for a long time, so nothing can be changed from here "
        "yet."
    ),
    Level.WARNING,
)
REQUEST_UNKNOWN = entry(
    "request_unknown",
    404,
    _("This request does not exist"),
    _("It was begun elsewhere, has been cleared away, or never existed. Please begin again."),
)
REQUEST_EXPIRED = entry(
    "request_expired",
    410,
    _("This request has expired"),
    _("Too much time has passed. Please begin again; nothing has changed."),
)
REQUEST_FINISHED = entry(
    "request_finished",
    409,
    _("This request is finished"),
    _("It was already completed or cancelled. Please begin again if you still need it."),
)
MUST_WAIT = entry(
    "must_wait",
    409,
    _("The SIM card of this number was changed lately"),
    _(
        "A code to it alone counts again after {until}. Until then sign in on a device that you "
        "have used for a week, or with another proof."
    ),
)
LINK_UNKNOWN = entry(
    "link_unknown",
    404,
    _("This link does not work any more"),
    _("It is not whole, or what it was about is over. Open the newest message that we sent you."),
)
LOCK_TOO_YOUNG = entry(
    "lock_too_young",
    403,
    _("This account is locked for now"),
    _("A change of its number was taken back. A code by SMS alone opens it again after {until}."),
)
ACCOUNT_LOCKED = entry(
    "account_locked",
    403,
    _("This account is locked"),
    _("It was locked to protect it. Please contact support."),
    Level.WARNING,
)
SESSION_UNKNOWN = entry(
    "session_unknown",
    404,
    _("This session does not exist"),
    _("It has already ended or belongs to somebody else."),
)

# Codes.
CODE_WRONG = entry(
    "code_wrong", 403, _("The code does not match"), _("Check the newest message and try again.")
)
CODE_EXPIRED = entry("code_expired", 403, _("The code has expired"), _("Ask for a new code."))
CODE_TRIES_SPENT = entry(
    "code_tries_spent",
    403,
    _("Too many wrong codes"),
    _("This request is closed to further tries. Please begin again."),
    Level.WARNING,
)
CODE_NOT_SENT = entry(
    "code_not_sent", 409, _("No code was sent yet"), _("Ask for a code first."), Level.DEBUG
)

# Budgets: see domain/limits.py. All carry the time when the budget opens again.
TOO_MANY_CODES = entry(
    "too_many_codes",
    429,
    _("Please wait before the next code"),
    _("A code was sent a short while ago. The next one can be sent after {until}."),
)
TOO_MANY_REQUESTS = entry(
    "too_many_requests",
    429,
    _("Too many requests"),
    _("Please try again after {until}."),
    Level.WARNING,
)
SMS_SIGN_IN_CLOSED = entry(
    "sms_sign_in_closed",
    429,
    _("Sign-in by SMS is closed for new devices"),
    _(
        "Too many wrong codes were entered. Use a device that you have used before, or try again "
        "after {until}."
    ),
    Level.WARNING,
)
WORK_INVALID = entry(
    "work_invalid",
    422,
    _("The proof of work does not hold"),
    _("It has expired, was used already, or belongs to another number."),
)

# Decisions about numbers.
NUMBER_TAKEN = entry(
    "number_taken",
    409,
    _("This number belongs to another account"),
    _(
        "You have shown that you hold this number, but it is bound to an account already. If that"
        " account is yours, sign in to it."
    ),
)
NUMBER_IS_OWN = entry(
    "number_is_own",
    409,
    _("This is your number already"),
    _("Enter the number that you want to change to."),
)
CHANGED_RECENTLY = entry(
    "changed_recently",
    409,
    _("The number was changed a short while ago"),
    _(
        "The next change is possible after {until}. You may return to your previous number at any"
        " time."
    ),
)
FACTOR_TOO_YOUNG = entry(
    "factor_too_young",
    409,
    _("Your second factor is still too new"),
    _("A second factor counts for this step from {until} on."),
)
SUPPORT_NEEDED = entry(
    "support_needed",
    409,
    _("From here on our support desk helps"),
    _(
        "What can be shown here is not enough to move the account. Ask your operator for a new SIM "
        "card with your old number, or write to our support desk: people will look at it."
    ),
)
NOTHING_WAITS = entry(
    "nothing_waits",
    409,
    _("Nothing waits on this account"),
    _("There is nothing that could be continued from here. Go on with what you have begun."),
)
CLOSING_ALREADY = entry(
    "closing_already",
    409,
    _("This account is being closed already"),
    _("Nothing more needs to be done. You can still keep it: stop the closing in your profile."),
)
NO_WAY = entry(
    "no_way_offered",
    409,
    _("This cannot be confirmed from here"),
    _(
        "The account has no proof that would be enough on this device. Use a device that you have"
        " used for a week, or contact support."
    ),
)
ACCOUNT_CHANGED = entry(
    "account_changed",
    409,
    _("Something changed in the meantime"),
    _("The account was changed while this request was open. Please begin again."),
)
TRY_AGAIN = entry(
    "try_again",
    409,
    _("Somebody else was doing the same"),
    _("Nothing has changed. Please try again."),
)
