"""BERHENTI and MULAI: whole messages that say what may be sent, and nothing longer (market contract, P23)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from conversations.parsing import plain, word_set
from core.messaging.kinds import STOPPABLE, Category

_STOP = word_set("berhenti stop unsubscribe hentikan setop unreg")
_START = word_set("mulai start resubscribe lanjutkan aktifkan unstop reg")
_CATEGORIES: Mapping[Category, frozenset[str]] = {
    Category.INFO: word_set("promo promosi iklan siaran penawaran promotions promotion ads offers offer"),
    Category.SERVICE: word_set("gangguan tiket layanan outage outages ticket tickets"),
    Category.BILLING: word_set("tagihan pengingat jatuh tempo invoice bill bills billing reminder reminders"),
}
_ALL = word_set("semua semuanya all everything")
_FILLING = word_set(
    "info informasi notifikasi pemberitahuan pesan kabar wa kirim dikirim lagi dong ya min tolong "
    "messages message notices notice notifications sending me again please dan and"
)


class Wish(Struct, frozen=True):
    """What is to be stopped or begun; no categories is whatever the bare word means."""

    is_stop: bool
    categories: tuple[Category, ...] = ()


def wish(text: str) -> Wish | None:
    """Read a whole message; None when it is anything else, however much of it is about stopping."""
    if text.lstrip().startswith("/"):
        return None
    verb, *rest = [
        word for word in plain(text).strip(" .!,").split() if word not in {"please", "tolong"}
    ] or [""]
    if verb not in _STOP | _START:
        return None
    named = tuple(category for category in STOPPABLE if _CATEGORIES[category] & set(rest))
    known = _ALL | _FILLING | frozenset[str]().union(*_CATEGORIES.values())
    if not set(rest) <= known:
        return None
    return Wish(verb in _STOP, STOPPABLE if _ALL & set(rest) else named)
