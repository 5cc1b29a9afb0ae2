"""The closed list of what can happen, for the audit trail. Alphabetical; each explained once.

Every mutating flow writes at least one line in the same transaction (invariant 6). A line says who,
on whom, by which door, when and why. Lines are never changed.
"""

from enum import StrEnum

import msgspec

from rebind.domain.units import Id


class Act(StrEnum):
    """One audited thing that happened. The value is stored; never reuse or rename one."""

    ACCOUNT_CLOSED = "account_closed"  # its month is over; what named the person is deleted
    ACCOUNT_FROZEN = "account_frozen"  # an undo that an SMS must not decide; support does
    ACCOUNT_IMPORTED = "account_imported"  # an administrator brought the account in
    ACCOUNT_LOCKED = "account_locked"  # an undo was made; only what is older lifts the lock
    ACCOUNT_OPENED = "account_opened"  # enrol finished; the account exists from here on
    ACCOUNT_UNLOCKED = "account_unlocked"  # somebody signed in with what is older
    AUDIT_EXPORTED = "audit_exported"  # an auditor took a part of this trail along
    CASE_ANSWERED = "case_answered"  # the desk said something to the person
    CASE_ASSIGNED = "case_assigned"  # somebody at the desk has it, or nobody any more
    CASE_BOUNCED = "case_bounced"  # a letter of ours came back from the contact
    CASE_CLOSED = "case_closed"  # nobody has to act on it any more
    CASE_CONFIRMED = "case_confirmed"  # the second person decided as the first
    CASE_DRAFTED = "case_drafted"  # the desk wrote it for a person, who has to confirm it
    CASE_KEPT = "case_kept"  # somebody at the desk keeps others from writing meanwhile
    CASE_LET_GO = "case_let_go"  # and gave it back before the time was over
    CASE_NOTED = "case_noted"  # the desk wrote something for itself
    CASE_OPENED = "case_opened"  # the support desk has something to answer
    CASE_PROPOSED = "case_proposed"  # the first person decided; the system names the second
    CASE_REDACTED = "case_redacted"  # the words of a message were taken away
    CASE_REJECTED = "case_rejected"  # the second person did not decide as the first
    CASE_REOPENED = "case_reopened"  # the person wrote again after its end
    CASE_SEARCHED = "case_searched"  # somebody looked for a full number, and why
    CASE_SEEN = "case_seen"  # somebody at the desk opened it
    CASE_WRITTEN = "case_written"  # the person said something
    CLOSING_BEGUN = "closing_begun"  # the holder asked for the account to be closed
    CODE_ASKED = "code_asked"  # a code for one proof of one request was queued
    CODE_WRONG = "code_wrong"  # a counted try did not match
    DATA_EXPORTED = "data_exported"  # the holder took along what is held of them
    DOCUMENT_ADDED = "document_added"  # a document was looked at, cleaned and kept
    DOCUMENT_CHECKED = "document_checked"  # somebody said what a document shows
    DOCUMENT_VIEWED = "document_viewed"  # somebody at the desk looked at a page
    DOCUMENTS_DESTROYED = "documents_destroyed"  # the key of a case's documents was forgotten
    EMAIL_ADDED = "email_added"  # a mailbox was verified and is the account's
    EMAIL_MADE_PRIMARY = "email_made_primary"  # a mailbox is named first from now on
    EMAIL_REMOVED = "email_removed"  # a mailbox is the account's no more
    KEY_ROTATED = "key_rotated"  # a version of the key ring was replaced
    LANGUAGE_CHANGED = "language_changed"  # the holder chose another language
    NOTICES_REPEATED = "notices_repeated"  # everybody was told again, or reminded
    NUMBER_CHANGED = "number_changed"  # the binding was replaced
    NUMBER_CONFIRMED = "number_confirmed"  # trusted proof of possession; confirmed_at moved
    NUMBER_RETURNED = "number_returned"  # an undo put the old number back
    OPERATOR_DISABLED = "operator_disabled"  # somebody at the desk is let in no more
    OPERATOR_INVITED = "operator_invited"  # somebody was asked to the desk, or anew
    OPERATOR_JOINED = "operator_joined"  # the invitation was taken up, and a way in set
    OPERATOR_PASSKEY_ADDED = "operator_passkey_added"  # by somebody at the desk
    OPERATOR_PASSKEY_REMOVED = "operator_passkey_removed"  # by somebody at the desk
    OPERATOR_PASSWORD_REMOVED = "operator_password_removed"  # with the app beside it
    OPERATOR_PASSWORD_SET = "operator_password_set"  # with another app beside it
    OPERATOR_PROOF_WRONG = "operator_proof_wrong"  # somebody tried to sign in to the console
    OPERATOR_ROLE_CHANGED = "operator_role_changed"  # somebody at the desk has other rights
    OPERATOR_SIGNED_IN = "operator_signed_in"  # a session at the desk was opened
    OPERATOR_SIGNED_OUT = "operator_signed_out"  # sessions at the desk were ended
    PASSKEY_ADDED = "passkey_added"  # a passkey was registered
    PASSKEY_REMOVED = "passkey_removed"  # a passkey counts no more
    PASSKEY_RENAMED = "passkey_renamed"  # its holder calls it something else
    PASSWORD_REMOVED = "password_removed"  # the password counts no more
    PASSWORD_SET = "password_set"  # a password was set, changed or reset
    PROOF_ACCEPTED = "proof_accepted"  # evidence was added to a request
    PROOF_WRONG = "proof_wrong"  # a counted password, TOTP, passkey or recovery code did not match
    RECOVERY_CODE_USED = "recovery_code_used"  # one of them was spent
    RECOVERY_CODES_MADE = "recovery_codes_made"  # ten new ones; older ones count no more
    REQUEST_BEGUN = "request_begun"  # a journey began
    REQUEST_CANCELLED = "request_cancelled"  # its owner stopped it, or it cannot go on
    REQUEST_OBJECTED = "request_objected"  # somebody with standing stopped it
    REQUEST_READY = "request_ready"  # its wait is over; a fresh code is needed
    REQUEST_REFUSED = "request_refused"  # the rule said no, finally
    REQUEST_RESUMED = "request_resumed"  # another browser or session goes on with what waits
    REQUEST_WAITING = "request_waiting"  # enough was proved; everybody has time to object
    SESSION_ENDED = "session_ended"  # one session was ended
    SESSION_OPENED = "session_opened"  # a sign-in finished
    SESSIONS_ENDED = "sessions_ended"  # several were ended at once
    SMS_RESTORED = "sms_restored"  # codes to the number count again
    SMS_SUSPENDED = "sms_suspended"  # the telephone was lost; codes to the number count no more
    TOTP_REMOVED = "totp_removed"  # the authenticator app counts no more
    TOTP_SET = "totp_set"  # an authenticator app was set up


class Door(StrEnum):
    """The way in by which somebody acted."""

    API = "api"
    CONSOLE = "console"
    COMMAND_LINE = "command_line"
    MAIL = "mail"
    TIME = "time"
    WEB = "web"


class Line(msgspec.Struct, frozen=True):
    """One line of the audit trail, before it is stored.

    `subject_id` is the account acted on (for a number that nobody has: the request's stand-in).
    `actor` is `holder`, `stranger` (nothing proved yet), `system` or an operator's name.
    `why` is a stable word (a policy row, a refusal code, a reason), never free text of a person.
    """

    act: Act
    subject_id: Id
    actor: str
    door: Door
    request_id: Id | None = None
    why: str | None = None
