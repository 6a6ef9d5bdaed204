"""A forgotten password: a code to the phone, then a new password (mywifi contract §3, endpoints 3 to 5; §9)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct
from quart import Blueprint, Response

from api.auth import client_ip, services
from api.http import answer, read
from api.mywifi import examples
from api.mywifi.access import public
from api.mywifi.bodies import CodeSent, StatusMessage
from api.mywifi.envelope import NO_SUCH_CUSTOMER, WEAK_PASSWORD
from api.operations import Operation, Outcome, Refusal
from api.rules import Confirmed, Password, Spelled, Text
from core.identity.types import CodeCheck, Verified
from core.platform.errors import Invalid, NotFound
from core.platform.ids import new_uuid

blueprint = Blueprint("mywifi_recovery", __name__, url_prefix="/api/auth")

_UNKNOWN = Refusal(NotFound, "customer", 404, NO_SUCH_CUSTOMER)
_UNREACHABLE = Refusal(
    Invalid, "no_destination", 422, StatusMessage("failed", "Nomor tujuan tidak tersedia.")
)
_BAD_CODE = StatusMessage("failed", "Kode OTP tidak valid atau sudah digunakan.")
_CODE_IS_GOOD = StatusMessage("success", "Kode OTP valid.")
_PASSWORD_IS_SET = StatusMessage("success", "Password berhasil direset.")


class ForgottenPassword(Struct, frozen=True):
    """Whose password it is."""

    no_services: Annotated[str, Text()]


class CodeAttempt(Struct, frozen=True):
    """The code as it was typed; what cannot be a code is treated like a wrong one."""

    no_services: Annotated[str, Text()]
    otp: Annotated[str, Spelled()]


class PasswordReset(Struct, frozen=True):
    """The code once more, with the password to set."""

    no_services: Annotated[str, Text()]
    otp: Annotated[str, Spelled()]
    password: Annotated[str, Password(longest=128, shortest=6), Confirmed()]
    password_confirmation: Annotated[str, Password(longest=1024)]


@blueprint.post("/forgot-password")
@public(
    Operation(
        summary="Membuat OTP reset password menggunakan no_services pelanggan.",
        reads=ForgottenPassword,
        answer=examples.CODE_SENT,
        refuses=(_UNKNOWN, _UNREACHABLE),
    )
)
async def send_code() -> Response:
    """The code goes to the customer's phone and replaces an earlier one."""
    form = await read(ForgottenPassword)
    started = await services().identity.start_recovery(
        form.no_services, ip=client_ip(), request_id=new_uuid()
    )
    return answer(CodeSent(destination=started.masked_phone, otp=started.echo or UNSET))


@blueprint.post("/verify-otp")
@public(
    Operation(
        summary="Verifikasi kode OTP reset password.",
        reads=CodeAttempt,
        answer=_CODE_IS_GOOD,
        refuses=(_UNKNOWN,),
        others=(Outcome(422, _BAD_CODE),),
    )
)
async def verify_code() -> Response:
    """A good code is spent here and stays good for one reset within five minutes."""
    form = await read(CodeAttempt)
    outcome = await services().identity.check_code(form.no_services, form.otp, request_id=new_uuid())
    return _told(outcome, _CODE_IS_GOOD)


@blueprint.post("/reset-password")
@public(
    Operation(
        summary="Reset password menggunakan OTP yang valid.",
        reads=PasswordReset,
        answer=_PASSWORD_IS_SET,
        refuses=(_UNKNOWN, WEAK_PASSWORD),
        others=(Outcome(422, _BAD_CODE),),
    )
)
async def reset_password() -> Response:
    """Takes a code that was verified a moment ago, or one that was not verified yet."""
    form = await read(PasswordReset)
    outcome = await services().identity.reset_password(form.no_services, form.otp, form.password)
    return _told(outcome, _PASSWORD_IS_SET)


def _told(outcome: CodeCheck, success: StatusMessage) -> Response:
    return answer(success) if isinstance(outcome, Verified) else answer(_BAD_CODE, 422)
