"""Where Telegram pushes updates to (telegram contract §3)."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from quart import Blueprint, request

PATH = "/webhooks/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header

Keep = Callable[[list[dict[str, Any]]], Awaitable[None]]


def create_blueprint(keep: Keep, secret: str) -> Blueprint:
    """A 200 says that the update is kept; until then Telegram brings it again."""
    webhooks = Blueprint("telegram_webhook", __name__)

    @webhooks.post(PATH)
    async def telegram() -> tuple[str, int]:
        presented = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(presented.encode(), secret.encode()):
            return "", 403
        try:
            update = msgspec.json.decode(await request.get_data(), type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            return "", 400
        if not isinstance(update.get("update_id"), int):
            return "", 400
        await keep([update])
        return "", 200

    return webhooks
