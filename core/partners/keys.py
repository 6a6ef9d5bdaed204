"""Making partners, keys and products: what an operator does, and what the demo loads (bill-partner contract §3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_network

from msgspec import Struct

from core.audit.log import SYSTEM, record
from core.partners.tables import callback_urls, partner_keys, partner_products, partners
from core.partners.types import Environment, Scope
from core.platform.errors import Conflict, Invalid
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx

CATEGORY = "Internet dan TV Kabel"


class NewPartner(Struct, frozen=True, kw_only=True):
    """A company that will collect for us. With a `credit_limit` it pays afterwards, otherwise from its deposit."""

    code: str
    name: str
    callback_secret: str
    callback_hosts: tuple[str, ...] = ()
    callback_url: str | None = None
    credit_limit: int = 0


class NewKey(Struct, frozen=True, kw_only=True):
    """A key with its secret in clear, which is kept sealed only."""

    key: str
    secret: str
    environment: Environment
    scopes: frozenset[Scope] = frozenset(Scope)
    networks: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    limits: Mapping[str, str] = {}
    is_fresh: bool | None = None  # None: as its environment wants it
    is_signed: bool = False
    expires_at: datetime | None = None


class NewProduct(Struct, frozen=True, kw_only=True):
    """What a partner sells for us."""

    code: str
    name: str
    description: str
    biller: str
    admin_fee: int
    is_sandbox: bool = False
    partner_fee: int = 0


async def add_partner(tx: WriteTx, keyring: Keyring, new: NewPartner) -> int:
    """Returns its id; raises `Conflict("partner_taken")`."""
    partner_id = await _inserted(tx, keyring, new)
    if new.callback_url is not None:
        await tx.insert(callback_urls, partner_id=partner_id, url=new.callback_url, is_default=True)
    return partner_id


async def _inserted(tx: WriteTx, keyring: Keyring, new: NewPartner) -> int:
    is_new = await tx.insert_new(
        partners,
        code=new.code,
        name=new.name,
        is_active=True,
        balance=0,
        credit_limit=new.credit_limit,
        masks_names=False,
        max_arrears=12,
        rejects_arrears=False,
        callback_secret_sealed=keyring.seal(new.callback_secret),
        callback_hosts=list(new.callback_hosts),
        callback_ports=[443],
        created_at=tx.now,
    )
    if not is_new:
        raise Conflict("partner_taken")
    return int(await tx.scalar(partners.select().where(partners.c.code == new.code)))


async def add_key(
    tx: WriteTx, keyring: Keyring, partner_id: int, new: NewKey, *, actor: str = SYSTEM
) -> None:
    """Raises `Invalid("key_networks")`, `Invalid("pay_needs_networks")`, `Conflict("key_taken")`.

    Production keys are strict from the start: tokens must be fresh, and money moves from known addresses only.
    """
    is_production = new.environment is Environment.PRODUCTION
    places = _checked(new.networks)
    if is_production and Scope.PAYMENT in new.scopes and not places:
        raise Invalid("pay_needs_networks")
    is_new = await tx.insert_new(
        partner_keys,
        partner_id=partner_id,
        key=new.key,
        environment=new.environment,
        secret_sealed=keyring.seal(new.secret),
        scopes=sorted(new.scopes),
        networks=places,
        products=list(new.products),
        limits=dict(new.limits),
        requires_fresh=is_production if new.is_fresh is None else new.is_fresh,
        requires_signature=new.is_signed,
        is_active=True,
        expires_at=new.expires_at,
        created_at=tx.now,
    )
    if not is_new:
        raise Conflict("key_taken")
    await record(
        tx,
        actor=actor,
        action="partner_key_created",
        subject=f"partner:{partner_id}",
        details={"environment": new.environment, "scopes": ",".join(sorted(new.scopes))},
    )


def _checked(networks: Sequence[str]) -> list[str]:
    try:
        return [str(ip_network(network.strip(), strict=False)) for network in networks]
    except ValueError as error:
        raise Invalid("key_networks") from error


async def add_products(tx: WriteTx, partner_id: int, products: Iterable[NewProduct]) -> None:
    for product in products:
        await tx.insert(
            partner_products,
            partner_id=partner_id,
            code=product.code,
            name=product.name,
            description=product.description,
            logo="",
            biller=product.biller,
            category=CATEGORY,
            is_sandbox=product.is_sandbox,
            is_active=True,
            admin_fee=product.admin_fee,
            admin_per="transaction",
            processing_fee=0,
            partner_fee=product.partner_fee,
        )
