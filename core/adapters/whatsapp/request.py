"""The one HTTP request that carries a message: address, credentials, number and body (whatsapp contract §1.1, §1.4)."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

import msgspec

from core.adapters.whatsapp.config import SECRET_PLACES, GatewayConfig, needs_secret, uses_post
from core.adapters.whatsapp.json_values import JsonObject, word
from core.adapters.whatsapp.payload import fallback_text, payload_of, says_nothing
from core.messaging.ports import OutgoingText, Refused


@dataclass(frozen=True, kw_only=True)
class WireRequest:
    """What goes over the wire; only the method may be shown, everything else can hold a secret."""

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


def request_of(
    config: GatewayConfig, message: OutgoingText, *, key: str, file_url: str | None = None
) -> WireRequest | Refused:
    """Build the request for a message, or say why no request can carry it; the configuration has no problems."""
    post = uses_post(config)
    payload = payload_of(message, interactive=config.interactive and post, file_url=file_url)
    # The queued recipient wins over a `to` inside a payload: consent and records speak of that person.
    to = wire_number(message.to or word(payload.pop("to", "")), config.country_code)
    if says_nothing(payload):
        return Refused("the message has no text")
    if payload["action"] == "send" and not to:
        return Refused("the message has no recipient")
    try:
        return _post(config, payload, to=to, key=key) if post else _get(config, payload, to=to, key=key)
    except UnicodeEncodeError:
        return Refused("the message holds broken characters")


def resolve_url(config: GatewayConfig) -> str:
    """Put the secret into the gateway URL, percent-encoded as one path segment; the first rule that fits (§1.1)."""
    url, secret = config.url.strip(), quote(config.secret, safe="")
    for place in SECRET_PLACES:
        if place in url:
            return url.replace(place, secret)
    return f"{url.rstrip('/')}/ext/{secret}/wa" if needs_secret(url) else url


def auth_headers(config: GatewayConfig) -> dict[str, str]:
    """Return the credentials as headers; a `jwt` is sent as it stands, nothing is signed (§1.1)."""
    match config.auth_type:
        case "" | "none":
            return {}
        case "basic":
            pair = f"{config.auth_username}:{config.auth_password}".encode()
            return {"Authorization": f"Basic {b64encode(pair).decode()}"}
        case "header":
            return {config.auth_header_name.strip(): config.auth_token}
        case "jwt":
            return {"Authorization": f"Bearer {config.auth_token}"}


def wire_number(number: str, country_code: str) -> str:
    """Turn a local `0…` into `<country code>…` if it is all digits; everything else passes as it is (§1.1)."""
    number = number.strip()
    return country_code + number[1:] if re.fullmatch("0[0-9]*", number) else number


def _post(config: GatewayConfig, payload: JsonObject, *, to: str, key: str) -> WireRequest:
    addressed = {"to": to} if to and payload["action"] == "send" else {}
    body = msgspec.json.encode({**payload, **addressed, "idempotency_key": key})
    headers = {"Content-Type": "application/json"} | auth_headers(config)
    if "idempotency-key" not in {name.lower() for name in headers}:
        headers["Idempotency-Key"] = key
    return WireRequest(method="POST", url=resolve_url(config), headers=headers, body=body)


def _get(config: GatewayConfig, payload: JsonObject, *, to: str, key: str) -> WireRequest | Refused:
    text = fallback_text(payload)
    if payload["action"] != "send" or not text:
        return Refused("the gateway GET URL carries text only, and the message has none")
    filled = {"[number]": quote_plus(to), "[text]": quote_plus(text)}
    # One pass: a text that says "[number]" stays a text.
    url = re.sub(r"\[(?:number|text)\]", lambda found: filled[found[0]], config.get_url.strip())
    return WireRequest(method="GET", url=url, headers={"Idempotency-Key": key})
