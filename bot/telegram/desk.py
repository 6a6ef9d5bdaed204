"""What is done about each update: a turn of the conversation, and its answer where the person looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot import offers
from bot.inbound import Incoming, replies
from bot.telegram import commands, typing_sign
from bot.telegram.files import fetched
from bot.telegram.markup import as_html, written
from bot.telegram.sender import edit, send, with_file
from bot.telegram.updates import InGroup, Membership, Said, SharedContact, Tapped, read
from conversations.engine.book import AnyFlow
from conversations.engine.incoming import Fetch
from conversations.engine.runtime import Conversation
from conversations.engine.say import Reply
from core.customers.types import ServiceOfChat
from core.identity.access import CODE
from core.identity.staff import StaffMember, member_of_chat
from core.messaging import chats
from core.messaging.chats import Chat
from core.platform import i18n
from core.platform.errors import NotFound
from core.platform.i18n import Language
from core.services import Services

log = structlog.get_logger(__name__)

CHANNEL = "telegram"


class Desk:
    """Answers updates of one bot; turns of one chat must not overlap, which the inbox sees to."""

    def __init__(
        self,
        bot: Bot,
        conversation: Conversation,
        flows: Sequence[AnyFlow],
        services: Services,
        *,
        typing_after_s: float = typing_sign.AFTER_S,
    ) -> None:
        self._bot, self._conversation = bot, conversation
        self._flows, self._services = tuple(flows), services
        self._typing_after_s = typing_after_s

    async def receive(self, update: Update) -> None:
        """Do what an update asks; after a refusal the same update may be tried again.

        Raises `Throttled` and `Unavailable` when nothing was done, `TelegramError` when the answer did not get through.
        """
        received = read(update, bot_username=self._bot.username)
        match received:
            case Said():
                await self._hear(received, update.update_id)
            case Tapped():
                await self._take_tap(received, update.update_id)
            case SharedContact():
                await self._take_contact(received, update.update_id)
            case InGroup():
                await self._invite(received)
            case Membership(chat_id, blocked):
                await self._services.customers.mark_chat(CHANNEL, str(chat_id), is_blocked=blocked)
                log.info("telegram_membership", update_id=update.update_id, blocked=blocked)
            case None:
                pass

    async def _hear(self, said: Said, update_id: int) -> None:
        chat = await self._chat(said.chat_id)
        text = self._opening(said) if said.text == "/start" else said.text
        if offers.awaits_secret(chat, self._flows):
            await self._forget(said)
        fetch = partial(fetched, self._bot, said.file_id, said.file_size) if said.file_id else None
        await self._turn(
            self._incoming(said, update_id, text=text, attachments=said.attachments, fetch=fetch)
        )
        is_invited = CODE.fullmatch(said.payload) is not None
        if said.text == "/start" and not is_invited and not await self._is_known(said.chat_id):
            await self._ask_for_contact(
                said.chat_id, self._language(await self._chat(said.chat_id), said.speaks)
            )

    def _opening(self, said: Said) -> str:
        """A deep link goes straight to its flow, or brings an invitation along."""
        words = {word for flow in self._flows for word in flow.commands}
        if said.payload in words:
            return f"/{said.payload}"
        return f"{said.text} {said.payload}" if CODE.fullmatch(said.payload) else said.text

    async def _take_tap(self, tap: Tapped, update_id: int) -> None:
        """Acknowledge first, because the button turns until then; then answer in the place of the tapped message."""
        chat = await self._chat(tap.chat_id)
        stamp, choice_id = offers.split(tap.data)
        is_current = stamp == offers.stamp_of(chat) or await self._was_answered(tap, update_id)
        words = "" if is_current else offers.as_words(choice_id, tap.label, self._flows)
        if not (is_current or words) and stamp != offers.NOTICE:
            await self._refuse_tap(tap, self._language(chat, tap.speaks))
            return
        await self._acknowledge(tap)
        incoming = self._incoming(tap, update_id, text=words, choice_id=None if words else choice_id)
        await self._turn(incoming, edited_id=tap.message_id)

    async def _refuse_tap(self, tap: Tapped, language: Language) -> None:
        """Say that the button is old, and take it away."""
        await self._acknowledge(tap, i18n.text("bot.old_button", language))
        try:
            await self._bot.edit_message_reply_markup(tap.chat_id, tap.message_id)
        except TelegramError:
            log.info("telegram_old_button_stays")

    async def _take_contact(self, shared: SharedContact, update_id: int) -> None:
        """Link the services of a proven number, then go on with what the person was about."""
        chat = await self._chat(shared.chat_id)
        language = self._language(chat, shared.speaks)
        if shared.phone is None:
            await self._tell(shared.chat_id, i18n.text("telegram.not_your_contact", language))
            return
        found = await self._services.customers.link_by_phone(CHANNEL, str(shared.chat_id), shared.phone)
        staff = await self._services.staff.link_chat(CHANNEL, str(shared.chat_id), shared.phone)
        log.info("telegram_contact_shared", update_id=update_id, services=len(found), is_staff=bool(staff))
        if staff is not None:
            await self._welcome_staff(shared.chat_id, staff, language)
            await self._turn(self._incoming(shared, update_id, text="/staf"))
            return
        await self._tell(shared.chat_id, _recognised(found, language), remove_keyboard=True)
        if found:
            await self._go_on(shared, chat, update_id)

    async def _welcome_staff(self, chat_id: int, staff: StaffMember, language: Language) -> None:
        await commands.publish_for_staff(self._bot, self._flows, str(chat_id), staff)
        known = i18n.text("telegram.staff_linked", language, name=staff.name)
        await self._tell(chat_id, known, remove_keyboard=True)

    async def _go_on(self, shared: SharedContact, chat: Chat, update_id: int) -> None:
        flow = offers.open_flow(chat, self._flows)
        text = f"/{flow.commands[0]}" if flow and flow.commands else "/menu"
        await self._turn(self._incoming(shared, update_id, text=text))

    def _incoming(
        self,
        received: Said | Tapped | SharedContact,
        update_id: int,
        *,
        text: str = "",
        choice_id: str | None = None,
        attachments: tuple[str, ...] = (),
        fetch: Fetch | None = None,
    ) -> Incoming:
        """The update's own number names it, so that one Telegram brings twice is one turn (telegram contract §3)."""
        return Incoming(
            channel=CHANNEL,
            message_id=str(update_id),
            chat_address=str(received.chat_id),
            text=text,
            choice_id=choice_id,
            attachments=attachments,
            fetch=fetch,
            language=received.speaks,
            received_at=self._services.clock.now(),
        )

    async def _turn(self, incoming: Incoming, *, edited_id: int | None = None) -> None:
        chat_id = int(incoming.chat_address)
        async with typing_sign.typing(self._bot, chat_id, after_s=self._typing_after_s):
            language = self._language(await self._chat(chat_id), "")
            answered = await replies(self._conversation, incoming, language=language)
            stamp = offers.stamp_of(await self._chat(chat_id))
        for number, reply in enumerate(answered):
            await self._bring(chat_id, reply, stamp, edited_id=edited_id if number == 0 else None)

    async def _bring(self, chat_id: int, reply: Reply, stamp: str, *, edited_id: int | None) -> None:
        message = written(reply, stamp)
        try:
            message = await with_file(message, reply.attachment, self._services.renderers)
        except NotFound:
            language = self._language(await self._chat(chat_id), "")
            message = written(Reply(i18n.text("error.attachment", language)), stamp)
        if edited_id is not None:
            await edit(self._bot, chat_id, edited_id, message)
        else:
            await send(self._bot, chat_id, message)

    async def _invite(self, group: InGroup) -> None:
        """Where others read along no account is spoken of."""
        language: Language = "en" if group.speaks == "en" else "id"
        url = create_deep_linked_url(self._bot.username, "menu")
        button = InlineKeyboardButton(i18n.text("telegram.open_private", language), url=url)
        text = as_html(i18n.text("telegram.in_private", language))
        await self._bot.send_message(
            group.chat_id,
            text,
            parse_mode=ParseMode.HTML,
            reply_markup=InlineKeyboardMarkup([[button]]),
        )

    async def _ask_for_contact(self, chat_id: int, language: Language) -> None:
        share = KeyboardButton(i18n.text("telegram.share_number", language), request_contact=True)
        await self._bot.send_message(
            chat_id,
            as_html(i18n.text("telegram.ask_contact", language)),
            parse_mode=ParseMode.HTML,
            reply_markup=ReplyKeyboardMarkup([[share]], resize_keyboard=True, one_time_keyboard=True),
        )

    async def _tell(self, chat_id: int, text: str, *, remove_keyboard: bool = False) -> None:
        markup = ReplyKeyboardRemove() if remove_keyboard else None
        await self._bot.send_message(chat_id, as_html(text), parse_mode=ParseMode.HTML, reply_markup=markup)

    async def _acknowledge(self, tap: Tapped, text: str | None = None) -> None:
        """Too late is no harm: the tap itself still counts."""
        try:
            await self._bot.answer_callback_query(tap.query_id, text)
        except TelegramError as error:
            log.info("telegram_tap_unacknowledged", reason=type(error).__name__)

    async def _forget(self, said: Said) -> None:
        """Take a secret out of the chat, where Telegram lets us."""
        try:
            await self._bot.delete_message(said.chat_id, said.message_id)
        except TelegramError as error:
            log.info("telegram_secret_stays", reason=type(error).__name__)

    async def _chat(self, chat_id: int) -> Chat:
        async with self._services.uow.read() as tx:
            return await chats.load(tx, CHANNEL, str(chat_id))

    async def _was_answered(self, tap: Tapped, update_id: int) -> bool:
        """A tap that comes again after its answer got lost is no old button."""
        key = self._incoming(tap, update_id).key
        async with self._services.uow.read() as tx:
            return await chats.answer_to(tx, CHANNEL, key) is not None

    async def _is_known(self, chat_id: int) -> bool:
        """Whether this chat is a customer's or somebody's of staff, so that its number need not be asked for."""
        if await self._services.customers.services_of_chat(CHANNEL, str(chat_id)):
            return True
        async with self._services.uow.read() as tx:
            return await member_of_chat(tx, CHANNEL, str(chat_id)) is not None

    def _language(self, chat: Chat, speaks: str) -> Language:
        """The chat's own; before it has one, that of the person's app."""
        known = chat.language or speaks
        return "en" if known == "en" else "id" if known == "id" else self._services.settings.language


def _recognised(found: Sequence[ServiceOfChat], language: Language) -> str:
    if not found:
        return i18n.text("telegram.number_unknown", language)
    names = "\n".join(f"{service.service_number} · {service.name}" for service in found)
    return i18n.text("telegram.linked", language, services=names)
