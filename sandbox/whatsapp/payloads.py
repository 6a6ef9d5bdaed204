"""The body of `POST …/ext/{secret}/wa`, as strict as a careful gateway reads it (whatsapp contract §1.1, §1.2)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from sandbox.web.errors import RequestError
from sandbox.whatsapp.contacts import PHONE

MAX_ROWS = 10
HEADER_TYPES = {"image": 2, "video": 3, "document": 4}

Label = Annotated[str, Meta(min_length=1)]
Id = Annotated[str, Meta(min_length=1, max_length=256)]
RowId = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4096)]
Phone = Annotated[str, Meta(pattern=PHONE)]
Link = Annotated[str, Meta(pattern=r"^https?://[^\s/]+")]
Key = Annotated[str, Meta(min_length=1, max_length=128)]


class HeaderMedia(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["image", "video", "document"]
    url: Link


class Button(Struct, frozen=True, forbid_unknown_fields=True):
    id: Id
    text: Label


class Buttons(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="buttons"):
    buttons: Annotated[tuple[Button, ...], Meta(min_length=1, max_length=3)]
    text: Text = ""
    footer: str = ""
    header_type: Literal[1, 2, 3, 4] | None = field(name="headerType", default=None)
    header_text: str = field(name="headerText", default="")
    header_media: HeaderMedia | None = field(name="headerMedia", default=None)

    def __post_init__(self) -> None:
        _check_unique([button.id for button in self.buttons], "button ids")
        if self.header_media and self.header_type not in {None, HEADER_TYPES[self.header_media.type]}:
            raise ValueError("headerType and headerMedia do not agree")


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    id: RowId
    title: Label
    description: str = ""


class Rows(Struct, frozen=True, forbid_unknown_fields=True):
    rows: Annotated[tuple[Row, ...], Meta(min_length=1)]
    title: str = ""


class List(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="list"):
    sections: Annotated[tuple[Rows, ...], Meta(min_length=1, max_length=10)]
    text: Text = ""
    title: str = ""
    button_text: str = field(name="buttonText", default="")

    def __post_init__(self) -> None:
        rows = [row for section in self.sections for row in section.rows]
        if len(rows) > MAX_ROWS:
            raise ValueError(f"a list has at most {MAX_ROWS} rows in all sections together, not {len(rows)}")
        if len(self.sections) > 1 and not all(section.title for section in self.sections):
            raise ValueError("every section needs a title when there are several")
        _check_unique([row.id for row in rows], "row ids")


class QuickButton(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="quick"):
    text: Label
    id: Id


class UrlButton(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="url"):
    text: Label
    url: Link


class CallButton(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="call"):
    text: Label
    phone_number: str = field(name="phoneNumber")

    def __post_init__(self) -> None:
        if not self.phone_number:
            raise ValueError("a call button needs a phoneNumber")


class Template(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="template"):
    buttons: Annotated[tuple[QuickButton | UrlButton | CallButton, ...], Meta(min_length=1, max_length=3)]
    text: Text = ""


Interactive = Buttons | List | Template


class ContactChange(Struct, frozen=True, forbid_unknown_fields=True):
    name: str = ""
    phone: Phone | None = None
    id: str | None = None


class WaBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One call; `action` has its default filled in by `decode`."""

    idempotency_key: Key
    action: Literal["send", "upsert", "delete"] | None = None
    to: Phone | None = None
    text: Text | None = None
    body: Text | None = None
    message: Text | dict[str, Any] | None = None
    interactive: Interactive | None = None
    request_phone_number: bool = field(name="requestPhoneNumber", default=False)
    allow_empty_text: bool = field(name="allowEmptyText", default=False)
    session_id: str | None = None
    thread_id: str | None = None
    session_id_alias: str | None = field(name="sessionId", default=None)
    thread_id_alias: str | None = field(name="threadId", default=None)
    queue: bool | None = None
    auto_retry: bool | None = None
    contacts: Annotated[tuple[ContactChange, ...], Meta(min_length=1, max_length=500)] | None = None

    def __post_init__(self) -> None:
        for alias, value, copy in (
            ("sessionId", self.session_id_alias, self.session_id),
            ("threadId", self.thread_id_alias, self.thread_id),
        ):
            if value is not None and value != copy:
                raise ValueError(f"{alias} needs the same value in its snake_case spelling")

    @property
    def says_nothing(self) -> bool:
        return not (self.text or self.body or self.message or self.interactive or self.request_phone_number)


def decode(raw: bytes, *, content_type: str, key: str | None) -> WaBody:
    """The body, with its action; a `RequestError` says what is wrong with it."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(400, "Content-Type must be application/json")
    try:
        body = msgspec.json.decode(raw, type=WaBody)
    except msgspec.MsgspecError as problem:
        raise RequestError(400, str(problem)) from problem
    if key != body.idempotency_key:
        raise RequestError(400, "the Idempotency-Key header must equal idempotency_key in the body")
    return _checked(_with_action(body))


def _with_action(body: WaBody) -> WaBody:
    only_contacts = body.contacts is not None and body.says_nothing
    default: Literal["upsert", "send"] = "upsert" if only_contacts else "send"
    return msgspec.structs.replace(body, action=body.action or default)


def _checked(body: WaBody) -> WaBody:
    if body.action == "send":
        _check_send(body)
    elif not body.contacts:
        raise RequestError(400, f"action {body.action} needs contacts")
    elif body.action == "upsert" and not all(contact.name and contact.phone for contact in body.contacts):
        raise RequestError(400, "every contact to upsert needs name and phone")
    elif body.action == "delete" and not all(contact.id or contact.phone for contact in body.contacts):
        raise RequestError(400, "every contact to delete needs id or phone")
    return body


def _check_send(body: WaBody) -> None:
    if body.to is None:
        raise RequestError(400, "action send needs to")
    if body.contacts is not None:
        raise RequestError(400, "action send takes no contacts")
    if body.says_nothing and not body.allow_empty_text:
        raise RequestError(
            400, "nothing to send: give text, body, message, interactive or requestPhoneNumber"
        )


def _check_unique(values: list[str], what: str) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"{what} must be unique")
