"""From a received message to what is answered, whatever the channel: never an exception."""

from __future__ import annotations

import structlog

from bot.rendering import as_text
from conversations.engine.incoming import Incoming
from conversations.engine.runtime import Conversation
from conversations.engine.say import Reply
from core.platform import i18n
from core.platform.errors import Throttled, Unavailable
from core.platform.i18n import Language

__all__ = ["Incoming", "answer", "replies"]

log = structlog.get_logger(__name__)


async def answer(conversation: Conversation, incoming: Incoming, *, language: Language) -> str:
    """The answer to one message as one text; as `replies` otherwise."""
    return as_text(await replies(conversation, incoming, language=language))


async def replies(conversation: Conversation, incoming: Incoming, *, language: Language) -> tuple[Reply, ...]:
    """The answers to one message, none while a person answers the chat; a failure of ours is logged once, here, and said in `language`.

    Raises `Throttled` and `Unavailable` when nothing was done and the channel should bring the message again.
    """
    try:
        return await conversation.receive(incoming)
    except (Throttled, Unavailable):
        raise
    except Exception:
        log.exception("turn_failed", channel=incoming.channel, message_id=incoming.key)
        return (Reply(i18n.text("bot.sorry", language, reference=incoming.key[:8])),)
