"""A line's last day or week, as numbers and as a picture: two endpoints of ours beside those of the document."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.http import answer, read
from api.mywifi import examples, history_render
from api.mywifi.access import for_customers
from api.mywifi.bodies import StatusMessage
from api.mywifi.history_bodies import HistoryFound
from api.operations import Operation, Paper, Refusal
from api.papers.pay import pdf
from api.rules import OneOf, Text
from core.customers.types import CustomerName
from core.monitoring.diagnosis import Period
from core.platform.errors import Forbidden, NotFound

blueprint = Blueprint("mywifi_history", __name__, url_prefix="/api/customer/network-history")

_REFUSALS = (
    Refusal(NotFound, "customer", 404, StatusMessage("not_found", "Pelanggan tidak ditemukan.")),
    Refusal(NotFound, "router", 404, StatusMessage("not_found", "Router tidak ditemukan.")),
    Refusal(
        Forbidden,
        "not_yours",
        403,
        StatusMessage("forbidden", "Nomor layanan tidak sesuai dengan akun login."),
    ),
)
_PERIODS = OneOf(tuple(Period))


class HistoryQuestion(Struct, frozen=True):
    """Whose line, and how far back: `24h` in quarters of an hour, `7d` in hours."""

    no_services: Annotated[str, Text()]
    period: Annotated[str, _PERIODS] = Period.DAY


class CardQuestion(Struct, frozen=True):
    """The same as a picture, in the business's language unless asked otherwise."""

    no_services: Annotated[str, Text()]
    period: Annotated[str, _PERIODS] = Period.DAY
    lang: Annotated[str | None, OneOf(("id", "en"))] = None


@blueprint.get("")
@for_customers(
    Operation(
        summary="Riwayat koneksi 24 jam atau 7 hari.",
        reads=HistoryQuestion,
        answer=examples.HISTORY,
        refuses=_REFUSALS,
    )
)
async def show_history(customer: CustomerName) -> Response:
    """A stretch in which nobody watched has `seen_seconds` 0; that is not "offline"."""
    form = await read(HistoryQuestion)
    found = await services().monitoring.diagnosis(customer.id, Period(form.period), number=form.no_services)
    return answer(HistoryFound(data=history_render.history(found)))


@blueprint.get("/card")
@for_customers(
    Operation(
        summary="Riwayat koneksi sebagai gambar PNG.",
        reads=CardQuestion,
        answer=Paper("image/png"),
        refuses=_REFUSALS,
    )
)
async def show_card(customer: CustomerName) -> Response:
    """The card that the chat sends."""
    form = await read(CardQuestion)
    monitoring = services().monitoring
    found = await monitoring.diagnosis(customer.id, Period(form.period), number=form.no_services)
    language = form.lang or services().settings.language
    return pdf(await monitoring.card(found, "en" if language == "en" else "id"), f"loket-{form.period}.png")
