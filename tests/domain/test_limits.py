"""The page of limits: an administrator may tighten and loosen it, within bounds that are named."""

import pytest

from rebind.domain import work
from rebind.domain.limits import CEILINGS, LIMITS, WORK_ONCE, Override, dangers, in_force

DAY_S = 86_400


def test_the_page_itself_is_within_its_bounds() -> None:
    whole = {
        limit.name: Override(limit.amount, limit.window_s or None, limit.gaps_s) for limit in LIMITS
    }
    assert dangers(whole) == []
    assert dangers({}) == []
    assert WORK_ONCE.window_s >= work.TTL_S
    assert CEILINGS.keys() <= {limit.name for limit in LIMITS}


@pytest.mark.parametrize(
    ("name", "override", "figure"),
    [
        ("ask_client", Override(amount=0), "amount"),
        ("ask_client", Override(amount=-1), "amount"),
        ("ask_client", Override(amount=10**9 + 1), "amount"),
        ("ask_client", Override(window_s=59), "window_s"),
        ("ask_client", Override(window_s=0), "window_s"),
        ("code_address", Override(gaps_s=(60, 30)), "gaps_s"),
        ("code_address", Override(gaps_s=(-1,)), "gaps_s"),
        ("code_address", Override(gaps_s=(DAY_S + 1,)), "gaps_s"),
        ("wrong_address", Override(amount=101), "amount"),
        ("wrong_address", Override(amount=15, window_s=3_600), "window_s"),
        ("wrong_device", Override(amount=101), "amount"),
        ("wrong_device", Override(window_s=DAY_S), "window_s"),
        ("work_once", Override(amount=2), "amount"),
        ("work_once", Override(window_s=work.TTL_S - 1), "window_s"),
    ],
)
def test_a_dangerous_figure_is_refused_by_name(name: str, override: Override, figure: str) -> None:
    (line,) = dangers({name: override})
    assert line.startswith(f"limits.{name}: ")
    assert figure in line


@pytest.mark.parametrize(
    ("name", "override"),
    [
        ("ask_client", Override(amount=1, window_s=60)),
        ("code_address", Override(gaps_s=())),
        ("code_address", Override(gaps_s=(0, 60, 60, DAY_S))),
        ("wrong_address", Override(amount=100)),
        ("wrong_address", Override(amount=4, window_s=3_600)),
        ("wrong_device", Override(amount=100)),
        ("work_once", Override(window_s=work.TTL_S)),
    ],
)
def test_what_may_be_set(name: str, override: Override) -> None:
    assert dangers({name: override}) == []
    assert name in in_force({name: override}).by_name


def test_a_limit_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="no such limit: ask_nobody"):
        in_force({"ask_nobody": Override()})
