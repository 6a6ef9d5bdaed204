"""The Cloud API as a dialect: signed calls, buttons and lists, templates outside the 24-hour window."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlsplit

from msgspec import Struct

from core.adapters.whatsapp.answer import Answer
from core.adapters.whatsapp.dialects.cloud.bodies import contents, template_of
from core.adapters.whatsapp.dialects.cloud.events import batch_of
from core.adapters.whatsapp.dialects.cloud.verdict import verdict_on
from core.adapters.whatsapp.dialects.dialect import HookCall, OutsideWindow, Quote, Verdict, is_signed
from core.adapters.whatsapp.dialects.texts import (
    address_problems,
    json_post,
    missing,
    origin_of,
    unsendable,
)
from core.adapters.whatsapp.json_values import JsonObject, decoded
from core.adapters.whatsapp.reading import clean, read_object
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import OutgoingText, Refused
from core.messaging.received import Batch, Media

#: What Meta hands back with every status; longer ones are refused.
_LONGEST_CALLBACK_DATA = 512
_SCOPED = "@bsuid"


class CloudConfig(Struct, frozen=True):
    """`template` names an approved template with one place, which any text fits; empty: only texts with their own."""

    url: str
    version: str
    phone_number_id: str
    token: str
    app_secret: str
    verify_token: str
    template: str = ""
    language: str = "id"


class Cloud:
    """There is no idempotency key: our key travels as callback data, and comes back with every status."""

    name = "cloud"
    signed = True
    taps = True

    def __init__(self, config: CloudConfig) -> None:
        self._config = config
        self._base = f"{config.url.rstrip('/')}/{config.version}"
        self._headers = {"Authorization": f"Bearer {config.token}"}
        self.secrets = (config.token, config.app_secret, config.verify_token)

    @property
    def origin(self) -> str:
        return origin_of(self._config.url)

    def problems(self) -> list[str]:
        config = self._config
        found = address_problems("LOKET_WA_CLOUD_URL", config.url)
        found += missing(
            LOKET_WA_CLOUD_PHONE_NUMBER_ID=config.phone_number_id,
            LOKET_WA_CLOUD_TOKEN=config.token,
            LOKET_WA_CLOUD_APP_SECRET=config.app_secret,
            LOKET_WA_CLOUD_VERIFY_TOKEN=config.verify_token,
        )
        if not re.fullmatch(r"v\d{1,3}\.\d", config.version):
            found.append("LOKET_WA_CLOUD_VERSION: must look like v23.0")
        if config.phone_number_id and not re.fullmatch(r"[0-9]{1,30}", config.phone_number_id):
            found.append("LOKET_WA_CLOUD_PHONE_NUMBER_ID: digits, and not the phone number itself")
        return found + unsendable(("LOKET_WA_CLOUD_TOKEN", config.token))

    def requests(
        self, message: OutgoingText, *, key: str, free: bool, file_url: str | None = None
    ) -> Sequence[WireRequest] | Refused | OutsideWindow:
        if free:
            bodies = contents(message, file_url)
        else:
            template = template_of(message, fallback=self._config.template, language=self._config.language)
            if template is None:
                return OutsideWindow()
            bodies = [template]
        if not bodies:
            return Refused("the message has no text")
        try:
            return [self._request(message.to, body, key) for body in bodies]
        except UnicodeEncodeError:
            return Refused("the message holds broken characters")

    def outcome(self, answer: Answer, *, now: datetime, quoted: Quote) -> Verdict:
        return verdict_on(answer, now=now, quoted=quoted)

    def is_genuine(self, call: HookCall) -> bool:
        secret = self._config.app_secret
        return is_signed(call, "x-hub-signature-256", secret, "sha256", prefix="sha256=")

    def challenge(self, query: Mapping[str, str]) -> str | None:
        """What to answer when Meta asks whether this webhook is ours; None refuses."""
        token = self._config.verify_token
        presented = query.get("hub.verify_token", "")
        is_ours = bool(token) and hmac.compare_digest(presented.encode(errors="replace"), token.encode())
        return query.get("hub.challenge", "") if is_ours and query.get("hub.mode") == "subscribe" else None

    def read(self, call: HookCall) -> Batch:
        return batch_of(read_object(call.body), phone_number_id=self._config.phone_number_id)

    def status_request(self) -> WireRequest:
        url = f"{self._base}/{self._config.phone_number_id}?fields=id"
        return WireRequest(method="GET", url=url, headers=self._headers)

    def media_request(self, media: Media) -> WireRequest | None:
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", media.reference):
            return None
        url = f"{self._base}/{quote(media.reference, safe='')}"
        return WireRequest(method="GET", url=url, headers=self._headers)

    def media_location(self, answer: Answer) -> WireRequest | None:
        """The token goes along, so only over TLS, or to the very host that was asked."""
        found = decoded(answer.body) if answer.status == 200 else None
        url = clean(found.get("url")) if isinstance(found, dict) else ""
        is_safe = urlsplit(url).scheme == "https" or (bool(url) and origin_of(url) == self.origin)
        return WireRequest(method="GET", url=url, headers=self._headers) if is_safe else None

    def _request(self, to: str, content: JsonObject, key: str) -> WireRequest:
        scoped = to.removesuffix(_SCOPED)
        recipient: JsonObject = {"to": to} if scoped == to else {"recipient": scoped}
        body: JsonObject = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **recipient,
            **content,
            "biz_opaque_callback_data": key[:_LONGEST_CALLBACK_DATA],
        }
        return json_post(f"{self._base}/{self._config.phone_number_id}/messages", self._headers, body)
