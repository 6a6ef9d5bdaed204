"""What the demo's lines shall be: those on the first router are so already, those on the second wait until it is seen."""

from __future__ import annotations

from sqlalchemy import select

from core.network import switching
from core.network.switching import UNPAID
from core.network.tables import line_states
from core.network.types import LineKind
from core.platform.secrets import fingerprint
from core.platform.uow import WriteTx
from core.subscriptions.tables import subscriptions

_SEEN_ROUTER = 1


async def load_lines(tx: WriteTx) -> None:
    lines = await tx.all(select(subscriptions).order_by(subscriptions.c.id))
    for line in lines:
        if line.router_id != _SEEN_ROUTER:
            await switching.provision(tx, line.id, key="demo")
            continue
        is_isolated, sealed = line.isolated_at is not None, line.line_secret_sealed
        await tx.insert(
            line_states,
            subscription_id=line.id,
            desired=LineKind.ISOLATED if is_isolated else LineKind.OPEN,
            reason=UNPAID if is_isolated else None,
            revision=1,
            wanted_at=line.isolated_at or tx.now,
            applied_revision=1,
            applied_at=line.isolated_at or tx.now,
            applied_router_id=line.router_id,
            applied_mode=line.mode,
            applied_user=line.line_user,
            applied_secret=None if sealed is None else fingerprint(sealed),
            attempts=0,
        )
