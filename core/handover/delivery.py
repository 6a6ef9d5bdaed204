"""The consumer of what gateways are told about hand-overs."""

from __future__ import annotations

import msgspec

from core.handover.ports import HandoffGateway, Switch
from core.messaging.ports import Accepted, ChannelDown, Declined, Gone, Misconfigured, Refused
from core.platform.outbox import Done, Job, Outcome, Park, Retry, RetryPolicy

HANDOFF_TOPIC = "whatsapp.handoff"
#: A switch that comes minutes late helps nobody: our own silence does not depend on it.
HANDOFF_RETRIES = RetryPolicy(first_s=1, factor=3, longest_s=60, limit=5)


class HandoffDelivery:
    """Carries wishes to the gateway in the order of each chat."""

    def __init__(self, gateway: HandoffGateway) -> None:
        self._gateway = gateway

    async def __call__(self, job: Job) -> Outcome:
        wish = msgspec.convert(job.payload, Switch)
        match await self._gateway.switch(wish, idempotency_key=job.key):
            case Accepted(provider_id):
                return Done(provider_id)
            case ChannelDown(reason, retry_after_s):
                return Retry(reason, retry_after_s)
            case Declined(reason) | Refused(reason) | Gone(reason) | Misconfigured(reason):
                return Park(reason)
