"""The policy: every figure of the rule as a typed setting with its unit, bounds and source.

An administrator overrides figures in one TOML file (`REBIND_POLICY`); `rebind policy show` prints
them, `rebind policy check` refuses contradictions by name. Figures of limits stand in `limits.py`.
The unit goes last in each name: `_h` hours, `_d` days, `_s` seconds.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from phonenumbers import SUPPORTED_REGIONS

from rebind.domain.units import DAY, HOUR, SECOND, Ms

OURS = "Rebind's own choice, docs/decisions/0006-the-evidence-rule.md"

ROWS_THAT_CLOSE = {
    "I2": "whoever has another proof cannot use it on a new device, and is left with support",
    "I4": "whoever has a stale number and nothing else is refused, and cannot even look",
    "L1": "whoever took back a change that was not theirs is left with support",
    "L2": "whoever has nothing but a number cannot lift the lock of an undo, but through support",
    "R1": "whoever lost the number, but neither mailbox nor second factor, is left with support",
    "R2": "whoever lost the number, but not the mailbox, is left with support",
    "R4": "whoever lost everything stays outside, whatever two people at support have decided",
    "S1": "whoever is signed out cannot write to support, unless about a number",
    "S2": "whoever is signed out cannot ask support for another number",
    "U1": "whoever was robbed of a number cannot take it back, but through support",
    "U2": "a thief with a second factor keeps what he took until support has answered",
}
"""Rows without which somebody is left with support, with less or outside: what is lost without
each."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All figures that `decide` and the flows use. Defaults are the profile `strict`."""

    profile: Annotated[
        Literal["strict", "lenient"],
        Meta(description="How probation ends: strict never by time; lenient by time with notices"),
    ] = "strict"
    rows_off: Annotated[
        frozenset[str], Meta(description="Rows of the evidence rule that are switched off")
    ] = frozenset()

    code_digits: Annotated[
        int, Meta(ge=6, le=10, description="NIST SP 800-63B-4 3.1.3.2; OWASP ASVS 5.0 6.5")
    ] = 6
    code_ttl_s: Annotated[
        int, Meta(ge=60, le=600, description="NIST SP 800-63B-4 3.1.3.2 (10 minutes at most)")
    ] = 600
    code_email_ttl_s: Annotated[
        int,
        Meta(
            ge=60,
            le=600,
            description="OWASP ASVS 5.0 6.5.5 (10 minutes at most for out-of-band codes)",
        ),
    ] = 600
    code_tries: Annotated[
        int,
        Meta(ge=1, le=10, description="OWASP ASVS 5.0 6.5; bounded, a new code does not reset it"),
    ] = 5
    email_verify_h: Annotated[
        int,
        Meta(ge=1, le=24, description="NIST SP 800-63B-4 4.2.1 (24 hours at most)"),
    ] = 24
    reauthentication_ttl_s: Annotated[
        int,
        Meta(
            ge=60,
            le=900,
            description=OURS + " (from the proof to the act that it is for; at the desk before a "
            "decision too, OWASP ASVS 5.0 7.5.3)",
        ),
    ] = 600
    request_ttl_s: Annotated[int, Meta(ge=600, le=86_400, description=OURS)] = 3_600
    session_ttl_d: Annotated[
        int, Meta(ge=1, le=30, description="NIST SP 800-63B-4 2.1.3 (30 days at AAL1)")
    ] = 30
    session_idle_d: Annotated[
        int,
        Meta(
            ge=1,
            le=30,
            description=OURS + " (a session that nobody uses ends; OWASP ASVS 5.0 7.3.1)",
        ),
    ] = 21
    seen_every_s: Annotated[
        int, Meta(ge=60, le=86_400, description=OURS + " (how finely 'last seen' is kept)")
    ] = 600

    known_after_d: Annotated[int, Meta(ge=1, description=OURS)] = 7
    aged_after_d: Annotated[int, Meta(ge=1, description=OURS)] = 7
    aged_at_enrolment_h: Annotated[int, Meta(ge=0, le=72, description=OURS)] = 24
    reset_dependence_d: Annotated[int, Meta(ge=7, description=OURS)] = 30
    stale_after_d: Annotated[
        int, Meta(ge=1, le=365, description="FCC 18-177: numbers age at least 45 days (US)")
    ] = 45
    stale_after_by_region_d: Annotated[
        dict[str, Annotated[int, Meta(ge=1, le=365)]],
        Meta(description="RU: operators' quarantine, about 60 days after disconnection"),
    ] = msgspec.field(default_factory=lambda: {"RU": 60})
    probation_lenient_d: Annotated[int, Meta(ge=30, description=OURS)] = 30
    code_new_fresh_h: Annotated[int, Meta(ge=1, le=26, description=OURS + " (invariant 3)")] = 26

    wait_c3_h: Annotated[int, Meta(ge=24, description=OURS)] = 72
    wait_c4_h: Annotated[int, Meta(ge=1, description=OURS)] = 24
    wait_c5_h: Annotated[int, Meta(ge=72, description=OURS)] = 14 * 24
    wait_r1_h: Annotated[int, Meta(ge=24, description=OURS)] = 24
    wait_r2_h: Annotated[int, Meta(ge=24, description=OURS)] = 72
    wait_r4_h: Annotated[
        int,
        Meta(
            ge=48, description=OURS + " (well above code_new_fresh_h: the code comes from a case)"
        ),
    ] = 72
    wait_r4_seen_d: Annotated[
        int, Meta(ge=3, description=OURS + " (holder seen lately, or with a second factor)")
    ] = 7
    holder_seen_d: Annotated[int, Meta(ge=7, description=OURS + " (what lately means)")] = 30
    wait_contested_d: Annotated[
        int, Meta(ge=3, description=OURS + " (after a supervisor has heard both sides)")
    ] = 7
    wait_modified_h: Annotated[
        int, Meta(ge=24, description=OURS + " (what 'now' becomes under a modifier)")
    ] = 72
    ready_ttl_d: Annotated[
        int, Meta(ge=1, le=30, description=OURS + " (invariant 3: to answer a fresh code)")
    ] = 7
    remind_before_h: Annotated[
        int, Meta(ge=0, le=72, description=OURS + " (before the end of a wait; 0: never)")
    ] = 24
    repeat_after_h: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=72)], ...],
        Meta(max_length=4, description=OURS + " (notices of what is finished are told again)"),
    ] = (12, 48)
    sim_recent_d: Annotated[int, Meta(ge=1, description="CAMARA sim-swap v2; " + OURS)] = 7
    session_young_h: Annotated[int, Meta(ge=1, description=OURS)] = 24
    change_gap_h: Annotated[int, Meta(ge=0, description=OURS)] = 12
    undo_h: Annotated[int, Meta(ge=24, description=OURS + " (hold of the old number)")] = 72
    undo_reach_d: Annotated[
        int, Meta(ge=1, le=30, description=OURS + " (what was added so long before goes too)")
    ] = 7
    unlock_sms_h: Annotated[
        int, Meta(ge=24, description=OURS + " (where an account has nothing else)")
    ] = 24
    case_answer_bd: Annotated[
        int, Meta(ge=1, le=10, description=OURS + " (business days to the first answer)")
    ] = 1
    case_decision_bd: Annotated[
        int, Meta(ge=1, le=20, description=OURS + " (business days to the decision)")
    ] = 3
    case_patience_d: Annotated[
        int, Meta(ge=3, le=60, description=OURS + " (how long a case waits for the person)")
    ] = 14
    case_reopen_d: Annotated[
        int, Meta(ge=1, le=60, description=OURS + " (how long a closed case can be opened again)")
    ] = 14
    case_confirm_d: Annotated[
        int,
        Meta(
            ge=1,
            le=14,
            description=OURS + " (to confirm what the desk wrote: a new SIM may come by post)",
        ),
    ] = 7
    case_lock_s: Annotated[
        int, Meta(ge=60, le=3600, description=OURS + " (one operator answers a case at a time)")
    ] = 600
    documents_kept_d: Annotated[
        int, Meta(ge=1, le=365, description=OURS + " (documents after their case was closed)")
    ] = 30
    operator_session_h: Annotated[
        int, Meta(ge=1, le=24, description="NIST SP 800-63B-4 2.2.3 (24 hours at most at AAL2)")
    ] = 12
    operator_idle_s: Annotated[
        int, Meta(ge=300, le=3600, description="NIST SP 800-63B-4 2.2.3 (an hour at most at AAL2)")
    ] = 3600
    operator_invite_h: Annotated[
        int, Meta(ge=1, le=24, description="NIST SP 800-63B-4 4.2.1 (24 hours at most)")
    ] = 24
    operator_apart_d: Annotated[
        int,
        Meta(ge=7, description=OURS + " (two let in by one administrator do not decide together)"),
    ] = 30
    keep_requests_d: Annotated[
        int, Meta(ge=30, le=730, description=OURS + " (requests with their codes and proofs)")
    ] = 90
    keep_messages_d: Annotated[
        int, Meta(ge=7, le=730, description=OURS + " (that a message was sent; never its words)")
    ] = 30
    keep_sessions_d: Annotated[
        int, Meta(ge=30, le=730, description=OURS + " (ended sessions, removed e-mails)")
    ] = 90
    keep_operator_sessions_d: Annotated[
        int,
        Meta(
            ge=30,
            le=730,
            description=OURS + " (ended sessions at the desk: from where somebody came in; what "
            "colleagues did wrong comes to light late)",
        ),
    ] = 180
    keep_cases_d: Annotated[
        int, Meta(ge=30, le=3650, description=OURS + " (closed cases; documents go before)")
    ] = 365
    keep_acts_d: Annotated[
        int, Meta(ge=180, le=3650, description=OURS + " (the audit trail, which names nobody)")
    ] = 1095
    close_grace_d: Annotated[
        int, Meta(ge=7, le=90, description=OURS + " (a closing can be stopped for so long)")
    ] = 30
    close_remind_d: Annotated[
        int, Meta(ge=1, le=30, description=OURS + " (before its end everybody is told again)")
    ] = 7
    freeze_hold_d: Annotated[
        int, Meta(ge=7, le=365, description=OURS + " (both numbers, until support has decided)")
    ] = 90
    notice_removed_d: Annotated[
        int, Meta(ge=30, description=OURS + " (removed addresses still get notices)")
    ] = 30

    home_by_language: Annotated[
        dict[str, str],
        Meta(
            description="The region of numbers that are typed on pages of a language without a "
            "country code, such as 8 (916) 123-45-67"
        ),
    ] = msgspec.field(default_factory=lambda: {"ru": "RU"})
    countries: Annotated[
        frozenset[str] | None,
        Meta(description="ISO 3166 regions whose numbers are accepted; none means all"),
    ] = None

    @property
    def code_new_fresh(self) -> Ms:
        """How long an answered code proves that a number is held, in milliseconds."""
        return self.code_new_fresh_h * HOUR

    def stale_after(self, region: str) -> int:
        """Days after which a confirmation is stale for a number of that region."""
        return self.stale_after_by_region_d.get(region, self.stale_after_d)

    def session_ends(self, opened_at: Ms, now: Ms) -> Ms:
        """When a session that is used now ends, if nobody uses it any more."""
        return min(opened_at + self.session_ttl_d * DAY, now + self.session_idle_d * DAY)

    def operator_session_ends(self, opened_at: Ms, now: Ms) -> Ms:
        """When a session at the support desk that is used now ends, if nobody uses it any more."""
        whole = opened_at + self.operator_session_h * HOUR
        return min(whole, now + self.operator_idle_s * SECOND)

    def code_ttl(self, by_email: bool) -> Ms:
        """How long a code may be answered, in milliseconds."""
        return (self.code_email_ttl_s if by_email else self.code_ttl_s) * SECOND


def contradictions(policy: Policy, rows: frozenset[str]) -> list[str]:
    """What cannot be: each line names the settings. `rebind serve` does not start with any.
    `rows` are the names of the rows that the rule has."""
    found = [f"rows_off: there is no row {row}" for row in sorted(policy.rows_off - rows)]
    regions = {*policy.stale_after_by_region_d, *policy.home_by_language.values()}
    for region in sorted(regions | (policy.countries or frozenset())):
        if region not in SUPPORTED_REGIONS:
            found.append(f"{region} is no region: write ISO 3166 codes in capitals")
    if policy.wait_c4_h > policy.wait_c3_h:
        found.append("wait_c4_h is longer than wait_c3_h: a stronger row must not wait longer")
    if policy.wait_c3_h > policy.wait_c5_h:
        found.append("wait_c3_h is longer than wait_c5_h: a stronger row must not wait longer")
    if policy.wait_r1_h > policy.wait_r2_h:
        found.append("wait_r1_h is longer than wait_r2_h: a stronger row must not wait longer")
    if policy.wait_r4_h > policy.wait_r4_seen_d * 24:
        found.append("wait_r4_h is longer than wait_r4_seen_d: who was seen lately gets more time")
    if policy.close_remind_d >= policy.close_grace_d:
        found.append("close_remind_d is not shorter than close_grace_d: nobody would be reminded")
    if policy.session_idle_d > policy.session_ttl_d:
        found.append("session_idle_d is longer than session_ttl_d: no session lives that long")
    if policy.aged_after_d > policy.reset_dependence_d:
        found.append("aged_after_d is longer than reset_dependence_d")
    for name in ("aged_after_d", "known_after_d"):
        if policy.undo_reach_d < getattr(policy, name):
            found.append(f"undo_reach_d is shorter than {name}: what is neither old nor new stays")
    if policy.remind_before_h >= policy.wait_c5_h:
        found.append("remind_before_h is not shorter than wait_c5_h: nobody would be reminded")
    if any(hours >= policy.undo_h for hours in policy.repeat_after_h):
        found.append("repeat_after_h reaches past undo_h: it would tell of an undo that is over")
    if policy.countries is not None and not policy.countries:
        found.append("countries is empty: nobody could enrol")
    return found


def warnings(policy: Policy) -> list[str]:
    """What is allowed but unwise."""
    found = []
    spans = {"other countries": policy.stale_after_d, **policy.stale_after_by_region_d}
    for region, days in spans.items():
        if days > 90:
            found.append(
                f"stale after {days} days ({region}): operators re-issue numbers sooner than that"
            )
    for row in sorted(ROWS_THAT_CLOSE.keys() & policy.rows_off):
        found.append(f"rows_off: without row {row} {ROWS_THAT_CLOSE[row]}")
    if policy.profile == "lenient":
        found.append(
            f"profile lenient: a recycled number gets a full session after "
            f"{policy.probation_lenient_d} days of probation"
        )
    return found
