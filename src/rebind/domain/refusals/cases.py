"""Refusals of the support desk's conversations."""

from rebind.domain.refusals.catalogue import Level, _, entry

CASE_UNKNOWN = entry(
    "case_unknown",
    404,
    _("This case does not exist"),
    _("The link is not whole. Open the newest message that we sent you about it."),
    Level.DEBUG,
)
CASE_CLOSED = entry(
    "case_closed",
    409,
    _("This case is closed"),
    _("It was closed some time ago. Please open a new one; mention the old number if it helps."),
    Level.DEBUG,
)
CASE_KIND = entry(
    "case_kind",
    400,
    _("This cannot be asked in this way"),
    _("Choose what it is about, and fill in the fields that belong to it."),
    Level.DEBUG,
)
CASE_DRAFT_OVER = entry(
    "case_draft_over",
    410,
    _("This link does not lead on any more"),
    _(
        "It counts once and for some days. Was the case confirmed? Then its own link is in a newer "
        "message from us. If not, please write to us yourself, or ask support once more."
    ),
    Level.DEBUG,
)
MESSAGE_EMPTY = entry(
    "message_empty",
    400,
    _("The message is empty"),
    _("Say in a few words what happened, so that we can help."),
    Level.DEBUG,
)
MESSAGE_TOO_LONG = entry(
    "message_too_long",
    400,
    _("The message is too long"),
    _("Please keep to 5,000 characters; send longer things as a document."),
    Level.DEBUG,
)
CASE_INCOMPLETE = entry(
    "case_incomplete",
    409,
    _("This case cannot be approved as it stands"),
    _("It names no account of ours, or no number that has answered a code. Ask the person for it."),
)
HEARD_ALREADY = entry(
    "heard_already",
    409,
    _("Our support desk has already heard both sides of this"),
    _("Only a passkey or an authenticator app of the account stops it now. Sign in with one."),
)
CASE_LOCKED = entry(
    "case_locked",
    409,
    _("Somebody else is answering this case"),
    _("They have it until {until}, or until they are done."),
    Level.DEBUG,
)
CASE_NOT_YOURS = entry(
    "case_not_yours",
    403,
    _("This decision is another person's"),
    _("Two different people decide, and the system names the second."),
    Level.WARNING,
)
CASE_MOVED = entry(
    "case_moved",
    409,
    _("This case has moved on meanwhile"),
    _("Look at it again: somebody has written, answered or decided."),
    Level.DEBUG,
)
NO_SECOND = entry(
    "no_second",
    409,
    _("There is nobody who could confirm this"),
    _("It takes a supervisor who did not open the case and was let in apart from you."),
    Level.WARNING,
)
DECIDED_BEFORE = entry(
    "decided_before",
    403,
    _("Please leave this decision to a colleague"),
    _("Whoever has approved a recovery does not decide the case about its being taken back."),
    Level.WARNING,
)
TOO_MANY_MESSAGES = entry(
    "too_many_messages",
    429,
    _("That were many messages for one day"),
    _("We have them all. Please put what is left into one message, and send it after {until}."),
)
TOO_MANY_UPLOADS = entry(
    "too_many_uploads",
    429,
    _("That were many documents for one day"),
    _("Those that we took are with the case. Please send what is left after {until}."),
)
DOCUMENT_MISSING = entry(
    "document_missing",
    409,
    _("No document that was found to match carries this approval"),
    _(
        "Look at the documents and keep what matches: something that was known a month before the"
        " case. An operator's paper alone is not enough."
    ),
)
DOCUMENT_GONE = entry(
    "document_gone",
    410,
    _("This document is not kept any more"),
    _("What was found in it, by whom and when, stays with the case."),
)
DOCUMENT_UNSEEN = entry(
    "document_unseen",
    409,
    _("You have not looked at this document yet"),
    _("Open its pages first, and then say what you have found."),
)
DOCUMENTS_ENOUGH = entry(
    "documents_enough",
    409,
    _("These are enough documents"),
    _("A case takes twelve. If another one matters, say so in a message."),
)
TOO_MANY_CASES = entry(
    "too_many_cases",
    429,
    _("You have written to us several times today"),
    _("Please go on in a case that is open already, or come again after {until}."),
)
