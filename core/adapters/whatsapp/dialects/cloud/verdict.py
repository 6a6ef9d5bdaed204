"""What the Cloud API's answers mean: decided on the code in them, never on the HTTP status alone (whatsapp contract §2.1)."""

from __future__ import annotations

from datetime import datetime

from core.adapters.whatsapp.answer import Answer, wait_s
from core.adapters.whatsapp.dialects.dialect import OutsideWindow, Quote, Slow, Verdict
from core.adapters.whatsapp.json_values import JsonObject, decoded, objects, word
from core.adapters.whatsapp.reading import child
from core.messaging.ports import Accepted, ChannelDown, Gone, Misconfigured, Refused

_SLOW_NUMBER = {4, 80007, 130429}
_SLOW_RECIPIENT = {131056}
#: Each says that this account must not send campaigns now.
ACCOUNT_HELD = {131048, 368, 131031, 130497, 131064}
_THEIR_TROUBLE = {1, 2, 131000, 131016, 131057, 133004}
_NEEDS_TEMPLATE = {131047}
_NOBODY_THERE = {131026}
_RECIPIENT = {131049, 131050, 131021, 131030, 130472}
_CREDENTIALS = {0, 3, 10, 190, 131005, 131042, 133010, *range(200, 300)}

#: How long a number rests when Meta does not say; one person gets about a message in six seconds.
_NUMBER_RESTS_S = 10.0
_RECIPIENT_RESTS_S = 6.0


def verdict_on(answer: Answer, *, now: datetime, quoted: Quote) -> Verdict:
    """Judge an answer; anything Meta says that is in no list is taken as a refusal of this one message."""
    value = decoded(answer.body) if answer.complete else None
    fact: JsonObject = value if isinstance(value, dict) else {}
    error = child(fact, "error")
    code = error.get("code")
    if isinstance(code, int) and not isinstance(code, bool):
        asked = wait_s(answer.retry_after, now)
        return _of_code(code, _named(code, error, quoted), asked, status=answer.status)
    if 200 <= answer.status < 300:
        sent = next(iter(objects(fact.get("messages"))), {})
        return Accepted(word(sent.get("id")) or None, certain=bool(sent))
    status = f"the Cloud API answered HTTP {answer.status}"
    if answer.status in {408, 425, 429} or answer.status >= 500:
        return ChannelDown(status, retry_after_s=wait_s(answer.retry_after, now))
    return Misconfigured(status) if answer.status in {401, 403} else Refused(status)


def _of_code(code: int, reason: str, asked_s: float | None, *, status: int) -> Verdict:
    if code in _NEEDS_TEMPLATE:
        return OutsideWindow()
    if code in _SLOW_NUMBER:
        return Slow(reason, asked_s or _NUMBER_RESTS_S)
    if code in _SLOW_RECIPIENT:
        return ChannelDown(reason, retry_after_s=asked_s or _RECIPIENT_RESTS_S)
    if code in _THEIR_TROUBLE:
        return ChannelDown(reason, retry_after_s=asked_s)
    if (lasting := _of_lasting(code, reason)) is not None:
        return lasting
    return ChannelDown(reason, retry_after_s=asked_s) if status >= 500 else Refused(reason)


def _of_lasting(code: int, reason: str) -> Gone | Misconfigured | Refused | None:
    """What another try would not change, as far as the code is known."""
    if code in ACCOUNT_HELD:
        held = f"the business account is held back, send no campaigns now: {reason}"
        return Misconfigured(held, holds_campaigns=True)
    if code in _CREDENTIALS:
        return Misconfigured(f"token, rights or payment of the business account: {reason}")
    if code in _NOBODY_THERE:
        return Gone(reason)
    return Refused(f"not to this person: {reason}") if code in _RECIPIENT else None


def _named(code: int, error: JsonObject, quoted: Quote) -> str:
    said = quoted(word(child(error, "error_data").get("details")) or word(error.get("message")))
    return f"error {code}: {said}" if said else f"error {code}"
