"""The consumer of queued texts: hands each to its channel, and follows up what the channel says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from core.messaging import deliveries, recipients
from core.messaging.deliveries import Delivery
from core.messaging.notices import Extras, send_text
from core.messaging.ports import (
    Accepted,
    ChannelDown,
    Declined,
    Gone,
    Misconfigured,
    OutgoingText,
    Refused,
    SendOutcome,
    TextChannel,
)
from core.messaging.received import DeliveryState
from core.platform.outbox import Done, Job, Outcome, Park, Retry
from core.platform.uow import UnitOfWork

#: A channel that says no is asked this often in all: long enough for a reconnect, short enough for staff to notice.
_TRIES_AFTER_A_NO = 3


#: Called when a channel says that nothing may be sent to many for now.
OnHold = Callable[[], Awaitable[None]]


class TextDelivery:
    """Sends the texts of the outbox by their channels; the job's key makes a repeat harmless where a channel can."""

    def __init__(
        self, channels: Mapping[str, TextChannel], uow: UnitOfWork, on_hold: OnHold | None = None
    ) -> None:
        self._channels, self._uow, self._on_hold = dict(channels), uow, on_hold

    async def __call__(self, job: Job) -> Outcome:
        name, to = job.payload["channel"], job.payload["to"]
        channel = self._channels.get(name)
        if channel is None:
            return Park(f"no channel called {name} is set up")
        if job.attempt > 1 and (known := await self._known(job)):
            return Done(known.provider_id, "the provider had it already")
        extras = msgspec.convert(job.payload["extras"], Extras)
        if not await self._is_still_theirs(name, to, extras.customer_id):
            return await self._elsewhere(job, extras, "this chat is not the customer's any more")
        message = OutgoingText(
            to=to,
            text=job.payload["text"],
            choices=extras.choices,
            attachment=extras.attachment,
            approved=extras.approved,
        )
        return await self._concluded(job, extras, await channel.send(message, idempotency_key=job.key))

    async def _concluded(self, job: Job, extras: Extras, sent: SendOutcome) -> Outcome:
        name, to = job.payload["channel"], job.payload["to"]
        match sent:
            case Accepted(provider_id, certain, moved_to):
                if moved_to is not None:
                    await self._follow(name, to, moved_to)
                return Done(provider_id, None if certain else "accepted, but the answer was unreadable")
            case Gone(reason):
                await self._mark_gone(name, to)
                return await self._elsewhere(job, extras, reason)
            case Misconfigured(reason, holds_campaigns=True):
                if self._on_hold is not None:
                    await self._on_hold()
                return Park(reason)
            case other:
                return outcome_of(other)

    async def _known(self, job: Job) -> Delivery | None:
        """What the provider told of a message whose answer we never saw; a failed one may be tried again."""
        async with self._uow.read() as tx:
            known = await deliveries.of_key(tx, job.key)
        return None if known is None or known.state is DeliveryState.FAILED else known

    async def _follow(self, channel: str, old: str, new: str) -> None:
        async with self._uow.write() as tx:
            await recipients.move_chat(tx, channel, old, new)

    async def _mark_gone(self, channel: str, to: str) -> None:
        async with self._uow.write() as tx:
            await recipients.mark_chat(tx, channel, to, is_blocked=True)

    async def _is_still_theirs(self, channel: str, to: str, customer_id: int | None) -> bool:
        """Whether what was queued for a customer may still be read in this chat: it may have waited for long."""
        if customer_id is None:
            return True
        async with self._uow.read() as tx:
            reader = await recipients.recipient(tx, customer_id, channels=(channel,))
        return reader is not None and any(each.to == to for each in reader.addresses)

    async def _elsewhere(self, job: Job, extras: Extras, reason: str) -> Outcome:
        """Leave a chat for the customer's next one; repeating it after a crash queues nothing twice."""
        channel, to = job.payload["channel"], job.payload["to"]
        if extras.customer_id is None:
            return Park(reason)
        async with self._uow.write() as tx:
            reader = await recipients.recipient(tx, extras.customer_id, channels=self._channels)
            known = reader.addresses if reader else ()
            others = [each for each in known if (each.channel, each.to) != (channel, to)]
            if not others:
                return Park(reason)
            await send_text(
                tx,
                to=others[0].to,
                text=job.payload["text"],
                key=f"{job.key}>{others[0].channel}",
                channel=others[0].channel,
                choices=extras.choices,
                attachment=extras.attachment,
                customer_id=extras.customer_id,
            )
        return Done(detail=f"{reason}; sent by {others[0].channel} instead")


def outcome_of(sent: ChannelDown | Declined | Refused | Misconfigured) -> Outcome:
    """What a send that did not get through makes of its job."""
    match sent:
        case ChannelDown(reason, retry_after_s):
            return Retry(reason, retry_after_s)
        case Declined(reason):
            return Retry(reason, limit=_TRIES_AFTER_A_NO)
        case Refused(reason) | Misconfigured(reason):
            return Park(reason)
