"""What staff can do with customers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import select

from core.audit import activity
from core.audit import log as audit
from core.billing.tables import invoices
from core.customers.accounts import AccountStatus
from core.customers.tables import customer_accounts, customers
from core.directory import commands, queries
from core.directory.totals import Totals
from core.directory.types import Draft, Entry, Opened, Package, Removed, Wanted
from core.identity.passwords import Passwords
from core.identity.tables import logins
from core.network import switching
from core.platform.errors import NotFound
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork, WriteTx
from core.prepaid.tables import purchases, recharges, sales
from core.subscriptions.tables import subscriptions


class Directory:
    """Each method is one use case and one transaction."""

    def __init__(self, uow: UnitOfWork, keyring: Keyring, passwords: Passwords, totals: Totals) -> None:
        self._uow, self._keyring, self._passwords, self._totals = uow, keyring, passwords, totals

    async def list(self, wanted: Wanted) -> tuple[tuple[Entry, ...], int]:
        """A page of customers, and how many there are in all."""
        async with self._uow.read() as tx:
            if wanted.search:
                return await queries.finds_of(tx, wanted)
            total = await self._totals.of(tx, wanted)
            return await queries.page_of(tx, wanted, total), total

    async def everybody(self, wanted: Wanted) -> AsyncIterator[Sequence[Entry]]:
        """All customers wanted, by id, in batches: for exports of any size."""
        async for rows in self._uow.scan(queries.all_of(wanted)):
            yield [queries.entry(row) for row in rows]

    async def packages_of(self, customer_ids: Sequence[int]) -> tuple[Package, ...]:
        async with self._uow.read() as tx:
            return await queries.packages_of(tx, customer_ids)

    async def id_of(self, username: str) -> int | None:
        async with self._uow.read() as tx:
            return await queries.id_of_username(tx, username)

    async def users_of_line(self, *, address: str = "", name: str = "", but: int) -> tuple[str, ...]:
        """The user names of others whose line has this address, or else this name, of its own."""
        if not address and not name:
            return ()
        async with self._uow.read() as tx:
            return await queries.users_of_line(tx, address=address, name=name, but=but)

    async def balance_of(self, customer_id: int) -> int:
        """Raises `NotFound`."""
        async with self._uow.read() as tx:
            entry = await queries.entry_of(tx, customer_id)
        if entry is None:
            raise NotFound
        return entry.balance

    async def open(self, customer_id: int) -> Opened:
        """Raises `NotFound`."""
        async with self._uow.read() as tx:
            entry = await queries.entry_of(tx, customer_id)
            if entry is None:
                raise NotFound
            packages = await queries.packages_of(tx, [customer_id])
            attributes = await queries.attributes_of(tx, customer_id)
        sealed = entry.line_secret_sealed
        return Opened(entry, packages, attributes, None if sealed is None else self._keyring.unseal(sealed))

    async def add(self, draft: Draft, *, by: int, ip: str) -> int:
        """A new customer with account and login; the password is also the line's secret (design §3.9).

        Raises `Conflict` (`username_taken`, `phone_taken`, `email_taken`).
        """
        password_hash = await self._passwords.hash(draft.password or "")
        async with self._uow.write() as tx:
            customer_id = await commands.make(tx, self._keyring, draft, password_hash, by=by)
            await _note(tx, customer_id, "customer_added", f"added {draft.username}", by=by, ip=ip)
        self._totals.forget()
        return customer_id

    async def change(self, customer_id: int, draft: Draft, *, by: int, ip: str) -> None:
        """Change what the draft names; running lines follow through the outbox.

        Raises `NotFound`, `Conflict` (`username_taken`, `phone_taken`, `email_taken`).
        """
        password_hash = await self._passwords.hash(draft.password) if draft.password else None
        async with self._uow.write() as tx:
            entry = await queries.entry_of(tx, customer_id)
            if entry is None:
                raise NotFound
            await commands.refuse_twins(tx, draft, customer_id)
            await commands.write(tx, self._keyring, customer_id, draft, password_hash)
            if _moves_lines(draft, entry) or password_hash:
                await commands.provision(tx, customer_id)
            said = f"edited {draft.username or entry.username}"
            await _note(tx, customer_id, "customer_changed", said, by=by, ip=ip)
        self._totals.forget()

    async def remove(self, customer_id: int, *, by: int, ip: str) -> Removed:
        """Take a customer out of every list, lines included. Raises `NotFound`.

        Whoever has bills stays in the books: the account is disabled and renamed, so that the name is free again.
        """
        async with self._uow.write() as tx:
            entry = await queries.entry_of(tx, customer_id)
            if entry is None:
                raise NotFound
            own = subscriptions.c.customer_id == customer_id
            lines = [row.id for row in await tx.all(select(subscriptions.c.id).where(own))]
            for subscription_id in lines:
                await switching.remove(tx, subscription_id, key=f"removed-{tx.now.timestamp()}")
            is_kept = bool(lines) or await _has_books(tx, customer_id)
            await _retire(tx, customer_id) if is_kept else await _delete(tx, customer_id)
            await _note(tx, customer_id, "customer_removed", f"deleted {entry.username}", by=by, ip=ip)
        self._totals.forget()
        return Removed(is_kept)

    async def deactivate(self, customer_id: int, plan_id: int, *, by: int, ip: str) -> Package:
        """End what a customer runs of a plan; the line is taken off its router. Raises `NotFound`."""
        async with self._uow.write() as tx:
            package = await _package(tx, customer_id, plan_id)
            own = subscriptions.update().where(subscriptions.c.id == package.id)
            ended = {"status": "inactive"} | ({} if package.expires_at is None else {"expires_at": tx.now})
            await tx.execute(own.values(**ended))
            await switching.remove(tx, package.id, key=f"deactivated-{tx.now.timestamp()}")
            await _note(tx, customer_id, "package_ended", f"Deactivate {package.plan}", by=by, ip=ip)
        return package

    async def synchronise(self, customer_id: int) -> tuple[Package, ...]:
        """Bring the routers of all running packages to what is wanted; raises `NotFound` when nothing runs."""
        async with self._uow.write() as tx:
            running = [each for each in await queries.packages_of(tx, [customer_id]) if each.is_on]
            if not running:
                raise NotFound
            for package in running:
                await switching.provision(tx, package.id, key=f"synchronised-{tx.now.timestamp()}")
        return tuple(running)

    async def note_impersonation(self, customer_id: int, *, by: int, ip: str) -> None:
        """Record that staff looks through a customer's eyes. Raises `NotFound`."""
        async with self._uow.write() as tx:
            entry = await queries.entry_of(tx, customer_id)
            if entry is None:
                raise NotFound
            said = f"logged in as {entry.username}"
            await _note(tx, customer_id, "customer_impersonated", said, by=by, ip=ip)


def _moves_lines(draft: Draft, entry: Entry) -> bool:
    told = (draft.line_username, draft.line_address, draft.line_secret)
    held = (entry.line_username, entry.line_address, None)
    return any(new is not None and new != old for new, old in zip(told, held, strict=True))


async def _package(tx: WriteTx, customer_id: int, plan_id: int) -> Package:
    for package in await queries.packages_of(tx, [customer_id]):
        if package.plan_id == plan_id:
            return package
    raise NotFound


async def _has_books(tx: WriteTx, customer_id: int) -> bool:
    for table in (invoices, sales, purchases):
        known = select(table.c.id).where(table.c.customer_id == customer_id).limit(1)
        if await tx.scalar(known) is not None:
            return True
    return False


async def _retire(tx: WriteTx, customer_id: int) -> None:
    gone = {
        "status": AccountStatus.DISABLED,
        "username": f"deleted-{customer_id}",
        "line_secret_sealed": None,
    }
    own = customer_accounts.c.customer_id == customer_id
    await tx.execute(customer_accounts.update().where(own).values(**gone))
    lines = select(subscriptions.c.id).where(subscriptions.c.customer_id == customer_id)
    await tx.execute(recharges.delete().where(recharges.c.subscription_id.in_(lines)))
    ended = subscriptions.update().where(subscriptions.c.customer_id == customer_id)
    await tx.execute(ended.values(status="inactive"))
    login = logins.update().where(logins.c.customer_id == customer_id)
    await tx.execute(login.values(is_active=False, tokens_valid_from=tx.now))


async def _delete(tx: WriteTx, customer_id: int) -> None:
    await tx.execute(customers.delete().where(customers.c.id == customer_id))


async def _note(tx: WriteTx, customer_id: int, action: str, said: str, *, by: int, ip: str) -> None:
    """Record an act of staff, for the chain and for people."""
    await audit.record(tx, actor=f"staff:{by}", action=action, subject=f"customer:{customer_id}", details={})
    who = await tx.scalar(select(logins.c.username).where(logins.c.id == by))
    await activity.note(tx, f"[{who}]: {said}", kind="Admin", user_id=by, ip=ip)
