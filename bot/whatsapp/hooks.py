"""Where the providers call: who may, how much, is it genuine, what does it bring, keep it, then say yes."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

import msgspec
import structlog
from quart import Blueprint, Response, request

from core.adapters.whatsapp.dialects.cloud import Cloud
from core.adapters.whatsapp.dialects.dialect import Dialect, HookCall
from core.adapters.whatsapp.reading import Malformed
from core.messaging.received import Batch
from core.platform.addresses import behind_proxies, is_within
from core.platform.errors import Unavailable
from core.settings import Settings, networks

log = structlog.get_logger(__name__)

#: Meta's calls have up to 3 MB; the others bring no files along, only their addresses.
LARGEST_CALL = 3 * 1024 * 1024
_MOST_FIELDS = 100
_FORM = "application/x-www-form-urlencoded"

Keep = Callable[[Batch], Awaitable[None]]


class _TooLarge(Exception):
    """The call has more bytes than any of this dialect."""


def create_blueprint(dialect: Dialect, keep: Keep, settings: Settings) -> Blueprint:
    """A 200, with nothing in it, says that the call is kept; until then the provider brings it again."""
    webhooks = Blueprint(f"whatsapp_{dialect.name}", __name__)
    path = f"/webhooks/whatsapp/{dialect.name}"

    async def take(secret: str = "", **_event: str) -> Response:
        """The event is Evolution's own addition to the address; the body names it too."""
        if not may_call(settings) or not (dialect.signed or is_ours(secret, settings.wa_webhook_secret)):
            return Response("", 404)
        return await _taken(dialect, keep)

    if dialect.signed:
        webhooks.add_url_rule(path, view_func=take, methods=["POST"])
    else:
        webhooks.add_url_rule(f"{path}/<secret>", view_func=take, methods=["POST"])
        webhooks.add_url_rule(f"{path}/<secret>/<event>", view_func=take, methods=["POST"])
    if isinstance(dialect, Cloud):
        _answer_challenges(webhooks, path, dialect)
    return webhooks


def is_ours(presented: str, secret: str) -> bool:
    """Compared in constant time; without a configured secret the webhook is closed."""
    return bool(secret) and hmac.compare_digest(presented.encode(), secret.encode())


def may_call(settings: Settings) -> bool:
    """Whether the caller's network is allowed, where `LOKET_WA_WEBHOOK_NETWORKS` names some."""
    allowed = networks(settings.wa_webhook_networks)
    if not allowed:
        return True
    peer = request.scope.get("client")
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    caller = behind_proxies(peer[0] if peer else "", forwarded, networks(settings.trusted_proxies))
    return is_within(caller, allowed)


def _answer_challenges(webhooks: Blueprint, path: str, dialect: Cloud) -> None:
    @webhooks.get(path)
    async def challenge() -> Response:
        answer = dialect.challenge(request.args)
        return Response("", 403) if answer is None else Response(answer, 200, content_type="text/plain")


async def _taken(dialect: Dialect, keep: Keep) -> Response:
    try:
        call = HookCall(_headers(), await _bounded_body())
    except _TooLarge:
        return Response("", 413)
    if not dialect.is_genuine(call):
        log.warning("webhook_forged", dialect=dialect.name)
        return Response("", 401)
    try:
        await keep(dialect.read(_as_json(call)))
    except Malformed as problem:
        log.warning("webhook_malformed", dialect=dialect.name, reason=str(problem))
        return Response("", 400)
    except Unavailable as busy:
        return Response("", 503, headers={"Retry-After": str(busy.retry_after_s)})
    return Response("", 200)


def _headers() -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


async def _bounded_body() -> bytes:
    """The body as it came; what is too long is not read to its end."""
    if (request.content_length or 0) > LARGEST_CALL:
        raise _TooLarge
    body = bytearray()
    async for chunk in request.body:
        body += chunk
        if len(body) > LARGEST_CALL:
            raise _TooLarge
    return bytes(body)


def _as_json(call: HookCall) -> HookCall:
    """A form in the shape the dialects read; nobody who signs sends one."""
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return call
    try:
        fields = dict(parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (UnicodeDecodeError, ValueError) as problem:
        raise Malformed("the form cannot be read") from problem
    return HookCall(call.headers, msgspec.json.encode(fields))
