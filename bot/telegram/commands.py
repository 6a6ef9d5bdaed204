"""The commands menu beside the text field: for everybody in their language, and more for staff."""

from __future__ import annotations

import re
from collections.abc import Iterable

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import TelegramError

from conversations.engine.book import AnyFlow, may_use
from conversations.engine.turn import Audience
from core.identity.staff import StaffMember
from core.platform import i18n
from core.platform.i18n import LANGUAGES, Language

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[a-z0-9_]{1,32}\Z")
_STAFF = (("staf", "telegram.command_staff"),)
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


def commands(
    flows: Iterable[AnyFlow], language: Language, staff: StaffMember | None = None
) -> list[BotCommand]:
    """What can be typed, flows first, and those for staff before them; a flow's words are listed Indonesian first."""
    offered = sorted(
        (flow for flow in flows if flow.label and may_use(staff, flow)),
        key=lambda flow: flow.audience is Audience.EVERYONE,
    )
    named = [*(_STAFF if staff else ()), *((_word(flow, language), flow.label) for flow in offered)]
    return [BotCommand(word, i18n.text(key, language)) for word, key in (*named, *_ENGINE[language]) if word]


async def publish(bot: Bot, flows: Iterable[AnyFlow]) -> None:
    """Tell Telegram; a bot whose menu cannot be set still answers, so a failure is only logged."""
    flows = tuple(flows)
    for language in LANGUAGES:
        code = None if language == "id" else language
        await _set(bot, commands(flows, language), BotCommandScopeAllPrivateChats(), code)


async def publish_for_staff(bot: Bot, flows: Iterable[AnyFlow], address: str, staff: StaffMember) -> None:
    """The same for the chat of a member of staff, in both languages."""
    flows = tuple(flows)
    for language in LANGUAGES:
        code = None if language == "id" else language
        await _set(bot, commands(flows, language, staff), BotCommandScopeChat(int(address)), code)


async def _set(bot: Bot, listed: list[BotCommand], scope: BotCommandScope, language: str | None) -> None:
    try:
        await bot.set_my_commands(listed, scope=scope, language_code=language)
    except TelegramError as error:
        log.warning("telegram_commands_not_set", reason=type(error).__name__)


def _word(flow: AnyFlow, language: Language) -> str:
    words = [word for word in flow.commands if _NAME.match(word)]
    if not words:
        return ""
    return words[0] if language == "id" else words[-1]
