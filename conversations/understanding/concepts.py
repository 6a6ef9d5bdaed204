"""Tokens to concepts: phrases first, then words, then the small combinations that carry the meaning."""

from collections.abc import Sequence
from typing import NamedTuple

from conversations.understanding.vocabulary import FILLER, Vocabulary, Word

# (what comes first, what follows it, within how many steps, what the two mean together)
_COMPOUNDS: tuple[tuple[frozenset[str], frozenset[str], int, str], ...] = tuple(
    (frozenset(first.split()), frozenset(second.split()), reach, meaning)
    for first, second, reach, meaning in (
        ("sudah tadi kemarin", "pay transfer", 2, "paid"),
        ("pay transfer", "tadi kemarin", 3, "paid"),
        ("sudah", "work on normal", 2, "works_again"),
        ("tidak belum", "bisa work on normal", 2, "cannot"),
        ("belum", "pay paid", 2, "unpaid"),
        ("mau bisa tolong gimana", "pay transfer", 1, "topay"),
        ("pay transfer", "mana gimana channel", 2, "topay"),
        ("mau bisa gimana tolong", "install subscribe register", 1, "tojoin"),
        ("gimana mau tolong", "change reset", 1, "tochange"),
        ("tidak stop", "kirim message terima promo", 2, "nomessage"),
        ("tidak", "jadi", 1, "dropit"),
        ("dropit", "message", 2, "nomessage"),
        ("mismatch", "speed package gb", 3, "tooslow"),
        ("speed", "mismatch", 3, "tooslow"),
        ("tidak", "repair process come", 2, "undone"),
        ("belum", "repair process come tech status", 2, "undone"),
        ("kapan", "repair process come tech", 3, "whendone"),
        ("repair process come tech", "kapan", 3, "whendone"),
        ("mau bisa tolong", "talk call human", 1, "totalk"),
        ("pay bill", "othersite", 3, "outside"),
        ("tech", "slow", 3, "undone"),
        ("password locked login account otp", "broken", 2, "locked"),
        ("paid", "broken isolated cannot", 6, "paidbutoff"),
        ("broken isolated cannot", "paid", 6, "paidbutoff"),
        ("dropit stop", "subscribe", 3, "terminate"),
        ("othersite", "password forget login account money locked", 3, "outside"),
        ("password forget login account money locked", "othersite", 3, "outside"),
    )
)
_SILENT = frozenset({"neutral", FILLER, "vain"})


class Meaning(NamedTuple):
    """What a text is about: its concepts in order, and how many of its words nobody taught us."""

    concepts: tuple[str, ...]
    words: int
    unknown: int


def meaning_of(tokens: Sequence[str], vocabulary: Vocabulary) -> Meaning:
    """Concepts of the tokens; politeness is dropped, numbers become what they look like."""
    words: list[Word] = []
    counted = unknown = 0
    for token in tokens:
        found = (Word(token, (_number(token),)),) if token.isdigit() else vocabulary.find(token)
        counted += 1
        unknown += not found
        words.extend(w for w in found if w.groups != (FILLER,))
    return Meaning(_with_compounds(_concepts(words, vocabulary)), counted, unknown)


def _number(digits: str) -> str:
    if digits.startswith(("08", "628")) and len(digits) > 8:
        return "phone_number"
    return "long_number" if len(digits) >= 6 else "number"


def _concepts(words: list[Word], vocabulary: Vocabulary) -> list[tuple[str, ...]]:
    steps: list[tuple[str, ...]] = []
    at = 0
    while at < len(words):
        phrase = vocabulary.phrase_at(words, at)
        if phrase is None:
            steps.append(words[at].groups)
            at += 1
        else:
            group, taken = phrase
            steps.append((group,))
            at += taken
    plain = (tuple(g for g in step if g not in _SILENT) for step in steps)
    return [step for step in plain if step]


def _with_compounds(steps: list[tuple[str, ...]]) -> tuple[str, ...]:
    """A compound may be part of another: "tadi bayar", which is paid, "tapi masih mati"."""
    grown = list(steps)
    for at in range(len(steps) - 1, -1, -1):
        for first, second, reach, meaning in _COMPOUNDS:
            following = grown[at + 1 : at + 1 + reach]
            if not first.isdisjoint(grown[at]) and any(not second.isdisjoint(later) for later in following):
                grown[at] = (*grown[at], meaning)
    return tuple(dict.fromkeys(concept for step in grown for concept in step))
