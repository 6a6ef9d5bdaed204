"""How core writes to people: a text posted in the transaction that gives the reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from core.messaging.ports import Choice
from core.platform import outbox
from core.platform.outbox import Priority
from core.platform.uow import WriteTx

TEXT_TOPIC = "message.text"


async def send_text(
    tx: WriteTx,
    *,
    to: str,
    text: str,
    key: str,
    priority: Priority = Priority.NOTICE,
    choices: Sequence[Choice] = (),
    expires_after: timedelta | None = None,
    sensitive: bool = False,
) -> bool:
    """Queue a text for a phone (E.164 digits); one recipient's texts of one priority go out in order.

    `key` names the reason, so that it is sent once however often that reason is processed; False when it was known.
    """
    return await outbox.post(
        tx,
        TEXT_TOPIC,
        {"to": to, "text": text, "choices": [[choice.id, choice.label] for choice in choices]},
        key=key,
        # A newer code replaces an older one, so codes never queue behind each other.
        ordering_key=None if priority is Priority.URGENT else f"{to}:{int(priority)}",
        priority=priority,
        expires_after=expires_after,
        sensitive=sensitive,
    )
