"""The diagnosis card as an attachment: what it is called, and how it is asked for."""

from __future__ import annotations

from core.messaging.ports import Attachment
from core.monitoring.diagnosis import Period
from core.platform.i18n import Language

CARD = "line_card"


def card_attachment(customer_id: int, period: Period, language: Language) -> Attachment:
    """The card as a picture, of the time it is drawn at."""
    args: dict[str, int | str] = {"customer": customer_id, "period": period, "language": language}
    return Attachment("image", f"loket-{period}.png", CARD, args)
