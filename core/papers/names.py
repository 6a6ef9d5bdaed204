"""Papers as attachments: what they are called, and how they are asked for."""

from __future__ import annotations

import re

from core.messaging.ports import Attachment
from core.platform import i18n
from core.platform.i18n import Language

INVOICE, RECEIPT = "invoice_pdf", "receipt_pdf"


def invoice_attachment(invoice_id: int, number: str, language: Language) -> Attachment:
    """The bill as a PDF."""
    name = i18n.text("paper.invoice_file", language, number=_plain(number))
    return Attachment("document", name, INVOICE, {"invoice": invoice_id, "language": language})


def receipt_attachment(payment_id: int, number: str, language: Language) -> Attachment:
    """The receipt of a payment for the invoice of this number, as a PDF."""
    name = i18n.text("paper.receipt_file", language, number=_plain(number))
    return Attachment("document", name, RECEIPT, {"payment": payment_id, "language": language})


def _plain(number: str) -> str:
    """Numbers that came from elsewhere may hold what no file name does."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", number)[:40]
