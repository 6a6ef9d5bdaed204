"""Accounts: register, log in, stay logged in (mywifi contract §3, endpoints 1, 2, 6 to 9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import bearer_token, client_ip, services
from api.forms import Complaints
from api.http import Message, answer, read
from api.mywifi import examples, render
from api.mywifi.access import for_logins, public
from api.mywifi.bodies import Invalidity
from api.mywifi.envelope import WEAK_PASSWORD, invalid
from api.operations import Access, Operation, Outcome, Refusal
from api.rules import CallingCode, Confirmed, EmailAddress, OneOf, Password, PhoneNumber, Text
from core.identity.types import Caller, NewAccount
from core.platform import phones
from core.platform.errors import Conflict, Unauthenticated

blueprint = Blueprint("mywifi_auth", __name__, url_prefix="/api/auth")

_EMAIL_TAKEN = "Email sudah terdaftar."
_BAD_CREDENTIALS = Refusal(
    Unauthenticated,
    "bad_credentials",
    422,
    Invalidity(errors={"email": ["Email atau password tidak sesuai."]}),
)
_LOGGED_OUT = Message("Berhasil logout.")
_PASSWORD_CHANGED = Message("Password berhasil diperbarui.")
_WRONG_PASSWORD = Invalidity(errors={"current_password": ["Password lama tidak sesuai."]})


class Registration(Struct, frozen=True):
    """What a visitor tells to register."""

    name: Annotated[str, Text()]
    email: Annotated[str, EmailAddress()]
    password: Annotated[str, Password(longest=128, shortest=6), Confirmed()]
    phone: Annotated[str, PhoneNumber(8, 15)]
    phonecode: Annotated[int, CallingCode()]
    address: Annotated[str | None, Text()] = None
    gender: Annotated[str | None, OneOf(("Male", "Female"))] = None
    image: Annotated[str, Text(pattern=r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(jpg|jpeg|png)")] = "default1.jpg"


class Credentials(Struct, frozen=True):
    """An e-mail address or a service number, with the password."""

    identifier: Annotated[str, Text()]
    password: Annotated[str, Password(longest=1024)]


class PasswordChange(Struct, frozen=True):
    """The password as it is and as it shall be."""

    current_password: Annotated[str, Password(longest=1024)]
    password: Annotated[str, Password(longest=128, shortest=6), Confirmed()]


async def _email_is_free(form: Mapping[str, Any]) -> Complaints:
    if "email" in form and await services().customers.email_is_taken(form["email"]):
        return {"email": [_EMAIL_TAKEN]}
    return {}


@blueprint.post("/register")
@public(
    Operation(
        summary="Registrasi user baru sekaligus mengembalikan token login.",
        reads=Registration,
        answer=examples.TOKEN,
        status=201,
        refuses=(invalid(Conflict, "email_taken", "email", _EMAIL_TAKEN), WEAK_PASSWORD),
    )
)
async def register() -> Response:
    """Five registrations an hour from one address."""
    form = await read(Registration, check=_email_is_free)
    account = NewAccount(
        name=form.name,
        email=form.email,
        password=form.password,
        phone=phones.join(form.phonecode, form.phone),
        contact_address=form.address,
        gender=form.gender,
        image=form.image,
    )
    return answer(render.token(await services().identity.register(account, ip=client_ip())), 201)


@blueprint.post("/login")
@public(
    Operation(
        summary="Login menggunakan email atau no_services dan password.",
        reads=Credentials,
        answer=examples.TOKEN,
        refuses=(_BAD_CREDENTIALS,),
    )
)
async def log_in() -> Response:
    """An unknown account, a wrong password and a deactivated login read and take alike."""
    form = await read(Credentials)
    signed_in = await services().identity.sign_in(form.identifier, form.password, ip=client_ip())
    return answer(render.token(signed_in))


@blueprint.post("/me")
@blueprint.get("/me")
@for_logins(Operation(summary="Mengambil profil user yang sedang login.", answer=examples.USER))
async def show_me(caller: Caller) -> Response:
    """The login itself, without an envelope."""
    return answer(render.user(await services().identity.profile(caller)))


@blueprint.post("/logout")
@for_logins(Operation(summary="Logout dan mencabut token aktif.", answer=_LOGGED_OUT))
async def log_out(caller: Caller) -> Response:
    """The token is worthless at once."""
    await services().identity.sign_out(caller)
    return answer(_LOGGED_OUT)


@blueprint.post("/refresh")
@public(
    Operation(
        summary="Mendapatkan token baru dari token lama.",
        answer=examples.TOKEN,
        access=Access.TOKEN,
    )
)
async def refresh() -> Response:
    """The old token may have expired, up to fourteen days after the first one of its chain."""
    return answer(render.token(await services().identity.refresh(bearer_token())))


@blueprint.patch("/change-password")
@blueprint.put("/change-password")
@blueprint.post("/change-password")
@for_logins(
    Operation(
        summary="Mengubah password user.",
        reads=PasswordChange,
        answer=_PASSWORD_CHANGED,
        refuses=(WEAK_PASSWORD,),
        others=(Outcome(422, _WRONG_PASSWORD),),
    )
)
async def change_password(caller: Caller) -> Response:
    """The token used here lives on, every other one dies."""
    form = await read(PasswordChange)
    identity = services().identity
    is_changed = await identity.change_password(caller, current=form.current_password, new=form.password)
    return answer(_PASSWORD_CHANGED) if is_changed else answer(_WRONG_PASSWORD, 422)
