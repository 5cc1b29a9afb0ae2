"""Moments outside: RFC 3339 in UTC, to the millisecond."""

from datetime import UTC, datetime

import pytest

from rebind.domain.units import DAY
from rebind.entrypoints.shared.spelling import moment
from tests.people import MONDAY

FEBRUARY_29: int = 1_709_164_800_000


@pytest.mark.parametrize(
    "at", [0, 1, 59_999, 60_000, MONDAY, MONDAY + 61_001, FEBRUARY_29, FEBRUARY_29 + DAY - 1]
)
def test_a_moment_is_spelt_as_the_library_would(at: int) -> None:
    library = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    assert moment(at) == library.replace("+00:00", "Z")
    assert datetime.fromisoformat(moment(at)).timestamp() == pytest.approx(at / 1000, abs=1e-4)
