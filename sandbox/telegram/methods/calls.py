"""What a method is given and may answer with."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from sandbox.telegram.bot_api import BotApi
from sandbox.web.photos import Photo


@dataclass(frozen=True)
class Call:
    """One call under way: the server it reached and the files that came with it."""

    api: BotApi
    files: Mapping[str, Photo]


class Told(Struct, frozen=True):
    """A result with a word of explanation, as the webhook methods give."""

    result: object
    description: str


class Nothing(Struct, frozen=True):
    """No parameters."""
