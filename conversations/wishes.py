"""Wishes that no intent stands for, in the customers' own words: whole messages that name what to do and with what."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from conversations.parsing import plain, word_set
from conversations.understanding.affixes import stems_of

#: Longer messages tell a story, in which such words mean little.
_MOST_WORDS = 14
_WORD = re.compile(r"[a-z]+")
#: Words that are remembered with their stems: one message is held against many wishes, and people use the same words.
_REMEMBERED = 4096


@lru_cache(_REMEMBERED)
def _forms_of(word: str) -> frozenset[str]:
    return frozenset((word, *stems_of(word)))


class Wording(Struct, frozen=True):
    """A text is meant when it has a word of each of `named`, and none of `unless`."""

    named: tuple[frozenset[str], ...]
    unless: frozenset[str] = frozenset()

    def fits(self, text: str) -> bool:
        words = [_forms_of(word) for word in _WORD.findall(plain(text))]
        if len(words) > _MOST_WORDS or any(word & self.unless for word in words):
            return False
        return all(any(word & named for word in words) for named in self.named)


_ABOUT_THE_LINE = word_set(
    "kuota quota usage pakai pemakaian terpakai paket package internet wifi tagihan bill invoice gb giga mbps profil profile"
)
_ONE_FIELD = word_set("email hp nomor alamat nama password sandi phone number address name")
_PERSONAL = (word_set("data akun account"),)
_PEOPLE = word_set(
    """istri suami bojo anak adik kakak ibu bapak mama papa ayah orangtua ortu keluarga teman karyawan pegawai wife husband
    son daughter mother father parent parents mom dad brother sister family friend colleague employee somebody someone orang
    chat chats hp nomor number wa whatsapp telegram phone"""
)

ERASE_DATA = Wording(
    (word_set("hapus musnahkan delete erase wipe lupakan forget"), *_PERSONAL), _ABOUT_THE_LINE | _ONE_FIELD
)
COPY_DATA = Wording(
    (word_set("salinan unduh download ekspor export copy rangkuman"), *_PERSONAL),
    _ABOUT_THE_LINE | _ONE_FIELD,
)
INVITE_CHAT = Wording((word_set("undang invite"), _PEOPLE))
SHARE_ACCESS = Wording(
    (
        word_set(
            "tambah kasih beri bagi cabut hapus putus lepas lihat siapa add give grant share remove revoke see who"
        ),
        word_set("akses access terhubung linked connected"),
        _PEOPLE | word_set("siapa who"),
    ),
    word_set("internet wifi aplikasi app website web modem router"),
)
SEND_PROOF = Wording(
    (
        word_set("kirim upload unggah lampir serah setor send submit attach"),
        word_set("bukti struk resi slip screenshot ss proof"),
    ),
    word_set("minta tolong me please kapan email dikirim"),
)
MORE_TIME_TO_PAY = (
    Wording(
        (
            word_set("minta boleh bisa kasih tolong mohon perlu butuh need can could give have want"),
            word_set("tempo keringanan dispensasi kelonggaran penundaan tunda perpanjangan tenggang extension extend"),
        ),
        word_set("jatuh kapan when due"),
    ),
    Wording(
        (
            word_set("minta boleh bisa kasih tolong mohon perlu butuh need can could give have want"),
            word_set("waktu time days day hari weeks week minggu"),
            word_set("lagi more extra few another dulu tambahan sampai until"),
            word_set("bayar tagihan pay bill lunas transfer"),
        ),
        word_set("kapan when berapa lama long took already udah sudah udh sdh put putus mati down lemot slow"),
    ),
)  # fmt: skip


def asks_for_time(text: str) -> bool:
    """Whether somebody asks to pay later, and not when or how to pay."""
    return any(wording.fits(text) for wording in MORE_TIME_TO_PAY)
