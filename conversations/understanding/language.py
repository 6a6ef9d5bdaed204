"""Which of the two answering languages a text is in, when it shows."""

from collections.abc import Iterable
from typing import Literal

from conversations.understanding import lexicon_en, lexicon_id, lexicon_regional
from conversations.understanding.spelling import ENGLISH_SPELLINGS, SPELLINGS
from conversations.understanding.text import tokens_of


def _words(*listings: Iterable[str]) -> set[str]:
    return {token for listing in listings for line in listing for token in tokens_of(line)}


#: Names of places are no language.
_PLACES = "city"
_ENGLISH = _words(lexicon_en.LEXICON.values(), ENGLISH_SPELLINGS)
_INDONESIAN = (
    _words(
        SPELLINGS.keys(),
        SPELLINGS.values(),
        (listed for group, listed in lexicon_id.LEXICON.items() if group != _PLACES),
        lexicon_regional.JAVANESE.values(),
        lexicon_regional.SUNDANESE.values(),
    )
    - _words(ENGLISH_SPELLINGS)
)  # fmt: skip
_ONLY_ENGLISH = frozenset(_ENGLISH - _INDONESIAN)
_ONLY_INDONESIAN = frozenset(_INDONESIAN - _ENGLISH)


def language_of(tokens: Iterable[str]) -> Literal["id", "en"] | None:
    """The language with more words of its own; None when the text is numbers, names or shared words."""
    english = indonesian = 0
    for token in tokens:
        english += token in _ONLY_ENGLISH
        indonesian += token in _ONLY_INDONESIAN
    if english == indonesian:
        return None
    return "en" if english > indonesian else "id"
