"""What the scorer sees of a text: its concepts, and how much of it was understood at all."""

from conversations.understanding.concepts import Meaning
from conversations.understanding.spelling import SPELLINGS

#: Present in every text; carries how common each intent is.
ALWAYS = "always"


# How people open: it says something only when nothing else is said.
_OPENERS = frozenset({"greet", "askleave", "daytime", "help", "emoji"})
_THANKS = "terima kasih"
# "Sudah nyala, terima kasih" is gratitude; "wifi mati, terima kasih" only ends politely.
_GLAD = frozenset({"works_again", "ok", "normal", "info", "emoji", "terminate", "dropit"})
# Everyday words name no subject, so "halo, saya mau tanya" is still only an opening.
_NO_SUBJECT = _OPENERS | SPELLINGS.keys()


def features_of(meaning: Meaning) -> tuple[str, ...]:
    """Concepts, a mark for a text of a single concept, and marks for words nobody taught us."""
    concepts = _without_manners(meaning.concepts)
    marks = [ALWAYS]
    if len(concepts) == 1:
        marks.append(f"only {concepts[0]}")
    if not concepts:
        marks.append("only manners" if meaning.words and not meaning.unknown else "nothing known")
    if meaning.unknown:
        marks.append("unknown word")
    if meaning.unknown * 2 >= meaning.words:
        marks.append("mostly unknown words")
    return (*concepts, *marks)


def _without_manners(concepts: tuple[str, ...]) -> tuple[str, ...]:
    """A greeting or closing thanks beside a subject says nothing about the subject."""
    closing = concepts[-1:] == (_THANKS,) and _GLAD.isdisjoint(concepts)
    if closing and not _NO_SUBJECT.issuperset(concepts):
        concepts = concepts[:-1]
    if _NO_SUBJECT.issuperset(concepts):
        return concepts
    return tuple(concept for concept in concepts if concept not in _OPENERS)
