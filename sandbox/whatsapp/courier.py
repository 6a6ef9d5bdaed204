"""From the phone to the chatbot's webhook and back: one delivery at a time per chat, in the background."""

import asyncio
import uuid
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Literal

import httpx
import msgspec

from sandbox.web.errors import RequestError
from sandbox.web.journal import Journal
from sandbox.web.photos import Photo
from sandbox.whatsapp.business import Business
from sandbox.whatsapp.chats import Chat
from sandbox.whatsapp.messages import Choice, Content, Message, Notice
from sandbox.whatsapp.phones import Phones
from sandbox.whatsapp.providers.provider import Hook, Provider, Said, State, Taken, Told
from sandbox.whatsapp.webhook import Webhook
from sandbox.whatsapp.wire import Line, Wire, WireAnswer, compose

HISTORY = 6


class Courier:
    def __init__(self, phones: Phones, webhook: Webhook, journal: Journal, business: Business) -> None:
        self._phones = phones
        self._webhook = webhook
        self._journal = journal
        self._business = business
        self._deliveries: set[asyncio.Task[None]] = set()
        self._closed = False

    def say(self, phone: str, text: str, photo: Photo | None = None, choice_id: str = "") -> Message:
        """Show what the customer typed or tapped and start its delivery."""
        self._check_open()
        chat = self._phones.chats.open(phone)
        offered = chat.offered(choice_id)
        if choice_id and offered is None:
            raise RequestError(400, "nobody has offered that")
        history = _history(chat)
        photo_id = self._phones.media.keep(photo) if photo else ""
        message = self._phones.post(chat, "customer", Content(text=text, photo_id=photo_id))
        provider = self._business.provider
        if provider is None:
            chat.last_delivery = compose(
                request_id=f"wire-{uuid.uuid4().hex}",
                seq=message.seq,
                phone=phone,
                session_id=chat.session_id,
                text=text,
                history=history,
                photo=photo,
            )
        else:
            chat.last_delivery = self._told_by(provider, chat, message, photo, offered)
            self._read(chat)
        self._start(chat, chat.last_delivery, message.seq)
        return message

    def resend_last(self, phone: str) -> str:
        """Deliver the last message once more, as a gateway that missed the answer would; its request id stays."""
        self._check_open()
        chat = self._phones.chats.peek(phone)
        if chat.last_delivery is None:
            raise RequestError(409, "this phone has not sent anything yet")
        self._start(chat, chat.last_delivery, chat.last_seq)
        return (
            chat.last_delivery.request_id if isinstance(chat.last_delivery, Wire) else chat.last_delivery.path
        )

    def tell(self, chat: Chat, provider: Provider, taken: Taken, *states: State) -> None:
        """Tell the chatbot what became of a message, one state after the other."""
        if not self._closed:
            self._run(self._tell(chat, provider, taken, states))

    def _told_by(
        self,
        provider: Provider,
        chat: Chat,
        message: Message,
        photo: Photo | None,
        offered: tuple[Choice, Literal["button", "row"]] | None,
    ) -> Hook:
        contact = self._phones.contacts.find(chat.phone)
        if photo is not None:
            provider.keep(message.content.photo_id, photo)
        choice, kind = offered or (Choice("reply", ""), "")
        return provider.said(
            Said(
                message_id=f"{provider.name}.{uuid.uuid4().hex}",
                phone=chat.phone,
                name=contact.name if contact else "",
                text=message.content.text,
                at=message.at,
                choice_id=choice.id,
                choice_kind=kind,
                description=choice.description,
                photo=photo,
                photo_id=message.content.photo_id,
            )
        )

    def _read(self, chat: Chat) -> None:
        """Who answers has read what came before."""
        for provider, taken in chat.unread:
            self.tell(chat, provider, taken, "read")
        chat.unread.clear()

    async def _tell(self, chat: Chat, provider: Provider, taken: Taken, states: tuple[State, ...]) -> None:
        for state in states:
            told = Told(taken.provider_id, chat.phone, state, self._phones.now, taken.key)
            hook = provider.told(told)
            if hook is not None:
                with suppress(httpx.HTTPError):
                    await self._webhook.call(self._business.address_of(hook), hook)

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

    def _start(self, chat: Chat, delivery: Wire | Hook, seq: int) -> None:
        chat.waiting += 1
        self._phones.tell_state(chat)
        self._run(self._deliver(chat, delivery, seq))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, chat: Chat, delivery: Wire | Hook, seq: int) -> None:
        try:
            async with chat.turn:
                if isinstance(delivery, Wire):
                    self._hear(chat, delivery, await self._webhook.deliver(delivery))
                else:
                    address = self._business.address_of(delivery)
                    self._note(chat, delivery, seq, await self._webhook.call(address, delivery))
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            self._fail(
                chat, delivery, Notice.UNREACHABLE, status=0, why=f"no answer: {type(problem).__name__}"
            )
        finally:
            chat.waiting -= 1
            self._phones.tell_state(chat)

    def _note(self, chat: Chat, hook: Hook, seq: int, status: int) -> None:
        """A provider only hears whether the call was taken; the answer comes by another way."""
        if 200 <= status < 300:
            chat.taken_seq = max(chat.taken_seq, seq)
            self._record(hook, status, "taken")
        else:
            self._fail(chat, hook, Notice.REFUSED, status=status, why="refused")

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

    def _fail(self, chat: Chat, delivery: Wire | Hook, notice: Notice, *, status: int, why: str) -> None:
        self._phones.post(chat, "gateway", Content(), notice)
        self._record(delivery, status, why, failed=True)

    def _record(self, delivery: Wire | Hook, status: int, summary: str, *, failed: bool = False) -> None:
        if isinstance(delivery, Wire):
            told = {"requestId": delivery.request_id, "body": delivery.payload["body"]}
            self._journal.record(
                "wire", status=status, summary=summary, body=msgspec.json.encode(told), failed=failed
            )
            return
        surface = delivery.path.partition("/")[0]
        self._journal.record(surface, status=status, summary=summary, body=delivery.body, failed=failed)


def _history(chat: Chat) -> list[Line]:
    """The last lines of the conversation, as the gateway sends them along."""
    said = [message for message in chat.messages if message.sender != "gateway"]
    roles = {"customer": "user", "business": "assistant"}
    return [Line(roles[message.sender], message.content.text) for message in said[-HISTORY:]]
