"""What a gateway's answer means: sent, try again, or never (whatsapp contract §1.5, "Our rule")."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from core.adapters.whatsapp.json_values import JsonObject, decoded, objects, word
from core.messaging.ports import Accepted, ChannelDown, Declined, Refused

_YES = {"true", "1", "yes", "ok", "success"}
_NO = {"false", "0", "no", "error", "failed", "fail", "invalid"}
_STATUS_YES = {"ok", "success", "sent", "delivered"}
_STATUS_NO = {"error", "failed", "fail", "invalid"}
_HARMLESS_CODES = _YES | _STATUS_YES | {"queued", "pending", "accepted", "processing"}
_DOUBTS = ("not registered", "failed")
_RETRY_STATUSES = {408, 425, 429}
_LONGEST_WAIT_S = 86_400.0
_LONGEST_ID = 200


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer; `complete` is false when its body broke off or was longer than we read."""

    status: int
    body: bytes
    complete: bool = True
    retry_after: str = ""


def outcome_of(
    answer: Answer, *, now: datetime, quoted: Callable[[str], str]
) -> Accepted | ChannelDown | Declined | Refused:
    """Judge an answer; `quoted` makes the gateway's own words fit for a reason."""
    value = decoded(answer.body) if answer.complete else None
    fact = _first_object(value)
    said = quoted(_error_text(fact))
    status = f"the gateway answered HTTP {answer.status}"
    if answer.status in _RETRY_STATUSES or answer.status >= 500:
        return ChannelDown(_with_quote(status, said), retry_after_s=wait_s(answer.retry_after, now))
    if 300 <= answer.status < 400:
        return Refused(f"{status}, a redirect, which is never followed")
    if not 200 <= answer.status < 300:
        return Refused(_with_quote(status, said))
    if not isinstance(value, dict | list):
        return Accepted(provider_id=None, certain=False)
    return _judged(fact, answer.body, said)


def wait_s(retry_after: str, now: datetime) -> float | None:
    """Read a `Retry-After` of seconds or an HTTP date; None when there is none or it makes no sense."""
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = _seconds_until(retry_after, now)
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if math.isfinite(seconds) else None


def _seconds_until(date: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return math.nan
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()


def _judged(fact: JsonObject, body: bytes, said: str) -> Accepted | Declined:
    verdict = _verdict(fact)
    if verdict is False:
        return Declined(_with_quote("the gateway declined the message", said))
    doubtful = verdict is None and any(doubt in body.decode(errors="replace").lower() for doubt in _DOUBTS)
    return Accepted(provider_id=_provider_id(fact), certain=not doubtful)


def _verdict(fact: JsonObject) -> bool | None:
    """Return the gateway's yes or no, or None when it says neither."""
    claims = (
        _truth(fact.get("ok", fact.get("success")), _YES, _NO),
        _truth(fact.get("status", fact.get("result")), _STATUS_YES, _STATUS_NO, numbers=False),
        False if fact.get("error") or fact.get("errors") or _is_error_code(fact.get("code")) else None,
    )
    return next((claim for claim in claims if claim is not None), None)


def _truth(value: object, yes: set[str], no: set[str], *, numbers: bool = True) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        # A `status` is often the HTTP status once more, where only a failure says anything.
        return value == 1 if numbers else (False if value >= 400 else None)
    name = word(value).lower()
    return True if name in yes else False if name in no else None


def _is_error_code(code: object) -> bool:
    """Tell an error from `{"code": 200}`, which the old sender took for one."""
    name = word(code).lower()
    if re.fullmatch("-?[0-9]{1,9}", name):
        return not 0 <= int(name) < 400
    return bool(name) and name not in _HARMLESS_CODES


def _first_object(value: object) -> JsonObject:
    if isinstance(value, dict):
        return value
    return next(iter(objects(value)), {})


def _error_text(fact: JsonObject) -> str:
    names = ("message", "error", "reason", "detail")
    return next((text for name in names if (text := word(fact.get(name)))), "")


def _provider_id(fact: JsonObject) -> str | None:
    """Find the gateway's own id of the message, in the places gateways put it (§2)."""
    inner = [_first_object(fact.get(name)) for name in ("data", "results", "result", "key", "messages")]
    inner += [_first_object(place.get(name)) for place in inner for name in ("key", "messages")]
    for place in (fact, *inner):
        for name in ("message_id", "messageId", "id"):
            found = place.get(name)
            text = word(found[0] if isinstance(found, list) and found else found)
            if text and len(text) <= _LONGEST_ID:
                return text
    return None


def _with_quote(fact: str, said: str) -> str:
    return f"{fact}: {said}" if said else fact
