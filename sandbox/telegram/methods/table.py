"""Methods by name; Telegram does not care about capital letters."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from sandbox.telegram.methods import editing, identity, receiving, sending
from sandbox.telegram.methods.calls import Call, Nothing, Told

__all__ = ["METHODS", "Call", "Method", "Told"]


@dataclass(frozen=True)
class Method:
    """What a method is called, takes and does."""

    name: str
    params: type[Struct]
    act: Callable[[Call, Any], Awaitable[object]]


METHODS = {
    method.name.lower(): method
    for method in (
        Method("getMe", Nothing, identity.get_me),
        Method("setMyCommands", identity.CommandList, identity.set_my_commands),
        Method("getMyCommands", identity.CommandList, identity.get_my_commands),
        Method("deleteMyCommands", identity.CommandList, identity.delete_my_commands),
        Method("getUpdates", receiving.GetUpdates, receiving.get_updates),
        Method("setWebhook", receiving.SetWebhook, receiving.set_webhook),
        Method("deleteWebhook", receiving.DeleteWebhook, receiving.delete_webhook),
        Method("getWebhookInfo", Nothing, receiving.get_webhook_info),
        Method("getFile", receiving.GetFile, receiving.get_file),
        Method("sendMessage", sending.SendMessage, sending.send_message),
        Method("sendPhoto", sending.SendFile, sending.send_photo),
        Method("sendDocument", sending.SendFile, sending.send_document),
        Method("sendChatAction", sending.SendChatAction, sending.send_chat_action),
        Method("editMessageText", editing.EditText, editing.edit_message_text),
        Method("editMessageReplyMarkup", editing.EditMarkup, editing.edit_message_reply_markup),
        Method("deleteMessage", editing.DeleteMessage, editing.delete_message),
        Method("answerCallbackQuery", editing.AnswerQuery, editing.answer_callback_query),
    )
}
