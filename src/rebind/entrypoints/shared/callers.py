"""Who calls: the headers and the network address of a request become a `Caller`.

Nothing is proved here, and no header that names an address is believed: behind a proxy the server
has already put the true address into the scope, or has not. Neighbour: `flows/desk/callers.py`
finds the session behind a bearer token.
"""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address, IPv6Network
from typing import Any

from rebind.domain.acts import Door
from rebind.flows.desk import Caller
from rebind.templates.refusals import negotiate

AGENT_CHARACTERS = 200
_LANGUAGE_CHARACTERS = 200
_HOST_CHARACTERS = 64
_CLIENT_NETWORK_BITS = 64

Headers = Mapping[bytes, bytes]
Scope = Mapping[str, Any]


def headers_of(scope: Scope) -> Headers:
    """The headers of an ASGI request, names in lower case; of repeated ones the last counts."""
    return dict(scope["headers"])


def caller(scope: Scope, headers: Headers, door: Door) -> Caller:
    """Who asks, as a flow takes it."""
    address, network = located(scope)
    return Caller(
        door=door,
        locale=locale(headers),
        address=address,
        client=network,
        agent=agent(headers),
        bearer=_bearer(headers.get(b"authorization")),
        device=_text(headers.get(b"rebind-device")),
        work=_text(headers.get(b"rebind-work")),
    )


def locale(headers: Headers) -> str:
    """The language to answer in."""
    asked = headers.get(b"accept-language")
    return _negotiated(asked[:_LANGUAGE_CHARACTERS] if asked is not None else None)


def located(scope: Scope) -> tuple[str, str]:
    """(network address, the network that limits count by); both empty where there is none."""
    client = scope.get("client")
    return _located(client[0]) if client else ("", "")


def agent(headers: Headers) -> str:
    """What the browser or app says of itself, cut to what is kept, on one line."""
    said = headers.get(b"user-agent", b"")[:AGENT_CHARACTERS].decode("latin-1")
    if said.isprintable():
        return said
    return "".join(one if one.isprintable() else " " for one in said)


@lru_cache(maxsize=512)
def _negotiated(asked: bytes | None) -> str:
    return negotiate(_text(asked))


@lru_cache(maxsize=4096)
def _located(host: str) -> tuple[str, str]:
    """(address, the network that limits count by): IPv4 whole; of IPv6 the /64, because one
    household has as many addresses in it as it likes."""
    if ":" not in host:
        return host[:_HOST_CHARACTERS], host[:_HOST_CHARACTERS]
    try:
        address = IPv6Address(host)
    except AddressValueError:
        return host[:_HOST_CHARACTERS], host[:_HOST_CHARACTERS]
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped), str(address.ipv4_mapped)
    network = IPv6Network((int(address), _CLIENT_NETWORK_BITS), strict=False)
    return str(address)[:_HOST_CHARACTERS], str(network)


def _bearer(raw: bytes | None) -> str | None:
    """The token of `Authorization: Bearer …`; any other scheme is none of ours."""
    if raw is None:
        return None
    scheme, _space, token = raw.partition(b" ")
    return _text(token.strip()) if scheme.lower() == b"bearer" else None


def _text(raw: bytes | None) -> str | None:
    return raw.decode("latin-1") if raw is not None else None
