"""API keys: shown once, stored as a keyed hash, bound to what they may do and from where (mywifi contract §8, §9)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from sqlalchemy import Row, or_, select

from core.audit.log import SYSTEM, record
from core.identity.tables import api_keys
from core.identity.types import Scope
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.limits import allowance
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, WriteTx

_PREFIX_LENGTH = 8
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


async def add(
    tx: WriteTx,
    keyring: Keyring,
    key: str,
    *,
    name: str,
    scopes: Iterable[Scope],
    networks: Sequence[str],
    expires_at: datetime | None = None,
    rate: str | None = None,
) -> None:
    """Store a key, with a `rate` such as `600/minute` where the usual one is not enough.

    Raises `Invalid` with `key_scopes`, `key_networks`, `key_rate` or `pay_needs_networks`, `Conflict("key_taken")`.

    A key that can declare invoices paid must not work from everywhere.
    """
    granted = sorted(set(scopes))
    places = _checked(networks)
    _check_rate(rate)
    if not granted:
        raise Invalid("key_scopes")
    if Scope.PAY in granted and not places:
        raise Invalid("pay_needs_networks")
    is_new = await tx.insert_new(
        api_keys,
        name=name,
        prefix=key[:_PREFIX_LENGTH],
        key_hash=_hashes(keyring, key)[0],
        scopes=granted,
        networks=places,
        rate=rate,
        is_active=True,
        expires_at=expires_at,
        created_at=tx.now,
    )
    if not is_new:
        raise Conflict("key_taken")
    key_id = await tx.scalar(select(api_keys.c.id).where(api_keys.c.name == name))
    await record(
        tx,
        actor=SYSTEM,
        action="key_created",
        subject=f"key:{key_id}",
        details={"scopes": ",".join(granted), "networks": len(places)},
    )


async def find(tx: ReadTx, keyring: Keyring, presented: str) -> Row[Any] | None:
    """The key behind what was presented, while it is active and has not expired."""
    return await tx.first(
        select(api_keys).where(
            api_keys.c.key_hash.in_(_hashes(keyring, presented)),
            api_keys.c.is_active,
            or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > tx.now),
        )
    )


def allows(key: Row[Any], *, ip: str, scope: Scope) -> bool:
    """Whether a key may be used for this from there; a key without networks works from everywhere."""
    return scope in key.scopes and (not key.networks or _is_within(ip, key.networks))


def use_is_worth_noting(key: Row[Any], now: datetime) -> bool:
    return key.last_used_at is None or now >= key.last_used_at + _USE_IS_NOTED_EVERY


async def note_use(tx: WriteTx, keyring: Keyring, key_id: int, presented: str) -> None:
    """Remember the use; a key stored under a former master secret moves to the newest one."""
    key = api_keys.update().where(api_keys.c.id == key_id)
    await tx.execute(key.values(last_used_at=tx.now, key_hash=_hashes(keyring, presented)[0]))


async def revoke(tx: WriteTx, name: str) -> None:
    """Shut a key at once. Raises `NotFound("key")`."""
    key_id = await tx.scalar(select(api_keys.c.id).where(api_keys.c.name == name, api_keys.c.is_active))
    if key_id is None:
        raise NotFound("key")
    await tx.execute(api_keys.update().where(api_keys.c.id == key_id).values(is_active=False))
    await record(tx, actor=SYSTEM, action="key_revoked", subject=f"key:{key_id}", details={})


def _check_rate(rate: str | None) -> None:
    try:
        if rate is not None:
            allowance(rate)
    except ValueError as error:
        raise Invalid("key_rate") from error


def _hashes(keyring: Keyring, key: str) -> list[str]:
    """What a key may be stored as: its hash under each master secret, the newest first."""
    presented = key.encode("utf-8", "surrogatepass")
    return [hmac.new(master, presented, "sha256").hexdigest() for master in keyring.derived("api-key")]


def _checked(networks: Sequence[str]) -> list[str]:
    try:
        return [str(ip_network(network.strip(), strict=False)) for network in networks]
    except ValueError as error:
        raise Invalid("key_networks") from error


def _is_within(ip: str, networks: Sequence[str]) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in ip_network(network) for network in networks)
