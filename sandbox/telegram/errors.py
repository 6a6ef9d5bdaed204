"""How the Bot API says no."""

from msgspec import Struct


class Parameters(Struct, frozen=True, omit_defaults=True):
    """What a client can do about an error without asking anybody."""

    retry_after: int | None = None
    migrate_to_chat_id: int | None = None


class ApiError(Exception):
    """A refused call: the HTTP status, Telegram's own description, and what would help."""

    def __init__(self, code: int, description: str, parameters: Parameters | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(why: str) -> ApiError:
    return ApiError(400, f"Bad Request: {why}")


def forbidden(why: str) -> ApiError:
    return ApiError(403, f"Forbidden: {why}")


def too_many(retry_after_s: int) -> ApiError:
    description = f"Too Many Requests: retry after {retry_after_s}"
    return ApiError(429, description, Parameters(retry_after=retry_after_s))


def migrated(chat_id: int) -> ApiError:
    description = "Bad Request: group chat was upgraded to a supergroup chat"
    return ApiError(400, description, Parameters(migrate_to_chat_id=chat_id))
