"""Hosts and URLs as an administrator writes them: what is in one, and who can be behind it.

Refuses to guess: a name says nothing about where it leads, only a literal address does. Nothing is
looked up. Neighbours: settings compare with it; `mail_in.py` says where letters come in.
"""

from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit


def parts(url: str) -> SplitResult | None:
    """The parts of a URL; None for one that cannot be read, its port included."""
    try:
        found = urlsplit(url)
        _port = found.port
    except ValueError:
        return None
    return found


def is_this_machine(host: str | None) -> bool:
    """Whether it is reached without a network."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_private(host: str | None) -> bool:
    """Whether no foreign network lies on the way: this machine, or a literal private address."""
    if is_this_machine(host):
        return True
    try:
        found = ip_address(host or "")
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_private
