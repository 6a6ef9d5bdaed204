"""The consumer of queued texts: hands each to its channel and translates what the channel says of it."""

from __future__ import annotations

import msgspec

from core.messaging.ports import (
    Accepted,
    Attachment,
    ChannelDown,
    Choice,
    Declined,
    Misconfigured,
    OutgoingText,
    Refused,
    SendOutcome,
    TextChannel,
)
from core.platform.outbox import Done, Job, Outcome, Park, Retry

#: A channel that says no is asked this often in all: long enough for a reconnect, short enough for staff to notice.
_TRIES_AFTER_A_NO = 3


class TextDelivery:
    """Sends the texts of the outbox through one channel; the job's key makes a repeat harmless where the channel can."""

    def __init__(self, channel: TextChannel) -> None:
        self._channel = channel

    async def __call__(self, job: Job) -> Outcome:
        message = OutgoingText(
            to=job.payload["to"],
            text=job.payload["text"],
            choices=tuple(Choice(*pair) for pair in job.payload["choices"]),
            attachment=msgspec.convert(job.payload.get("attachment"), Attachment | None),
        )
        return _outcome(await self._channel.send(message, idempotency_key=job.key))


def _outcome(sent: SendOutcome) -> Outcome:
    match sent:
        case Accepted(provider_id, certain):
            return Done(provider_id, None if certain else "accepted, but the answer was unreadable")
        case ChannelDown(reason, retry_after_s):
            return Retry(reason, retry_after_s)
        case Declined(reason):
            return Retry(reason, limit=_TRIES_AFTER_A_NO)
        case Refused(reason) | Misconfigured(reason):
            return Park(reason)
