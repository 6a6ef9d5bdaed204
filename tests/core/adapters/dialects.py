"""Each dialect as a test configures it, and its calls of us as its documents show them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from core.adapters.whatsapp.dialects.cloud import Cloud, CloudConfig
from core.adapters.whatsapp.dialects.dialect import Dialect, HookCall
from core.adapters.whatsapp.dialects.evolution import Evolution, EvolutionConfig
from core.adapters.whatsapp.dialects.fonnte import Fonnte, FonnteConfig
from core.adapters.whatsapp.dialects.gowa import Gowa, GowaConfig
from core.adapters.whatsapp.dialects.wablas import Wablas, WablasConfig
from core.adapters.whatsapp.dialects.waha import Waha, WahaConfig

JOHN = "628123456789"
GROUP = "120363041234567890@g.us"
SECRET = "a-webhook-key-of-some-length"
NUMBER_ID = "106540352242922"

CLOUD = Cloud(
    CloudConfig("https://graph.example", "v23.0", NUMBER_ID, "EAAG-token", SECRET, "verify-me", "notice")
)
WAHA = Waha(WahaConfig("https://waha.example", "waha-key", "default", SECRET))
EVOLUTION = Evolution(EvolutionConfig("https://evo.example/", "evo-key", "my isp"))
EVOLUTION_1 = Evolution(EvolutionConfig("https://evo.example", "evo-key", "my isp", "1"))
GOWA = Gowa(GowaConfig("https://gowa.example", "user", "pass:word", SECRET, "device-1"))
FONNTE = Fonnte(FonnteConfig("https://api.fonnte.example", "fonnte-token"))
WABLAS = Wablas(WablasConfig("https://jogja.wablas.example", "wablas-token", "wablas-secret"))
ALL: tuple[Dialect, ...] = (CLOUD, WAHA, EVOLUTION, GOWA, FONNTE, WABLAS)


def called(dialect: Dialect, body: Any, *, secret: str = SECRET) -> HookCall:
    """A call as the provider makes it, signed where it signs."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = {"content-type": "application/json"}
    if dialect in (CLOUD, GOWA):
        headers["x-hub-signature-256"] = (
            f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"
        )
    if dialect is WAHA:
        headers["x-webhook-hmac"] = hmac.new(secret.encode(), raw, hashlib.sha512).hexdigest()
        headers["x-webhook-hmac-algorithm"] = "sha512"
    return HookCall(headers, raw)


def cloud_call(*values: dict[str, Any]) -> dict[str, Any]:
    """An envelope with a change for each value."""
    return {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": "waba", "changes": [{"field": "messages", "value": _known(value)}]} for value in values
        ],
    }


def _known(value: dict[str, Any]) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "622150000", "phone_number_id": NUMBER_ID},
        **value,
    }


def cloud_message(**changes: Any) -> dict[str, Any]:
    said = {
        "from": JOHN,
        "id": "wamid.1",
        "timestamp": "1763784000",
        "type": "text",
        "text": {"body": "cek tagihan"},
    }
    return cloud_call(
        {"contacts": [{"wa_id": JOHN, "profile": {"name": "John"}}], "messages": [{**said, **changes}]}
    )


def waha_message(**changes: Any) -> dict[str, Any]:
    payload = {
        "id": f"false_{JOHN}@c.us_A1",
        "timestamp": 1763784000,
        "from": f"{JOHN}@c.us",
        "fromMe": False,
        "to": "622150000@c.us",
        "body": "cek tagihan",
        "hasMedia": False,
    }
    return {
        "id": "evt_1",
        "timestamp": 1763784000123,
        "event": "message",
        "session": "default",
        "payload": {**payload, **changes},
    }


def evolution_message(key: dict[str, Any] | None = None, **message: Any) -> dict[str, Any]:
    return {
        "event": "messages.upsert",
        "instance": "my isp",
        "data": {
            "key": {"remoteJid": f"{JOHN}@s.whatsapp.net", "fromMe": False, "id": "E1", **(key or {})},
            "pushName": "John",
            "message": message or {"conversation": "cek tagihan"},
            "messageType": "conversation",
            "messageTimestamp": 1763784000,
        },
        "apikey": "instance-key",
    }


def gowa_message(**changes: Any) -> dict[str, Any]:
    payload = {
        "id": "G1",
        "chat_id": f"{JOHN}@s.whatsapp.net",
        "from": f"{JOHN}@s.whatsapp.net",
        "from_name": "John",
        "timestamp": "2025-11-22T04:00:00Z",
        "is_from_me": False,
        "body": "cek tagihan",
    }
    return {"event": "message", "device_id": "device-1", "payload": {**payload, **changes}}


def fonnte_message(**changes: Any) -> dict[str, Any]:
    said = {
        "device": "622150000",
        "sender": JOHN,
        "message": "cek tagihan",
        "name": "John",
        "isgroup": False,
        "inboxid": 77,
        "timestamp": 1763784000,
    }
    return {**said, **changes}


def wablas_message(**changes: Any) -> dict[str, Any]:
    said = {
        "id": "W1",
        "phone": JOHN,
        "sender": "622150000",
        "pushName": "John",
        "message": "cek tagihan",
        "isGroup": False,
        "isFromMe": False,
        "messageType": "text",
        "timestamp": "1763784000",
    }
    return {**said, **changes}


SAYS = {
    "cloud": cloud_message,
    "waha": waha_message,
    "evolution": evolution_message,
    "gowa": gowa_message,
    "fonnte": fonnte_message,
    "wablas": wablas_message,
}
