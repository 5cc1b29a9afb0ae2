"""Refusals that people at the support desk meet. Whoever writes to it never sees one of these."""

from rebind.domain.refusals.catalogue import Level, _, entry

OPERATOR_SESSION_REQUIRED = entry(
    "operator_session_required",
    401,
    _("Sign in to the console"),
    _("A session of the support desk ends after an hour without use, and after half a day."),
    Level.DEBUG,
)
RIGHT_MISSING = entry(
    "right_missing",
    403,
    _("Your role does not allow this"),
    _("If it belongs to your work, ask an administrator for another role."),
    Level.WARNING,
)
OPERATOR_UNKNOWN = entry(
    "operator_unknown",
    404,
    _("There is nobody with this login"),
    _("Check the spelling, or look for the person in the list."),
    Level.DEBUG,
)
OPERATOR_LOGIN_MALFORMED = entry(
    "operator_login_malformed",
    422,
    _("This cannot be a login"),
    _("Use 2 to 32 small Latin letters, digits, dots or hyphens, beginning with a letter."),
    Level.DEBUG,
)
OPERATOR_LOGIN_TAKEN = entry(
    "operator_login_taken",
    409,
    _("This login is taken"),
    _("Choose another one. A login is never given to a second person."),
    Level.DEBUG,
)
OPERATOR_NAMELESS = entry(
    "operator_nameless",
    422,
    _("A name is missing"),
    _("Enter the name by which colleagues know this person."),
    Level.DEBUG,
)
OPERATOR_IS_ONESELF = entry(
    "operator_is_oneself",
    409,
    _("Nobody does this to themselves"),
    _("Ask another administrator."),
)
OPERATOR_WORN_OUT = entry(
    "operator_worn_out",
    403,
    _("This password does not count any more"),
    _("Too many wrong tries were made. Sign in with a passkey, or ask for a new invitation."),
    Level.WARNING,
)
OPERATOR_PASSWORD_SHORT = entry(
    "operator_password_short",
    422,
    _("For this desk the password is too short"),
    _("Use at least 15 characters. A few words in a row are easy to remember."),
)
INVITATION_UNKNOWN = entry(
    "invitation_unknown",
    404,
    _("This invitation does not count any more"),
    _("It was used, replaced or lasted too long. Ask an administrator for a new one."),
)
LAST_WAY_IN = entry(
    "last_way_in",
    409,
    _("This is your only way in"),
    _("Add another one first, then remove this one."),
)
TRAIL_UNKNOWN = entry(
    "trail_unknown",
    404,
    _("Nothing is kept under this name"),
    _("Enter a login of the desk, the number of a case, or an id of 32 digits and letters."),
    Level.DEBUG,
)
