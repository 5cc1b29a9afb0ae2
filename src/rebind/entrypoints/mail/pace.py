"""How many letters a mail server may hand in, and how many may be connected.

For: bounded memory and work, whoever connects. Refuses for a while only: a mail server keeps what
it could not hand over and comes again. Neighbour: `door.py` asks.
"""

from ipaddress import ip_address, ip_network
from typing import Any

from rebind.domain.units import MINUTE, Ms

LETTERS_PER_MINUTE = 300
"""Recipients that one client may name, right or wrong: five a second, more than a support desk
reads, and few enough that guessing an 80-bit token takes longer than the world has."""

CLIENTS_MAX = 1_000
"""Clients counted at a time; behind them stand the few mail servers of one service."""

CONNECTIONS_MAX = 50


class Pace:
    """The counts of this minute, and the networks that may come; none means everybody who can
    reach the listener."""

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = tuple(map(ip_network, networks))
        self._minute = 0
        self._counts: dict[str, int] = {}

    def knows(self, peer: Any) -> bool:
        """Whether this peer of a connection may hand letters in at all."""
        client = name_of(peer)
        if not self._networks or not client:
            return True
        found = ip_address(client.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self._networks)

    def takes(self, peer: Any, now: Ms) -> bool:
        """Count one recipient; whether there is room for it."""
        if self._minute != now // MINUTE:
            self._minute = now // MINUTE
            self._counts.clear()
        client = name_of(peer)
        count = self._counts.get(client, 0)
        if count >= LETTERS_PER_MINUTE or (not count and len(self._counts) >= CLIENTS_MAX):
            return False
        self._counts[client] = count + 1
        return True


def name_of(peer: Any) -> str:
    """The address of a peer; all who come over a Unix socket are one, without a name."""
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
