"""What the phone page asks for: phones, chats, live news, faults and the journal."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Blueprint, Response, request

from sandbox.web.answers import decoded, event_stream, json
from sandbox.web.errors import RequestError
from sandbox.web.journal import JournalNews
from sandbox.web.photos import Photo, uploaded_photo
from sandbox.whatsapp.contacts import Contact, normalise_phone
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.gateway import Gateway

MAX_TEXT = 4096


class Typed(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=MAX_TEXT)]
    choice_id: Annotated[str, Meta(max_length=256)] = ""


class NewContact(Struct, frozen=True, forbid_unknown_fields=True):
    phone: str
    name: Annotated[str, Meta(max_length=60)] = ""


class ChosenWay(Struct, frozen=True, forbid_unknown_fields=True):
    """How the business's number is reached from now on."""

    spoken: str


class ChosenFault(Struct, frozen=True, forbid_unknown_fields=True):
    """`times` calls meet the fault; without it all do until another is chosen."""

    mode: FaultMode
    times: Annotated[int, Meta(ge=1, le=1000)] | None = None


def add_phone_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    add_contact_routes(blueprint, gateway)
    add_chat_routes(blueprint, gateway)
    add_event_routes(blueprint, gateway)
    add_fault_routes(blueprint, gateway)
    add_business_routes(blueprint, gateway)

    @blueprint.errorhandler(RequestError)
    async def refuse(problem: RequestError) -> Response:
        return json({"ok": False, "message": problem.message}, problem.status)


def add_contact_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    phones = gateway.phones

    @blueprint.get("/phone/api/contacts")
    async def contacts() -> Response:
        ways = {"spoken": gateway.business.spoken, "choices": gateway.business.choices}
        return json({"run_id": gateway.run_id, "contacts": phones.summaries(), "business": ways})

    @blueprint.post("/phone/api/contacts")
    async def add_contact() -> Response:
        new = await decoded(NewContact)
        contact = Contact(_phone(new.phone), new.name.strip(), "")
        phones.add_contact(contact)
        return json(contact, 201)

    @blueprint.get("/phone/api/files/<file_id>")
    async def file(file_id: str) -> Response:
        kept = phones.media.find(file_id)
        if kept is None:
            raise RequestError(404, "this file is no longer kept")
        return Response(kept.content, 200, content_type=kept.mimetype)


def add_chat_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    chats = gateway.phones.chats

    @blueprint.get("/phone/api/chats/<phone>/messages")
    async def messages(phone: str) -> Response:
        chat = chats.peek(_phone(phone))
        after = request.args.get("after", 0, type=int)
        return json({"messages": chat.after(after), "state": gateway.phones.state(chat)})

    @blueprint.post("/phone/api/chats/<phone>/messages")
    async def say(phone: str) -> Response:
        text, photo, choice_id = await _typed()
        return json(gateway.courier.say(_phone(phone), text, photo, choice_id), 202)

    @blueprint.post("/phone/api/chats/<phone>/resend-last")
    async def resend_last(phone: str) -> Response:
        return json({"request_id": gateway.courier.resend_last(_phone(phone))}, 202)


def add_event_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    @blueprint.get("/phone/api/events")
    async def all_events() -> Response:
        return event_stream(gateway.feed)

    @blueprint.get("/phone/api/chats/<phone>/events")
    async def events(phone: str) -> Response:
        return event_stream(gateway.feed, _phone(phone))


def add_business_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    @blueprint.post("/phone/api/business")
    async def choose_way() -> Response:
        gateway.choose_business((await decoded(ChosenWay)).spoken)
        return json({"spoken": gateway.business.spoken})


def add_fault_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    @blueprint.get("/phone/api/gateway")
    async def show() -> Response:
        return json(_gateway_view(gateway))

    @blueprint.post("/phone/api/faults")
    async def choose() -> Response:
        chosen = await decoded(ChosenFault)
        gateway.faults.choose(chosen.mode, times=chosen.times)
        gateway.feed.publish(JournalNews(gateway.phones.now))
        return json(_gateway_view(gateway)["fault"])


def _gateway_view(gateway: Gateway) -> dict[str, object]:
    fault = {"mode": gateway.faults.mode, "remaining": gateway.faults.remaining}
    return {"fault": fault, "received": gateway.journal.newest_first()}


async def _typed() -> tuple[str, Photo | None, str]:
    """The text, photo and tapped choice of a new message, from JSON or from a form."""
    if request.mimetype != "multipart/form-data":
        typed = await decoded(Typed)
        text, photo, choice_id = typed.text.strip(), None, typed.choice_id
    else:
        choice_id = ""
        text = (await request.form).get("text", "").strip()[:MAX_TEXT]
        photo = await uploaded_photo()
    if not text and photo is None:
        raise RequestError(400, "type a text or attach a photo")
    return text, photo, choice_id


def _phone(typed: str) -> str:
    phone = normalise_phone(typed)
    if phone is None:
        raise RequestError(400, "a phone number has 6 to 15 digits")
    return phone
