"""Who may call: key, network, lock, token, freshness, in the order of the bill-partner contract §3.4.

Whatever is wrong with a key, an address or a token, the caller hears the same; the reason is in the log only.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy import bindparam, or_, select

from core.identity import counters
from core.identity.counters import Charge, Limit, charge, origin
from core.partners import tokens
from core.partners.codes import Code
from core.partners.tables import partner_keys, partner_nonces, partners
from core.partners.tokens import BadToken, Claims
from core.partners.types import Declined, PartnerKey, Scope
from core.platform.clock import local_day
from core.platform.errors import Throttled, Unauthenticated
from core.platform.ids import new_token
from core.platform.prepared import Prepared
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, UnitOfWork, WriteTx
from core.settings import Settings

log = structlog.get_logger(__name__)

#: Twenty wrong signatures in five minutes shut a key for a quarter of an hour, for that address only (§9, §13.5).
WRONG_SIGNATURES = Limit("partner-signature", 20, timedelta(minutes=5), locks=(timedelta(minutes=15),))
_CLOCK_SKEW = timedelta(seconds=300)
_NONCE_LIFETIME = timedelta(hours=24)
_LONGEST_JTI = 64
_LARGEST_TIME = 2**53
_LONGEST_EXTERNAL_ID = 36
_LONGEST_KEY = 64
_MOST_OPENED = 1000
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class Shown(Struct, frozen=True):
    """What a request shows to prove itself; the last three belong to the hardened profile."""

    key: str
    token: str
    ip: str
    method: str = "POST"
    path: str = ""
    body: bytes = b""
    timestamp: str = ""
    signature: str = ""
    external_id: str = ""


class Gate:
    """Lets partners in: `key_of` before the rate is counted, `claims_of` after it."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring) -> None:
        self._uow, self._settings, self._keyring = uow, settings, keyring
        self._decoy = keyring.seal(new_token())
        self._opened: dict[str, str | None] = {}

    async def key_of(self, shown: Shown, scope: Scope) -> PartnerKey:
        """The live key that may be used for this from there.

        Raises `Unauthenticated`, and `Throttled` while the address is shut out for its wrong signatures. A key that is
        not known answers both like one that is, and takes as long.
        """
        async with self._uow.read() as tx:
            missed = await counters.is_counted(tx, misses := self._misses(shown))
            wait = await counters.seconds_to_wait(tx, misses) if missed else 0
            row = await _live_key(tx, shown.key)
            now = tx.now
        if wait:
            raise Throttled(wait, "too_many_signatures")
        if row is None or (problem := _problem(row, shown.ip, scope)):
            await self._read_in_vain(shown, self._decoy if row is None else row.secret_sealed)
            raise _refused("unknown key") if row is None else _refused(problem, row.id)
        used_at = row.last_used_at
        is_worth_noting = missed or used_at is None or now >= used_at + _USE_IS_NOTED_EVERY
        return _as_key(row, scope, now, is_worth_noting=is_worth_noting)

    async def _read_in_vain(self, shown: Shown, sealed: str) -> None:
        try:
            tokens.read(shown.token, self._unsealed(sealed) or "")
        except BadToken as bad:
            if bad.reason == "signature":
                await self._count_miss(shown)

    async def claims_of(self, key: PartnerKey, shown: Shown) -> Claims:
        """What the partner signed. Raises `Unauthenticated`, and `Declined` for an external id that came before."""
        secret = self._unsealed(key.secret_sealed)
        if secret is None:
            raise _refused("secret cannot be unsealed", key.id)
        try:
            claims = tokens.read(shown.token, secret)
        except BadToken as bad:
            if bad.reason == "signature":
                await self._count_miss(shown)
            raise _refused(bad.reason, key.id) from bad
        if claims.by_name.get("partnerid") != key.partner_code:
            raise _refused("partnerId", key.id)
        await self._note(key, shown, secret, claims)
        return claims

    async def _note(self, key: PartnerKey, shown: Shown, secret: str, claims: Claims) -> None:
        """Check what ages, remember what must not come twice, and forget wrong signatures."""
        jti = _fresh_jti(key, claims, key.found_at)
        external_id = _signed_external_id(key, shown, secret, key.found_at)
        if not (jti or external_id or key.is_worth_noting):
            return
        async with self._uow.write() as noting:
            await counters.forget(noting, self._misses(shown))
            await noting.execute(
                partner_keys.update().where(partner_keys.c.id == key.id).values(last_used_at=noting.now)
            )
            if jti and not await _is_new(noting, key, f"jti:{jti}"):
                raise _refused("jti was used before", key.id)
            day = local_day(noting.now, self._settings.zone)
            if external_id and not await _is_new(noting, key, f"external:{day}:{external_id}"):
                raise Declined(Code.EXTERNAL_ID_REUSED)

    def _unsealed(self, sealed: str) -> str | None:
        """A secret in clear, kept for the next request: opening it costs as much as all that is signed with it."""
        if sealed not in self._opened:
            if len(self._opened) >= _MOST_OPENED:
                self._opened.clear()
            self._opened[sealed] = self._keyring.unseal(sealed)
        return self._opened[sealed]

    async def _count_miss(self, shown: Shown) -> None:
        miss = self._misses(shown)
        async with self._uow.write() as tx:
            await counters.spend(tx, miss)
            is_last = await counters.seconds_to_wait(tx, miss) > 0
            if is_last:  # the last one allowed shuts the door at once
                await counters.spend(tx, miss)
        if is_last:
            log.error("partner_key_locked", bucket=miss.bucket)

    def _misses(self, shown: Shown) -> Charge:
        """Counted by the name that was shown, whether or not there is such a key."""
        return charge(self._keyring, WRONG_SIGNATURES, shown.key[:_LONGEST_KEY], origin(shown.ip))


def _refused(reason: str, key_id: int | None = None) -> Unauthenticated:
    log.warning("partner_refused", reason=reason, key_id=key_id)
    return Unauthenticated("partner")


_key, _now = partner_keys.c, bindparam("now", type_=partner_keys.c.expires_at.type)
_LIVE_KEY = Prepared(
    select(partner_keys, partners.c.code.label("partner_code"), partners.c.settles_at_once)
    .join(partners, partners.c.id == _key.partner_id)
    .where(
        _key.key == bindparam("presented"),
        _key.is_active,
        partners.c.is_active,
        or_(_key.not_before.is_(None), _key.not_before <= _now),
        or_(_key.expires_at.is_(None), _key.expires_at > _now),
    )
)


async def _live_key(tx: ReadTx, presented: str) -> Any:
    rows = await tx.rows(_LIVE_KEY, presented=presented.replace("\0", ""), now=tx.now)
    return rows[0] if rows else None


def _as_key(row: Any, scope: Scope, now: datetime, *, is_worth_noting: bool) -> PartnerKey:
    return PartnerKey(
        row.id,
        row.partner_id,
        row.partner_code,
        row.key,
        row.secret_sealed,
        frozenset(row.products) or None,
        row.requires_fresh,
        row.requires_signature,
        row.limits.get(scope),
        row.settles_at_once,
        is_worth_noting,
        now,
    )


def _problem(row: Any, ip: str, scope: Scope) -> str:
    """Why a live key may not be used for this from there; empty when it may."""
    if not _is_allowed_from(row.networks, ip):
        return "foreign address"
    return "" if scope in row.scopes else "scope"


def _is_allowed_from(networks: Iterable[str], ip: str) -> bool:
    """A key without networks works from everywhere; one that may pay in production always has some."""
    places = [_network(network) for network in networks]
    if not places:
        return True
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in place for place in places)


@lru_cache(maxsize=1024)
def _network(written: str) -> IPv4Network | IPv6Network:
    return ip_network(written)


def _fresh_jti(key: PartnerKey, claims: Claims, now: datetime) -> str:
    """The token's `jti`, empty without one; what a token says of its age must be true (§3.3)."""
    issued, ends, jti = (claims.by_name.get(name) for name in ("iat", "exp", "jti"))
    if key.requires_fresh and (issued is None or jti is None):
        raise _refused("not fresh: iat and jti are required", key.id)
    if issued is not None and abs(now.timestamp() - _seconds(issued, key)) > _CLOCK_SKEW.total_seconds():
        raise _refused("iat", key.id)
    if ends is not None and now.timestamp() >= _seconds(ends, key):
        raise _refused("exp", key.id)
    if jti is None:
        return ""
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI or not jti.isprintable():
        raise _refused("jti", key.id)
    return jti


def _seconds(claim: object, key: PartnerKey) -> float:
    if isinstance(claim, bool) or not isinstance(claim, int | float) or abs(claim) >= _LARGEST_TIME:
        raise _refused("not a time", key.id)
    return claim


def _signed_external_id(key: PartnerKey, shown: Shown, secret: str, now: datetime) -> str:
    """The external id of a request in the hardened profile; empty where the key does not ask for it (§3.3)."""
    if not key.requires_signature:
        return ""
    try:
        age = now - datetime.fromisoformat(shown.timestamp)
    except (ValueError, TypeError) as error:
        raise _refused("X-Timestamp", key.id) from error
    expected = tokens.request_signature(
        secret,
        method=shown.method,
        path=shown.path,
        token=shown.token,
        body=shown.body,
        timestamp=shown.timestamp,
    )
    if abs(age) > _CLOCK_SKEW or not hmac.compare_digest(shown.signature.encode(), expected.encode()):
        raise _refused("X-Signature", key.id)
    if not 0 < len(shown.external_id) <= _LONGEST_EXTERNAL_ID:
        raise _refused("X-External-Id", key.id)
    return shown.external_id


async def _is_new(tx: WriteTx, key: PartnerKey, nonce: str) -> bool:
    return await tx.insert_new(
        partner_nonces, partner_id=key.partner_id, nonce=nonce, expires_at=tx.now + _NONCE_LIFETIME
    )


async def purge_nonces(tx: WriteTx) -> int:
    """Forget nonces that may come again; returns how many."""
    return await tx.execute(partner_nonces.delete().where(partner_nonces.c.expires_at <= tx.now))
