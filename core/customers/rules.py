"""Decisions about customers that need no database."""

from __future__ import annotations

from core.customers.types import ChatRole, Duty

_DUTIES: dict[ChatRole, frozenset[Duty]] = {
    ChatRole.OWNER: frozenset(Duty),
    ChatRole.PAYER: frozenset({Duty.BILLS}),
    ChatRole.TECHNICAL: frozenset({Duty.LINE}),
}


def may(role: ChatRole, duty: Duty) -> bool:
    """Whether a chat in this role may act in this matter."""
    return duty in _DUTIES[role]


def masked_name(name: str) -> str:
    """`JO** D**` for John Doe: enough for those who know the person, nothing for those who do not."""
    parts = name.upper().split()
    return " ".join(_masked_part(part, 2 if number == 0 else 1) for number, part in enumerate(parts))


def _masked_part(part: str, shown: int) -> str:
    return part[:shown] + "*" * max(len(part) - shown, 1)
