"""What a channel brings in, whatever its dialect: messages from people, and news of messages of ours."""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct


class SenderKind(enum.StrEnum):
    """What a sender's address is: only a number can be called, and compared with a customer's."""

    NUMBER = "pn"
    LID = "lid"
    SCOPED = "bsuid"  # an id that only this business sees


class Sender(Struct, frozen=True):
    """Who wrote. `address` is E.164 digits for a number, else an opaque name that says its kind: `…@lid`, `…@bsuid`."""

    address: str
    kind: SenderKind

    @property
    def phone(self) -> str | None:
        """The number, where the channel vouches for one."""
        return self.address if self.kind is SenderKind.NUMBER else None


class Media(Struct, frozen=True, omit_defaults=True):
    """Something that came along: `kind` is image, document or voice; `reference` is the provider's name or URL for it."""

    kind: str
    reference: str = ""
    mimetype: str = ""
    sha256: str = ""  # base64, as the provider announced it


class Received(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message from one person in a chat of two; groups, lists, newsletters and echoes of ours never get this far."""

    message_id: str
    sender: Sender
    text: str = ""
    choice_id: str | None = None  # the id of a tapped button or row; its title is in `text`
    media: tuple[Media, ...] = ()
    sent_at: datetime | None = None


class DeliveryState(enum.IntEnum):
    """How far a message of ours got; a proof of arrival outranks a failure, so a state only ever rises."""

    SENT = 1
    FAILED = 2
    DELIVERED = 3
    READ = 4


class Receipt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """News of a message of ours; `key` is its idempotency key where the provider hands it back."""

    provider_id: str
    state: DeliveryState
    key: str | None = None
    error: str | None = None  # the provider's code and its title, never a text or a number
    holds_campaigns: bool = False  # whether the account may not send to many now


class Batch(Struct, frozen=True):
    """Everything one call brought, in the order it stood there."""

    messages: tuple[Received, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    #: Numbers that their people have given up: whoever has one next is somebody else.
    left: tuple[str, ...] = ()
