"""The list that ships with Rebind, and then the service, if there is one.

For: whoever sets a password is asked once. The service hears only of passwords that the list does
not know. Refuses nothing. Neighbours: `ports.Leaks`; `common.py`, `ranges.py`.
"""

from rebind.providers.leaks.common import Common
from rebind.providers.leaks.ranges import RangeSource


class Both:
    """`source` is None where no service was configured."""

    def __init__(self, common: Common, source: RangeSource | None) -> None:
        self._common = common
        self._source = source

    async def knows(self, password: str) -> bool:
        """Whether either of them knows it."""
        if await self._common.knows(password):
            return True
        return self._source is not None and await self._source.knows(password)

    async def close(self) -> None:
        """Give back the file and the connections."""
        self._common.close()
        if self._source is not None:
            await self._source.close()
