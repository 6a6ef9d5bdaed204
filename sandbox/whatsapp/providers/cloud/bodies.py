"""The bodies of `POST /{number}/messages` with all their limits; anything beyond them is refused."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

_Id = Annotated[str, Meta(min_length=1, max_length=256)]
_RowId = Annotated[str, Meta(min_length=1, max_length=200)]
_Title = Annotated[str, Meta(min_length=1, max_length=20)]
_RowTitle = Annotated[str, Meta(min_length=1, max_length=24)]
_Url = Annotated[str, Meta(pattern="^https?://[^ ]+$")]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not documented is refused."""


class Text(Strict, frozen=True):
    body: Annotated[str, Meta(min_length=1, max_length=4096)]
    preview_url: bool = False


class Media(Strict, frozen=True):
    """Either `link` or `id`; a document may have a file name."""

    link: _Url = ""
    id: str = ""
    caption: Annotated[str, Meta(max_length=1024)] = ""
    filename: str = ""


class Said(Strict, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=1024)]


class Footer(Strict, frozen=True):
    text: Annotated[str, Meta(min_length=1, max_length=60)]


class Header(Strict, frozen=True):
    type: Literal["text", "image", "video", "document"]
    text: Annotated[str, Meta(max_length=60)] = ""
    image: Media | None = None
    video: Media | None = None
    document: Media | None = None


class ButtonReply(Strict, frozen=True):
    id: _Id
    title: _Title


class Button(Strict, frozen=True):
    type: Literal["reply"]
    reply: ButtonReply


class Row(Strict, frozen=True):
    id: _RowId
    title: _RowTitle
    description: Annotated[str, Meta(max_length=72)] = ""


class Section(Strict, frozen=True):
    rows: Annotated[list[Row], Meta(min_length=1, max_length=10)]
    title: Annotated[str, Meta(max_length=24)] = ""


class ButtonAction(Strict, frozen=True):
    buttons: Annotated[list[Button], Meta(min_length=1, max_length=3)]


class ListAction(Strict, frozen=True):
    button: _Title
    sections: Annotated[list[Section], Meta(min_length=1, max_length=10)]


class Buttons(Strict, frozen=True, tag_field="type", tag="button"):
    body: Said
    action: ButtonAction
    header: Header | None = None
    footer: Footer | None = None


class List(Strict, frozen=True, tag_field="type", tag="list"):
    body: Said
    action: ListAction
    header: Header | None = None
    footer: Footer | None = None


class Parameter(Strict, frozen=True):
    type: Literal["text", "payload"]
    text: Annotated[str, Meta(max_length=1024)] = ""
    payload: str = ""


class Component(Strict, frozen=True):
    type: Literal["header", "body", "button"]
    parameters: list[Parameter]
    sub_type: Literal["", "url", "quick_reply"] = ""
    index: str = ""


class Language(Strict, frozen=True):
    code: str


class Template(Strict, frozen=True):
    name: str
    language: Language
    components: list[Component] = []


class Typing(Strict, frozen=True):
    type: Literal["text"]


class Message(Strict, frozen=True):
    """A message of one type, or `status: read` with the id of what was read."""

    messaging_product: Literal["whatsapp"]
    recipient_type: Literal["individual"] = "individual"
    to: Annotated[str, Meta(pattern=r"^\+?[0-9]{6,15}\Z")] = ""
    recipient: Annotated[str, Meta(max_length=128)] = ""
    type: Literal["text", "interactive", "template", "image", "document"] = "text"
    text: Text | None = None
    interactive: Buttons | List | None = None
    template: Template | None = None
    image: Media | None = None
    document: Media | None = None
    biz_opaque_callback_data: Annotated[str, Meta(max_length=512)] = ""
    status: Literal["", "read"] = ""
    message_id: str = ""
    typing_indicator: Typing | None = None
