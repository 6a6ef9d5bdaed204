"""Answering customers from a program: list, read, take, answer, give back, end; for keys of the scope `staff`.

The first who takes a chat has it, whether in a chat of staff or here; everybody else is told whose it is (409).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response, request

from api.auth import services
from api.http import answer, read
from api.mywifi.access import for_keys
from api.mywifi.bodies import KeyMessage
from api.operations import Operation, Outcome, Refusal
from api.rules import Text, Whole
from core.handover.commands import LONGEST_LINE
from core.handover.types import Act, Handover, Over, Person, Sent, Story, Taken, TakenByOther
from core.identity.types import ApiKey, Scope
from core.platform.errors import Invalid, NotFound
from core.platform.ids import new_uuid

blueprint = Blueprint("staff_chats", __name__, url_prefix="/api/staff/chats")

_NO_CHAT = Refusal(NotFound, "handover", 404, KeyMessage(status=False, message="Percakapan itu tidak ada."))
_EMPTY = Refusal(Invalid, "empty_message", 400, KeyMessage(status=False, message="Pesannya kosong."))
_OVER = KeyMessage(status=False, message="Percakapan itu sudah selesai.")
_DONE = KeyMessage(status=True, message="Selesai.")
_EXAMPLE_TIME = "2026-11-22T10:00:00+07:00"


class ChatHead(Struct, frozen=True):
    """A request for a person; `owner` is who answers, empty while nobody does."""

    id: int
    who: str
    channel: str
    state: str
    owner: str | None
    since: str
    last: str


class ChatList(Struct, frozen=True):
    data: tuple[ChatHead, ...]


class ChatLine(Struct, frozen=True):
    """Something that was said; `author` is empty for the customer."""

    id: int
    author: str | None
    text: str
    at: str


class ChatStory(Struct, frozen=True):
    chat: ChatHead
    messages: tuple[ChatLine, ...]


class ChatSent(Struct, frozen=True):
    """The answer's id, as it will stand in the story."""

    status: bool
    id: int


class ChatChoice(Struct, frozen=True):
    id: Annotated[int, Whole(1)]


class ChatReading(Struct, frozen=True):
    """Only what was said after the message `after`."""

    id: Annotated[int, Whole(1)]
    after: Annotated[int, Whole(0)] = 0


class ChatTaking(Struct, frozen=True):
    """`name` is how the customer gets to know who answers; without it, the key's own name."""

    id: Annotated[int, Whole(1)]
    name: Annotated[str | None, Text(longest=64)] = None


class ChatAnswer(Struct, frozen=True):
    id: Annotated[int, Whole(1)]
    text: Annotated[str, Text(longest=LONGEST_LINE)]
    name: Annotated[str | None, Text(longest=64)] = None


_HEAD = ChatHead(
    12, "Siti Rahma · 28900001", "whatsapp", "waiting", None, _EXAMPLE_TIME, "tagihan saya kok naik"
)
_STORY = ChatStory(_HEAD, (ChatLine(31, None, "tagihan saya kok naik", _EXAMPLE_TIME),))
_TAKEN_BY_OTHER = Outcome(409, KeyMessage(status=False, message="Percakapan ini sudah dipegang Budi."))


@blueprint.get("")
@for_keys(Scope.STAFF, Operation(summary="Pelanggan yang menunggu petugas.", answer=ChatList((_HEAD,))))
async def list_chats(_key: ApiKey) -> Response:
    """Those who wait longest first."""
    return answer(ChatList(tuple(map(_head, await services().handovers.open_ones()))))


@blueprint.get("/messages")
@for_keys(
    Scope.STAFF,
    Operation(summary="Isi satu percakapan.", reads=ChatReading, answer=_STORY, refuses=(_NO_CHAT,)),
)
async def read_chat(_key: ApiKey) -> Response:
    """The latest lines, oldest first."""
    form = await read(ChatReading)
    return answer(_story(await services().handovers.story(form.id, after=form.after)))


@blueprint.post("/take")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Mengambil percakapan.",
        reads=ChatTaking,
        answer=_STORY,
        refuses=(_NO_CHAT,),
        others=(_TAKEN_BY_OTHER,),
    ),
)
async def take_chat(key: ApiKey) -> Response:
    """From now on the bot is silent there. Taking it again is harmless."""
    form = await read(ChatTaking)
    taken = await services().handovers.take(form.id, _person(key, form.name))
    return answer(_story(taken.story)) if isinstance(taken, Taken) else _refused(taken)


@blueprint.post("/send")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Menjawab pelanggan.",
        reads=ChatAnswer,
        answer=ChatSent(status=True, id=32),
        refuses=(_NO_CHAT, _EMPTY),
        others=(_TAKEN_BY_OTHER,),
    ),
)
async def send_answer(key: ApiKey) -> Response:
    """Answers arrive in the order they were sent in; a repeat with the same `Idempotency-Key` sends nothing."""
    form = await read(ChatAnswer)
    request_id = request.headers.get("Idempotency-Key", "").strip()[:64] or new_uuid()
    sent = await services().handovers.say(
        form.id, _person(key, form.name), form.text, request_id=f"http:{request_id}"
    )
    return answer(ChatSent(status=True, id=sent.line_id)) if isinstance(sent, Sent) else _refused(sent)


@blueprint.post("/release")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Mengembalikan percakapan ke antrean.",
        reads=ChatChoice,
        answer=_DONE,
        refuses=(_NO_CHAT,),
        others=(_TAKEN_BY_OTHER,),
    ),
)
async def release_chat(key: ApiKey) -> Response:
    """The bot answers until somebody takes it again."""
    form = await read(ChatChoice)
    return _ended(await services().handovers.release(form.id, _person(key, None)))


@blueprint.post("/close")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Mengakhiri percakapan.",
        reads=ChatChoice,
        answer=_DONE,
        refuses=(_NO_CHAT,),
        others=(_TAKEN_BY_OTHER,),
    ),
)
async def close_chat(key: ApiKey) -> Response:
    """The customer is told and has the bot again."""
    form = await read(ChatChoice)
    return _ended(await services().handovers.close(form.id, _person(key, None)))


def _person(key: ApiKey, name: str | None) -> Person:
    return Person(f"key:{key.id}", name or key.name)


def _ended(outcome: Act) -> Response:
    return answer(_DONE) if isinstance(outcome, Sent) else _refused(outcome)


def _refused(outcome: TakenByOther | Over) -> Response:
    if isinstance(outcome, Over):
        return answer(_OVER, 409)
    return answer(KeyMessage(status=False, message=f"Percakapan ini sudah dipegang {outcome.name}."), 409)


def _story(story: Story) -> ChatStory:
    lines = tuple(ChatLine(line.id, line.author, line.text, _moment(line.at)) for line in story.lines)
    return ChatStory(_head(story.handover), lines)


def _head(each: Handover) -> ChatHead:
    return ChatHead(
        each.id,
        each.who,
        each.channel,
        str(each.state),
        each.owner_name,
        _moment(each.requested_at),
        each.last_text,
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(services().settings.zone).isoformat(timespec="seconds")
