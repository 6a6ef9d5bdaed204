"""A chat's turn from message to answer: load, route, and commit replies, state and the "seen" mark together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
import structlog
from msgspec import Struct

from conversations.engine.book import AnyFlow, FlowBook
from conversations.engine.dialogue import Dialogue, Unreadable, dump, load
from conversations.engine.incoming import Incoming
from conversations.engine.lanes import Lanes
from conversations.engine.router import Router
from conversations.engine.say import CANCEL, Reply, Say, joined, phrase, say
from conversations.engine.turn import ChatFacts, Cue
from conversations.engine.words import MENU, Command, command_in
from conversations.redacting import redacted
from conversations.understanding import Understanding, understand
from core.handover import commands as handover
from core.handover.queries import answering
from core.handover.types import Answering
from core.identity.staff import StaffMember, member_of_chat
from core.messaging import chats, unmatched
from core.messaging.chats import Chat, Superseded
from core.messaging.notices import send_text
from core.messaging.ports import Attachment
from core.platform import i18n
from core.platform.errors import Unavailable
from core.platform.i18n import LANGUAGES, Language
from core.platform.outbox import Priority
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx
from core.services import Services

log = structlog.get_logger(__name__)

#: Turns of one chat in other processes that a turn gives way to before it gives up; each of them has moved the chat on.
_REPLAYS = 100
#: Choices that stand under a file as buttons; more would be a second list of what was just listed.
_BESIDE_A_FILE = 3
#: What a person reads in place of a file, by its kind.
_FILES = {"image": "handover.photo", "voice": "handover.voice"}
#: What is said to an attachment that comes without a word, by its kind.
_WORDLESS = {(): "engine.empty", ("voice",): "engine.voice_alone"}


class _Played(Struct, frozen=True):
    """A turn before its commit: the chat after it, the answer, what was written, and what it was vainly taken for."""

    chat: Chat
    reply: Reply
    said: str | None
    missed: Understanding | None


class Conversation:
    """Answers chats of every channel; any number of processes may run one on the same database."""

    def __init__(
        self,
        services: Services,
        flows: Iterable[AnyFlow],
        *,
        lanes: Lanes | None = None,
        phrase: Callable[[Say, Language], Reply] = phrase,
    ) -> None:
        self._services, self._book = services, FlowBook(flows)
        self._keyring = Keyring(services.settings.masters)
        self._lanes, self._phrase = lanes or Lanes(), phrase

    async def receive(self, incoming: Incoming) -> tuple[Reply, ...]:
        """Play one turn and return what to answer; a message received before gets the same answer and does nothing.

        Raises `Throttled` when the chat floods its queue, and `Unavailable` when the database does not take the turn.
        """
        async with self._lanes.turn(incoming.channel, incoming.chat_address):
            for _ in range(_REPLAYS):
                try:
                    return await self._turn(incoming)
                except Superseded:
                    log.info("turn_superseded", channel=incoming.channel, message_id=incoming.key)
        raise Unavailable("chat_busy")

    async def _turn(self, incoming: Incoming) -> tuple[Reply, ...]:
        async with self._services.uow.read() as tx:
            answered = await chats.answer_to(tx, incoming.channel, incoming.key)
            chat = await chats.load(tx, incoming.channel, incoming.chat_address)
            staff = await member_of_chat(tx, incoming.channel, incoming.chat_address)
            person = await answering(tx, incoming.channel, incoming.chat_address)
        if answered is not None:
            return msgspec.convert(answered, tuple[Reply, ...])
        if person is not None and person.request_id == _turn_id(incoming):
            person = None  # this very turn has asked for them, and is played again
        if person is not None and not _wants_the_bot(incoming):
            await self._pass_on(incoming, chat, person)
            return ()
        played = await self._play(incoming, chat, staff)
        reply = played.reply
        async with self._services.uow.write() as tx:
            if person is not None:
                await handover.give_back(tx, self._services.settings, person.id)
            replies = [msgspec.to_builtins(reply)]
            await chats.save_turn(tx, played.chat, message_id=incoming.key, replies=replies, said=played.said)
            if played.missed and self._services.settings.collect_unmatched:
                guess, language = played.missed.intent, played.missed.language
                await unmatched.count(tx, redacted(incoming.plain_text), guess=guess, language=language)
            if reply.attachment and incoming.answered_in_text:
                await _send_after(tx, incoming, reply, reply.attachment)
        return (reply,)

    async def _pass_on(self, incoming: Incoming, chat: Chat, person: Answering) -> None:
        """Keep a message for whoever answers, and say nothing; raises `Superseded` when nobody does any more."""
        async with self._services.uow.write() as tx:
            heard = await handover.hear(
                tx,
                self._services.settings,
                person.id,
                text=_for_a_person(incoming, self._services.settings.language),
                message_key=f"heard:{_turn_id(incoming)}",
            )
            if not heard:
                raise Superseded
            await chats.save_turn(tx, chat, message_id=incoming.key, replies=[])
        log.info("message_passed_on", handover_id=person.id, message_id=incoming.key)

    async def _play(self, incoming: Incoming, chat: Chat, staff: StaffMember | None) -> _Played:
        """Everything of a turn but its commit; what it changed elsewhere is safe to repeat by the turn's id."""
        dialogue, says = self._opened(chat, incoming)
        language = self._language(chat, incoming, dialogue)
        cue = self._cue(incoming, language or self._services.settings.language, staff)
        router = Router(self._book, cue, dialogue)
        said = None if router.is_secret else self._sealed(incoming)
        is_seen = router.welcomes_picture
        if cue.text or cue.tap or is_seen:
            if incoming.attachments and not is_seen:
                says.append(say("engine.attachment_ignored"))
            await router.route(cue.now - (chat.touched_at or cue.now))
            says += router.says
        else:
            says.append(say(_WORDLESS.get(incoming.attachments[:1], "engine.attachment_alone")))
            router.keeps_offer = True
        language = router.language or language
        reply = self._phrase(joined(says), language or self._services.settings.language)
        after = router.dialogue
        if not router.keeps_offer:
            after = msgspec.structs.replace(after, offered=reply.choices, rows=len(reply.rows))
        log.info("turn_played", chat_id=cue.chat.origin, message_id=incoming.key, **_place(after))
        chat = msgspec.structs.replace(chat, language=language, dialogue=dump(after))
        return _Played(chat, reply, said, router.missed)

    def _sealed(self, incoming: Incoming) -> str:
        """What was written or tapped, as only this installation can read it back."""
        words = incoming.plain_text or (incoming.choice_id and f"[{incoming.choice_id}]") or "(...)"
        return self._keyring.seal(words)

    def _opened(self, chat: Chat, incoming: Incoming) -> tuple[Dialogue, list[Say]]:
        """The stored dialogue, and what has to be said before anything else."""
        try:
            return load(chat.dialogue, self._book), []
        except Unreadable:
            log.warning("dialogue_unreadable", channel=chat.channel, message_id=incoming.key)
            return Dialogue(), [say("engine.lost")]

    def _language(self, chat: Chat, incoming: Incoming, dialogue: Dialogue) -> Language | None:
        """The chat's own language; on first contact that of the text, when it shows, else that of the writer's app."""
        if chat.language is not None:
            return "en" if chat.language == "en" else "id"
        said = incoming.plain_text
        is_prose = any(map(str.isalpha, said)) and not said.startswith("/")
        shown = understand(said).language if is_prose and not dialogue.frames else None
        return shown or next((known for known in LANGUAGES if known == incoming.language), None)

    def _cue(self, incoming: Incoming, language: Language, staff: StaffMember | None) -> Cue:
        return Cue(
            id=_turn_id(incoming),
            text=incoming.plain_text,
            tap=incoming.choice_id,
            session=incoming.session,
            fetch=incoming.fetch,
            chat=ChatFacts(
                incoming.channel,
                incoming.chat_address,
                language,
                staff,
                takes_files=self._services.file_links.can_be_followed
                or not (incoming.answered_in_text or incoming.fetches_files),
            ),
            services=self._services,
            now=self._services.clock.now(),
        )


async def _send_after(tx: WriteTx, incoming: Incoming, reply: Reply, file: Attachment) -> None:
    """Post a file that the answer itself cannot carry, once per message, with the answer's buttons where they are few."""
    await send_text(
        tx,
        to=incoming.chat_address,
        text=file.name,
        key=f"file:{incoming.channel}:{incoming.key}",
        priority=Priority.REPLY,
        choices=reply.choices if len(reply.choices) <= _BESIDE_A_FILE else (),
        attachment=file,
    )


def _turn_id(incoming: Incoming) -> str:
    return f"{incoming.channel}:{incoming.key}"


def _wants_the_bot(incoming: Incoming) -> bool:
    """Whether somebody who is talking to a person asks for the bot back, in the two ways that always work."""
    return incoming.choice_id in {MENU, CANCEL.id} or command_in(incoming.plain_text) in {
        Command.MENU,
        Command.CANCEL,
    }


def _for_a_person(incoming: Incoming, language: Language) -> str:
    """A message as whoever answers reads it; of files, for now, that there were some."""
    files = [i18n.text(_FILES.get(kind, "handover.file"), language) for kind in incoming.attachments]
    words = incoming.plain_text or (i18n.text("handover.tapped", language) if not files else "")
    return " ".join((*files, *([words] if words else [])))


def _place(dialogue: Dialogue) -> dict[str, str]:
    """Where a dialogue stands, for the log."""
    if not dialogue.frames:
        return {}
    return {"flow": dialogue.frames[0].flow, "step": dialogue.frames[-1].step}
