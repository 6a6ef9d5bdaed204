"""From the phone to the chatbot's webhook and back: one delivery at a time per chat, in the background."""

import asyncio
import uuid

import httpx
import msgspec

from sandbox.web.errors import RequestError
from sandbox.web.journal import Journal
from sandbox.web.photos import Photo
from sandbox.whatsapp.chats import Chat
from sandbox.whatsapp.messages import Content, Message, Notice
from sandbox.whatsapp.phones import Phones
from sandbox.whatsapp.webhook import Webhook
from sandbox.whatsapp.wire import Line, Wire, WireAnswer, compose

HISTORY = 6


class Courier:
    def __init__(self, phones: Phones, webhook: Webhook, journal: Journal) -> None:
        self._phones = phones
        self._webhook = webhook
        self._journal = journal
        self._deliveries: set[asyncio.Task[None]] = set()
        self._closed = False

    def say(self, phone: str, text: str, photo: Photo | None = None) -> Message:
        """Show what the customer typed and start its delivery."""
        self._check_open()
        chat = self._phones.chats.open(phone)
        history = _history(chat)
        photo_id = self._phones.media.keep(photo) if photo else ""
        message = self._phones.post(chat, "customer", Content(text=text, photo_id=photo_id))
        chat.last_wire = compose(
            request_id=f"wire-{uuid.uuid4().hex}",
            seq=message.seq,
            phone=phone,
            session_id=chat.session_id,
            text=text,
            history=history,
            photo=photo,
        )
        self._start(chat, chat.last_wire)
        return message

    def resend_last(self, phone: str) -> str:
        """Deliver the last message once more, as a gateway that missed the answer would; its request id stays."""
        self._check_open()
        chat = self._phones.chats.peek(phone)
        if chat.last_wire is None:
            raise RequestError(409, "this phone has not sent anything yet")
        self._start(chat, chat.last_wire)
        return chat.last_wire.request_id

    async def close(self) -> None:
        """Drop the deliveries under way and start no more."""
        self._closed = True
        deliveries = list(self._deliveries)
        for delivery in deliveries:
            delivery.cancel()
        await asyncio.gather(*deliveries, return_exceptions=True)
        await self._webhook.close()

    def _check_open(self) -> None:
        if self._closed:
            raise RequestError(503, "the gateway is closing")

    def _start(self, chat: Chat, wire: Wire) -> None:
        chat.waiting += 1
        self._phones.tell_state(chat)
        delivery = asyncio.create_task(self._deliver(chat, wire), name=f"sandbox {wire.request_id}")
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)

    async def _deliver(self, chat: Chat, wire: Wire) -> None:
        try:
            async with chat.turn:
                self._hear(chat, wire, await self._webhook.deliver(wire))
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            self._fail(chat, wire, Notice.UNREACHABLE, status=0, why=f"no answer: {type(problem).__name__}")
        finally:
            chat.waiting -= 1
            self._phones.tell_state(chat)

    def _hear(self, chat: Chat, wire: Wire, answer: WireAnswer) -> None:
        """Show the answer; an empty one is an error unless a person has taken over (whatsapp contract §1.9)."""
        if not answer.is_success:
            self._fail(chat, wire, Notice.REFUSED, status=answer.status, why="refused")
            return
        chat.taken_seq = max(chat.taken_seq, wire.seq)
        if answer.text:
            self._phones.post(chat, "business", Content(text=answer.text))
            self._record(wire, answer.status, "answered")
        elif answer.handoff:
            self._record(wire, answer.status, "silent, a person is answering")
        else:
            self._fail(chat, wire, Notice.EMPTY, status=answer.status, why="empty answer")

    def _fail(self, chat: Chat, wire: Wire, notice: Notice, *, status: int, why: str) -> None:
        self._phones.post(chat, "gateway", Content(), notice)
        self._record(wire, status, why, failed=True)

    def _record(self, wire: Wire, status: int, summary: str, *, failed: bool = False) -> None:
        body = msgspec.json.encode({"requestId": wire.request_id, "body": wire.payload["body"]})
        self._journal.record("wire", status=status, summary=summary, body=body, failed=failed)


def _history(chat: Chat) -> list[Line]:
    """The last lines of the conversation, as the gateway sends them along."""
    said = [message for message in chat.messages if message.sender != "gateway"]
    roles = {"customer": "user", "business": "assistant"}
    return [Line(roles[message.sender], message.content.text) for message in said[-HISTORY:]]
