"""What customers do about their own record, for the audit log."""

from __future__ import annotations

from core.audit.log import record
from core.platform.uow import WriteTx


async def note(tx: WriteTx, customer_id: int, action: str, **details: str | bool) -> None:
    """Record it; the details name nobody."""
    who = f"customer:{customer_id}"
    await record(tx, actor=who, action=action, subject=who, details=details)
