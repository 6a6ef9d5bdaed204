"""The JSON body of a send: from text, choices or a hand-written payload to what the gateway reads (§1.1, §1.3)."""

from msgspec.structs import replace

from core.adapters.whatsapp.block import parse_block
from core.adapters.whatsapp.interactive import clean_interactive, interactive_of, media_of, numbered
from core.adapters.whatsapp.json_values import JsonObject, decoded, objects, word
from core.messaging.ports import Attachment, OutgoingText

_ALIASES = {"sessionId": "session_id", "threadId": "thread_id"}
_CONTENT = ("text", "body", "message", "interactive", "requestPhoneNumber")
_PAYLOAD_KEYS = {"action", "to", *_CONTENT, "contacts", *_ALIASES.keys(), *_ALIASES.values()}


def parse_markup(text: str) -> JsonObject | None:
    """Read a text that is a payload: a JSON object, a JSON array of contacts, or one that has a block.

    None means that it is words. Only for texts of staff (`OutgoingText.markup`).
    """
    value = decoded(text) if text.lstrip()[:1] in {"{", "["} else None
    if isinstance(value, dict) and value.keys() & _PAYLOAD_KEYS:
        return value
    contacts = objects(value)
    if (
        contacts
        and contacts == value
        and all(contact.keys() & {"id", "name", "phone"} for contact in contacts)
    ):
        return {"contacts": contacts}
    return parse_block(text)


def payload_of(message: OutgoingText, *, interactive: bool, file_url: str | None = None) -> JsonObject:
    """Build the body, all but `to` and the key; without `interactive` everything is said in its text.

    `file_url` is where the gateway, or else the reader, fetches the attachment; without it the text goes alone.
    """
    if message.attachment and file_url:
        return _with_file(message, message.attachment, file_url, interactive=interactive)
    parsed = parse_markup(message.text) if message.markup else None
    payload = _with_choices(_cleaned(parsed or {"text": message.text}), message, interactive=interactive)
    if interactive or "interactive" not in payload:
        return payload
    text = fallback_text(payload)
    return {key: value for key, value in payload.items() if key != "interactive"} | {"text": text}


def fallback_text(payload: JsonObject) -> str:
    """Say the payload in plain words, for gateways that carry text only; empty if it has none (§1.3)."""
    message, interactive = payload.get("message"), payload.get("interactive")
    candidates = [payload.get("text"), payload.get("body"), message]
    if isinstance(message, dict):
        candidates.append(message.get("conversation"))
    if isinstance(interactive, dict):
        candidates += [interactive.get("text"), interactive.get("body")]
    return next((said for candidate in candidates if (said := _said(candidate))), "")


def says_nothing(payload: JsonObject) -> bool:
    """Tell whether a send would show its reader nothing at all."""
    if payload.get("action") != "send" or payload.get("allowEmptyText") is True:
        return False
    other = ("message", "interactive", "requestPhoneNumber")
    return not fallback_text(payload) and not any(payload.get(key) for key in other)


def _cleaned(raw: JsonObject) -> JsonObject:
    payload = {key: value for key, value in raw.items() if key not in {"idempotency_key", "idempotencyKey"}}
    payload["action"] = word(raw.get("action")).lower() or _default_action(raw)
    payload |= {ours: raw[theirs] for theirs, ours in _ALIASES.items() if theirs in raw and ours not in raw}
    if "interactive" in raw:
        del payload["interactive"]
        interactive = clean_interactive(raw["interactive"])
        payload |= _rescued_text(raw) if interactive is None else {"interactive": interactive}
    return payload


def _default_action(raw: JsonObject) -> str:
    return "upsert" if "contacts" in raw and not raw.keys() & {"to", *_CONTENT} else "send"


def _rescued_text(raw: JsonObject) -> JsonObject:
    """Return the text of an interactive that had to go, after the text that stood beside it (trap of §1.2)."""
    inner = fallback_text({"interactive": raw["interactive"]})
    outer = fallback_text({"text": raw.get("text"), "body": raw.get("body")})
    return {"text": f"{outer}\n\n{inner}" if outer else inner} if inner and inner != outer else {}


def _with_choices(payload: JsonObject, message: OutgoingText, *, interactive: bool) -> JsonObject:
    if not message.choices or "interactive" in payload or payload["action"] != "send":
        return payload
    text = fallback_text(payload)
    rest = {key: value for key, value in payload.items() if key not in {"text", "body"}}
    built = clean_interactive(interactive_of(message.choices, text)) if interactive else None
    return rest | ({"interactive": built} if built else {"text": numbered(text, message.choices)})


def fit_for_chat(message: OutgoingText, file_url: str | None) -> tuple[OutgoingText, str | None]:
    """WhatsApp takes pictures and PDFs (whatsapp contract §1.7); any other file goes as an address below the text."""
    attachment = message.attachment
    if (
        attachment is None
        or file_url is None
        or attachment.kind == "image"
        or attachment.name.endswith(".pdf")
    ):
        return message, file_url
    return replace(message, text=f"{message.text}\n{file_url}", attachment=None), None


def _with_file(message: OutgoingText, attachment: Attachment, url: str, *, interactive: bool) -> JsonObject:
    if interactive:
        return {"action": "send", "interactive": media_of(message.choices, message.text, attachment, url)}
    return {"action": "send", "text": numbered(f"{message.text}\n{url}", message.choices)}


def _said(value: object) -> str:
    return value if isinstance(value, str) and value.strip() else ""
