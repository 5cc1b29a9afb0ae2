"""Rotating a key while the service runs: `rebind keys rotate`.

Every process looks at the ring file each second, so each step of the ring is followed by a pause in
which all of them take it up: a key is known everywhere before it is used, and used nowhere before
it is removed. A rotation that was interrupted goes on where it stopped.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from rebind.flows import keys
from rebind.main.furnishing import House
from rebind.providers.seal import ring_file
from rebind.providers.seal.ring import KeyRing, KeyState, Use, promoted, retired
from rebind.settings import Settings

Say = Callable[[str], None]


class Rotation:
    """One rotation of one use of the key ring."""

    def __init__(self, house: House, settle_s: float, say: Say) -> None:
        self._house = house
        self._settle_s = settle_s
        self._say = say
        self._rows = 0

    async def run(self, use: Use) -> None:
        """Rotate to the end. Raises `RingError`, `Unavailable`."""
        match use:
            case Use.SEAL:
                await self._rotate_seal()
            case Use.INDEX:
                await self._rotate_index()
            case Use.MAC:
                await self._new_version(Use.MAC, KeyState.NEXT, KeyState.CURRENT)
                self._say("Older versions stay: devices and codes were signed under them.")
        await keys.note(self._house.desk, use.value)
        self._say("Done.")

    async def _rotate_seal(self) -> None:
        if not self._versions(Use.SEAL, KeyState.OLDER):
            await self._new_version(Use.SEAL, KeyState.NEXT, KeyState.CURRENT)
        current = self._ring().chosen(Use.SEAL).version
        self._say("Sealing anew what rests under older versions.")
        while await keys.reseal(self._house.desk, current, self._advance):
            pass
        await self._retire(Use.SEAL, self._versions(Use.SEAL, KeyState.OLDER))

    async def _rotate_index(self) -> None:
        desk = self._house.desk
        lookup = self._ring().chosen(Use.INDEX).version
        if not [each for each in self._versions(Use.INDEX, KeyState.LIVE) if each < lookup]:
            await self._add(Use.INDEX, KeyState.LIVE, above=lookup)
            self._say("Bringing every reservation in under the new version.")
            await keys.bring_in_index(desk, self._advance)
            await self._promote(Use.INDEX, max(self._versions(Use.INDEX, KeyState.LIVE)))
        self._say("Putting the indexes of numbers and addresses under the new version.")
        await keys.reindex(desk, self._advance)
        older = self._versions(Use.INDEX, KeyState.LIVE)
        await self._retire(Use.INDEX, older)
        for version in older:
            await keys.forget_index(desk, version, self._advance)

    async def _new_version(self, use: Use, before: KeyState, after: KeyState) -> None:
        await self._add(use, before, above=0)
        await self._promote(use, max(self._versions(use, before)))
        if after is not self._ring().chosen(use).state:
            raise AssertionError(f"the {use.value} key was not promoted")

    async def _add(self, use: Use, state: KeyState, above: int) -> None:
        """A new version, unless an interrupted rotation has left one."""
        if not [each for each in self._versions(use, state) if each > above]:
            now = self._house.desk.clock.now()
            await self._change(lambda ring: ring_file.with_new_version(ring, use, now))
            self._say(f"A new {use.value} key is in the ring; waiting for every process.")
            await asyncio.sleep(self._settle_s)

    async def _promote(self, use: Use, version: int) -> None:
        await self._change(lambda ring: promoted(ring, use, version))
        self._say(f"Version {version} of the {use.value} key is in use; waiting once more.")
        await asyncio.sleep(self._settle_s)

    async def _retire(self, use: Use, versions: list[int]) -> None:
        for version in versions:
            await self._change(partial(_without, use, version))
            self._say(f"Version {version} of the {use.value} key is retired.")
        await asyncio.sleep(self._settle_s)

    async def _change(self, change: Callable[[KeyRing], KeyRing]) -> None:
        settings: Settings = self._house.settings
        ring = await asyncio.to_thread(
            ring_file.update, settings.key_ring, settings.database_folder, change
        )
        self._house.seal.reload(ring)

    def _ring(self) -> KeyRing:
        settings = self._house.settings
        return ring_file.load(settings.key_ring, settings.database_folder)

    def _versions(self, use: Use, state: KeyState) -> list[int]:
        return [key.version for key in self._ring().keys(use) if key.state is state]

    def _advance(self, rows: int) -> None:
        before, self._rows = self._rows, self._rows + rows
        if before // _TELL_EVERY != self._rows // _TELL_EVERY:
            self._say(f"  {self._rows:,} rows")


def _without(use: Use, version: int, ring: KeyRing) -> KeyRing:
    return retired(ring, use, version)


_TELL_EVERY = 10_000
"""Rows between two words of progress."""
