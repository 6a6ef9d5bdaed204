"""What Telegram's refusals mean for a message: later, never, or our own mistake (telegram contract §4)."""

from __future__ import annotations

from datetime import timedelta

from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from core.messaging.ports import ChannelDown, Gone, Misconfigured, Refused

#: What is wrong with the chat and not with the message.
_NO_CHAT = ("chat not found", "user not found", "peer_id_invalid")


def outcome_of(error: TelegramError) -> ChannelDown | Gone | Refused | Misconfigured:
    """Judge an error; the reason is in words of ours, because the library's may quote the URL and so the token."""
    match error:
        case RetryAfter():
            return ChannelDown("Telegram asks to slow down", retry_after_s=wait_s(error))
        case Forbidden():
            return Gone("the person has blocked the bot, left, or never started it")
        case InvalidToken():
            return Misconfigured("Telegram does not know the bot's token")
        case BadRequest():  # before NetworkError, whose subclass it is: nothing permanent is tried again
            return _bad_request(error)
        case TimedOut():
            return ChannelDown("Telegram did not answer in time")
        case NetworkError():
            return ChannelDown("Telegram cannot be reached")
        case _:
            return Refused(f"Telegram refused the message ({type(error).__name__})")


def is_our_mistake(error: TelegramError) -> bool:
    """Whether somebody should look at the code: a message Telegram cannot understand."""
    return isinstance(error, BadRequest) and not _is_about_chat(error)


def wait_s(error: RetryAfter) -> float:
    """The pause Telegram asks for."""
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else float(pause)


def _bad_request(error: BadRequest) -> Gone | Refused:
    if _is_about_chat(error):
        return Gone("Telegram knows no such chat")
    return Refused("Telegram cannot show the message as it is")


def _is_about_chat(error: BadRequest) -> bool:
    return error.message.lower().startswith(_NO_CHAT)
