"""How core writes to people: a text posted in the transaction that gives the reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from core.messaging.ports import Attachment, Choice
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
    attachment: Attachment | None = None,
) -> bool:
    """Queue a text for a phone (E.164 digits); one recipient's texts of one priority go out in order.

    `key` names the reason, so that it is sent once however often that reason is processed; False when it was known.
    An `attachment` is made when it is sent. A channel may have no way to bring it, so `text` must be true without it.
    """
    payload = {"to": to, "text": text, "choices": [[choice.id, choice.label] for choice in choices]}
    file = {"attachment": msgspec.to_builtins(attachment)} if attachment else {}
    return await outbox.post(
        tx,
        TEXT_TOPIC,
        payload | file,
        key=key,
        # A newer code replaces an older one, so codes never queue behind each other.
        ordering_key=None if priority is Priority.URGENT else f"{to}:{int(priority)}",
        priority=priority,
        expires_after=expires_after,
        sensitive=sensitive,
    )
