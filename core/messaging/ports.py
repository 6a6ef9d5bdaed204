"""What messaging asks of a chat channel: carry one text, and say honestly what came of it."""

import re
from typing import Literal, Protocol

from msgspec import Struct

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Choice(Struct, frozen=True):
    """An answer offered to the reader; `id` comes back when it is tapped, `label` is what is shown."""

    id: str
    label: str


class Attachment(Struct, frozen=True):
    """A file that goes along with a text, named by what makes it (`core.messaging.attachments`).

    The bytes are made when it is sent, so a queue holds none. `name` is a plain file name, fit for a header, a path and
    an address; anything else raises `ValueError`.
    """

    kind: Literal["image", "document"]
    name: str
    source: str
    args: dict[str, int | str] = {}

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError("an attachment needs a plain file name")


class ApprovedTemplate(Struct, frozen=True):
    """A text in the form WhatsApp approved beforehand, for chats whose 24 hours are over (whatsapp contract §2.1).

    `code` is for the button that copies a one-time code, which templates of that category have.
    """

    name: str
    language: str
    values: tuple[str, ...] = ()
    code: str = ""


class OutgoingText(Struct, frozen=True):
    """A channel-neutral message for one chat.

    `to` is the channel's own name for the chat: E.164 digits without plus for WhatsApp, the chat id for Telegram.
    `markup` lets the text carry a `[[wa]]` block or a JSON payload; it is for texts written by staff only, because a
    customer's words echoed in a message must stay words.
    """

    to: str
    text: str
    choices: tuple[Choice, ...] = ()
    markup: bool = False
    attachment: Attachment | None = None
    approved: ApprovedTemplate | None = None


class Accepted(Struct, frozen=True, tag=True):
    """The channel took the message, which is not yet delivery; `certain` is false when its answer was unreadable.

    `moved_to` is where the chat goes on from now, when the channel has said so.
    """

    provider_id: str | None
    certain: bool = True
    moved_to: str | None = None


class ChannelDown(Struct, frozen=True, tag=True):
    """Nothing is known to have been sent; try again later with the same idempotency key."""

    reason: str
    retry_after_s: float | None = None


class Refused(Struct, frozen=True, tag=True):
    """The channel, or a look at the message, says it can never be sent as it is."""

    reason: str


class Gone(Struct, frozen=True, tag=True):
    """Nothing will ever reach this chat again, unless the person comes back: blocked, left, deleted."""

    reason: str


class Declined(Struct, frozen=True, tag=True):
    """The channel heard us and said no, without a sign that it is for ever: a lost session often sounds like this."""

    reason: str


class Misconfigured(Struct, frozen=True, tag=True):
    """The settings of the channel, or our account there, cannot work until somebody mends them."""

    reason: str
    #: The account may not send to many now: going on would make it worse.
    holds_campaigns: bool = False


SendOutcome = Accepted | ChannelDown | Gone | Declined | Refused | Misconfigured
"""What came of a send. A `reason` is for the operator and holds no secret, phone, message text or full URL."""


class TextChannel(Protocol):
    """A way to reach a chat; one instance serves many sends at once."""

    async def send(self, message: OutgoingText, *, idempotency_key: str) -> SendOutcome:
        """Send once; a retry of the same message must bring the same key."""
        ...

    async def aclose(self) -> None:
        """Let go of the connections; sends after this are answered with `ChannelDown`."""
        ...
