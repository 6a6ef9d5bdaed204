"""How a customer's line is, now (mywifi contract §5, endpoint 19)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.http import answer, read
from api.mywifi import examples, line_render
from api.mywifi.access import for_customers
from api.mywifi.bodies import StatusMessage
from api.mywifi.line_bodies import LineFound
from api.operations import Operation, Refusal
from api.rules import OneOf, SomeOf, Text
from core.customers.types import CustomerName
from core.platform.errors import Forbidden, NotFound, Unavailable

blueprint = Blueprint("mywifi_line", __name__, url_prefix="/api/customer")

_REFUSALS = (
    Refusal(NotFound, "customer", 404, StatusMessage("not_found", "Pelanggan tidak ditemukan.")),
    Refusal(NotFound, "router", 404, StatusMessage("not_found", "Router tidak ditemukan.")),
    Refusal(
        Forbidden,
        "not_yours",
        403,
        StatusMessage("forbidden", "Nomor layanan tidak sesuai dengan akun login."),
    ),
    Refusal(Unavailable, "router", 503, StatusMessage("error", "Router tidak bisa dihubungi.")),
)


class LineQuestion(Struct, frozen=True):
    """Which line, and what of it; without sections, all of it."""

    no_services: Annotated[str, Text()]
    sections: Annotated[frozenset[str], SomeOf(OneOf(("connection", "usage", "session")))] = frozenset()


@blueprint.post("/network-status")
@blueprint.get("/network-status")
@for_customers(
    Operation(
        summary="Ambil status koneksi Mikrotik berdasarkan no_services.",
        reads=LineQuestion,
        answer=examples.LINE,
        refuses=_REFUSALS,
    )
)
async def show_line(customer: CustomerName) -> Response:
    """A router that cannot be seen is 503, never "offline"."""
    form = await read(LineQuestion)
    report = await services().network.report_for(customer.id, form.no_services, form.sections)
    return answer(LineFound(data=line_render.line(report)))
