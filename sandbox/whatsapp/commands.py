"""The body of `POST …/ext/{secret}/ai`: sending and hand-over, in all its spellings (whatsapp contract §1.10)."""

from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from sandbox.web.errors import RequestError


class Purpose(Enum):
    SEND = "wa"
    HANDOFF = "handoff"
    HANDOFF_OFF = "handoff_off"
    HANDOFF_TIMEOUT = "handoff_timeout"
    HANDOFF_STATE = "handoff_state"


SPELLINGS = {
    "wa": Purpose.SEND,
    "wa_send": Purpose.SEND,
    "handoff": Purpose.HANDOFF,
    "handoff_off": Purpose.HANDOFF_OFF,
    "handoff_timeout": Purpose.HANDOFF_TIMEOUT,
    "handoff_state": Purpose.HANDOFF_STATE,
    "handoff_status": Purpose.HANDOFF_STATE,
}


class AiBody(Struct, frozen=True):
    """Unknown fields pass: the owner's plugin sends `meta`, `history` and more of its own."""

    route: str = ""
    action: str = ""
    chat_input: str = field(name="chatInput", default="")
    text: str = ""
    session_id: str = ""
    session_id_alias: str = field(name="sessionId", default="")
    to: str = ""
    contact_id: str = ""
    handoff: bool | None = None
    handoff_status: str = ""
    handoff_timeout_sec: Annotated[int, Meta(ge=1, le=3600)] = 600
    handoff_reason: str = ""


class Command(Struct, frozen=True):
    """What is wanted and for whom: `to` (a phone or a jid) or `session_id` is always given."""

    purpose: Purpose
    to: str
    session_id: str
    text: str
    handoff: bool
    timeout_s: int
    reason: str


def decode(raw: bytes) -> Command:
    try:
        body = msgspec.json.decode(raw, type=AiBody)
    except msgspec.MsgspecError as problem:
        raise RequestError(400, str(problem)) from problem
    command = Command(
        purpose=_purpose(body),
        to=body.to or body.contact_id,
        session_id=body.session_id or body.session_id_alias,
        text=(body.chat_input or body.text).strip(),
        handoff=body.handoff is not False,
        timeout_s=body.handoff_timeout_sec,
        reason=body.handoff_reason,
    )
    return _checked(command)


def _purpose(body: AiBody) -> Purpose:
    route = (body.route or body.action).lower().replace("-", "_")
    if route == "admin" and body.handoff:
        return Purpose.HANDOFF
    if route == "" and body.handoff_status == "timeout":
        return Purpose.HANDOFF_TIMEOUT
    if route not in SPELLINGS:
        raise RequestError(400, f"unknown route: {route or 'none given'}")
    return SPELLINGS[route]


def _checked(command: Command) -> Command:
    if not command.to and not command.session_id:
        raise RequestError(400, "give to or session_id: a guessed recipient may be the wrong customer")
    if command.purpose is Purpose.SEND and not command.text:
        raise RequestError(400, "route wa needs chatInput or text")
    if command.purpose is not Purpose.SEND and not command.session_id:
        raise RequestError(400, f"route {command.purpose.value} needs session_id")
    return command
