"""Broadcasts from a program: a text with its preview, confirmed by the count it shows, watched, paused, cancelled.

For keys of the scope `staff`; `staff` names on whose behalf, by user name, and their role decides what is allowed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response, request

from api.auth import services
from api.http import answer, read
from api.mywifi.access import for_keys
from api.mywifi.bodies import KeyMessage
from api.operations import Operation, Refusal
from api.rules import OneOf, Text, Whole
from core.broadcasts.types import Audience, AudienceKind, Broadcast, Draft
from core.identity.staff import StaffMember
from core.identity.types import ApiKey, Scope
from core.messaging.rules import LONGEST
from core.platform.errors import Conflict, Forbidden, Invalid, NotFound
from core.platform.ids import new_uuid

blueprint = Blueprint("staff_broadcasts", __name__, url_prefix="/api/staff/broadcasts")

_EXAMPLE_TIME = "2026-11-22T20:41:00+07:00"


def _refusal(
    error: type[Conflict | Forbidden | Invalid | NotFound], reason: str, status: int, text: str
) -> Refusal:
    return Refusal(error, reason, status, KeyMessage(status=False, message=text))


_NOT_ALLOWED = (
    _refusal(Forbidden, "broadcast", 403, "Petugas itu tidak boleh mengirim siaran."),
    _refusal(NotFound, "staff", 404, "Petugas itu tidak ada."),
)
_NO_BROADCAST = _refusal(NotFound, "broadcast", 404, "Siaran itu tidak ada.")
_OVER = _refusal(Conflict, "broadcast_over", 409, "Siaran itu sudah selesai atau dibatalkan.")
_COUNT = _refusal(Conflict, "broadcast_count", 409, "Angkanya tidak sama dengan jumlah penerima.")
_TEXT = (
    _refusal(Invalid, "template_blank", 400, "Isian itu tidak dikenal; pakai {nama} atau {no_layanan}."),
    _refusal(Invalid, "template_long", 400, "Teksnya terlalu panjang."),
    _refusal(Invalid, "template_braces", 400, "Kurung kurawalnya tidak berpasangan."),
    _refusal(Invalid, "template_characters", 400, "Teksnya memuat huruf kendali."),
    _refusal(Invalid, "start_in_past", 400, "Waktunya belum benar atau sudah lewat."),
    _refusal(NotFound, "audience", 404, "Wilayah, paket, atau router itu tidak ada."),
    _refusal(Conflict, "nobody_reachable", 409, "Tidak ada yang bisa dihubungi."),
    _refusal(Conflict, "request_reused", 409, "Permintaan ini sudah dipakai untuk siaran lain."),
)


class BroadcastBody(Struct, frozen=True):
    """`queued` have been handed over, `sent` of them the channels have taken; `stopped` had asked not to be written to."""

    id: int
    audience: str
    audience_id: int | None
    text: str
    state: str
    recipients: int
    queued: int
    sent: int
    failed: int
    stopped: int
    start_at: str | None
    ended_at: str | None


class BroadcastList(Struct, frozen=True):
    data: tuple[BroadcastBody, ...]


class BroadcastPreview(Struct, frozen=True):
    """What is confirmed by sending `broadcast.recipients` back; `unreachable` services have neither phone nor chat."""

    broadcast: BroadcastBody
    sample: str
    services: int
    stopped: int
    unreachable: int
    done_by: str


class BroadcastWriting(Struct, frozen=True):
    staff: Annotated[str, Text(longest=64)]
    audience: Annotated[str, OneOf(tuple(AudienceKind))]
    text: Annotated[str, Text(longest=LONGEST)]
    audience_id: Annotated[int | None, Whole(1)] = None
    start_at: Annotated[str | None, Text(longest=40)] = None


class BroadcastConfirming(Struct, frozen=True):
    staff: Annotated[str, Text(longest=64)]
    id: Annotated[int, Whole(1)]
    count: Annotated[int, Whole(0)]


class BroadcastChoice(Struct, frozen=True):
    staff: Annotated[str, Text(longest=64)]
    id: Annotated[int, Whole(1)]


class BroadcastListing(Struct, frozen=True):
    staff: Annotated[str, Text(longest=64)]


_EXAMPLE = BroadcastBody(
    7, "region", 2, "Halo {nama}, besok ada perawatan.", "running", 1162, 290, 288, 2, 9, None, None
)
_PREVIEW = BroadcastPreview(_EXAMPLE, "Halo Dewi, besok ada perawatan.", 1204, 9, 24, _EXAMPLE_TIME)


@blueprint.get("")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Siaran terbaru.",
        reads=BroadcastListing,
        answer=BroadcastList((_EXAMPLE,)),
        refuses=_NOT_ALLOWED,
    ),
)
async def list_broadcasts(_key: ApiKey) -> Response:
    """Newest first."""
    form = await read(BroadcastListing)
    found = await services().broadcasts.listed(await _member(form.staff))
    return answer(BroadcastList(tuple(map(_body, found))))


@blueprint.get("/progress")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Sejauh mana satu siaran.",
        reads=BroadcastChoice,
        answer=_EXAMPLE,
        refuses=(_NO_BROADCAST, *_NOT_ALLOWED),
    ),
)
async def show_progress(_key: ApiKey) -> Response:
    """How many have been written to by now."""
    form = await read(BroadcastChoice)
    return answer(_body(await services().broadcasts.progress(await _member(form.staff), form.id)))


@blueprint.post("")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Menyusun siaran dan melihat pratinjaunya.",
        reads=BroadcastWriting,
        answer=_PREVIEW,
        refuses=(*_TEXT, *_NOT_ALLOWED),
    ),
)
async def compose_broadcast(key: ApiKey) -> Response:
    """Nothing is sent yet; a repeat with the same `Idempotency-Key` gives the first one back."""
    form = await read(BroadcastWriting)
    request_id = request.headers.get("Idempotency-Key", "").strip()[:64] or new_uuid()
    draft = await services().broadcasts.compose(
        await _member(form.staff),
        Audience(AudienceKind(form.audience), form.audience_id),
        form.text,
        request_id=f"key:{key.id}:{request_id}",
        start_at=_moment_of(form.start_at),
    )
    return answer(_preview(draft))


@blueprint.post("/confirm")
@for_keys(
    Scope.STAFF,
    Operation(
        summary="Mengirim siaran yang sudah disusun.",
        reads=BroadcastConfirming,
        answer=_EXAMPLE,
        refuses=(_NO_BROADCAST, _COUNT, _OVER, *_NOT_ALLOWED),
    ),
)
async def confirm_broadcast(_key: ApiKey) -> Response:
    """`count` must be the number of recipients the preview showed; confirming again changes nothing."""
    form = await read(BroadcastConfirming)
    staff = await _member(form.staff)
    return answer(_body(await services().broadcasts.confirm(staff, form.id, count=form.count)))


def _changing(summary: str) -> Operation:
    refuses = (_NO_BROADCAST, _OVER, *_NOT_ALLOWED)
    return Operation(summary=summary, reads=BroadcastChoice, answer=_EXAMPLE, refuses=refuses)


@blueprint.post("/pause")
@for_keys(Scope.STAFF, _changing("Menjeda siaran."))
async def pause_broadcast(_key: ApiKey) -> Response:
    """What left in the last seconds still arrives."""
    form = await read(BroadcastChoice)
    return answer(_body(await services().broadcasts.pause(await _member(form.staff), form.id)))


@blueprint.post("/resume")
@for_keys(Scope.STAFF, _changing("Melanjutkan siaran."))
async def resume_broadcast(_key: ApiKey) -> Response:
    """From where it was paused."""
    form = await read(BroadcastChoice)
    return answer(_body(await services().broadcasts.resume(await _member(form.staff), form.id)))


@blueprint.post("/cancel")
@for_keys(Scope.STAFF, _changing("Membatalkan sisa siaran."))
async def cancel_broadcast(_key: ApiKey) -> Response:
    """Nobody else gets it, ever."""
    form = await read(BroadcastChoice)
    return answer(_body(await services().broadcasts.cancel(await _member(form.staff), form.id)))


async def _member(username: str) -> StaffMember:
    return await services().staff.named(username)


def _moment_of(text: str | None) -> datetime | None:
    """RFC 3339 with an offset; raises `Invalid("start_in_past")` for what is no moment."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("start_in_past") from None
    if moment is not None and moment.tzinfo is None:
        raise Invalid("start_in_past")
    return moment


def _preview(draft: Draft) -> BroadcastPreview:
    reach = draft.reach
    return BroadcastPreview(
        _body(draft.broadcast),
        draft.sample,
        reach.services,
        reach.stopped,
        reach.unreachable,
        _shown(draft.done_by) or "",
    )


def _body(sent: Broadcast) -> BroadcastBody:
    return BroadcastBody(
        id=sent.id,
        audience=sent.audience.kind,
        audience_id=sent.audience.id,
        text=sent.body,
        state=sent.state,
        recipients=sent.expected,
        queued=sent.queued,
        sent=sent.sent,
        failed=sent.failed,
        stopped=sent.stopped,
        start_at=_shown(sent.start_at),
        ended_at=_shown(sent.ended_at),
    )


def _shown(moment: datetime | None) -> str | None:
    return (
        None if moment is None else moment.astimezone(services().settings.zone).isoformat(timespec="seconds")
    )
