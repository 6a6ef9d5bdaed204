"""The gateway: what it does with the calls it receives, and the phones behind it."""

import asyncio
import hmac
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from sandbox.web.errors import RequestError
from sandbox.web.feed import Feed
from sandbox.web.journal import Journal
from sandbox.web.photos import Photo
from sandbox.whatsapp.business import WIRE, Business
from sandbox.whatsapp.chats import Chat, Handoff
from sandbox.whatsapp.commands import Command, Purpose
from sandbox.whatsapp.contacts import Contact, normalise_phone
from sandbox.whatsapp.courier import Courier
from sandbox.whatsapp.downloads import fetch
from sandbox.whatsapp.faults import Faults
from sandbox.whatsapp.messages import Content, Document, Notice
from sandbox.whatsapp.news import ContactsNews
from sandbox.whatsapp.payloads import ContactChange, HeaderMedia, WaBody
from sandbox.whatsapp.phones import Phones
from sandbox.whatsapp.providers.provider import Provider, Taken
from sandbox.whatsapp.receipts import Receipt, Receipts
from sandbox.whatsapp.rendering import content_of, header_media_of
from sandbox.whatsapp.webhook import Webhook


class Gateway:
    """One WhatsApp gateway with its phones; what customers type is posted to `webhook_url`.

    `close` must be called when the server is asked to stop, not after it has stopped: servers wait for open event streams.
    """

    def __init__(
        self,
        *,
        secret: str,
        webhook_url: Callable[[], str] | str,
        contacts: Sequence[Contact],
        clock: Callable[[], datetime],
        providers: Sequence[Provider] = (),
        hooks_url: Callable[[], str] | str = "",
        spoken: str = WIRE,
        faults: Faults | None = None,
        retry_delays_s: Sequence[float] = (0.3, 1.0),
    ) -> None:
        self._secret = secret.encode()
        self._receipts = Receipts()
        self.faults = faults or Faults()
        self.feed = Feed()
        self.journal = Journal(clock=clock, feed=self.feed)
        self.phones = Phones(contacts, secret=secret, clock=clock, feed=self.feed)
        webhook = Webhook(webhook_url, retry_delays_s=retry_delays_s)
        self.business = Business(providers, hooks_url=hooks_url, spoken=spoken)
        self.courier = Courier(self.phones, webhook, self.journal, self.business)
        self.closed = asyncio.Event()
        #: New with every start, so that a page knows when its memory of the chats is void.
        self.run_id = uuid.uuid4().hex

    def knows(self, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self._secret)

    async def take(self, body: WaBody) -> Receipt:
        """Do what a `/wa` call asks, once per idempotency key (whatsapp contract §1.1); a file is fetched first."""
        key = f"wa {body.idempotency_key}"
        media = header_media_of(body)
        file = await fetch(media) if media and not self._receipts.knows(key) else None
        return self._receipts.once(key, lambda: self._obey(body, file))

    def take_text(self, phone: str, text: str) -> Receipt:
        """The legacy GET: text only, and no key to recognise a repetition by (whatsapp contract §1.4)."""
        return self._show(phone, Content(text=text))

    async def show(self, provider: Provider, taken: Taken) -> None:
        """Show what a provider took, its file fetched first, and have its receipts told."""
        media = HeaderMedia(taken.file_kind, taken.file_url) if taken.file_url else None
        content = self._with_file(taken.content, await fetch(media) if media else None)
        chat = self.phones.chats.open(taken.phone)
        self.phones.post(chat, "business", content)
        chat.unread.append((provider, taken))
        self.courier.tell(chat, provider, taken, "sent", "delivered")

    def choose_business(self, name: str) -> None:
        """Reach the business another way, and tell the open pages."""
        self.business.choose(name)
        self.feed.publish(ContactsNews(self.phones.now))

    def command(self, command: Command, *, key: str | None) -> Receipt:
        """Do what an `/ai` call asks (whatsapp contract §1.10); a message is shown once when its call has a key."""
        chat = self.phones.chats.open(self._recipient(command))
        if command.purpose is Purpose.SEND and key is not None:
            return self._receipts.once(f"ai {key}", lambda: self._send(chat, command))
        return self._command(chat, command)

    async def close(self) -> None:
        """End event streams, held answers and deliveries under way; calling it again does no harm."""
        self.closed.set()
        self.feed.close()
        await self.courier.close()

    def _obey(self, body: WaBody, file: Photo | None) -> Receipt:
        if body.action == "send" and body.to is not None:
            return self._show(body.to, self._with_file(content_of(body), file))
        for change in body.contacts or ():
            self._change_contact(change, delete=body.action == "delete")
        return Receipt(status="success")

    def _with_file(self, content: Content, file: Photo | None) -> Content:
        if file is None:
            return content
        file_id = self.phones.media.keep(file)
        if file.mimetype.startswith("image/"):
            return msgspec.structs.replace(content, photo_id=file_id)
        document = Document(file_id, file.filename, file.mimetype, len(file.content))
        return msgspec.structs.replace(content, document=document)

    def _change_contact(self, change: ContactChange, *, delete: bool) -> None:
        phone = change.phone or change.id or ""
        if delete:
            self.phones.remove_contact(phone)
        else:
            self.phones.add_contact(Contact(phone, change.name, "upserted"))

    def _show(self, phone: str, content: Content) -> Receipt:
        chat = self.phones.chats.open(phone)
        message = self.phones.post(chat, "business", content)
        return Receipt(status="sent", id=f"{chat.session_id}-{message.seq}")

    def _recipient(self, command: Command) -> str:
        if not command.to:
            return self.phones.owner_of(command.session_id)
        phone = normalise_phone(command.to.removesuffix("@s.whatsapp.net"))
        if phone is None:
            raise RequestError(400, "to is neither a phone number nor a phone's jid")
        return phone

    def _command(self, chat: Chat, command: Command) -> Receipt:
        match command.purpose:
            case Purpose.SEND:
                return self._send(chat, command)
            case Purpose.HANDOFF:
                self._hand_over(chat, command)
            case Purpose.HANDOFF_OFF:
                self._take_back(chat, Notice.HANDOFF_OFF)
            case Purpose.HANDOFF_TIMEOUT:
                self._take_back(chat, Notice.HANDOFF_TIMEOUT)
            case Purpose.HANDOFF_STATE:
                pass
        return Receipt(handoff=self.phones.state(chat).handoff_until is not None)

    def _send(self, chat: Chat, command: Command) -> Receipt:
        """Unless told otherwise, sending through `/ai` also hands the chat over to a person."""
        receipt = self._show(chat.phone, Content(text=command.text))
        if command.handoff:
            self._hand_over(chat, command)
        return msgspec.structs.replace(receipt, handoff=command.handoff)

    def _hand_over(self, chat: Chat, command: Command) -> None:
        is_new = self.phones.state(chat).handoff_until is None
        chat.handoff = Handoff(self.phones.now + timedelta(seconds=command.timeout_s), command.reason)
        if is_new:
            self.phones.post(chat, "gateway", Content(text=command.reason), Notice.HANDOFF_ON)
        self.phones.tell_state(chat)

    def _take_back(self, chat: Chat, notice: Notice) -> None:
        if chat.handoff is not None:
            chat.handoff = None
            self.phones.post(chat, "gateway", Content(), notice)
        self.phones.tell_state(chat)
