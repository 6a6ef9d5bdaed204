"""How MyWifi says no: the error forms of both kinds of caller, and the refusals many endpoints share (mywifi §1, §8)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps

from msgspec import Struct
from quart import Response

from api.forms import ValidationFailed, fields_of
from api.http import Message, Unparsable, UnsupportedMedia, answer
from api.mywifi.bodies import Invalidity, KeyMessage, StatusMessage
from api.operations import Access, Operation, Outcome, Refusal, View
from core.platform.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from core.platform.i18n import text

UNREADABLE = "The request body could not be parsed."

NOT_SUBSCRIBED = Refusal(
    NotFound,
    "not_subscribed",
    404,
    StatusMessage("not_subscribed", "Pengguna belum memiliki data pelanggan terdaftar."),
)
NO_SUCH_CUSTOMER = StatusMessage("not_found", "Data pelanggan tidak ditemukan.")
WEAK_PASSWORD = Refusal(
    Invalid,
    "password_common",
    422,
    Invalidity(errors={"password": [text("error.password_common", "id")]}),
)
KEY_REFUSED = Refusal(
    Forbidden, "api_key", 403, KeyMessage(status=False, message="API key atau IP tidak diizinkan")
)


def invalid(error: type[Invalid | Conflict], reason: str, field: str, complaint: str) -> Refusal:
    """A refusal of the domain that reads like a complaint about one field."""
    return Refusal(error, reason, 422, Invalidity(errors={field: [complaint]}))


def refusing(view: View, operation: Operation) -> View:
    """The view, with every expected way to fail answered in its caller's form; anything else is a bug and passes."""
    say = _say_to_key if operation.access is Access.KEY else Message

    @wraps(view)
    async def answering() -> Response:
        try:
            return await view()
        except ValidationFailed as failed:
            return _refused_form(failed, operation)
        except Unparsable:
            return answer(say(UNREADABLE), 400)
        except UnsupportedMedia:
            return answer(say("Unsupported Media Type."), 415)
        except DomainError as error:
            return _refused(error, operation, say)

    return answering


def _refused(error: DomainError, operation: Operation, say: Callable[[str], Struct]) -> Response:
    later = {"Retry-After": str(error.facts["retry_after_s"])} if "retry_after_s" in error.facts else None
    if refusal := operation.refusal_of(error):
        return answer(refusal.body, refusal.status, later)
    match error:
        case Throttled():
            return answer(Message("Too Many Attempts."), 429, later)
        case Invalid(reason="unstorable"):
            return _refused_form(ValidationFailed({}), operation)
        case Unauthenticated():
            return answer(Message("Unauthenticated."), 401)
        case Unavailable():
            return answer(say("Service Unavailable."), 503, later)
        case _:
            raise error


def _say_to_key(message: str) -> KeyMessage:
    return KeyMessage(status=False, message=message)


def _refused_form(failed: ValidationFailed, operation: Operation) -> Response:
    """Callers with a key never see the 422 form: they are told which parameters are missing, else which are wrong."""
    if operation.access is not Access.KEY:
        return answer(Invalidity(errors=failed.errors), 422)
    if failed.missing:
        return answer(
            _say_to_key(missing_parameters([name for name in failed.errors if name in failed.missing])), 400
        )
    return answer(_say_to_key(" ".join(["Parameter", *_named(failed.errors), "tidak valid"])), 400)


def _named(names: Collection[str]) -> list[str]:
    return [", ".join(names)] if names else []


def missing_parameters(names: list[str]) -> str:
    return f"Parameter {', '.join(names)} wajib diisi"


def common_outcomes(operation: Operation) -> tuple[Outcome, ...]:
    """What may happen at any endpoint of this kind, for the API document."""
    say = _say_to_key if operation.access is Access.KEY else Message
    found = [
        Outcome(429, Message("Too Many Attempts.")),
        Outcome(413, Message("Payload Too Large.")),
        Outcome(500, Message("Server Error")),
        Outcome(503, say("Service Unavailable.")),
    ]
    if operation.access is Access.TOKEN:
        found.append(Outcome(401, Message("Unauthenticated.")))
    if operation.reads is not None:
        found += [
            Outcome(408, Message("Request Timeout.")),
            Outcome(415, say("Unsupported Media Type.")),
            Outcome(400, say(UNREADABLE)),
        ]
        found.append(_form_outcome(operation.access, operation.reads))
    return tuple(found)


def _form_outcome(access: Access, form: type[Struct]) -> Outcome:
    required = [field for field in fields_of(form) if field.is_required]
    if access is Access.KEY:
        return Outcome(400, _say_to_key(missing_parameters([field.name for field in required])))
    first = next(iter(required), fields_of(form)[0])
    complaint = (
        f"The {first.label} field is required." if required else f"The selected {first.label} is invalid."
    )
    return Outcome(422, Invalidity(errors={first.name: [complaint]}))
