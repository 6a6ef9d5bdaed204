"""The demo's bill partners: one with money in its deposit and the sandbox to play in, one without. Secrets are published."""

from __future__ import annotations

from msgspec import Struct

from core.partners import ledger
from core.partners.keys import NewKey, NewPartner, NewProduct, add_key, add_partner, add_products
from core.partners.types import Environment
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx

_ADMIN_FEE = 2500
_BILLER = "Loket"
INTERNET = NewProduct(
    code="LOKET-INET",
    name="Loket Internet",
    description="Tagihan internet Loket",
    biller=_BILLER,
    admin_fee=_ADMIN_FEE,
    partner_fee=1000,
)
SANDBOX = NewProduct(
    code="SBX-INET",
    name="Sandbox Internet",
    description="Produk uji coba",
    biller=_BILLER,
    admin_fee=_ADMIN_FEE,
    is_sandbox=True,
)


class DemoPartner(Struct, frozen=True):
    """A partner whose KEY is its partnerId."""

    code: str
    name: str
    deposit: int
    products: tuple[NewProduct, ...]

    @property
    def secret(self) -> str:
        return f"{self.code}-secret"

    @property
    def callback_secret(self) -> str:
        return f"{self.code}-callback-secret"


PARTNERS = (
    DemoPartner("demo-partner", "Demo Partner", 10_000_000, (INTERNET, SANDBOX)),
    DemoPartner("demo-empty", "Demo Partner Tanpa Saldo", 0, (INTERNET,)),
)


async def load_partners(tx: WriteTx, keyring: Keyring) -> None:
    for partner in PARTNERS:
        partner_id = await add_partner(
            tx,
            keyring,
            NewPartner(
                code=partner.code,
                name=partner.name,
                callback_secret=partner.callback_secret,
                callback_hosts=("127.0.0.1", "localhost", "::1"),
            ),
        )
        await add_products(tx, partner_id, partner.products)
        new = NewKey(key=partner.code, secret=partner.secret, environment=Environment.SANDBOX)
        await add_key(tx, keyring, partner_id, new)
        if partner.deposit:
            await ledger.top_up(tx, partner_id, partner.deposit, "demo")
