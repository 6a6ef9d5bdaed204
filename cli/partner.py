"""`loket partner …`: companies that collect bills for us, their keys, their money, their days."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from cli.desk import OPERATOR, at_the_desk
from core.partners.accounts import Credentials, Rights
from core.partners.keys import NewProduct
from core.partners.types import Environment, Scope
from core.platform.money import rupiah
from core.settings import Settings, networks


class Asked(Struct, frozen=True, kw_only=True):
    """The rights of a key as they were typed."""

    environment: str = Environment.SANDBOX
    addresses: list[str] | None = None
    scopes: list[str] | None = None
    is_signed: bool = False

    def rights(self) -> Rights:
        """Explains what cannot be meant, and exits with status 1."""
        try:
            return Rights(
                environment=Environment(self.environment),
                networks=tuple(str(network) for network in networks(",".join(self.addresses or []))),
                scopes=frozenset(map(Scope, self.scopes or Scope)),
                is_signed=self.is_signed,
            )
        except ValueError as error:
            print(f"Cannot make this key: {error}")
            raise SystemExit(1) from None


async def create(
    settings: Settings,
    code: str,
    name: str,
    asked: Asked,
    *,
    hosts: list[str] | None = None,
    callback_url: str | None = None,
    admin_fee: int = 2500,
    credit_limit: int = 0,
) -> None:
    """Create a partner with its first key and product, and print both secrets, this once.

    A sandbox partner sells the sandbox's product only, a production one real bills only.
    """
    rights = asked.rights()
    async with at_the_desk(settings) as partners:
        made = await partners.accounts.create(
            code,
            name=name,
            rights=rights,
            hosts=hosts or [],
            callback_url=callback_url,
            products=[_product(rights.environment, settings.business_name, admin_fee)],
            credit_limit=credit_limit,
            actor=OPERATOR,
        )
    _show(made)


def _product(environment: Environment, business: str, admin_fee: int) -> NewProduct:
    is_sandbox = environment is Environment.SANDBOX
    return NewProduct(
        code="SBX-INET" if is_sandbox else "LOKET-INET",
        name="Sandbox Internet" if is_sandbox else f"{business} Internet",
        description=f"Tagihan internet {business}",
        biller=business,
        admin_fee=admin_fee,
        is_sandbox=is_sandbox,
    )


async def add_key(settings: Settings, code: str, asked: Asked) -> None:
    """Print one more key of a partner, this once."""
    rights = asked.rights()
    async with at_the_desk(settings) as partners:
        _show(await partners.accounts.add_key(code, rights, actor=OPERATOR))


async def rotate(settings: Settings, key: str) -> None:
    """Print a successor for a key; the former one works for another week."""
    async with at_the_desk(settings) as partners:
        made = await partners.accounts.rotate(key, actor=OPERATOR)
    _show(made)
    print(f"{key} works for seven more days.")


async def rotate_callbacks(settings: Settings, code: str, *, end_overlap: bool) -> None:
    """Print a new callback secret; callbacks carry both signatures until the overlap is ended."""
    async with at_the_desk(settings) as partners:
        if end_overlap:
            await partners.accounts.end_overlap(code, actor=OPERATOR)
            print("Only the newest callback secret signs now.")
        else:
            _show(await partners.accounts.rotate_callbacks(code, actor=OPERATOR))
            print("Both secrets sign until: loket partner rotate-callbacks --end " + code)


async def revoke(settings: Settings, key: str) -> None:
    async with at_the_desk(settings) as partners:
        await partners.accounts.revoke(key, actor=OPERATOR)
    print(f"{key} is shut.")


async def show_keys(settings: Settings, code: str) -> None:
    """One line a key."""
    async with at_the_desk(settings) as partners:
        for each in await partners.accounts.keys_of(code):
            state = "live" if each.is_active else "shut"
            ends = f" until {each.expires_at:%Y-%m-%d %H:%M} UTC" if each.expires_at else ""
            used = f"{each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never"
            places = ", ".join(each.networks) or "anywhere"
            print(
                f"{each.key:<28} {state}{ends}  {each.environment}  {', '.join(each.scopes)}  from {places}  used {used}"
            )


async def top_up(settings: Settings, code: str, amount: int, reference: str) -> None:
    """Book money a partner has paid in; a reference is booked once."""
    async with at_the_desk(settings) as partners:
        balance = await partners.accounts.top_up(code, amount, reference=reference, actor=OPERATOR)
    print(f"{code} has {rupiah(balance)} in its deposit.")


async def report(settings: Settings, code: str, day: str) -> None:
    """Print a partner's payments of a day, one a line, and their sums."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        print(f"{day} is not a day; write 2026-01-31.")
        raise SystemExit(1) from None
    async with at_the_desk(settings) as partners:
        found = await partners.report(code, when)
    for line in found.transactions:
        print(
            f"{line.transaction_id:>8}  {line.ref_number:<24} {line.account_number:<16} "
            f"{line.product_code:<12} {rupiah(line.amount):>14}  {line.status:<8} {line.rc:>3}  {line.token}"
        )
    sums = found.totals
    print(
        f"{sums.count} payments, {sums.success_count} succeeded: {rupiah(sums.amount)}, "
        f"of it {rupiah(sums.total_admin)} admin."
    )


def _show(made: Credentials) -> None:
    for name, value in (
        ("KEY:             ", made.key),
        ("secret:          ", made.secret),
        ("callback secret: ", made.callback_secret),
    ):
        if value:
            print(f"{name}{value}")
    print("Keep them now: they are stored encrypted and are not shown again.")
