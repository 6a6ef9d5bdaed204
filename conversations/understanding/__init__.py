"""Understanding what a customer writes, offline: normalise, look up concepts, weigh them, name the facts."""

from conversations.understanding.concepts import Meaning, meaning_of
from conversations.understanding.entities import entities_in
from conversations.understanding.features import features_of
from conversations.understanding.language import language_of
from conversations.understanding.score import rank
from conversations.understanding.text import clean, tokens_of
from conversations.understanding.types import CONFIDENT, Entities, Intent, Understanding
from conversations.understanding.vocabulary import Vocabulary

__all__ = ["CONFIDENT", "Entities", "Intent", "Understanding", "concepts_in", "understand"]

_VOCABULARY = Vocabulary()
# Below this the best guess is hardly better than the next: we do not pretend to have one.
_FLOOR = 0.25
# A guess less likely than this is not worth a button.
_WORTH_OFFERING = 0.003
# "I do not know" is never a reason to act, so it never reads as confident.
_UNKNOWN_CEILING = 0.49


def understand(text: str) -> Understanding:
    """What the customer most likely wants; never raises, whatever the text holds.

    Only the first 400 characters are read. The result may start a flow, which confirms before it changes anything.
    """
    cleaned = clean(text)
    tokens = tokens_of(cleaned)
    ranked = rank(features_of(meaning_of(tokens, _VOCABULARY)))
    best, share = ranked[0]
    if best is Intent.UNKNOWN or share < _FLOOR:
        best, share = Intent.UNKNOWN, min(share, _UNKNOWN_CEILING)
    guesses = (i for i, p in ranked if i is not Intent.UNKNOWN and p >= _WORTH_OFFERING)
    return Understanding(
        intent=best,
        confidence=share,
        guesses=tuple(guesses)[:3],
        entities=entities_in(text),
        language=language_of(tokens),
    )


def concepts_in(text: str) -> Meaning:
    """The concepts a text is scored by; what training and the confusion report explain themselves with."""
    return meaning_of(tokens_of(clean(text)), _VOCABULARY)
