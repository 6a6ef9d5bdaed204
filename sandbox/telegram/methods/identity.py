"""Who the bot is and which commands it offers."""

from typing import Any

import msgspec
from msgspec import Struct

from sandbox.telegram.methods.calls import Call, Nothing
from sandbox.telegram.objects import BotCommand, User


class CommandList(Struct, frozen=True):
    commands: tuple[BotCommand, ...] = ()
    scope: dict[str, Any] | None = None
    language_code: str = ""


async def get_me(call: Call, _params: Nothing) -> User:
    """Only here a bot learns what it may do."""
    return msgspec.structs.replace(
        call.api.user,
        can_join_groups=True,
        can_read_all_group_messages=False,
        supports_inline_queries=False,
        has_main_web_app=False,
    )


async def set_my_commands(call: Call, params: CommandList) -> bool:
    call.api.commands.set(params.commands, params.scope, params.language_code)
    call.api.tell_people()
    return True


async def get_my_commands(call: Call, params: CommandList) -> tuple[BotCommand, ...]:
    return call.api.commands.get(params.scope, params.language_code)


async def delete_my_commands(call: Call, params: CommandList) -> bool:
    call.api.commands.delete(params.scope, params.language_code)
    call.api.tell_people()
    return True
