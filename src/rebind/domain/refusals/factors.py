"""Refusals about what protects an account: proofs that do not match, factors that may not be set or
removed. None of them says which part of several was wrong."""

from rebind.domain.refusals.catalogue import Level, _, entry

PROOF_WRONG = entry(
    "proof_wrong",
    403,
    _("That does not match"),
    _("Check what you entered and try again. We do not say which part was wrong."),
)
PROOFS_CLOSED = entry(
    "proofs_closed",
    429,
    _("This way in is closed for new devices"),
    _(
        "Too many wrong tries were made. Use a device that you have used before, another way in, "
        "or try again after {until}."
    ),
    Level.WARNING,
)
BUSY = entry(
    "busy",
    429,
    _("Too many people are signing in just now"),
    _("Nothing was counted. Please try again after {until}."),
    Level.WARNING,
)
REAUTHENTICATION_REQUIRED = entry(
    "reauthentication_required",
    403,
    _("First confirm that it is you"),
    _("This step needs a fresh proof that was given for it, not more than a few minutes ago."),
    Level.DEBUG,
)
SESSION_TOO_YOUNG = entry(
    "session_too_young",
    409,
    _("This device is still too new for that"),
    _(
        "You signed in here by a code or a password alone. To protect the account from whoever "
        "stole just that, this can be changed from here after {until}; on a device that you have "
        "used for a week at once."
    ),
)
FACTOR_UNKNOWN = entry(
    "factor_unknown",
    404,
    _("This does not exist any more"),
    _("It has already been removed or belongs to somebody else."),
)
TOO_MANY_FACTORS = entry(
    "too_many_factors",
    409,
    _("There are too many of these already"),
    _("Remove one that you do not use, then add this one."),
)
EMAIL_IS_OWN = entry(
    "email_is_own",
    409,
    _("This e-mail address is yours already"),
    _("Enter another one."),
)
PASSWORD_TOO_SHORT = entry(
    "password_too_short",
    422,
    _("This password is too short"),
    _("Use at least 8 characters. A few words in a row are easy to remember."),
)
PASSWORD_TOO_SHORT_ALONE = entry(
    "password_too_short_alone",
    422,
    _("Without a second factor this password is too short"),
    _("Use at least 15 characters, or add a passkey or an authenticator app first."),
)
PASSWORD_TOO_LONG = entry(
    "password_too_long",
    422,
    _("This password is too long"),
    _("Use at most 128 characters."),
)
PASSWORD_UNREADABLE = entry(
    "password_unreadable",
    422,
    _("This password holds signs that cannot be typed"),
    _("Any letters, digits, blanks and signs may be used, but no control characters."),
)
PASSWORD_COMMON = entry(
    "password_common",
    422,
    _("This password is known to thieves"),
    _(
        "It stands in lists of passwords that were used or stolen often, or is a row of keys or a "
        "date. Choose another one."
    ),
)
PASSWORD_EXPECTED = entry(
    "password_expected",
    422,
    _("This password is too easy to guess"),
    _("It is made of your number, your e-mail or our name, and little else. Choose another one."),
)
PASSWORD_NEEDS_FACTOR = entry(
    "password_needs_factor",
    409,
    _("Your password is too short to stand alone"),
    _("First set a password of at least 15 characters, or remove it. Then remove this."),
)
PASSKEY_NOT_TAKEN = entry(
    "passkey_not_taken",
    422,
    _("This passkey could not be taken"),
    _("Nothing has changed. Please try again; if your device asks, confirm with its lock."),
)
TOTP_NOT_TAKEN = entry(
    "totp_not_taken",
    422,
    _("The code of the app does not match"),
    _(
        "Enter the code that the app shows now. If that is not taken either, let your telephone "
        "set its clock by itself."
    ),
)
RECOVERY_CODES_NEED_FACTOR = entry(
    "recovery_codes_need_factor",
    409,
    _("Recovery codes need something to stand in for"),
    _("First add a passkey or an authenticator app. They are for the day on which you lose it."),
)
SMS_OFF_ALREADY = entry(
    "sms_off_already",
    409,
    _("Codes by SMS are switched off already"),
    _("Nothing has changed."),
)
SMS_NOT_OFF = entry(
    "sms_not_off",
    409,
    _("Codes by SMS are not switched off"),
    _("Nothing has changed."),
)
