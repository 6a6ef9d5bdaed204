"""The word index: what a typed word means, with affixes, typos, dropped vowels and missing spaces seen through."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from conversations.parsing import one_edit_apart, word_set
from conversations.understanding import lexicon_en, lexicon_id, lexicon_outside, lexicon_regional
from conversations.understanding.affixes import stems_of
from conversations.understanding.spelling import SPELLINGS
from conversations.understanding.text import tokens_of

LEXICONS: tuple[Mapping[str, str], ...] = (
    lexicon_id.LEXICON,
    lexicon_en.LEXICON,
    lexicon_regional.JAVANESE,
    lexicon_regional.SUNDANESE,
    lexicon_outside.LEXICON,
)

# Shorter words have too many neighbours one letter away.
_SHORTEST_REPAIRED = 5
_SHORTEST_SHORTENED = 4
_VOWELS = frozenset("aeiou")
#: The group of words that are only manners.
FILLER = "filler"
_OUTSIDE = frozenset({"outside", "othersite", "neutral", "city"})
# Short words that people run into the next one: `cektagihan`, `gabisa`, `maubayar`.
_GLUED_FIRST = word_set("cek ga gak tdk ngga udah udh sdh mau mo no gk bisa")


class Word(NamedTuple):
    """A known word: the spelling phrases are written in, and the groups it belongs to."""

    canonical: str
    groups: tuple[str, ...]


class Vocabulary:
    """Every known word and phrase; immutable once built."""

    def __init__(self) -> None:
        self._words: dict[str, Word] = {}
        self._phrases: dict[tuple[str, ...], str] = {}
        self._add_spellings()
        for lexicon in LEXICONS:
            self._add_words(lexicon)
        for group, entry in self._entries():
            self._add_phrase(group, entry)
        self._lengths = _lengths_by_first_word(self._phrases)
        self._deletions = _index(self._words, _deletions, _SHORTEST_REPAIRED)
        self._skeletons = _by_skeleton(self._words)

    def _entries(self) -> Iterator[tuple[str, list[str]]]:
        for canonical, variants in SPELLINGS.items():
            yield from ((canonical, tokens_of(v)) for v in (canonical, *variants.split(",")))
        for lexicon in LEXICONS:
            for group, listed in lexicon.items():
                yield from ((_group(group), tokens_of(v)) for v in listed.split(","))

    def _add_spellings(self) -> None:
        for canonical, variants in SPELLINGS.items():
            for variant in (canonical, *variants.split(",")):
                tokens = tokens_of(variant)
                if len(tokens) == 1:
                    self._words.setdefault(tokens[0], Word(canonical, (canonical,)))

    def _add_words(self, lexicon: Mapping[str, str]) -> None:
        for name, listed in lexicon.items():
            group = _group(name)
            for entry in listed.split(","):
                tokens = tokens_of(entry)
                if len(tokens) == 1 and len(entry.split()) == 1:
                    known = self._words.get(tokens[0], Word(tokens[0], ()))
                    if group not in known.groups:
                        self._words[tokens[0]] = Word(known.canonical, (*known.groups, group))

    def _add_phrase(self, group: str, tokens: list[str]) -> None:
        for token in tokens:
            self._words.setdefault(token, Word(token, ()))
        # Politeness is dropped from texts before phrases are looked for, so it must not stand in a phrase.
        canonicals = [self._words[t].canonical for t in tokens if self._words[t].groups != (FILLER,)]
        if len(canonicals) > 1:
            self._phrases.setdefault(tuple(canonicals), group)

    def phrase_at(self, words: list[Word], start: int) -> tuple[str, int] | None:
        """The longest known phrase beginning at `start`: its group and how many words it takes."""
        for length in self._lengths.get(words[start].canonical, ()):
            if start + length <= len(words):
                group = self._phrases.get(tuple(word.canonical for word in words[start : start + length]))
                if group is not None:
                    return group, length
        return None

    def find(self, token: str) -> tuple[Word, ...]:
        """The word or glued words meant by one token; empty when nothing is close enough."""
        known = self._exact(token)
        if known is None:
            known = self._with_dropped_vowels(token) or self._by_typo(token)
        if known is not None:
            return (known,)
        return self._unglued(token)

    def _exact(self, token: str) -> Word | None:
        known = self._words.get(token)
        if known is not None:
            return known
        for stem in stems_of(token):
            known = self._words.get(stem)
            if known is not None and "neutral" not in known.groups:
                return known
        return None

    def _with_dropped_vowels(self, token: str) -> Word | None:
        """`tghn` and `tagihn` for `tagihan`: the word with these consonants that lacks the fewest of its vowels here."""
        if len(token) < 3:
            return None
        meant = (word for word in self._skeletons.get(_skeleton(token), ()) if _is_shortened(token, word))
        return self._words.get(min(meant, key=len, default=""))

    def _by_typo(self, token: str) -> Word | None:
        """One letter too many, too few, wrong or swapped."""
        if len(token) < _SHORTEST_REPAIRED or len(token) > 20:
            return None
        for key in (token, *_deletions(token)):
            for near in (key if key in self._words else "", self._deletions.get(key, "")):
                if near and near[0] == token[0] and one_edit_apart(near, token):
                    return self._words[near]
        return None

    def _unglued(self, token: str) -> tuple[Word, ...]:
        """`cektagihan` is two words; both halves must be known as written."""
        if len(token) > 24:
            return ()
        for cut in range(len(token) - 4, 1, -1):
            left, right = token[:cut], token[cut:]
            if len(left) >= 4 or left in _GLUED_FIRST:
                halves = self._words.get(left), self._exact(right) or self._with_dropped_vowels(right)
                if halves[0] is not None and halves[1] is not None:
                    return (halves[0], halves[1])
        return ()


def _lengths_by_first_word(phrases: Iterable[tuple[str, ...]]) -> dict[str, tuple[int, ...]]:
    """Which phrase lengths are worth trying after a word, longest first."""
    lengths: dict[str, set[int]] = {}
    for phrase in phrases:
        lengths.setdefault(phrase[0], set()).add(len(phrase))
    return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}


def _group(name: str) -> str:
    """`outside_en` continues `outside`: a long group may be listed in parts."""
    return name.removesuffix("_en")


def _deletions(word: str) -> Iterator[str]:
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]


def _skeleton(word: str) -> str:
    return "".join(c for c in word if c not in _VOWELS)


def _is_shortened(token: str, word: str) -> bool:
    """Whether every letter of the token comes in the word, in this order, from the first on."""
    letters = iter(word)
    return token[0] == word[0] and len(token) < len(word) and all(letter in letters for letter in token)


def _by_skeleton(words: Mapping[str, Word]) -> dict[str, list[str]]:
    """Words by their consonants, of which two at least must show."""
    index: dict[str, list[str]] = {}
    for word, known in words.items():
        skeleton = _skeleton(word)
        if len(word) >= _SHORTEST_SHORTENED and len(skeleton) >= 2 and _OUTSIDE.isdisjoint(known.groups):
            index.setdefault(skeleton, []).append(word)
    return index


def _index(
    words: Mapping[str, Word], keys_of: Callable[[str], Iterator[str]], shortest: int
) -> dict[str, str]:
    index: dict[str, str] = {}
    for word, known in words.items():
        # Only words of the counter are worth guessing at; the rest of the world must be spelled right.
        if len(word) >= shortest and _OUTSIDE.isdisjoint(known.groups):
            for key in keys_of(word):
                index.setdefault(key, word)
    return index
