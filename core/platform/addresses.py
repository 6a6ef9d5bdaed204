"""Whose address a request comes from, behind proxies that are trusted and in front of others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


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


def is_within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    read = _address(address)
    return read is not None and any(read in network for network in networks)


@lru_cache(maxsize=4096)
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
