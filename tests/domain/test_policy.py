"""The policy: every figure has a source, bounds hold, contradictions are named."""

from typing import Any

import msgspec
import pytest

from rebind.domain import policy as policies
from rebind.domain.decision import ROW_NAMES
from rebind.domain.policy import ROWS_THAT_CLOSE, Policy, warnings
from rebind.domain.units import SECOND

TYPES = {field.name: field.type for field in msgspec.inspect.type_info(Policy).fields}  # type: ignore[attr-defined]


def contradictions(policy: Policy) -> list[str]:
    return policies.contradictions(policy, ROW_NAMES)


def read(text: str) -> Policy:
    """As an administrator's TOML file is read."""
    return msgspec.toml.decode(text, type=Policy)


def meta(name: str) -> dict[str, Any]:
    found = TYPES[name]
    assert isinstance(found, msgspec.inspect.Metadata), f"{name} has no description"
    return found.extra_json_schema or {}


def bounds(name: str) -> tuple[int | None, int | None]:
    found = TYPES[name]
    inner = found.type if isinstance(found, msgspec.inspect.Metadata) else found
    assert isinstance(inner, msgspec.inspect.IntType)
    return inner.ge, inner.le


INTEGERS = [
    name
    for name, found in TYPES.items()
    if isinstance(
        found.type if isinstance(found, msgspec.inspect.Metadata) else found,
        msgspec.inspect.IntType,
    )
]


def test_the_default_stands() -> None:
    assert contradictions(Policy()) == []
    assert warnings(Policy()) == []
    assert msgspec.convert({}, Policy) == Policy()


@pytest.mark.parametrize("name", Policy.__struct_fields__)
def test_each_figure_says_where_it_comes_from(name: str) -> None:
    assert len(meta(name).get("description", "")) > 10


@pytest.mark.parametrize("name", INTEGERS)
def test_each_figure_has_a_floor_and_its_unit_in_its_name(name: str) -> None:
    assert bounds(name)[0] is not None
    assert name.endswith(("_s", "_h", "_d", "_bd", "_digits", "_tries"))


@pytest.mark.parametrize("name", INTEGERS)
def test_bounds_hold_at_their_borders(name: str) -> None:
    lowest, highest = bounds(name)
    for border, beyond in ((lowest, -1), (highest, 1)):
        if border is not None:
            assert getattr(msgspec.convert({name: border}, Policy), name) == border
            with pytest.raises(msgspec.ValidationError, match=name):
                msgspec.convert({name: border + beyond}, Policy)


def test_the_whole_default_lies_within_its_bounds() -> None:
    assert msgspec.convert(msgspec.to_builtins(Policy()), Policy) == Policy()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code_digits", 6),
        ("code_ttl_s", 600),
        ("code_tries", 5),
        ("session_ttl_d", 30),
        ("known_after_d", 7),
        ("aged_after_d", 7),
        ("aged_at_enrolment_h", 24),
        ("reset_dependence_d", 30),
        ("stale_after_d", 45),
        ("code_new_fresh_h", 26),
        ("wait_c3_h", 72),
        ("wait_c4_h", 24),
        ("wait_c5_h", 336),
        ("wait_r1_h", 24),
        ("wait_r2_h", 72),
        ("wait_r4_h", 72),
        ("wait_r4_seen_d", 7),
        ("holder_seen_d", 30),
        ("wait_contested_d", 7),
        ("case_answer_bd", 1),
        ("case_decision_bd", 3),
        ("case_reopen_d", 14),
        ("documents_kept_d", 30),
        ("wait_modified_h", 72),
        ("sim_recent_d", 7),
        ("session_young_h", 24),
        ("change_gap_h", 12),
        ("undo_h", 72),
        ("undo_reach_d", 7),
        ("unlock_sms_h", 24),
        ("freeze_hold_d", 90),
        ("ready_ttl_d", 7),
        ("remind_before_h", 24),
        ("repeat_after_h", (12, 48)),
        ("notice_removed_d", 30),
        ("rows_off", frozenset()),
        ("profile", "strict"),
    ],
)
def test_the_defaults_are_those_of_the_design(name: str, value: object) -> None:
    assert getattr(Policy(), name) == value


def test_stale_after_by_region() -> None:
    policy = Policy()
    assert [policy.stale_after(region) for region in ("RU", "KZ", "US", "")] == [60, 45, 45, 45]


def test_code_ttl_in_milliseconds() -> None:
    policy = Policy(code_ttl_s=300, code_email_ttl_s=900)
    assert policy.code_ttl(by_email=False) == 300 * SECOND
    assert policy.code_ttl(by_email=True) == 900 * SECOND


# the administrator's file


def test_a_file_overrides_what_it_names() -> None:
    policy = read('undo_h = 96\ncountries = ["RU", "KZ"]\n[stale_after_by_region_d]\nRU = 50\n')
    assert policy.undo_h == 96
    assert policy.countries == frozenset({"RU", "KZ"})
    assert policy.stale_after("RU") == 50
    assert policy.change_gap_h == Policy().change_gap_h


@pytest.mark.parametrize(
    "text",
    [
        "undo_hours = 72",
        "Undo_h = 72",
        "undo_h = '72'",
        "undo_h = 72.5",
        "profile = 'lax'",
        "rows_off = 'C3'",
        "countries = 7",
        "undo_h = true",
        "[undo_h]\nvalue = 72",
    ],
)
def test_a_slip_in_the_file_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(text)


def test_invariant_three_cannot_be_stretched() -> None:
    with pytest.raises(msgspec.ValidationError, match="code_new_fresh_h"):
        read("code_new_fresh_h = 27")


# contradictions and warnings


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (Policy(wait_c4_h=100), ("wait_c4_h", "wait_c3_h")),
        (Policy(wait_c3_h=400), ("wait_c3_h", "wait_c5_h")),
        (Policy(wait_r1_h=73), ("wait_r1_h", "wait_r2_h")),
        (Policy(wait_r4_h=169), ("wait_r4_h", "wait_r4_seen_d")),
        (Policy(aged_after_d=31), ("aged_after_d", "reset_dependence_d")),
        (Policy(countries=frozenset()), ("countries",)),
        (Policy(countries=frozenset({"ru"})), ("ru", "ISO 3166")),
        (Policy(stale_after_by_region_d={"XX": 60}), ("XX", "ISO 3166")),
        (Policy(rows_off=frozenset({"c1"})), ("rows_off", "c1")),
        (Policy(undo_reach_d=6), ("undo_reach_d", "aged_after_d")),
        (Policy(aged_after_d=1, undo_reach_d=6), ("undo_reach_d", "known_after_d")),
        (Policy(remind_before_h=72, wait_c4_h=72, wait_c5_h=72), ("remind_before_h", "wait_c5_h")),
        (Policy(undo_h=48), ("repeat_after_h", "undo_h")),
        (Policy(repeat_after_h=(72,)), ("repeat_after_h", "undo_h")),
    ],
)
def test_a_contradiction_names_its_settings(policy: Policy, named: tuple[str, ...]) -> None:
    found = contradictions(policy)
    assert found
    assert all(name in found[0] for name in named)


def test_each_row_can_be_switched_off() -> None:
    for row in ROW_NAMES:
        assert contradictions(Policy(rows_off=frozenset({row}))) == []


@pytest.mark.parametrize(
    "policy",
    [
        Policy(remind_before_h=71, wait_c5_h=72),
        Policy(remind_before_h=0),
        Policy(undo_h=49),
        Policy(repeat_after_h=(71,)),
        Policy(repeat_after_h=(), undo_h=24),
        Policy(aged_after_d=14, undo_reach_d=14),
        Policy(undo_reach_d=30),
    ],
)
def test_the_figures_of_waits_and_undo_stand_at_their_borders(policy: Policy) -> None:
    assert contradictions(policy) == []


@pytest.mark.parametrize(
    "text",
    [
        "repeat_after_h = [0]",
        "repeat_after_h = [73]",
        "repeat_after_h = [1, 2, 3, 4, 5]",
        "repeat_after_h = 12",
        "ready_ttl_d = 31",
        "remind_before_h = 73",
        "unlock_sms_h = 23",
        "freeze_hold_d = 6",
        "wait_r1_h = 23",
        "wait_r4_seen_d = 2",
        "wait_contested_d = 2",
    ],
)
def test_notices_are_few_and_locks_hold_for_a_day(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(text)
    assert read("repeat_after_h = [1, 72]").repeat_after_h == (1, 72)


def test_equal_waits_are_no_contradiction() -> None:
    assert contradictions(Policy(wait_c4_h=72, wait_c3_h=72, wait_c5_h=72)) == []
    assert contradictions(Policy(wait_r1_h=72, wait_r2_h=72, wait_r4_h=72, wait_r4_seen_d=3)) == []


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        (Policy(stale_after_d=91), "91"),
        (Policy(stale_after_by_region_d={"RU": 120}), "RU"),
        (Policy(profile="lenient"), "lenient"),
        *((Policy(rows_off=frozenset({row})), f"without row {row}") for row in ROWS_THAT_CLOSE),
    ],
)
def test_what_is_unwise_is_warned_of(policy: Policy, word: str) -> None:
    assert any(word in line for line in warnings(policy))
    assert contradictions(policy) == []


def test_what_is_warned_of_are_rows_that_there_are() -> None:
    assert ROWS_THAT_CLOSE.keys() <= ROW_NAMES
    assert warnings(Policy(rows_off=ROW_NAMES - ROWS_THAT_CLOSE.keys())) == []


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_confirmation_goes_stale_within_a_year_everywhere(days: int) -> None:
    for text in (f"stale_after_d = {days}", f"[stale_after_by_region_d]\nRU = {days}"):
        with pytest.raises(msgspec.ValidationError, match="stale_after"):
            read(text)
    read("stale_after_d = 365\n[stale_after_by_region_d]\nRU = 1")


def test_ninety_days_are_still_fine() -> None:
    assert warnings(Policy(stale_after_d=90, stale_after_by_region_d={"RU": 90})) == []
