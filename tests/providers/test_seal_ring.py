"""The key ring: its file is private, its states are sound, its secrets are never shown."""

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

from rebind.providers.seal import ring_file
from rebind.providers.seal.ring import (
    KeyRing,
    KeyState,
    RingError,
    Use,
    added,
    checked,
    describe,
    new,
    promoted,
    retired,
)

NOW = 1_764_000_000_000

Damage: TypeAlias = Callable[[dict[str, Any]], dict[str, Any] | bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "ring.json"


def fresh() -> KeyRing:
    return new(os.urandom, NOW)


def test_the_first_start_makes_a_private_file_and_the_second_reads_it(path: Path) -> None:
    made = ring_file.load_or_make(path, None, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ring_file.load_or_make(path, None, NOW + 1) == made
    assert [entry.name for entry in path.parent.iterdir()] == ["ring.json"]


def test_servers_that_start_at_once_agree_on_one_ring(path: Path) -> None:
    rings: list[KeyRing] = []
    starts = threading.Barrier(8)

    def start() -> None:
        starts.wait()
        rings.append(ring_file.load_or_make(path, None, NOW))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 8
    assert all(ring == rings[0] for ring in rings)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_ring_that_others_may_touch_is_refused_by_name(path: Path, mode: int) -> None:
    ring_file.load_or_make(path, None, NOW)
    path.chmod(mode)
    with pytest.raises(RingError) as refused:
        ring_file.load(path, None)
    assert str(path) in str(refused.value)
    assert f"{mode:04o}" in str(refused.value)
    assert "chmod 600" in str(refused.value)


def test_a_ring_in_the_database_folder_is_refused_even_through_a_link(tmp_path: Path) -> None:
    database = tmp_path / "data"
    (database / "below").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(database / "below")
    for place in (
        database / "ring.json",
        database / "below" / "ring.json",
        tmp_path / "elsewhere" / "ring.json",
    ):
        with pytest.raises(RingError, match="database's folder"):
            ring_file.load_or_make(place, database, NOW)
        assert not place.exists()
    ring_file.load_or_make(tmp_path / "data-keys" / "ring.json", database, NOW)


def test_loading_a_ring_that_is_not_there_says_so(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ring_file.load(path, None)


def test_a_folder_in_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(RingError, match="cannot be read"):
        ring_file.load_or_make(path, None, NOW)
    pipe = path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(RingError, match="not a file"):
        ring_file.load_or_make(pipe, None, NOW)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda _: b"{", "not valid JSON"),
        (lambda _: b"\xff\xfe", "not valid JSON"),
        (lambda _: b"[]", "wrong form"),
        (lambda ring: ring | {"format": 2}, "format 2"),
        (lambda ring: ring | {"extra": 1}, "wrong form"),
        (lambda ring: ring | {"seal": []}, "exactly one seal key"),
        (lambda ring: ring | {"index": ring["seal"]}, "index key cannot be “current”"),
        (lambda ring: ring | {"mac": ring["seal"]}, "one secret stands in it twice"),
        (lambda ring: ring | {"mac": ring["mac"] * 2}, "stands in it twice"),
        (lambda ring: ring | {"mac": [ring["mac"][0] | {"version": 0}]}, "not within 1–255"),
        (lambda ring: ring | {"mac": [ring["mac"][0] | {"secret": "QUJD"}]}, "256 bits"),
        (
            lambda ring: ring | {"mac": [ring["mac"][0] | {"state": "c2VjcmV0"}]},
            "wrong form ($.mac[0].state)",
        ),
    ],
)
def test_a_damaged_ring_is_refused_and_its_secrets_stay_unsaid(
    path: Path, damage: Damage, says: str
) -> None:
    ring_file.load_or_make(path, None, NOW)
    plain = json.loads(path.read_text())
    damaged = damage(plain)
    path.write_bytes(damaged if isinstance(damaged, bytes) else json.dumps(damaged).encode())
    with pytest.raises(RingError) as refused:
        ring_file.load(path, None)
    assert says in str(refused.value)
    assert str(path) in str(refused.value)
    for use in Use:
        assert plain[use.value][0]["secret"] not in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)


def test_a_rotation_step_by_step(path: Path) -> None:
    first = ring_file.load_or_make(path, None, NOW)
    for use, waiting, chosen, former in [
        (Use.SEAL, KeyState.NEXT, KeyState.CURRENT, KeyState.OLDER),
        (Use.INDEX, KeyState.LIVE, KeyState.LOOKUP, KeyState.LIVE),
        (Use.MAC, KeyState.NEXT, KeyState.CURRENT, KeyState.OLDER),
    ]:

        def add(ring: KeyRing, use: Use = use) -> KeyRing:
            return added(ring, use, os.urandom, NOW + 5)

        two = ring_file.update(path, None, add)
        assert [key.state for key in two.keys(use)] == [chosen, waiting]

        def promote(ring: KeyRing, use: Use = use) -> KeyRing:
            return promoted(ring, use, 2)

        def retire(ring: KeyRing, use: Use = use) -> KeyRing:
            return retired(ring, use, 1)

        two = ring_file.update(path, None, promote)
        assert [key.state for key in two.keys(use)] == [former, chosen]
        assert two.chosen(use).version == 2
        one = ring_file.update(path, None, retire)
        assert [key.version for key in one.keys(use)] == [2]
        # The retired number is never given again: an old value would meet a wrong key.
        assert add(one).keys(use)[-1].version == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ring_file.load(path, None) != first
    assert [entry.name for entry in path.parent.iterdir()] == ["ring.json"]


def test_a_key_in_use_or_the_newest_cannot_be_retired() -> None:
    ring = fresh()
    with pytest.raises(RingError, match="in use"):
        retired(ring, Use.SEAL, 1)
    with pytest.raises(RingError, match="newest"):
        retired(added(ring, Use.SEAL, os.urandom, NOW), Use.SEAL, 2)
    for change in (retired, promoted):
        with pytest.raises(RingError, match="no mac key of version 9"):
            change(ring, Use.MAC, 9)


def test_versions_end_at_one_byte() -> None:
    ring = fresh()
    last = msgspec.structs.replace(ring.mac[0], version=255)
    ring = checked(msgspec.structs.replace(ring, mac=(last,)))
    with pytest.raises(RingError, match="255 versions"):
        added(ring, Use.MAC, os.urandom, NOW)


def test_a_change_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    ring_file.load_or_make(path, None, NOW)
    before = path.read_bytes()
    with pytest.raises(RingError, match="in use"):
        ring_file.update(path, None, lambda ring: retired(ring, Use.SEAL, 1))
    assert path.read_bytes() == before


def test_two_administrators_who_rotate_at_once_both_count(path: Path) -> None:
    ring_file.load_or_make(path, None, NOW)

    def add() -> None:
        ring_file.update(path, None, lambda ring: added(ring, Use.SEAL, os.urandom, NOW))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.version for key in ring_file.load(path, None).seal] == list(range(1, 8))


def test_no_secret_is_ever_shown() -> None:
    ring = fresh()
    shown = repr(ring) + repr(describe(ring)) + repr(ring.seal[0].__rich_repr__())
    for use in Use:
        secret = ring.keys(use)[0].secret
        assert repr(secret) not in shown
        assert secret.hex() not in shown
    assert [(line.use, line.version, line.state) for line in describe(ring)] == [
        ("seal", 1, "current"),
        ("index", 1, "lookup"),
        ("mac", 1, "current"),
    ]
    assert len({line.fingerprint for line in describe(ring)}) == 3


def test_a_place_that_cannot_be_written_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(RingError, match="cannot be written"):
        ring_file.load_or_make(tmp_path / ("x" * 250), None, NOW)
    assert list(tmp_path.iterdir()) == []
