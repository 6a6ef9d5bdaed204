"""The engine's own words: what always works, and what is said of wishes that no flow serves."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence

from conversations.engine.say import NO, YES
from conversations.parsing import parse_choice, parse_yes_no
from conversations.understanding import Intent
from core.messaging.ports import Choice
from core.platform.i18n import Language

#: Ids of what is offered to somebody who comes back.
RESUME, RESTART, MENU = "resume", "restart", "menu"
#: Id of the way from the customers' menu to that of staff.
STAFF = "staff"
#: Name of the flow in which a chat shows that it is its member of staff's; no flow for staff begins before.
STAFF_PROOF = "staff_proof"


class Command(enum.Enum):
    CANCEL = enum.auto()
    MENU = enum.auto()
    HELP = enum.auto()
    STAFF = enum.auto()  # to customers these words are words
    INDONESIAN = enum.auto()
    ENGLISH = enum.auto()


#: Whole messages, with or without a slash; they come before whatever a step expects.
COMMANDS: Mapping[str, Command] = {
    "batal": Command.CANCEL,
    "cancel": Command.CANCEL,
    "menu": Command.MENU,
    "start": Command.MENU,
    "bantuan": Command.HELP,
    "help": Command.HELP,
    "staf": Command.STAFF,
    "staff": Command.STAFF,
    "petugas": Command.STAFF,
    "bahasa": Command.INDONESIAN,
    "bahasa indonesia": Command.INDONESIAN,
    "indonesia": Command.INDONESIAN,
    "indonesian": Command.INDONESIAN,
    "english": Command.ENGLISH,
    "inggris": Command.ENGLISH,
    "bahasa inggris": Command.ENGLISH,
}

#: Key of what "did you mean" calls a wish; small talk is nothing to choose.
TOPICS: Mapping[Intent, str] = {
    Intent.CHECK_BILL: "topic.check_bill",
    Intent.PAY_BILL: "topic.pay_bill",
    Intent.PAYMENT_PROOF: "topic.payment_proof",
    Intent.RESET_PASSWORD: "topic.reset_password",
    Intent.REPORT_PROBLEM: "topic.report_problem",
    Intent.TICKET_STATUS: "topic.ticket_status",
    Intent.CHECK_CONNECTION: "topic.check_connection",
    Intent.CHECK_USAGE: "topic.check_usage",
    Intent.PACKAGES: "topic.packages",
    Intent.SUBSCRIBE: "topic.subscribe",
    Intent.HUMAN: "topic.human",
    Intent.PROFILE: "topic.profile",
    Intent.OPT_OUT: "topic.opt_out",
    Intent.LANGUAGE: "topic.language",
}

#: Key of the honest answer to a wish that no flow serves.
NOT_YET = "not_yet.other"

_NUMBER = re.compile(r"\W*(?:no|nomor|nmr|number|pilih)?\W*(\d{1,2})\W*", re.IGNORECASE)
_ENGLISH = re.compile(r"\b(english|inggris|ingris)\b", re.IGNORECASE)
_INDONESIAN = re.compile(r"\b(indonesian?|indo)\b", re.IGNORECASE)


def command_in(text: str) -> Command | None:
    return COMMANDS.get(folded(text).removeprefix("/"))


def language_named(text: str) -> Language | None:
    """The language a request to change it asks for, when it says."""
    if _ENGLISH.search(text):
        return "en"
    return "id" if _INDONESIAN.search(text) else None


def sure_choice(text: str, offered: Sequence[Choice]) -> str | None:
    """The offered answer a message names beyond doubt: by number, whole label or id, or yes and no where that is asked."""
    if number := _NUMBER.fullmatch(text):
        place = int(number[1])
        return offered[place - 1].id if 1 <= place <= len(offered) else None
    said = folded(text)
    named = [choice.id for choice in offered if said in {folded(choice.label), choice.id.casefold()}]
    return named[0] if len(named) == 1 else _yes_or_no(text, offered)


def loose_choice(text: str, offered: Sequence[Choice]) -> str | None:
    """The offered answer a message names by some of its words, or by its place ("yang kedua")."""
    return parse_choice(text, [(choice.id, choice.label) for choice in offered])


def _yes_or_no(text: str, offered: Sequence[Choice]) -> str | None:
    """To somebody asked whether to go on, yes is going on."""
    ids = {choice.id for choice in offered}
    meant = parse_yes_no(text) if ids & {YES.id, RESUME} else None
    if meant is None:
        return None
    return next(iter(ids & ({YES.id, RESUME} if meant else {NO.id})), None)


def folded(text: str) -> str:
    """A whole message as it is compared with words: small, without the dot at its end."""
    return " ".join(text.casefold().split()).strip(".!?,")
