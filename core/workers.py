"""Background work bound to its dependencies: draining the outbox, recurring chores.

Apart from `bootstrap`, because a process that only answers requests need not load what only workers use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.adapters.callbacks import HttpCallbacks
from core.adapters.whatsapp import WhatsAppHandoff
from core.audit import chain
from core.billing import jobs as billing
from core.billing import ledger
from core.broadcasts import fanout, holding
from core.broadcasts import jobs as broadcasts
from core.broadcasts.fanout import BroadcastSteps, BroadcastTexts
from core.handover import jobs as handover
from core.handover.delivery import HANDOFF_RETRIES, HANDOFF_TOPIC, HandoffDelivery
from core.handover.ports import HandoffGateway
from core.identity import commands as identity
from core.messaging import chats, deliveries, unmatched
from core.messaging.delivery import TextDelivery
from core.messaging.notices import TEXT_TOPIC
from core.messaging.ports import TextChannel
from core.monitoring import jobs as monitoring
from core.network import applying, watching
from core.network.applying import CLEAR_TOPIC, LineClearing, LineSwitching
from core.network.reconciling import Reconciliation
from core.network.switching import APPLY_TOPIC
from core.network.watching import WATCH_TOPIC, LineWatch
from core.orders import jobs as orders
from core.partners import callbacks, settlement, settlements
from core.partners.callbacks import CALLBACK_TOPIC, CallbackDelivery, CallbackSchedule
from core.partners.days import CLOSING_TIME
from core.partners.settlement import SETTLE_TOPIC, PartnerSettlement
from core.platform import outbox
from core.platform.dispatcher import Consumer, Dispatcher
from core.platform.outbox import RetryPolicy
from core.platform.scheduler import Daily, Every, Scheduled, Scheduler
from core.platform.secrets import Keyring
from core.platform.sqlite import SqliteUnitOfWork
from core.prepaid import jobs as prepaid
from core.privacy import jobs as privacy
from core.proofs import jobs as proofs
from core.services import Services
from core.whatsapp import gateway_config, whatsapp_channel

#: Finished jobs are kept this long to answer "was it sent?"; their texts may hold personal data.
OUTBOX_RETENTION = timedelta(days=30)

#: Texts: quick at first, because somebody may be waiting; eight tries within a quarter of an hour, then a person looks.
TEXT_RETRIES = RetryPolicy(first_s=2, factor=2.5, longest_s=600, limit=8)

#: The gateway client gives up after 5 s to connect and 15 s to read.
TEXT_DEADLINE_S = 21.0


def text_channel(services: Services) -> TextChannel:
    """The channel of WhatsApp, as the installation speaks it."""
    return whatsapp_channel(services)


def handoff_gateway(services: Services) -> HandoffGateway:
    """The WhatsApp gateway's own switch between bot and person."""
    return WhatsAppHandoff(gateway_config(services.settings), now=services.clock.now)


def dispatcher(
    services: Services, channels: Mapping[str, TextChannel], handoffs: HandoffGateway | None = None
) -> Dispatcher:
    """What drains the outbox: texts go by their channel's name, callbacks to the partners' own servers.

    Without `handoffs`, what the gateway is to be told of hand-overs is left to other workers.
    """
    uow, settings = services.uow, services.settings
    told = CallbackDelivery(
        uow,
        settings,
        Keyring(settings.masters),
        HttpCallbacks(allow_private=settings.callback_allow_private),
    )
    switching = (
        {HANDOFF_TOPIC: Consumer(HandoffDelivery(handoffs), HANDOFF_RETRIES, deadline_s=TEXT_DEADLINE_S)}
        if handoffs
        else {}
    )
    texts = TextDelivery(channels, uow, holding.holder(uow, settings))
    return Dispatcher(
        services.uow,
        services.clock,
        {
            **switching,
            TEXT_TOPIC: Consumer(texts, TEXT_RETRIES, deadline_s=TEXT_DEADLINE_S),
            fanout.STEP_TOPIC: Consumer(BroadcastSteps(uow, settings), RetryPolicy(limit=100)),
            fanout.TEXT_TOPIC: Consumer(BroadcastTexts(uow, texts), TEXT_RETRIES, deadline_s=TEXT_DEADLINE_S),
            SETTLE_TOPIC: Consumer(PartnerSettlement(uow, settings), settlement.RETRIES),
            CALLBACK_TOPIC: Consumer(told, CallbackSchedule(), deadline_s=callbacks.DEADLINE_S),
        },
    )


def line_dispatcher(services: Services) -> Dispatcher:
    """What drains the jobs of lines, on its own: a router that hangs must not hold up a message."""
    uow, settings, lines = services.uow, services.settings, services.lines
    switching = LineSwitching(uow, settings, lines, ledger.owed_by)
    clearing = LineClearing(uow, settings, lines)
    watch = LineWatch(uow, services.network, services.monitoring, settings)
    return Dispatcher(
        uow,
        services.clock,
        {
            APPLY_TOPIC: Consumer(switching, applying.RETRIES, deadline_s=applying.DEADLINE_S),
            WATCH_TOPIC: Consumer(watch, watching.RETRIES, deadline_s=watching.DEADLINE_S),
            CLEAR_TOPIC: Consumer(clearing, applying.RETRIES, deadline_s=applying.DEADLINE_S),
        },
        concurrency=applying.CONCURRENCY,
    )


def scheduler(services: Services) -> Scheduler:
    """The recurring chores of an installation."""
    uow = services.uow
    lines = Reconciliation(uow, services.lines, services.settings)

    async def expire(_due: datetime) -> None:
        await outbox.expire(uow)

    async def purge(_due: datetime) -> None:
        await outbox.purge(uow, older_than=OUTBOX_RETENTION)
        await identity.purge(uow)
        await chats.purge(uow)
        await unmatched.purge(uow, older_than=timedelta(days=services.settings.unmatched_days))
        await deliveries.purge(uow, older_than=OUTBOX_RETENTION)
        await services.partners.purge()

    async def close_days(due: datetime) -> None:
        await settlements.close_days(uow, services.settings, due)

    async def suspect(_due: datetime) -> None:
        await settlement.suspect(uow, services.settings)

    async def seal(_due: datetime) -> None:
        await chain.seal(uow)

    async def checkpoint(_due: datetime) -> None:
        if isinstance(uow, SqliteUnitOfWork):
            await uow.checkpoint()

    return Scheduler(
        uow,
        services.clock,
        [
            Scheduled("outbox.expire", Every(timedelta(minutes=1)), expire),
            Scheduled("retention", Every(timedelta(hours=1)), purge),
            Scheduled("partner.days", Daily(CLOSING_TIME, services.settings.zone), close_days),
            Scheduled("partner.suspect", Every(timedelta(seconds=30)), suspect),
            *billing.jobs(uow, services.settings),
            *prepaid.jobs(services.prepaid),
            *broadcasts.jobs(services.broadcasts),
            *handover.jobs(services.handovers),
            *proofs.jobs(services.proofs),
            *lines.jobs(),
            *monitoring.jobs(uow, services.settings, services.scanner),
            *orders.jobs(services.orders),
            *privacy.jobs(services.privacy),
            Scheduled("audit.seal", Every(timedelta(seconds=15)), seal),
            Scheduled("sqlite.checkpoint", Every(timedelta(seconds=15)), checkpoint, timedelta(minutes=1)),
        ],
    )
