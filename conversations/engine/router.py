"""Decides what a message means for a chat, from the surest reading to the vaguest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from conversations.engine.advance import Advance
from conversations.engine.book import AnyFlow, FlowBook, may_use
from conversations.engine.dialogue import Dialogue
from conversations.engine.guide import Guide
from conversations.engine.say import CANCEL, MORE, Say, Sayable, as_say, page_of, say
from conversations.engine.turn import Audience, Cue
from conversations.engine.words import (
    NOT_YET,
    RESTART,
    RESUME,
    STAFF,
    STAFF_PROOF,
    TOPICS,
    Command,
    command_in,
    language_named,
    loose_choice,
    sure_choice,
)
from conversations.understanding import Intent, Understanding, understand
from core.platform.i18n import Language, Message

#: After this silence nobody remembers the open question: it is set aside, and offered to go on with.
IDLE = timedelta(minutes=30)
#: After this one even the offer would puzzle.
FORGOTTEN = timedelta(hours=24)

#: So sure of a wish one can be without being confident of it.
LIKELY = 0.4
#: How the id of an offer begins that is a wish of its own, wherever it is offered.
_WISH = "intent:"

Reading = Callable[[], Awaitable[bool]]


class Router:
    """One message's way to its meaning. Afterwards `dialogue`, `says`, `language` and `keeps_offer` are the result."""

    def __init__(self, book: FlowBook, cue: Cue, dialogue: Dialogue) -> None:
        self._book, self._cue, self._offered = book, cue, dialogue.offered
        self._guide = Guide(book, cue.chat, cue.services.settings.business_name)
        self._advance = Advance(book, cue, dialogue, self._guide)
        self._understood: Understanding | None = None
        #: Set when the chat changes its language.
        self.language: Language | None = None
        #: Whether what was on offer before this message still is.
        self.keeps_offer = False
        #: What the message was taken for, when nobody understood it.
        self.missed: Understanding | None = None

    @property
    def dialogue(self) -> Dialogue:
        return self._advance.dialogue

    @property
    def says(self) -> list[Say]:
        return self._advance.says

    @property
    def is_secret(self) -> bool:
        """Whether the answer that is waited for is kept nowhere."""
        return bool(self.dialogue.frames) and self._advance.step.secret

    async def route(self, silence: timedelta) -> None:
        """Take the first reading that fits; the last one always does, so nobody is left without an answer."""
        self._withdraw()
        for reading in (self._picture, *self._readings(silence)):
            if await reading():
                return

    def _withdraw(self) -> None:
        """A flow for staff ends with the right to it."""
        staff = self._cue.chat.staff
        open_flows = {frame.flow for frame in (*self.dialogue.frames, *self.dialogue.aside)}
        for flow in map(self._book.by_name.__getitem__, open_flows):
            lacks_proof = flow.audience is Audience.STAFF and flow.name != STAFF_PROOF
            if not may_use(staff, flow) or (lacks_proof and staff and not staff.is_proved):
                self._close()

    def _readings(self, silence: timedelta) -> tuple[Reading, ...]:
        if self.dialogue.frames and silence > FORGOTTEN:
            self._close()
        if self.dialogue.frames and silence > IDLE:
            self._set_aside()
            return (self._command, self._new_wish, self._reopen)
        if not self.dialogue.frames:
            return (
                self._exact_offer,
                self._command,
                self._intent,
                self._loose_offer,
                self._guess,
                self._miss,
            )
        if self._advance.step.secret:
            return (self._command, self._answer)
        return (self._step_offer, self._command, self._answer)

    async def _picture(self) -> bool:
        """A picture answers the step that asked for one; where nothing is asked, it is the proof of a payment."""
        flow = self._book.for_pictures
        if not self.welcomes_picture or flow is None:
            return False
        if not self._asks_for_picture:
            await self._start(flow)
        elif retry := await self._advance.answer(None):
            await self._advance.refuse(retry)
        return True

    @property
    def welcomes_picture(self) -> bool:
        """Whether a picture came along that somebody here looks at."""
        if self._cue.fetch is None or self._book.for_pictures is None:
            return False
        is_proof = not self._cue.text or self._meaning.intent is Intent.PAYMENT_PROOF
        return self._asks_for_picture or (is_proof and not self._is_asked)

    @property
    def _asks_for_picture(self) -> bool:
        return bool(self.dialogue.frames) and self._advance.step.takes_pictures

    # -- Readings inside a flow

    async def _step_offer(self) -> bool:
        """An answer on offer, beyond doubt or by words that only one row has."""
        text, rows = self._cue.text, self._offered[: self.dialogue.rows]
        return await self._choose(
            self._cue.tap or sure_choice(text, self._offered) or loose_choice(text, rows)
        )

    async def _answer(self) -> bool:
        """The step's own reading; what it cannot use may still be another wish, or a next step named in passing."""
        retry = await self._advance.answer(None)
        if retry is None or (retry.limited and await self._other_wish()):
            return True
        chosen = await self._choose(loose_choice(self._cue.text, self._offered))
        if not chosen and not (retry.limited and await self._likely_wish()):
            await self._advance.refuse(retry)
        return True

    async def _choose(self, chosen: str | None) -> bool:
        if chosen is None or not self._is_offered(chosen):
            return False
        if chosen == MORE.id:
            self._change(page=self.dialogue.page + 1)
            await self._advance.ask()
        elif chosen == CANCEL.id:
            self._cancel()
        elif chosen.startswith(_WISH):
            await self._take(chosen)
        elif retry := await self._advance.answer(chosen):
            await self._advance.refuse(retry)
        return True

    async def _other_wish(self) -> bool:
        step, intent = self._advance.step, self._meaning.intent
        if step.secret or not self._meaning.confident:
            return False
        if intent is Intent.THANKS:
            self._remark("engine.thanks" if step.browsing else "engine.thanks_waiting")
        elif not step.interruptible:
            return False
        elif self._flow_for(intent) or intent in {Intent.MENU, Intent.CANCEL, Intent.LANGUAGE}:
            await self._want(intent)
        else:
            self._remark(NOT_YET)
        return True

    async def _likely_wish(self) -> bool:
        """Where nothing is owed a likely wish of a customer goes before asking them to choose; it changes nothing yet."""
        flow, meaning = self._book.by_name[self.dialogue.frames[-1].flow], self._meaning
        is_at_ease = self._advance.step.browsing and flow.audience is Audience.EVERYONE
        if not is_at_ease or meaning.intent not in TOPICS or meaning.confidence < LIKELY:
            return False
        wanted = self._flow_for(meaning.intent)
        if wanted is None or wanted.name == self.dialogue.frames[0].flow:
            return False
        await self._start(wanted)
        return True

    # -- Readings outside

    async def _exact_offer(self) -> bool:
        return await self._take(self._cue.tap or sure_choice(self._cue.text, self._offered))

    async def _loose_offer(self) -> bool:
        return await self._take(loose_choice(self._cue.text, self._offered))

    async def _intent(self) -> bool:
        if not self._meaning.confident:
            return False
        await self._want(self._meaning.intent)
        return True

    async def _new_wish(self) -> bool:
        """Somebody who comes back and greets has not said what for."""
        return self._meaning.intent is not Intent.MENU and await self._intent()

    async def _reopen(self) -> bool:
        if self.dialogue.closed:
            self._say(self._guide.closed())
        else:
            self._say(self._guide.reopening(self._book.by_name[self._left_open]))
        return True

    async def _guess(self) -> bool:
        """Ask which of the guesses it is, unless that was asked just now."""
        guesses = [guess for guess in self._meaning.guesses if guess in TOPICS]
        if self._meaning.intent is Intent.UNKNOWN or not guesses or self.dialogue.misses:
            return False
        self._change(misses=1)
        self.missed = self._meaning
        self._say(self._guide.did_you_mean(guesses))
        return True

    async def _miss(self) -> bool:
        self._say(self._guide.miss(self.dialogue.misses))
        self._change(misses=self.dialogue.misses + 1, page=0)
        self.missed = self._meaning
        return True

    # -- Readings everywhere

    async def _command(self) -> bool:
        text = self._cue.text
        if flow := self._commanded(text) or await self._heard():
            await self._start(flow)
            return True
        return await self._obey(command_in(text))

    async def _obey(self, command: Command | None) -> bool:
        match command:
            case Command.CANCEL:
                self._cancel()
            case Command.MENU:
                self._menu()
            case Command.HELP:
                self._help()
            case Command.STAFF:
                return await self._staff_menu()
            case Command.ENGLISH:
                await self._speak("en")
            case Command.INDONESIAN:
                await self._speak("id")
            case None:
                return False
        return True

    def _commanded(self, text: str) -> AnyFlow | None:
        """`/tagihan` starts its flow anywhere; without the slash a word is left to whoever asked a question.

        A command of staff may bring along whom or what it is about (`/cari siti`), and needs no slash between questions.
        """
        word, *about = text.casefold().split(maxsplit=1) or [""]
        flow = self._book.commanded(word, self._cue.chat.staff)
        if flow is None or flow.audience is Audience.EVERYONE:
            return flow if word.startswith("/") and not about else None
        return flow if word.startswith("/") or self._is_free_for(about) else None

    async def _heard(self) -> AnyFlow | None:
        """A message that a flow takes whole; between a question and its answer only one with a slash, or that is no answer."""
        is_free = not self._is_asked or self._cue.text.startswith("/")
        if is_free or self._advance.step.interruptible:
            return await self._book.hearing(self._cue, is_asked=not is_free)
        return None

    def _is_free_for(self, about: list[str]) -> bool:
        """Whether a bare word of staff is a command here: nothing is owed, and the whole is no customer's wish."""
        names_a_row = bool(about) and about[0].isdigit()
        return not self._is_asked and (not about or names_a_row or not self._meaning.confident)

    @property
    def _is_asked(self) -> bool:
        """Whether somebody owes an answer."""
        return bool(self.dialogue.frames) and not self._advance.step.browsing

    # -- What is done

    async def _take(self, chosen: str | None) -> bool:
        """Do what an offered answer stands for; False when it is not on offer."""
        if chosen is None or not self._is_offered(chosen):
            return False
        kind, _, name = chosen.partition(":")
        if kind == "flow" and name in self._book.by_name:
            await self._start(self._book.by_name[name])
        elif kind == STAFF and self._cue.chat.staff:
            await self._staff_menu()
        elif kind == "intent":
            await self._want(Intent(name))
        elif kind == "language":
            await self._speak("en" if name == "en" else "id")
        elif kind == RESUME and self.dialogue.aside:
            self._change(frames=self.dialogue.aside, aside=(), misses=0)
            await self._advance.ask()
        elif kind == RESTART and (self.dialogue.aside or self.dialogue.closed):
            await self._start(self._book.by_name[self._left_open])
        else:
            self._menu(page=self.dialogue.page + 1 if chosen == MORE.id else 0)
        return True

    async def _start(self, flow: AnyFlow) -> None:
        """Begin a flow; one for staff only once the chat has shown that it is theirs."""
        staff = self._cue.chat.staff
        if not may_use(staff, flow):
            self._menu()
        elif staff and flow.audience is Audience.STAFF and not staff.is_proved:
            await self._advance.start(self._book.by_name[STAFF_PROOF])
        else:
            await self._advance.start(flow)

    async def _want(self, intent: Intent) -> None:
        flow = self._flow_for(intent)
        if flow is not None:
            await self._start(flow)
        elif intent is Intent.THANKS:
            self._remark("engine.thanks")
        elif intent is Intent.MENU:
            self._menu()
        elif intent is Intent.CANCEL:
            self._cancel()
        elif intent is Intent.LANGUAGE:
            await self._change_language()
        else:
            self._close()
            self._say(self._guide.menu(NOT_YET))

    async def _change_language(self) -> None:
        named = language_named(self._cue.text)
        if named is not None:
            await self._speak(named)
        else:
            self._close()
            self._say(self._guide.which_language())

    async def _speak(self, language: Language) -> None:
        """Answer in another language from now on; an open question is asked again in it."""
        self.language = language
        if self.dialogue.frames:
            self._say("engine.language_now")
            await self._advance.ask()
        else:
            self._say(self._guide.menu("engine.language_now", language=language))

    def _set_aside(self) -> None:
        """Keep what can be gone on with; of what would be worthless by now only the name."""
        frames, step = self.dialogue.frames, self._advance.step
        if step.perishable:
            self._close()
            self._change(closed=frames[0].flow)
        else:
            self._change(aside=frames, frames=(), page=0, tries=0)

    def _cancel(self) -> None:
        was_open = bool(self.dialogue.frames or self.dialogue.aside)
        self._close()
        self._say("engine.cancelled" if was_open else "engine.nothing_open")

    def _menu(self, page: int = 0) -> None:
        self._close()
        self._change(page=page)
        self._say(self._guide.menu())

    async def _staff_menu(self) -> bool:
        """False to those who are not staff."""
        staff = self._cue.chat.staff
        if staff is None:
            return False
        self._close()
        self._say(await self._guide.staff_menu(staff, self._cue))
        return True

    def _help(self) -> None:
        """Help explains the open question and keeps it; with nothing open it is the menu."""
        if self.dialogue.frames:
            self._remark(self._advance.step.help, "engine.help_words")
        else:
            self._menu()

    def _remark(self, *lines: str | Message) -> None:
        """Say something that changes nothing."""
        self._say(say(*lines))
        self.keeps_offer = True

    def _close(self) -> None:
        self._change(frames=(), aside=(), closed="", tries=0, page=0, misses=0)

    def _say(self, what: Sayable) -> None:
        self.says.append(page_of(as_say(what), self.dialogue.page))

    def _change(self, **values: object) -> None:
        self._advance.dialogue = msgspec.structs.replace(self._advance.dialogue, **values)

    # -- What is known

    @property
    def _left_open(self) -> str:
        return self.dialogue.closed or self.dialogue.aside[0].flow

    def _is_offered(self, choice: str) -> bool:
        return choice in {offered.id for offered in self._offered}

    def _flow_for(self, intent: Intent) -> AnyFlow | None:
        return self._book.serving(intent, self._cue.chat.staff)

    @property
    def _meaning(self) -> Understanding:
        if self._understood is None:
            self._understood = understand(self._cue.text)
        return self._understood
