"""What is done about each received message: a turn of the conversation, and its answer through the same dialect."""

from __future__ import annotations

from functools import partial

import msgspec
import structlog

from bot import offers
from bot.inbound import Incoming, replies
from bot.whatsapp.replies import outgoing, read_tap
from conversations.engine.book import AnyFlow
from conversations.engine.incoming import Fetch
from conversations.engine.runtime import Conversation
from conversations.engine.say import Reply
from core.adapters.whatsapp import DialectChannel
from core.adapters.whatsapp.channel import TooLarge
from core.messaging import chats, deliveries
from core.messaging.chats import Chat
from core.messaging.delivery import outcome_of
from core.messaging.ports import Accepted, ChannelDown, Gone, OutgoingText, Refused
from core.messaging.received import Media, Received
from core.platform import i18n
from core.platform.errors import Invalid, Throttled, Unavailable
from core.platform.i18n import Language
from core.platform.outbox import Done, Job, Outcome, Retry
from core.services import Services
from core.whatsapp import CHANNEL

log = structlog.get_logger(__name__)

#: Attachments that somebody may want to see.
_SEEN = frozenset({"image", "document"})


class Desk:
    """The consumer of kept messages; those of one chat come one after another, which the inbox sees to."""

    def __init__(
        self,
        channel: DialectChannel,
        conversation: Conversation,
        flows: tuple[AnyFlow, ...],
        services: Services,
    ) -> None:
        self._channel, self._conversation = channel, conversation
        self._flows, self._services = flows, services

    async def __call__(self, job: Job) -> Outcome:
        """Answer a message; a try after a failed one plays nothing twice and brings the same answer."""
        received = msgspec.convert(job.payload["received"], Received)
        try:
            answers = await self._answers(received)
        except (Throttled, Unavailable) as busy:
            return Retry(busy.reason, busy.retry_after_s)
        outcome: Outcome = Done()
        for number, answer in enumerate(answers):
            outcome = await self._bring(answer, key=f"{job.key}:{number}", is_repeat=job.attempt > 1)
            if not isinstance(outcome, Done):
                break
        return outcome

    async def _answers(self, received: Received) -> list[OutgoingText]:
        incoming = self._incoming(received)
        to, taps = incoming.chat_address, self._channel.dialect.taps
        if received.choice_id is not None:
            chat = await self._chat(to)
            tapped = await self._tapped(incoming, received.choice_id, chat)
            if tapped is None:
                old = Reply(i18n.text("bot.old_button", self._language(chat)))
                return [outgoing(to, old, stamp="", taps=taps)]
            incoming = tapped
        answered = await replies(self._conversation, incoming, language=self._language(await self._chat(to)))
        stamp = offers.stamp_of(await self._chat(to))
        return [outgoing(to, reply, stamp=stamp, taps=taps) for reply in answered]

    async def _tapped(self, incoming: Incoming, sent_id: str, chat: Chat) -> Incoming | None:
        """The message a tap stands for; None when its button only ever answered a question that is over."""
        stamp, choice_id = read_tap(sent_id)
        if stamp in {offers.stamp_of(chat), offers.NOTICE} or await self._was_answered(incoming):
            return msgspec.structs.replace(incoming, text="", choice_id=choice_id)
        words = offers.as_words(choice_id, incoming.text, self._flows)
        return msgspec.structs.replace(incoming, text=words) if words else None

    async def _bring(self, answer: OutgoingText, *, key: str, is_repeat: bool) -> Outcome:
        if is_repeat and (known := await self._known(key)):
            return Done(known, "the provider had it already")
        match await self._channel.send(answer, idempotency_key=key):
            case Accepted(provider_id, certain):
                return Done(provider_id, None if certain else "accepted, but the answer was unreadable")
            case Gone(reason):  # somebody who has just written
                return Done(detail=reason)
            case other:
                return outcome_of(other)

    async def _known(self, key: str) -> str | None:
        async with self._services.uow.read() as tx:
            known = await deliveries.of_key(tx, key)
        return None if known is None else known.provider_id

    def _incoming(self, received: Received) -> Incoming:
        return Incoming(
            channel=CHANNEL,
            message_id=received.message_id,
            chat_address=received.sender.address,
            phone=received.sender.phone,
            text=received.text,
            attachments=tuple(media.kind for media in received.media),
            fetch=self._fetching(received),
            fetches_files=True,
            received_at=self._services.clock.now(),
        )

    def _fetching(self, received: Received) -> Fetch | None:
        """How to bring the first thing that may be a picture or a paper, where the dialect hands it out."""
        seen = (
            media for media in received.media if media.kind in _SEEN and self._channel.can_download(media)
        )
        media = next(seen, None)
        return None if media is None else partial(self._fetch, media)

    async def _fetch(self, media: Media) -> bytes:
        match await self._channel.download(media):
            case bytes(content):
                return content
            case TooLarge():
                raise Invalid("picture_large")
            case Refused():
                raise Invalid("no_picture")
            case ChannelDown():
                raise Unavailable("no_picture")

    async def _was_answered(self, incoming: Incoming) -> bool:
        """A tap that comes again after its answer got lost is no old button."""
        async with self._services.uow.read() as tx:
            return await chats.answer_to(tx, CHANNEL, incoming.key) is not None

    async def _chat(self, address: str) -> Chat:
        async with self._services.uow.read() as tx:
            return await chats.load(tx, CHANNEL, address)

    def _language(self, chat: Chat) -> Language:
        known = chat.language
        return "en" if known == "en" else "id" if known == "id" else self._services.settings.language
