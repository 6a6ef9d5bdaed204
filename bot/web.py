"""The webhook of the wire gateway, which takes its answer in the response."""

from __future__ import annotations

import msgspec
from quart import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from bot.inbound import answer
from bot.whatsapp import wire
from bot.whatsapp.hooks import is_ours, may_call
from conversations.engine.runtime import Conversation
from core.adapters.whatsapp.reading import Malformed
from core.platform.errors import Throttled, Unavailable
from core.services import Services
from core.settings import Settings


def create_blueprint(services: Services, conversation: Conversation, settings: Settings) -> Blueprint:
    """Webhooks are exempt from throttles; what protects them is the secret in the path and a queue per chat."""
    webhooks = Blueprint("webhooks", __name__)

    @webhooks.post("/webhooks/whatsapp/wire/<secret>")
    async def whatsapp_wire(secret: str) -> Response:
        if not (may_call(settings) and is_ours(secret, settings.wa_webhook_secret)):
            return _json(404, {"message": "Not Found."})
        try:
            message = wire.read(
                await _payload(),
                dict(request.headers),
                received_at=services.clock.now(),
                files=await _files(),
            )
        except (Malformed, BadRequest) as problem:
            return _json(400, {"message": str(problem)})
        except RequestEntityTooLarge:
            return _json(413, {"message": "The message is too large."})
        if isinstance(message, wire.Group):
            return _json(200, wire.silence())
        try:
            said = await answer(conversation, message, language=settings.language)
            return _json(200, wire.spoken(said) if said else wire.silence())
        except (Throttled, Unavailable) as error:  # nothing was done: the gateway may bring it again
            return _busy(error)

    return webhooks


async def _payload() -> bytes | str:
    """The JSON of a message: the body itself, or the form's `payload` when files came along."""
    if request.mimetype != "multipart/form-data":
        return await request.get_data()
    form = await request.form
    if "payload" not in form:
        raise Malformed("the form has no field called payload")
    return str(form["payload"])


async def _files() -> dict[str, bytes]:
    """What came beside the payload; the edge has bounded the whole."""
    if request.mimetype != "multipart/form-data":
        return {}
    return {name: file.read() for name, file in (await request.files).items()}


def _busy(error: Throttled | Unavailable) -> Response:
    status = 429 if isinstance(error, Throttled) else 503
    response = _json(status, {"message": "Too Many Attempts." if status == 429 else "Service Unavailable."})
    response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _json(status: int, content: object) -> Response:
    return Response(msgspec.json.encode(content), status=status, content_type="application/json")
