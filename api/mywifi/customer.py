"""The customer behind a login: see, apply, change (mywifi contract §5, endpoints 12 to 18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.forms import Check, Complaints
from api.http import answer, read
from api.mywifi import bodies, examples, render
from api.mywifi.access import for_customers, for_logins
from api.mywifi.bodies import StatusMessage
from api.mywifi.envelope import NOT_SUBSCRIBED, invalid
from api.operations import Operation, Outcome, Refusal
from api.rules import CallingCode, Decimal, EmailAddress, PhoneNumber, Text, Whole
from core.customers.types import CustomerName
from core.identity.types import Caller
from core.platform import phones
from core.platform.errors import Conflict, Forbidden, Invalid, NotFound
from core.subscriptions.types import Application

blueprint = Blueprint("mywifi_customer", __name__, url_prefix="/api/customer")

_BAD_ID_TYPE = "The selected id type id is invalid."
_EMAIL_USED = "Email sudah digunakan."


def _verified(what: str) -> Refusal:
    text = f"{what} sudah diverifikasi. Silakan hubungi admin untuk perubahan."
    return Refusal(Forbidden, "verified", 403, StatusMessage("forbidden", text))


class SubscriptionForm(Struct, frozen=True):
    """What somebody applies for, and who they are."""

    package_id: Annotated[int, Whole()]
    company_id: Annotated[int, Whole()]
    id_type_id: Annotated[int, Whole()]
    id_number: Annotated[str, Text(longest=20)]
    latitude: Annotated[float | None, Decimal(-90, 90)] = None
    longitude: Annotated[float | None, Decimal(-180, 180)] = None


class IdCardForm(Struct, frozen=True):
    """An identity document."""

    id_type_id: Annotated[int, Whole()]
    id_number: Annotated[str, Text(longest=20)]


class EmailForm(Struct, frozen=True):
    """The address to log in with from now on."""

    email: Annotated[str, EmailAddress()]


class AddressForm(Struct, frozen=True):
    """Where the line ends."""

    address: Annotated[str, Text()]


class PhoneForm(Struct, frozen=True):
    """A number in any local spelling, with its calling code."""

    phonecode: Annotated[int, CallingCode()]
    phone: Annotated[str, PhoneNumber(8, 15)]


async def _id_type_exists(form: Mapping[str, Any]) -> Complaints:
    known = {each.id for each in await services().customers.identity_types()}
    return {} if form.get("id_type_id") in known else {"id_type_id": [_BAD_ID_TYPE]}


def _email_is_free_for(customer_id: int) -> Check:
    async def check(form: Mapping[str, Any]) -> Complaints:
        email = form.get("email")
        taken = email and await services().customers.email_is_taken(email, but_not_by=customer_id)
        return {"email": [_EMAIL_USED]} if taken else {}

    return check


@blueprint.get("")
@for_logins(
    Operation(
        summary="Detail pelanggan beserta layanan aktif.",
        answer=examples.CUSTOMER,
        refuses=(NOT_SUBSCRIBED,),
    )
)
async def show_customer(caller: Caller) -> Response:
    """Everything a customer may see of the own record."""
    found = await services().subscriptions.profile(caller.customer_id)
    return answer(bodies.CustomerFound(customer=render.profile(found)))


@blueprint.post("")
@for_logins(
    Operation(
        summary="Mendaftarkan user login ke tabel customer dan membuat layanan awal.",
        reads=SubscriptionForm,
        answer=examples.CUSTOMER_CREATED,
        status=201,
        refuses=(
            invalid(Invalid, "identity_type", "id_type_id", _BAD_ID_TYPE),
            Refusal(NotFound, "plan", 404, StatusMessage("not_found", "Paket layanan tidak ditemukan.")),
        ),
        others=(Outcome(409, examples.ALREADY_SUBSCRIBED),),
    )
)
async def subscribe(caller: Caller) -> Response:
    """Gives the login a service number and a first, waiting service."""
    form = await read(SubscriptionForm, check=_id_type_exists)
    application = Application(
        plan_id=form.package_id,
        region_id=form.company_id,
        identity_type_id=form.id_type_id,
        identity_number=form.id_number,
        latitude=form.latitude,
        longitude=form.longitude,
    )
    try:
        customer = await services().subscriptions.subscribe(caller.customer_id, application)
    except Conflict as already:
        return answer(bodies.AlreadySubscribed(no_services=str(already.facts["service_number"])), 409)
    new = bodies.NewCustomer(customer.service_number, customer.name, customer.email)
    return answer(bodies.CustomerCreated(customer=new), 201)


@blueprint.get("/id-types")
@for_logins(
    Operation(
        summary="Daftar tipe identitas (KTP/Passport/SIM, dsb) untuk diisi pelanggan.",
        answer=examples.ID_TYPES,
    )
)
async def list_id_types(_caller: Caller) -> Response:
    """Asked before somebody becomes a customer."""
    found = await services().customers.identity_types()
    return answer(bodies.IdTypeList(id_types=tuple(bodies.Named(each.id, each.name) for each in found)))


@blueprint.post("/change-id-card")
@blueprint.patch("/change-id-card")
@blueprint.put("/change-id-card")
@for_customers(
    Operation(
        summary="Memperbarui tipe identitas dan nomor identitas pelanggan.",
        reads=IdCardForm,
        answer=examples.ID_CARD_CHANGED,
        refuses=(invalid(Invalid, "identity_type", "id_type_id", _BAD_ID_TYPE), _verified("Data identitas")),
    )
)
async def change_id_card(customer: CustomerName) -> Response:
    """Not once the document was verified."""
    form = await read(IdCardForm, check=_id_type_exists)
    kind = await services().customers.change_identity(
        customer.id, identity_type_id=form.id_type_id, identity_number=form.id_number
    )
    return answer(bodies.IdCardChanged(customer=bodies.IdCard(kind.id, kind.name, form.id_number)))


@blueprint.post("/email")
@blueprint.patch("/email")
@blueprint.put("/email")
@for_customers(
    Operation(
        summary="Memperbarui email pelanggan (mengubah email di tabel customer dan user).",
        reads=EmailForm,
        answer=examples.EMAIL_CHANGED,
        refuses=(invalid(Conflict, "email_taken", "email", _EMAIL_USED), _verified("Email")),
    )
)
async def change_email(customer: CustomerName) -> Response:
    """The address to write to and to log in with is one and the same."""
    form = await read(EmailForm, check=_email_is_free_for(customer.id))
    await services().customers.change_email(customer.id, form.email)
    return answer(bodies.EmailChanged(customer=bodies.Email(form.email)))


@blueprint.post("/address")
@blueprint.patch("/address")
@blueprint.put("/address")
@for_customers(
    Operation(
        summary="Memperbarui alamat pelanggan.",
        reads=AddressForm,
        answer=examples.ADDRESS_CHANGED,
        refuses=(_verified("Alamat"),),
    )
)
async def change_address(customer: CustomerName) -> Response:
    """Not once somebody was there."""
    form = await read(AddressForm)
    await services().customers.change_address(customer.id, form.address)
    return answer(bodies.AddressChanged(customer=bodies.Address(form.address)))


@blueprint.post("/phone")
@blueprint.patch("/phone")
@blueprint.put("/phone")
@for_customers(
    Operation(
        summary="Memperbarui nomor telepon pelanggan (phonecode dan nomor WA).",
        reads=PhoneForm,
        answer=examples.PHONE_CHANGED,
        others=(Outcome(422, bodies.Invalidity(errors={"phone": ["The phone field is required."]})),),
    )
)
async def change_phone(customer: CustomerName) -> Response:
    """The old number is told, and recovery codes go there for another day."""
    form = await read(PhoneForm)
    number = phones.join(form.phonecode, form.phone)
    await services().customers.change_phone(customer.id, number)
    return answer(bodies.PhoneChanged(customer=bodies.Phone(*phones.split(number))))
