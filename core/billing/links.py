"""Short signed addresses of a bill to pay and of a receipt to verify, for chats, reminders and printed papers."""

from __future__ import annotations

from functools import cache

from core.messaging.kinds import Given
from core.platform.i18n import message
from core.platform.secrets import Keyring
from core.platform.signing import Signer
from core.settings import Settings

_PAY, _RECEIPT = "pay", "receipt"


def pay_link(settings: Settings, invoice_id: int) -> str:
    """Where a bill can be looked at and paid without a login; empty where we have no public address."""
    return _link(settings, "p", _signed(settings, _PAY, invoice_id))


def pay_words(settings: Settings, invoice_id: int) -> Given:
    """What a notice says of where to pay; nothing where we have no public address."""
    url = pay_link(settings, invoice_id)
    return message("notice.pay_link", url=url) if url else ""


def receipt_words(settings: Settings, invoice_id: int) -> Given:
    """What a notice says of where the receipt of a paid bill is; nothing where we have no public address."""
    url = pay_link(settings, invoice_id)
    return message("notice.receipt_link", url=url) if url else ""


def receipt_link(settings: Settings, payment_id: int) -> str:
    """Where anybody can check that a receipt is genuine; empty where we have no public address."""
    return _link(settings, "v", _signed(settings, _RECEIPT, payment_id))


def invoice_behind(settings: Settings, token: str) -> int | None:
    """The id of the invoice a pay link stands for; None for a token that is not ours."""
    return _read(settings, _PAY, token)


def payment_behind(settings: Settings, token: str) -> int | None:
    """The id of the payment a receipt's link stands for; None for a token that is not ours."""
    return _read(settings, _RECEIPT, token)


def _link(settings: Settings, place: str, token: str) -> str:
    return f"{settings.link_url}/{place}/{token}" if settings.link_url else ""


def _signed(settings: Settings, purpose: str, number: int) -> str:
    return _signer(settings.masters, purpose).sign(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _read(settings: Settings, purpose: str, token: str) -> int | None:
    payload = _signer(settings.masters, purpose).read(token)
    return None if payload is None else int.from_bytes(payload, "big")


@cache
def _signer(masters: tuple[str, ...], purpose: str) -> Signer:
    """Kept: to derive its keys costs more than to sign."""
    return Signer(Keyring(masters), purpose)
