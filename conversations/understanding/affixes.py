"""Indonesian, Javanese and Sundanese affixes: the stems a typed word may be built on."""

from collections.abc import Iterator

# Longest first, so that `mem` is tried before `me`.
_PREFIXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("memper", ("",)),
    ("diper", ("",)),
    ("meng", ("", "k")),
    ("meny", ("s",)),
    ("peng", ("", "k")),
    ("peny", ("s",)),
    ("nge", ("",)),
    ("nga", ("",)),
    ("mem", ("", "p")),
    ("men", ("", "t")),
    ("pem", ("", "p")),
    ("pen", ("", "t")),
    ("ber", ("",)),
    ("ter", ("",)),
    ("tak", ("",)),
    ("dak", ("",)),
    ("kau", ("",)),
    ("ng", ("", "k")),
    ("ny", ("s", "c")),
    ("me", ("",)),
    ("pe", ("",)),
    ("be", ("",)),
    ("di", ("",)),
    ("ke", ("",)),
    ("se", ("",)),
    ("ku", ("",)),
    ("ka", ("",)),
    ("pa", ("",)),
    ("n", ("t", "")),
    ("m", ("p", "")),
)
_SUFFIXES: tuple[str, ...] = (
    "annya", "kannya", "keunna", "innya", "keun", "anna", "anku", "anmu", "ipun",
    "kan", "nya", "lah", "kah", "eun", "ake", "ken", "ane", "ana",
    "ku", "mu", "an", "in", "ne", "na", "no", "ke", "ny", "x", "i", "e", "k", "s",
)  # fmt: skip
# Below this a stem is an accident, except after the affixes everybody uses on short words (`dicek`, `cekin`).
_MIN_STEM = 4
_MIN_STEM_AFTER_COMMON = 3
_COMMON = frozenset({"di", "nge", "nya", "in", "no", "kan", "annya", "innya", "nga"})


def stems_of(word: str) -> Iterator[str]:
    """Possible stems, most plausible first: suffix off, prefix off, both off; doubled letters made single."""
    if len(word) > 24:
        return
    yield from _without_suffix(word)
    for bare, common in _without_prefix(word):
        if len(bare) >= (_MIN_STEM_AFTER_COMMON if common else _MIN_STEM):
            yield bare
            yield from _without_suffix(bare)
    single = _undoubled(word)
    if single != word and len(single) >= 3:
        yield single
        yield from _without_suffix(single)


def _without_suffix(word: str) -> Iterator[str]:
    for suffix in _SUFFIXES:
        if word.endswith(suffix):
            stem = word.removesuffix(suffix)
            if len(stem) >= (_MIN_STEM_AFTER_COMMON if suffix in _COMMON else _MIN_STEM):
                yield stem


def _without_prefix(word: str) -> Iterator[tuple[str, bool]]:
    for prefix, restored in _PREFIXES:
        if word.startswith(prefix):
            for first in restored:
                yield first + word.removeprefix(prefix), prefix in _COMMON


def _undoubled(word: str) -> str:
    return "".join(c for i, c in enumerate(word) if i == 0 or c != word[i - 1])
