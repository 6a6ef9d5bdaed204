"""What people write in their own words: whether it is an answer at all, and how it is quoted back to them."""

from __future__ import annotations

import re

from conversations.parsing import plain, word_set
from conversations.understanding import Intent, understand

#: Longer stories are quoted by their beginning, so that a summary stays one.
LONGEST_QUOTE = 200
#: A message as short as this that clearly wants something is a wish; a longer one may just mention it in a story.
_LONGEST_WISH = 4
#: Fewer letters tell nobody anything.
_FEWEST_LETTERS = 4

#: What an address may hold (mywifi contract, operation 17).
LONGEST_ADDRESS = 255
#: "Bandung" is no address, "one moment" neither: there is a number in it, or a word such as these.
_FEWEST_PLACE_WORDS = 2
_PLACE_WORDS = word_set(
    "jl jln jalan gang gg blok komplek kompleks perum perumahan desa dusun kampung kp kelurahan kecamatan kav lorong"
)
#: What a person's name may hold.
LONGEST_NAME = 100

_WORD = re.compile(r"[^\W\d_]+")
#: Words that announce a problem without telling which.
_ANNOUNCING = word_set(
    """lapor laporan laporkan melapor melaporkan ngelapor buat bikin bikinin buatkan mau ingin pengen minta tolong bisa boleh
    saya sy aku gue kami ada nih min mimin kak kakak mas mbak pak bu gan dong ya sih lagi gangguan masalah kendala keluhan
    komplain aduan pengaduan tiket internet wifi koneksi teknisi petugas halo
    i we want to would like need report reporting a an the problem problems issue trouble complaint ticket please can you my
    is there have has with hello hi help"""
)


def one_line(text: str, longest: int = LONGEST_QUOTE) -> str:
    """A text as it is quoted: on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1].rstrip()}…"


def has_words(text: str) -> bool:
    """Whether there is anything to read in it."""
    return sum(map(str.isalpha, text)) >= _FEWEST_LETTERS


def tells_a_problem(text: str) -> bool:
    """Whether a message says what is wrong, and not only that something is."""
    if understand(text).intent is not Intent.REPORT_PROBLEM:
        return False
    return not _ANNOUNCING.issuperset(_WORD.findall(plain(text)))


def is_another_wish(text: str, *welcome: Intent) -> bool:
    """Whether a message asks for something else than it was asked about; `welcome` intents belong to the answer."""
    meant = understand(text)
    return meant.confident and meant.intent not in welcome and len(text.split()) <= _LONGEST_WISH


def reads_as_address(typed: str) -> bool:
    """Whether a text can be where somebody lives."""
    words = re.findall(r"[a-z]+|\d+", plain(typed))
    is_a_place = not _PLACE_WORDS.isdisjoint(words) or any(map(str.isdigit, words))
    return has_words(typed) and len(words) >= _FEWEST_PLACE_WORDS and is_a_place


def reads_as_name(typed: str) -> bool:
    """Whether a text can be what somebody is called: a few words of letters."""
    letters = re.sub(r"[\s.,'’-]", "", typed)
    return len(letters) > 1 and letters.isalpha() and len(typed) <= LONGEST_NAME
