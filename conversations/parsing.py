"""Reading one expected answer: a phone, a service number, a code, yes or no, a choice, an amount, a month."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

# No answer is longer; a pasted essay must not cost time.
MAX_CHARS = 400


def word_set(words: str) -> frozenset[str]:
    """A word list as people maintain it, one string, as a set."""
    return frozenset(words.split())


_YES = word_set(
    """ya iya y yes yup yep yoi yap ok oke okay okey okeh betul benar bener lanjut lanjutkan sip siap gas gass gaskan setuju boleh
    yakin sudah udah sdh udh mau kirim jadi done true sure correct right confirm confirmed agree agreed yeah nggih inggih njih enggih leres muhun sumuhun
    mangga iyo yo iyes baik baiklah pasti tentu dong benarkan simpan bayar teruskan proceed continue resume send iyaa yaa yah 👍 👌 ✅"""
)
_NO = word_set(
    """tidak nggak ngga gak ga g gk kagak enggak engga ndak tdk no nope nah jangan batal cancel bukan belum blm salah ora mboten henteu teu
    tak stop don't dont not never jgn batalkan gajadi gausah nay false wrong urung moal 👎 ❌"""
)
_PADDING = word_set(
    """kak kakak min mimin mas mbak bang bro gan pak bu bapak ibu kang teh aja saja deh dulu lah sih kok itu ini please tolong sekali banget
    sudah udah nih tuh jadi usah perlu mau semua semuanya the that it is do want please thanks makasih a yang yg saya aku pilih pilihan opsi no
    nomor nomer number option choose num mau ambil one dong ya iya loh the i thats s"""
)
_LEANING = frozenset({"sudah", "udah", "sdh", "udh", "mau", "jadi"})
_ORDINALS = {
    word: position
    for position, words in enumerate(
        (
            "pertama kesatu satu first one siji kahiji hiji kapisan 1st",
            "kedua dua second two loro kadua kaloro 2nd",
            "ketiga tiga third three telu katilu katelu 3rd",
            "keempat empat fourth four papat kaopat 4th",
            "kelima lima fifth five limo kalima 5th",
            "keenam enam sixth six 6th",
            "ketujuh tujuh seventh seven 7th",
            "kedelapan delapan eighth eight 8th",
            "kesembilan sembilan ninth nine 9th",
            "kesepuluh sepuluh tenth ten 10th",
        ),
        start=1,
    )
    for word in words.split()
}
_LAST = frozenset({"terakhir", "last", "paling bawah", "bungsu"})
_MONTHS = {
    word: month
    for month, words in enumerate(
        (
            "januari january jan",
            "februari february pebruari feb peb",
            "maret march mar mrt",
            "april apr",
            "mei may",
            "juni june jun",
            "juli july jul",
            "agustus august agu ags agt agst aug",
            "september sept sep",
            "oktober october okt oct",
            "november nopember nov nop",
            "desember december des dec",
        ),
        start=1,
    )
    for word in words.split()
}
_RELATIVE = (
    (re.compile(r"\b(?:bulan|bln|wulan|sasih|month)\s*(?:ini|iki|niki|ieu)\b|\bthis month\b"), 0),
    (re.compile(r"\b(?:bulan|bln|wulan)\s*(?:lalu|kemarin|kmrn|kemaren|wingi|kamari)\b|\blast month\b"), -1),
    (re.compile(r"\b(?:bulan|bln|wulan)\s*(?:depan|dpn|besok|ngarep)\b|\bnext month\b"), 1),
)
_PHONE = re.compile(r"(?<![\w+])(\+?\(?\+?\d[\d\s().-]{6,22}\d)(?!\w)")
_OTP = re.compile(r"(?<!\d)(?<!\d[\s.-])\d(?:[\s.-]?\d){5}(?![\s.-]?\d)")
_SERVICE = re.compile(r"\b(?!inv|no|id)([a-z]{2,5})(\d{3,10})\b|(?<![\d.,+-])(\d{6,12})(?![\d.,-]*\d)")
_AMOUNT = re.compile(
    r"(?<![\w.,])(?:rp\.?|idr)?\s*(\d{1,3}(?:[.,]\d{3})+|\d{1,12})(?:,(\d{1,2})|\.(\d{1,2}))?(?:,-)?\s*(ribu|rb|k|juta|jt)?(?![\w])"
)
_UNITS = {"ribu": 1_000, "rb": 1_000, "k": 1_000, "juta": 1_000_000, "jt": 1_000_000, "": 1}
_WORD = re.compile(r"[^\W_]+|[👍👎👌✅❌]")


class NamedMonth(Struct, frozen=True, tag=True):
    """A month called by name; the year only when it was written."""

    month: int
    year: int | None = None


class RelativeMonth(Struct, frozen=True, tag=True):
    """A month told from today: 0 this month, -1 the last, 1 the next."""

    offset: int


def plain(text: str) -> str:
    """Lower case, compatibility forms folded, digits of every script as 0-9, accents dropped; cut at `MAX_CHARS`."""
    bubble = text[:MAX_CHARS]
    if bubble.isascii():
        return bubble.lower()
    folded = unicodedata.normalize("NFKD", bubble)[: 2 * MAX_CHARS].lower()
    return "".join(_ascii_digit(c) for c in folded if not unicodedata.combining(c))


def _ascii_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def parse_phone(text: str) -> str | None:
    """The first plausible Indonesian number as E.164 digits without plus (`628…`), mobile or landline."""
    for match in _PHONE.finditer(plain(text)):
        written = match.group(1)
        phone = _e164(re.sub(r"\D", "", written), plus="+" in written)
        if phone is not None:
            return phone
    return None


def _e164(digits: str, *, plus: bool) -> str | None:
    if digits.startswith("62"):
        national = digits[2:].removeprefix("0")
    elif digits.startswith("0") and not plus:
        national = digits[1:]
    elif digits.startswith("8") and not plus and len(digits) >= 10:
        national = digits
    else:
        return None
    mobile = re.fullmatch(r"8[1-9]\d{7,10}", national)
    landline = re.fullmatch(r"[2-79]\d{7,10}", national)
    return f"62{national}" if mobile or landline else None


def parse_service_number(text: str) -> str | None:
    """A service number as the provider prints it (`ISP00123`, `28900001`); a phone number is not one."""
    flat = plain(text).strip()
    if re.fullmatch(r"\d[\d\s.-]*\d|[a-z]{3}[\s-]\d+", flat):
        flat = re.sub(r"[\s.-]", "", flat)
    for match in _SERVICE.finditer(flat):
        letters, numbered, digits = match.groups()
        if letters:
            return f"{letters}{numbered}".upper()
        if not looks_like_phone(digits):
            return str(digits)
    return None


def looks_like_phone(digits: str) -> bool:
    """Whether bare digits would be read as a phone before anything else (08…, 62…, or 8… of mobile length)."""
    return digits.startswith(("0", "62", "8")) and _e164(digits, plus=False) is not None


def parse_otp(text: str) -> str | None:
    """The one group of six digits in the text, however it is spaced; None when there is none or more than one."""
    found = {re.sub(r"\D", "", match.group()) for match in _OTP.finditer(plain(text))}
    return found.pop() if len(found) == 1 else None


def parse_yes_no(text: str) -> bool | None:
    """Yes or no when the whole message says so; None when it says more, both, or neither."""
    words = _words(text)
    said_no = [w in _NO for w in words]
    said_yes = [w in _YES and w not in _NO for w in words]
    if not all(n or y or w in _PADDING for w, n, y in zip(words, said_no, said_yes, strict=True)):
        return None
    if True in said_no:
        # "tidak jadi", "mau batal": such words lean on the no; "ya, batal" stays unclear.
        return None if said_yes[0] and words[0] not in _LEANING else False
    return True if True in said_yes else None


def parse_choice(text: str, labels: Sequence[tuple[str, str]]) -> str | None:
    """The id of the one option meant: by id, label, number, ordinal, or words only that label has."""
    words = _words(text)
    for option, label in labels:
        if words and words in (_words(option), _words(label)):
            return option
    position = _position(words, len(labels))
    if position is not None:
        return labels[position - 1][0]
    return _by_distinctive_words([w for w in words if w not in _PADDING], labels)


def _position(words: list[str], count: int) -> int | None:
    meant = [w for w in words if w not in _PADDING] or [w for w in words if w in _ORDINALS]
    if len(meant) != 1:
        return None
    word = meant[0]
    if word in _LAST and count:
        return count
    position = int(word) if word.isdigit() and len(word) <= 2 else _ORDINALS.get(word, 0)
    return position if 1 <= position <= count else None


def _by_distinctive_words(words: list[str], labels: Sequence[tuple[str, str]]) -> str | None:
    """More than two words no label knows, or any "not", and the customer is saying something else."""
    if any(w in _NO for w in words):
        return None
    vocabularies = [(option, _words(label)) for option, label in labels]
    known = [w for w in words if any(_names(w, label) for _, label in vocabularies)]
    if not known or len(words) - len(known) > 2:
        return None
    meant = [option for option, label in vocabularies if all(_names(w, label) for w in known)]
    return meant[0] if len(meant) == 1 else None


def _names(word: str, label: list[str]) -> bool:
    return any(word == w or (len(word) >= 5 and len(w) >= 5 and one_edit_apart(word, w)) for w in label)


def one_edit_apart(a: str, b: str) -> bool:
    """Whether one letter added, lost, changed or swapped with its neighbour makes `a` into `b`."""
    if len(a) > len(b):
        a, b = b, a
    if len(b) - len(a) > 1:
        return False
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) < len(b):
        return a[same:] == b[same + 1 :]
    swapped = a[same : same + 2] == b[same : same + 2][::-1] and a[same + 2 :] == b[same + 2 :]
    return swapped or a[same + 1 :] == b[same + 1 :]


def parse_amount(text: str) -> int | None:
    """Whole rupiah: `350rb`, `350.000`, `Rp 1,5 jt`, `1jt 500rb`; None when no number is written."""
    total = 0
    for match in _AMOUNT.finditer(plain(text)):
        number, comma, point, unit = match.groups(default="")
        value, decimals = int(re.sub(r"\D", "", number)), comma or point
        total += value * _UNITS[unit]
        if unit and decimals:
            total += int(decimals) * _UNITS[unit] // 10 ** len(decimals)
        if not unit:
            break
    return total or None


def parse_month(text: str) -> NamedMonth | RelativeMonth | None:
    """`jan`, `januari 2024`, `01/2024`, `bulan ini`, `bln kmrn`; a relative month stays relative, we have no clock."""
    flat = plain(text)
    for pattern, offset in _RELATIVE:
        if pattern.search(flat):
            return RelativeMonth(offset)
    numeric = re.search(
        r"(?<!\d)(?:(20\d\d)[-/](0?[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/](20\d\d))(?![\d/-])", flat
    )
    if numeric:
        first_year, month, other_month, year = numeric.groups(default="")
        return NamedMonth(int(month or other_month), int(first_year or year))
    return _named_month(re.findall(r"[a-z]+|\d+", flat))


def parse_period(text: str, today: date) -> tuple[int, int]:
    """The month and year a text asks for; 0 for what it leaves open.

    "This month" asks for nothing: people mean what is open now.
    """
    match parse_month(text):
        case NamedMonth(month, year):
            return month, year or 0
        case RelativeMonth(-1):
            months = today.year * 12 + today.month - 2
            return months % 12 + 1, months // 12
        case _:
            return 0, 0


def _named_month(words: list[str]) -> NamedMonth | None:
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        year = int(after) if re.fullmatch(r"20\d\d", after) else None
        # "may" and "mar" are English words too; alone or with a year they are months.
        if word in _MONTHS and (word not in ("may", "mar") or year or len(words) == 1):
            return NamedMonth(_MONTHS[word], year)
        if word in ("bulan", "bln") and re.fullmatch(r"0?[1-9]|1[0-2]", after):
            return NamedMonth(int(after))
    return None


def words_in(text: str) -> frozenset[str]:
    """The words of a text that can name something: three letters or more, folded."""
    return frozenset(word for word in _words(text) if len(word) > 2 and word.isalpha())


def _words(text: str) -> list[str]:
    flat = re.sub(r"([a-z])\1{2,}", r"\1", plain(text))
    return _WORD.findall(flat)
