"""Who is asking: the services of this app, the caller's address behind trusted proxies, and the credentials shown."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from msgspec import Struct
from quart import current_app, request

from core.services import Services

_KEY = "loket"
Network = IPv4Network | IPv6Network


class Desk(Struct, frozen=True):
    """What views of an app reach for."""

    services: Services
    trusted_proxies: tuple[Network, ...]


def install(extensions: dict[str, object], desk: Desk) -> None:
    """Give an app its desk."""
    extensions[_KEY] = desk


def _desk() -> Desk:
    desk: Desk = current_app.extensions[_KEY]
    return desk


def services() -> Services:
    """The use cases of the running app."""
    return _desk().services


def bearer_token() -> str:
    """The token of `Authorization: Bearer …`; empty when there is none, which no one accepts."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def client_ip() -> str:
    """The caller's address: the peer, or what trusted proxies say stands behind them (`LOKET_TRUSTED_PROXIES`)."""
    peer = request.scope.get("client")
    forwarded = request.headers.getlist("X-Forwarded-For")
    return behind_proxies(peer[0] if peer else "", ",".join(forwarded), _desk().trusted_proxies)


def behind_proxies(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """The rightmost address that is no trusted proxy; what stands left of it could have been written by anybody."""
    address = _address(peer)
    if address is None:
        return peer
    for claimed in reversed(forwarded.split(",")):
        if not any(address in network for network in trusted):
            break
        further = _address(claimed)
        if further is None:
            break
        address = further
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]:80`; an IPv4 address in IPv6 clothes is the IPv4 address."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
