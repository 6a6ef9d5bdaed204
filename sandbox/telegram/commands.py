"""The commands a bot offers, per audience and language, and which of them a person sees."""

import re
from typing import Any

import msgspec
from msgspec import Struct

from sandbox.telegram.errors import bad_request
from sandbox.telegram.objects import BotCommand

MAX_COMMANDS = 100
_NAME = re.compile(r"[a-z0-9_]{1,32}\Z")
_LANGUAGE = re.compile(r"([a-z]{2})?\Z")
_SCOPES = frozenset(
    {
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    }
)


class Scope(Struct, frozen=True):
    """Whom a list of commands is for."""

    type: str = "default"
    chat_id: int | str | None = None
    user_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.type} {self.chat_id or ''} {self.user_id or ''}".strip()


class Commands:
    """Lists by scope and language."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], tuple[BotCommand, ...]] = {}

    def set(self, commands: tuple[BotCommand, ...], scope: Any, language: str) -> None:
        """Replace a list; raises `ApiError` for what Telegram would refuse."""
        if len(commands) > MAX_COMMANDS:
            raise bad_request("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not _NAME.match(command.command.removeprefix("/")):
                raise bad_request("BOT_COMMAND_INVALID")
            if not 1 <= len(command.description) <= 256:
                raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        self._lists[_key(scope, language)] = commands

    def get(self, scope: Any, language: str) -> tuple[BotCommand, ...]:
        return self._lists.get(_key(scope, language), ())

    def delete(self, scope: Any, language: str) -> None:
        self._lists.pop(_key(scope, language), None)

    def shown(self, chat_id: int, language: str) -> tuple[BotCommand, ...]:
        """What a person sees in a private chat: the narrowest scope first, their own language before none."""
        scopes = (Scope("chat", chat_id), Scope("all_private_chats"), Scope())
        keys = ((scope.key, code) for scope in scopes for code in (language, ""))
        return next((self._lists[key] for key in keys if key in self._lists), ())


def _key(raw: Any, language: str) -> tuple[str, str]:
    try:
        scope = msgspec.convert(raw or {}, Scope)
    except msgspec.ValidationError as problem:
        raise bad_request("can't parse BotCommandScope") from problem
    if scope.type not in _SCOPES:
        raise bad_request("unsupported type specified")
    if not _LANGUAGE.match(language):
        raise bad_request("invalid language code specified")
    return scope.key, language
