"""What a chat has on offer, as a stamp on its buttons: an old button must not answer a new question."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import msgspec

from conversations.engine.book import AnyFlow
from conversations.engine.dialogue import Dialogue
from core.messaging.chats import Chat

#: Stands on buttons of notices, which no question of a dialogue goes with.
NOTICE = "n"
#: An id that is a message: what a button of a notice stands for.
_SAYING = "say:"
#: Ids that mean the same wherever they are tapped; an old button of these kinds is taken as its words.
_EVERYWHERE = ("flow:", "intent:", "language:", _SAYING)


def stamp_of(chat: Chat) -> str:
    """Six characters that change with the open question and its choices, and with nothing else.

    A remark in between leaves the question as it is, so its buttons stay good.
    """
    stored = chat.dialogue or {}
    asked = msgspec.json.encode([stored.get("frames", []), stored.get("offered", [])], order="deterministic")
    return base64.urlsafe_b64encode(hashlib.sha256(asked).digest()[:5])[:6].decode()


def split(data: str) -> tuple[str, str]:
    """The stamp and the choice's id in what a tap sends."""
    stamp, _, choice_id = data.partition(".")
    return stamp, choice_id


def as_words(choice_id: str, label: str, flows: Iterable[AnyFlow]) -> str:
    """What a tap on an old button would be if it were typed; empty when it only ever answered one question."""
    if not choice_id.startswith(_EVERYWHERE):
        return ""
    if choice_id.startswith(_SAYING):
        return choice_id.removeprefix(_SAYING)
    commands = (flow.commands for flow in flows if choice_id == f"flow:{flow.name}")
    return next((f"/{words[0]}" for words in commands if words), label)


def open_flow(chat: Chat, flows: Iterable[AnyFlow]) -> AnyFlow | None:
    """The flow somebody is in the middle of, the one that was asked for."""
    frames = _dialogue(chat).frames
    return next((flow for flow in flows if frames and flow.name == frames[0].flow), None)


def awaits_secret(chat: Chat, flows: Iterable[AnyFlow]) -> bool:
    """Whether the next message will be a secret that should not stay in the chat."""
    frames = _dialogue(chat).frames
    if not frames:
        return False
    steps = next((flow.steps for flow in flows if flow.name == frames[-1].flow), {})
    step = steps.get(frames[-1].step)
    return step is not None and step.secret


def _dialogue(chat: Chat) -> Dialogue:
    try:
        return msgspec.convert(chat.dialogue or {}, Dialogue)
    except msgspec.ValidationError:
        return Dialogue()
