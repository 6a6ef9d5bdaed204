"""Text and captions as Telegram takes them: parsed, measured, never empty."""

from sandbox.telegram.errors import bad_request
from sandbox.telegram.html import parse_html, utf16
from sandbox.telegram.objects import MessageEntity

MAX_TEXT = 4096
MAX_CAPTION = 1024
Entities = tuple[MessageEntity, ...]


def parsed(text: str, parse_mode: str, entities: Entities | None) -> tuple[str, Entities]:
    """Only HTML is understood here: what the Markdown dialects accept is full of surprises (telegram contract §2)."""
    match parse_mode.lower():
        case "":
            return text.strip(), entities or ()
        case "html":
            return parse_html(text)
        case "markdown" | "markdownv2":
            raise bad_request("can't parse entities: this stand-in reads HTML only")
        case _:
            raise bad_request("unsupported parse_mode")


def message_text(
    text: str, parse_mode: str, entities: Entities | None, *, too_long: str = "message is too long"
) -> tuple[str, Entities]:
    shown, found = parsed(text, parse_mode, entities)
    if not shown:
        raise bad_request("message text is empty")
    if utf16(shown) > MAX_TEXT:
        raise bad_request(too_long)
    return shown, found


def caption(text: str, parse_mode: str) -> tuple[str, Entities]:
    shown, found = parsed(text, parse_mode, None)
    if utf16(shown) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return shown, found
