"""The account beside a customer: the user name and the standing that prepaid clients go by."""

from __future__ import annotations

import enum
from typing import Any

from core.customers.tables import customer_accounts
from core.platform.errors import Conflict
from core.platform.uow import WriteTx

DEFAULT_PHOTO = "/user.default.jpg"


class AccountStatus(enum.StrEnum):
    ACTIVE = "Active"
    BANNED = "Banned"
    DISABLED = "Disabled"
    INACTIVE = "Inactive"
    LIMITED = "Limited"
    SUSPENDED = "Suspended"


_UNSAID: dict[str, Any] = {
    "status": AccountStatus.ACTIVE,
    "kind": "Personal",
    "service_type": "Others",
    "auto_renewal": True,
    "photo": DEFAULT_PHOTO,
    "line_username": "",
    "line_address": "",
}


async def open_account(tx: WriteTx, customer_id: int, username: str, **facts: Any) -> None:
    """Give a new customer their account; raises `Conflict("username_taken")`."""
    values = _UNSAID | facts | {"customer_id": customer_id, "username": username}
    if not await tx.insert_new(customer_accounts, **values):
        raise Conflict("username_taken")
