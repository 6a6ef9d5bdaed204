"""Bills for callers with an API key (mywifi contract §8, endpoints 26 to 28; the old host's paths are aliases)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.http import answer, read
from api.mywifi import examples, render
from api.mywifi.access import for_keys
from api.mywifi.bodies import BillList, KeyMessage
from api.operations import Operation, Outcome, Refusal
from api.rules import Spelled, Text, Whole
from core.billing.types import AlreadyPaid, AmountDiffers, Bill, ReferenceReused, Settled, Settlement
from core.identity.types import ApiKey, Scope
from core.platform.errors import Invalid, NotFound

blueprint = Blueprint("mywifi_billing", __name__, url_prefix="/api")


def _no(text: str) -> KeyMessage:
    return KeyMessage(status=False, message=text)


_NO_BILLS = _no("Tagihan tidak ditemukan untuk nomor layanan ini")
_NOTHING_UNPAID = _no("Tidak ada tagihan yang belum dibayar untuk nomor layanan ini")
_NO_SUCH_BILL = Refusal(NotFound, "invoice", 404, _no("Tagihan tidak ditemukan"))
_BAD_REFERENCE = Refusal(Invalid, "reference", 400, _no("Parameter reference_no tidak valid"))
_PAID = KeyMessage(status=True, message="Tagihan berhasil diperbarui menjadi sudah dibayar")
_ALREADY_PAID = _no("Tagihan sudah dibayar")
_REFERENCE_REUSED = _no("Nomor referensi sudah dipakai untuk tagihan lain")
_AMOUNT_DIFFERS = _no("Jumlah pembayaran tidak sesuai dengan tagihan")
_REPLAYED = {"Idempotent-Replayed": "true"}


class ServiceQuestion(Struct, frozen=True):
    """Whose bills."""

    no_services: Annotated[str, Text()]


class PaymentNotice(Struct, frozen=True):
    """Money that arrived elsewhere. With an `amount`, it must be what is owed."""

    invoice: Annotated[str, Spelled(longest=32)]
    no_services: Annotated[str, Text()]
    reference_no: Annotated[str, Text(longest=128)]
    amount: Annotated[int | None, Whole(0)] = None


@blueprint.get("/bill/detail")
@blueprint.get("/billing/detail")
@for_keys(
    Scope.READ,
    Operation(
        summary="Ambil semua tagihan (termasuk yang sudah bayar) berdasarkan nomor layanan.",
        reads=ServiceQuestion,
        answer=examples.BILLS,
        others=(Outcome(404, _NO_BILLS),),
    ),
)
async def list_bills(_key: ApiKey) -> Response:
    """Newest first."""
    form = await read(ServiceQuestion)
    return _listed(await services().billing.bills_of(form.no_services, unpaid_only=False), _NO_BILLS)


@blueprint.get("/bill/unpaid")
@blueprint.get("/billing/unpaid")
@for_keys(
    Scope.READ,
    Operation(
        summary="Ambil semua tagihan yang belum dibayar berdasarkan nomor layanan.",
        reads=ServiceQuestion,
        answer=examples.BILLS,
        others=(Outcome(404, _NOTHING_UNPAID),),
    ),
)
async def list_unpaid_bills(_key: ApiKey) -> Response:
    """Oldest first: the isolation page lets people pay the first one."""
    form = await read(ServiceQuestion)
    return _listed(await services().billing.bills_of(form.no_services, unpaid_only=True), _NOTHING_UNPAID)


@blueprint.post("/bill/mark-as-paid")
@blueprint.post("/billing/mark-as-paid")
@for_keys(
    Scope.PAY,
    Operation(
        summary="Set status tagihan menjadi SUDAH BAYAR berdasarkan invoice + no_services + reference_no.",
        reads=PaymentNotice,
        answer=_PAID,
        refuses=(_NO_SUCH_BILL, _BAD_REFERENCE),
        others=(Outcome(409, _ALREADY_PAID),),
    ),
)
async def mark_as_paid(key: ApiKey) -> Response:
    """A repeat with the same reference changes nothing: 409 with `Idempotent-Replayed: true`."""
    form = await read(PaymentNotice)
    outcome = await services().billing.settle(
        source=f"key:{key.id}",
        reference=form.reference_no,
        invoice_number=form.invoice,
        service_number=form.no_services,
        amount=form.amount,
    )
    return _told(outcome)


def _listed(bills: tuple[Bill, ...], otherwise: KeyMessage) -> Response:
    zone = services().settings.zone
    if not bills:
        return answer(otherwise, 404)
    return answer(BillList(data=tuple(render.bill(each, zone) for each in bills)))


def _told(outcome: Settlement) -> Response:
    match outcome:
        case Settled():
            return answer(_PAID)
        case AlreadyPaid(by_this_reference):
            return answer(_ALREADY_PAID, 409, _REPLAYED if by_this_reference else None)
        case ReferenceReused():
            return answer(_REFERENCE_REUSED, 409)
        case AmountDiffers():
            return answer(_AMOUNT_DIFFERS, 409)
