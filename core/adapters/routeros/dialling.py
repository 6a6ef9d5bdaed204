"""From a router's record to a logged-in conversation: address checked, certificate checked, version known."""

from __future__ import annotations

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from ipaddress import IPv4Address, IPv6Address, ip_address

from core.adapters.routeros.access import Access
from core.adapters.routeros.errors import Misconfigured
from core.adapters.routeros.talk import Question, Talk
from core.network.types import Transport
from core.platform.secrets import Keyring

_RESOURCE = Question("/system/resource/print", ("version",))
#: Cloud machines answer secrets on this one.
_METADATA = ip_address("fd00:ec2::254")
_FIRST_FREE_PORT = 1024


class Dialler:
    """Opens conversations. Loopback addresses are only called where the installation says so (the sandbox)."""

    def __init__(self, keyring: Keyring, *, allow_loopback: bool) -> None:
        self._keyring, self._allow_loopback = keyring, allow_loopback

    async def dial(self, access: Access) -> Talk:
        """Connect, log in and learn the version; the caller's deadline is the only one.

        Raises `Misconfigured`, `Refused`, `LoginRefused` or one of `BROKEN`; nothing stays open then.
        """
        password = access.password(self._keyring)
        talk = Talk(*await self._connect(access))
        try:
            await talk.log_in(access.username, password)
            # Also the proof that the login was one: an old router swallows a password without looking at it.
            rows = (await talk.ask(_RESOURCE)).rows(_RESOURCE)
        except BaseException:
            talk.drop()
            raise
        talk.release = _major(rows[0].get("version", "") if rows else "")
        return talk

    async def _connect(self, access: Access) -> tuple[StreamReader, StreamWriter]:
        """The checked address itself is called: a name could mean another one a moment later."""
        context = tls_context(access)
        addresses = await self._permitted(access)
        for address in addresses[:-1]:
            try:
                return await _open(str(address), access, context)
            except OSError:
                continue
        return await _open(str(addresses[-1]), access, context)

    async def _permitted(self, access: Access) -> list[IPv4Address | IPv6Address]:
        found = await asyncio.get_running_loop().getaddrinfo(access.host, access.port, proto=6)
        addresses = [ip_address(entry[4][0]) for entry in found]
        permitted = [address for address in addresses if self._may_call(address, access.port)]
        if not permitted:
            raise Misconfigured("address not permitted")
        return permitted

    def _may_call(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        """Routers live in private networks too, but never where only this machine or its cloud answers (contract §6.7)."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if address.is_loopback:
            return self._allow_loopback
        is_special = address.is_link_local or address.is_multicast or address.is_unspecified
        return not is_special and address != _METADATA and port >= _FIRST_FREE_PORT


async def _open(
    address: str, access: Access, context: ssl.SSLContext | None
) -> tuple[StreamReader, StreamWriter]:
    name = access.host if context is not None else None
    return await asyncio.open_connection(address, access.port, ssl=context, server_hostname=name)


def tls_context(access: Access) -> ssl.SSLContext | None:
    """How the router must identify itself; None for a plain connection.

    A pinned certificate is its own proof, whatever name it carries; without a pin a public authority must vouch for the
    name. `TLS_UNVERIFIED` encrypts without knowing to whom and is there for routers that cannot do better.
    """
    if access.transport is Transport.PLAIN:
        return None
    try:
        context = ssl.create_default_context(cadata=access.ca_pem or None)
    except (ssl.SSLError, ValueError) as error:
        raise Misconfigured("pinned certificate cannot be read") from error
    if access.transport is Transport.TLS_UNVERIFIED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif access.ca_pem:
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _major(version: str) -> int:
    """`7.9.2 (stable)` is 7; 0 for what is no version."""
    number = version.partition(".")[0]
    return int(number) if number.isascii() and number.isdigit() else 0
