"""`loket keys create`."""

from __future__ import annotations

from core.bootstrap import bootstrap
from core.identity.types import Scope
from core.platform.errors import DomainError
from core.settings import Settings, networks


async def create(
    settings: Settings, name: str, scopes: list[str], addresses: list[str], rate: str | None = None
) -> None:
    """Create a key and print it; refused input is explained and exits with status 1."""
    try:
        wanted = frozenset(Scope(scope) for scope in scopes)
        allowed = tuple(str(network) for network in networks(",".join(addresses)))
    except ValueError as error:
        print(f"Cannot create this key: {error}")
        raise SystemExit(1) from None
    async with bootstrap(settings) as services:
        try:
            key = await services.identity.create_key(name, scopes=wanted, networks=allowed, rate=rate)
        except DomainError as refused:
            print(f"Cannot create this key: {_REASONS.get(refused.reason, refused.reason)}")
            raise SystemExit(1) from None
    print(f"{key}\nKeep it now: it is stored as a hash and cannot be shown again.")


async def revoke(settings: Settings, name: str) -> None:
    """Shut a key at once; an unknown name exits with status 1."""
    async with bootstrap(settings) as services:
        try:
            await services.identity.revoke_key(name)
        except DomainError:
            print(f"There is no live key called {name}.")
            raise SystemExit(1) from None
    print(f"{name} is shut.")


_REASONS = {
    "key_rate": "a --rate is written like 600/minute.",
    "pay_needs_networks": "a key that may pay needs --ip: anybody holding it could mark bills as paid.",
    "key_networks": "an --ip is not an address or network.",
    "key_taken": "there is a key of that name already.",
}
