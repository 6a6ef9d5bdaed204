"""The commands menu beside the text field: for everybody in their language, and more for staff."""

from __future__ import annotations

import re
from collections.abc import Iterable

import structlog
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram.error import TelegramError

from conversations.engine.book import AnyFlow
from conversations.engine.turn import Audience
from core.platform import i18n
from core.platform.i18n import LANGUAGES, Language

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[a-z0-9_]{1,32}\Z")
#: What the engine itself understands anywhere, in each language, with the key of what it says.
_ENGINE: dict[Language, tuple[tuple[str, str], ...]] = {
    "id": (
        ("menu", "telegram.command_menu"),
        ("bantuan", "telegram.command_help"),
        ("batal", "telegram.command_cancel"),
        ("english", "engine.to_english"),
    ),
    "en": (
        ("menu", "telegram.command_menu"),
        ("help", "telegram.command_help"),
        ("cancel", "telegram.command_cancel"),
        ("bahasa", "engine.to_indonesian"),
    ),
}


def commands(flows: Iterable[AnyFlow], language: Language, audience: Audience) -> list[BotCommand]:
    """What can be typed, flows first; a flow's words are listed Indonesian first."""
    offered = [flow for flow in flows if flow.label and flow.audience in {Audience.EVERYONE, audience}]
    named = [(_word(flow, language), flow.label) for flow in offered]
    return [BotCommand(word, i18n.text(key, language)) for word, key in (*named, *_ENGINE[language]) if word]


async def publish(bot: Bot, flows: Iterable[AnyFlow], staff_chats: Iterable[int] = ()) -> None:
    """Tell Telegram; a bot whose menu cannot be set still answers, so a failure is only logged."""
    flows = tuple(flows)
    try:
        for language in LANGUAGES:
            listed = commands(flows, language, Audience.EVERYONE)
            code = None if language == "id" else language
            await bot.set_my_commands(listed, scope=BotCommandScopeAllPrivateChats(), language_code=code)
        for chat_id in staff_chats:
            listed = commands(flows, "id", Audience.STAFF)
            await bot.set_my_commands(listed, scope=BotCommandScopeChat(chat_id))
    except TelegramError as error:
        log.warning("telegram_commands_not_set", reason=type(error).__name__)


def _word(flow: AnyFlow, language: Language) -> str:
    words = [word for word in flow.commands if _NAME.match(word)]
    if not words:
        return ""
    return words[0] if language == "id" else words[-1]
