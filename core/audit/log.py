"""Writing to the audit log, inside the transaction of whatever is recorded."""

from __future__ import annotations

from collections.abc import Mapping

from core.audit.tables import audit_log
from core.platform.uow import WriteTx

#: Who acts when nobody asked: a scheduled job.
SYSTEM = "system"


async def record(
    tx: WriteTx, *, actor: str, action: str, subject: str, details: Mapping[str, int | str | bool | None]
) -> None:
    """Record an act; it is kept if, and only if, the act is. Names are `kind:id`, such as `staff:3` or `invoice:17`.

    `details` hold ids and amounts, never secrets, phone numbers or what people wrote.
    """
    row = {"at": tx.now, "actor": actor, "action": action, "subject": subject, "details": dict(details)}
    await tx.insert_all(audit_log, [row])
