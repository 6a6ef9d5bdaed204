"""How the bot gets its updates: by long polling, or at its webhook, never both."""

from msgspec import Struct

from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.methods.calls import Call, Nothing, Told
from sandbox.telegram.objects import File, Update, WebhookInfo
from sandbox.telegram.webhook import Webhook, checked

MAX_TIMEOUT_S = 50
_WEBHOOK_ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class GetUpdates(Struct, frozen=True):
    offset: int = 0
    limit: int = 100
    timeout: int = 0
    allowed_updates: tuple[str, ...] | None = None


class SetWebhook(Struct, frozen=True):
    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    allowed_updates: tuple[str, ...] | None = None
    drop_pending_updates: bool = False


class DeleteWebhook(Struct, frozen=True):
    drop_pending_updates: bool = False


class GetFile(Struct, frozen=True):
    file_id: str = ""


async def get_updates(call: Call, params: GetUpdates) -> list[Update]:
    api = call.api
    if api.pusher.webhook is not None:
        raise ApiError(409, _WEBHOOK_ACTIVE)
    _allow(call, params.allowed_updates)
    if params.offset:
        api.updates.confirm(params.offset)
    limit = min(max(params.limit, 1), 100)
    timeout_s = min(max(params.timeout, 0), MAX_TIMEOUT_S)
    return await api.updates.poll(limit=limit, timeout_s=timeout_s, closed=api.closed)


async def set_webhook(call: Call, params: SetWebhook) -> Told:
    if not params.url:
        return await delete_webhook(call, DeleteWebhook(params.drop_pending_updates))
    webhook = checked(Webhook(params.url, params.secret_token, params.max_connections))
    _allow(call, params.allowed_updates)
    if params.drop_pending_updates:
        call.api.updates.drop_all()
    known = call.api.pusher.webhook == webhook
    await call.api.pusher.use(webhook)
    return Told(result=True, description="Webhook is already set" if known else "Webhook was set")


async def delete_webhook(call: Call, params: DeleteWebhook) -> Told:
    if params.drop_pending_updates:
        call.api.updates.drop_all()
    was_set = call.api.pusher.webhook is not None
    await call.api.pusher.use(None)
    return Told(result=True, description="Webhook was deleted" if was_set else "Webhook is already deleted")


async def get_webhook_info(call: Call, _params: Nothing) -> WebhookInfo:
    return call.api.pusher.info()


async def get_file(call: Call, params: GetFile) -> File:
    file = call.api.files.described(params.file_id)
    if file is None:
        raise bad_request("invalid file_id")
    return file


def _allow(call: Call, kinds: tuple[str, ...] | None) -> None:
    """Not said means as before; an empty list means everything again."""
    if kinds is not None:
        call.api.updates.allowed = kinds
