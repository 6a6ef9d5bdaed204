"""What a call of Meta's brings: several entries, changes, messages and statuses at once (whatsapp contract §2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.adapters.whatsapp.dialects.cloud.verdict import ACCOUNT_HELD
from core.adapters.whatsapp.json_values import JsonObject, objects
from core.adapters.whatsapp.reading import Malformed, child, clean, first_said, moment, named, sender_of
from core.messaging.received import Batch, DeliveryState, Media, Receipt, Received, Sender, SenderKind

_STATES: Mapping[str, DeliveryState] = {
    "sent": DeliveryState.SENT,
    "failed": DeliveryState.FAILED,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
}
_NUMBER_CHANGES = {"user_changed_number", "customer_changed_number"}
_MEDIA: Mapping[str, str] = {
    "image": "image",
    "sticker": "image",
    "audio": "voice",
    "video": "document",
    "document": "document",
    "location": "document",
    "contacts": "document",
    "unsupported": "document",
    "order": "document",
}


def batch_of(payload: JsonObject, *, phone_number_id: str) -> Batch:
    """Everything that concerns this number; one account's numbers share a webhook. Raises `Malformed`."""
    if payload.get("object") != "whatsapp_business_account":
        raise Malformed("object is not whatsapp_business_account")
    values = [
        value
        for entry in objects(payload.get("entry"))
        for change in objects(entry.get("changes"))
        if change.get("field") == "messages" and (value := child(change, "value"))
        if named(child(value, "metadata").get("phone_number_id")) in {"", phone_number_id}
    ]
    return Batch(
        messages=tuple(message for value in values for message in _messages(value)),
        receipts=tuple(receipt for value in values for receipt in _receipts(value)),
        left=tuple(number for value in values for number in _left(value)),
    )


def _messages(value: JsonObject) -> Iterator[Received]:
    for message in objects(value.get("messages")):
        sender, message_id = _sender(message), named(message.get("id"))
        kind = clean(message.get("type"))
        # Reactions say nothing, and `system` tells of a new number, see `_left`.
        if sender is None or not message_id or message.get("group_id") or kind in {"reaction", "system"}:
            continue
        yield Received(
            message_id=message_id,
            sender=sender,
            text=_text(message, kind),
            choice_id=_choice(message) or None,
            media=tuple(_media(message, kind)),
            sent_at=moment(message.get("timestamp")),
        )


def _left(value: JsonObject) -> Iterator[str]:
    """Numbers whose people write from another one now."""
    for message in objects(value.get("messages")):
        is_change = clean(child(message, "system").get("type")) in _NUMBER_CHANGES
        if clean(message.get("type")) == "system" and is_change:
            known = sender_of(message.get("from"))
            if known is not None and known.phone:
                yield known.phone


def _sender(message: JsonObject) -> Sender | None:
    """A number when there is one; who hides it is known by an id that only this business sees."""
    if known := sender_of(message.get("from")):
        return known
    scoped = clean(message.get("from_user_id")) or clean(message.get("from"))
    return Sender(f"{scoped[:56]}@bsuid", SenderKind.SCOPED) if scoped else None


def _text(message: JsonObject, kind: str) -> str:
    interactive = child(message, "interactive")
    return first_said(
        (
            child(interactive, "button_reply").get("title"),
            child(interactive, "list_reply").get("title"),
            child(message, "button").get("text"),
            child(message, "text").get("body"),
            child(message, kind).get("caption"),
        )
    )


def _choice(message: JsonObject) -> str:
    interactive = child(message, "interactive")
    return first_said(
        (
            child(interactive, "button_reply").get("id"),
            child(interactive, "list_reply").get("id"),
            child(message, "button").get("payload"),
        )
    )


def _media(message: JsonObject, kind: str) -> Iterator[Media]:
    if kind in _MEDIA:
        file = child(message, kind)
        yield Media(
            _MEDIA[kind], named(file.get("id")), clean(file.get("mime_type")), clean(file.get("sha256"))
        )


def _receipts(value: JsonObject) -> Iterator[Receipt]:
    for status in objects(value.get("statuses")):
        state, message_id = _STATES.get(clean(status.get("status"))), named(status.get("id"))
        if state and message_id:
            yield Receipt(
                provider_id=message_id,
                state=state,
                key=clean(status.get("biz_opaque_callback_data")) or None,
                error=_error(status),
                holds_campaigns=_holds_campaigns(status),
            )


def _holds_campaigns(status: JsonObject) -> bool:
    return any(error.get("code") in ACCOUNT_HELD for error in objects(status.get("errors")))


def _error(status: JsonObject) -> str | None:
    error = next(iter(objects(status.get("errors"))), None)
    return None if error is None else f"{named(error.get('code'))} {clean(error.get('title'))}".strip()[:300]
