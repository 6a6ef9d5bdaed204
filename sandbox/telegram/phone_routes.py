"""What the phone page asks for: people, chats, taps, live news, faults and the journal."""

from typing import Annotated

from msgspec import Meta, Struct
from quart import Blueprint, Response, request

from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.faults import FaultMode
from sandbox.telegram.groups import Groups
from sandbox.telegram.people import Person, normalise_phone
from sandbox.telegram.phones import Phones, Shared
from sandbox.web.answers import decoded, event_stream, json
from sandbox.web.errors import RequestError
from sandbox.web.journal import JournalNews
from sandbox.web.photos import uploaded_photo

MAX_TEXT = 4096
Text = Annotated[str, Meta(max_length=MAX_TEXT)]


class Typed(Struct, frozen=True, forbid_unknown_fields=True):
    text: Text


class Start(Struct, frozen=True, forbid_unknown_fields=True):
    payload: str = ""


class Tap(Struct, frozen=True, forbid_unknown_fields=True):
    message_id: int
    data: str


class NewPerson(Struct, frozen=True, forbid_unknown_fields=True):
    phone: str
    name: Annotated[str, Meta(max_length=60)] = ""
    language_code: Annotated[str, Meta(pattern="^[a-z]{2}$")] = "id"


class NewGroup(Struct, frozen=True, forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1, max_length=60)]
    creator: int


class GroupText(Struct, frozen=True, forbid_unknown_fields=True):
    person: int
    text: Text
    reply_to: int | None = None


class ChosenFault(Struct, frozen=True, forbid_unknown_fields=True):
    """`times` calls of `method` (or of all that send) meet the fault; without `times` all do until another is chosen."""

    mode: FaultMode
    times: Annotated[int, Meta(ge=1, le=1000)] | None = None
    method: str = ""
    retry_after_s: Annotated[int, Meta(ge=1, le=3600)] = 3


def add_phone_routes(blueprint: Blueprint, api: BotApi) -> None:
    phones = Phones(api)
    add_people_routes(blueprint, api, phones)
    add_action_routes(blueprint, phones)
    add_link_routes(blueprint, phones)
    add_group_routes(blueprint, Groups(api, phones), phones)
    add_server_routes(blueprint, api)

    @blueprint.errorhandler(RequestError)
    async def refuse(problem: RequestError) -> Response:
        return json({"ok": False, "message": problem.message}, problem.status)


def add_people_routes(blueprint: Blueprint, api: BotApi, phones: Phones) -> None:
    @blueprint.get("/phone/api/people")
    async def people() -> Response:
        return json({"run_id": api.run_id, "bot": api.user, "people": phones.lines()})

    @blueprint.post("/phone/api/people")
    async def add_person() -> Response:
        new = await decoded(NewPerson)
        phone = normalise_phone(new.phone)
        if phone is None:
            raise RequestError(400, "a phone number has 6 to 15 digits")
        name = new.name.strip() or f"Nomor {phone[-4:]}"
        return json(phones.add(Person(phone, name, language_code=new.language_code)), 201)

    @blueprint.get("/phone/api/chats/<int:user_id>/messages")
    async def messages(user_id: int) -> Response:
        chat = phones.chat(phones.person(user_id))
        return json({"messages": list(chat.messages.values()), "state": chat.state()})

    @blueprint.get("/phone/api/files/<file_id>")
    async def file(file_id: str) -> Response:
        kept = api.files.find(file_id)
        if kept is None:
            raise RequestError(404, "this file is no longer kept")
        return Response(kept.content, 200, content_type=kept.mimetype)


def add_action_routes(blueprint: Blueprint, phones: Phones) -> None:
    @blueprint.post("/phone/api/chats/<int:user_id>/start")
    async def start(user_id: int) -> Response:
        body = await decoded(Start)
        return json(phones.start(phones.person(user_id), body.payload), 202)

    @blueprint.post("/phone/api/chats/<int:user_id>/messages")
    async def say(user_id: int) -> Response:
        person = phones.person(user_id)
        if request.mimetype != "multipart/form-data":
            return json(phones.say(person, (await decoded(Typed)).text.strip()), 202)
        photo = await uploaded_photo()
        if photo is None:
            raise RequestError(400, "attach a photo")
        caption = (await request.form).get("text", "").strip()
        return json(phones.send_photo(person, caption, photo), 202)

    @blueprint.patch("/phone/api/chats/<int:user_id>/messages/<int:message_id>")
    async def edit(user_id: int, message_id: int) -> Response:
        body = await decoded(Typed)
        return json(phones.edit(phones.person(user_id), message_id, body.text.strip()), 202)

    @blueprint.post("/phone/api/chats/<int:user_id>/taps")
    async def tap(user_id: int) -> Response:
        body = await decoded(Tap)
        return json({"query_id": phones.tap(phones.person(user_id), body.message_id, body.data)}, 202)

    @blueprint.post("/phone/api/chats/<int:user_id>/contacts")
    async def share(user_id: int) -> Response:
        return json(phones.share(phones.person(user_id), await decoded(Shared)), 202)


def add_link_routes(blueprint: Blueprint, phones: Phones) -> None:
    """What is done to the chat as a whole."""

    @blueprint.post("/phone/api/chats/<int:user_id>/block")
    async def block(user_id: int) -> Response:
        phones.block(phones.person(user_id))
        return json({}, 202)

    @blueprint.post("/phone/api/chats/<int:user_id>/unblock")
    async def unblock(user_id: int) -> Response:
        phones.unblock(phones.person(user_id))
        return json({}, 202)

    @blueprint.post("/phone/api/chats/<int:user_id>/repeat-last")
    async def repeat_last(user_id: int) -> Response:
        return json({"update_id": phones.repeat_last(phones.person(user_id))}, 202)


def add_group_routes(blueprint: Blueprint, groups: Groups, phones: Phones) -> None:
    @blueprint.post("/phone/api/groups")
    async def create() -> Response:
        new = await decoded(NewGroup)
        return json(groups.create(new.title, phones.person(new.creator)).info, 201)

    @blueprint.post("/phone/api/groups/<int(signed=True):chat_id>/messages")
    async def say_in_group(chat_id: int) -> Response:
        body = await decoded(GroupText)
        person = phones.person(body.person)
        return json(groups.say(chat_id, person, body.text, body.reply_to), 202)

    @blueprint.get("/phone/api/groups/<int(signed=True):chat_id>/messages")
    async def group_messages(chat_id: int) -> Response:
        return json({"messages": groups.messages(chat_id)})

    @blueprint.post("/phone/api/groups/<int(signed=True):chat_id>/upgrade")
    async def upgrade(chat_id: int) -> Response:
        return json(groups.upgrade(chat_id).info, 202)


def add_server_routes(blueprint: Blueprint, api: BotApi) -> None:
    @blueprint.get("/phone/api/events")
    async def events() -> Response:
        return event_stream(api.feed)

    @blueprint.get("/phone/api/server")
    async def server() -> Response:
        return json(_server_view(api))

    @blueprint.post("/phone/api/faults")
    async def choose() -> Response:
        chosen = await decoded(ChosenFault)
        api.faults.choose(
            chosen.mode, times=chosen.times, method=chosen.method, retry_after_s=chosen.retry_after_s
        )
        api.feed.publish(JournalNews(api.now))
        return json(_server_view(api)["fault"])


def _server_view(api: BotApi) -> dict[str, object]:
    fault = {"mode": api.faults.mode, "remaining": api.faults.remaining}
    return {"fault": fault, "webhook": api.pusher.info(), "received": api.journal.newest_first()}
