"""What the engine itself says: the menu, "did you mean", what cannot be done here, what was left unfinished."""

from __future__ import annotations

from collections.abc import Sequence

from conversations.engine.book import AnyFlow, FlowBook
from conversations.engine.say import MENU_PAGE, Option, Say, option, say
from conversations.engine.turn import ChatFacts, Cue
from conversations.engine.words import MENU, RESTART, RESUME, STAFF, TOPICS
from conversations.understanding import Intent
from core.identity.staff import StaffMember
from core.platform.i18n import Language, Message, message

TO_INDONESIAN, TO_ENGLISH = (
    option("language:id", "engine.to_indonesian"),
    option("language:en", "engine.to_english"),
)
_RESTART, _MENU = option(RESTART, "engine.restart"), option(MENU, "engine.menu_action")
#: What is said when a message is not understood, once, twice and three times in a row.
MISSES = ("engine.unknown", "engine.unknown_examples", "engine.unknown_person")


class Guide:
    """Speaks to one chat, of the flows that are there for it."""

    def __init__(self, book: FlowBook, chat: ChatFacts, business: str) -> None:
        self._book, self._chat, self._business = book, chat, business

    def menu(self, *lines: str | Message, language: Language | None = None) -> Say:
        """What can be done here, below `lines` or a greeting; beside "more" stands the other language."""
        flows = self._book.menu()
        other = TO_ENGLISH if (language or self._chat.language) == "id" else TO_INDONESIAN
        staff = () if self._chat.staff is None else (option(STAFF, "engine.staff_menu"),)
        greeting = lines or (message("engine.menu", business=self._business),)
        rows = [_as_row(flow) for flow in flows]
        # With one more action they need a line each.
        page = MENU_PAGE - 2 if staff else MENU_PAGE
        return say(*greeting, rows=rows, actions=(*staff, other), page=page)

    async def staff_menu(self, staff: StaffMember, cue: Cue) -> Say:
        """What this member of staff can do, and once the chat is proved how much waits; all else is one step away in the customers' menu."""
        rows = [
            await _as_queue(flow, cue) if staff.is_proved else _as_row(flow)
            for flow in self._book.staff_menu(staff)
        ]
        return say(
            message("engine.staff_greeting", name=staff.name),
            rows=rows,
            actions=(option(MENU, "engine.customer_menu"),),
            page=MENU_PAGE,
        )

    def did_you_mean(self, guesses: Sequence[Intent]) -> Say:
        return say(
            "engine.did_you_mean", rows=[option(f"intent:{guess}", TOPICS[guess]) for guess in guesses]
        )

    def miss(self, misses: int) -> Say:
        """The answer to the message that nobody understood after `misses` others."""
        turn = misses % len(MISSES)
        key = MISSES[turn]
        if turn == 0:
            return self.menu(key)
        return say(key, actions=self._a_person) if turn == len(MISSES) - 1 else say(key)

    def three_tries(self) -> Say:
        return say("engine.three_tries", "engine.contact", actions=self._a_person)

    @property
    def _a_person(self) -> tuple[Option, ...]:
        """Where nobody can be called, nobody is offered."""
        is_there = self._book.serving(Intent.HUMAN, self._chat.staff) is not None
        return (option(f"intent:{Intent.HUMAN}", TOPICS[Intent.HUMAN]),) if is_there else ()

    def which_language(self) -> Say:
        return say("engine.which_language", actions=(TO_INDONESIAN, TO_ENGLISH))

    def reopening(self, flow: AnyFlow) -> Say:
        """What was open when the chat fell silent."""
        return say(flow.reopening, actions=(option(RESUME, "engine.resume"), _RESTART, _MENU))

    def closed(self) -> Say:
        """What was open then would be worthless by now, and can only be begun again."""
        return say("engine.perished", actions=(_RESTART, _MENU))


async def _as_queue(flow: AnyFlow, cue: Cue) -> Option:
    """A row that says how much waits, where anything does."""
    if flow.counts is None:
        return _as_row(flow)
    counting, key = flow.counts
    count = await counting(cue)
    return option(f"flow:{flow.name}", key, count=count) if count else _as_row(flow)


def _as_row(flow: AnyFlow) -> Option:
    return option(f"flow:{flow.name}", flow.label)
