"""Partners, their keys and secrets, and the money they pay in: what an operator sets up, each act recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from core.audit.log import record
from core.partners import keys, ledger
from core.partners.keys import NewKey, NewPartner, NewProduct
from core.partners.queries import partner_id_of
from core.partners.tables import partner_keys, partners
from core.partners.types import Environment, Scope
from core.platform.errors import Conflict, Invalid, NotFound
from core.platform.ids import new_token
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx

#: A former key, and a former callback secret, work this long beside their successors.
ROTATION_OVERLAP = timedelta(days=7)
_SECRET_BYTES = 32
_LONGEST_REFERENCE = 36


class Credentials(Struct, frozen=True):
    """What a partner is given, once; what is empty stays what it was."""

    key: str = ""
    secret: str = ""
    callback_secret: str = ""


class Rights(Struct, frozen=True, kw_only=True):
    """What a key may do and how it must prove itself; no scopes means all, no products means all of the partner's."""

    environment: Environment
    networks: tuple[str, ...] = ()
    scopes: frozenset[Scope] = frozenset(Scope)
    products: tuple[str, ...] = ()
    is_signed: bool = False  # the hardened profile: every request carries X-Signature
    expires_at: datetime | None = None


class KeyInUse(Struct, frozen=True):
    """A key in a list: everything but its secret."""

    key: str
    environment: str
    scopes: tuple[str, ...]
    networks: tuple[str, ...]
    is_active: bool
    expires_at: datetime | None
    last_used_at: datetime | None


class Accounts:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, keyring: Keyring) -> None:
        self._uow, self._keyring = uow, keyring

    async def create(
        self,
        code: str,
        *,
        name: str,
        rights: Rights,
        hosts: Sequence[str] = (),
        callback_url: str | None = None,
        products: Iterable[NewProduct] = (),
        credit_limit: int = 0,
        actor: str,
    ) -> Credentials:
        """A new partner with its first key, shown once. Raises what `keys.add_partner` and `keys.add_key` raise."""
        made = Credentials(code, new_token(_SECRET_BYTES), new_token(_SECRET_BYTES))
        async with self._uow.write() as tx:
            partner_id = await keys.add_partner(
                tx,
                self._keyring,
                NewPartner(
                    code=code,
                    name=name,
                    callback_secret=made.callback_secret,
                    callback_hosts=tuple(hosts),
                    callback_url=callback_url,
                    credit_limit=credit_limit,
                ),
            )
            await keys.add_products(tx, partner_id, products)
            await keys.add_key(tx, self._keyring, partner_id, _new_key(made, rights), actor=actor)
            await _recorded(tx, actor, "partner_created", partner_id, credit_limit=credit_limit)
        return made

    async def add_key(self, code: str, rights: Rights, *, actor: str) -> Credentials:
        """One more key for a partner, shown once. Raises `NotFound("partner")` and what `keys.add_key` raises."""
        made = Credentials(f"{code[:50]}.{new_token(6)}", new_token(_SECRET_BYTES))
        async with self._uow.write() as tx:
            partner_id = await partner_id_of(tx, code)
            await keys.add_key(tx, self._keyring, partner_id, _new_key(made, rights), actor=actor)
        return made

    async def rotate(self, key: str, *, actor: str) -> Credentials:
        """A successor with the same rights; the former key works for another week. Raises `NotFound("key")`."""
        made = Credentials(f"{key.partition('.')[0][:50]}.{new_token(6)}", new_token(_SECRET_BYTES))
        async with self._uow.write() as tx:
            former = await _live(tx, key)
            successor = NewKey(
                key=made.key,
                secret=made.secret,
                environment=Environment(former.environment),
                scopes=frozenset(map(Scope, former.scopes)),
                networks=tuple(former.networks),
                products=tuple(former.products),
                limits=former.limits,
                is_fresh=former.requires_fresh,
                is_signed=former.requires_signature,
            )
            await keys.add_key(tx, self._keyring, former.partner_id, successor, actor=actor)
            ends = tx.now + ROTATION_OVERLAP
            if former.expires_at is None or former.expires_at > ends:
                row = partner_keys.update().where(partner_keys.c.id == former.id)
                await tx.execute(row.values(expires_at=ends))
            await _recorded(tx, actor, "partner_key_rotated", former.partner_id, former=former.id)
        return made

    async def revoke(self, key: str, *, actor: str) -> None:
        """Shut a key at once. Raises `NotFound("key")`."""
        async with self._uow.write() as tx:
            former = await _live(tx, key)
            row = partner_keys.update().where(partner_keys.c.id == former.id)
            await tx.execute(row.values(is_active=False))
            await _recorded(tx, actor, "partner_key_revoked", former.partner_id, key=former.id)

    async def rotate_callbacks(self, code: str, *, actor: str) -> Credentials:
        """A new callback secret; the former one signs beside it until `end_overlap`. Raises `NotFound("partner")`."""
        made = Credentials(callback_secret=new_token(_SECRET_BYTES))
        async with self._uow.write() as tx:
            partner_id = await partner_id_of(tx, code)
            row = partners.update().where(partners.c.id == partner_id)
            await tx.execute(
                row.values(
                    callback_secret_before_sealed=partners.c.callback_secret_sealed,
                    callback_secret_sealed=self._keyring.seal(made.callback_secret),
                )
            )
            await _recorded(tx, actor, "partner_callback_secret_rotated", partner_id)
        return made

    async def end_overlap(self, code: str, *, actor: str) -> None:
        """Let only the newest callback secret sign. Raises `NotFound("partner")`."""
        async with self._uow.write() as tx:
            partner_id = await partner_id_of(tx, code)
            row = partners.update().where(partners.c.id == partner_id)
            await tx.execute(row.values(callback_secret_before_sealed=None))
            await _recorded(tx, actor, "partner_callback_overlap_ended", partner_id)

    async def keys_of(self, code: str) -> Sequence[KeyInUse]:
        """A partner's keys, oldest first. Raises `NotFound("partner")`."""
        async with self._uow.read() as tx:
            key = partner_keys.c
            of_partner = select(partner_keys).where(key.partner_id == await partner_id_of(tx, code))
            rows = await tx.all(of_partner.order_by(key.id))
        return [
            KeyInUse(
                row.key,
                row.environment,
                tuple(row.scopes),
                tuple(row.networks),
                row.is_active,
                row.expires_at,
                row.last_used_at,
            )
            for row in rows
        ]

    async def top_up(self, code: str, amount: int, *, reference: str, actor: str) -> int:
        """Book money a partner has paid in; returns the balance.

        Raises `Invalid` with `amount` or `reference`, `NotFound("partner")`, `Conflict("reference_reused")`.
        """
        if amount <= 0:
            raise Invalid("amount")
        if not 0 < len(reference) <= _LONGEST_REFERENCE:
            raise Invalid("reference")
        async with self._uow.write() as tx:
            partner_id = await partner_id_of(tx, code)
            if not await ledger.top_up(tx, partner_id, amount, reference, actor=actor):
                raise Conflict("reference_reused")
            return int(await tx.scalar(select(partners.c.balance).where(partners.c.id == partner_id)))


def _new_key(made: Credentials, rights: Rights) -> NewKey:
    return NewKey(
        key=made.key,
        secret=made.secret,
        environment=rights.environment,
        scopes=rights.scopes,
        networks=rights.networks,
        products=rights.products,
        is_signed=rights.is_signed,
        expires_at=rights.expires_at,
    )


async def _live(tx: WriteTx, key: str) -> Row[Any]:
    row = await tx.first(select(partner_keys).where(partner_keys.c.key == key, partner_keys.c.is_active))
    if row is None:
        raise NotFound("key")
    return row


async def _recorded(tx: WriteTx, actor: str, action: str, partner_id: int, **details: int | str) -> None:
    await record(tx, actor=actor, action=action, subject=f"partner:{partner_id}", details=details)
