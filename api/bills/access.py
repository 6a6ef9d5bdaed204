"""How a partner's request comes in and how its answer goes out (bill-partner contract §2, §3.4, §5.1).

In order: key, address, rate, token, version, claims, then what is asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Protocol, TypeVar

import structlog
from msgspec import Struct

from api.bills.claims import Fields
from core.partners import bodies
from core.partners.access import Shown
from core.partners.bodies import Envelope
from core.partners.codes import Code
from core.partners.types import Declined, PartnerKey, Scope
from core.platform.errors import Throttled, Unauthenticated, Unavailable
from core.platform.limits import Allowance, allowance
from core.services import Services

log = structlog.get_logger(__name__)

_VERSIONS = frozenset({"1.0", "2.0"})
#: Claims that the log tells of a call; names and addresses of people are not among them (§9).
_TOLD = ("accountnumber", "productcode", "refnumber", "inquiryid", "amount", "month", "date")
#: HTTP says 200 for every code a partner acts on; what it must not act on comes with an error status (§5.1).
_STATUS: Mapping[int, int] = {
    Code.UNAUTHORISED: 401,
    Code.EXTERNAL_ID_REUSED: 409,
    Code.RATE_LIMITED: 429,
    Code.FAULT: 500,
    Code.UNAVAILABLE: 503,
    Code.TIMEOUT: 504,
}


class Terms(Struct, frozen=True):
    """On which terms an endpoint is called; `malformed` answers what cannot be read.

    `rate` is how often one key may (§9), such as `60/3 second`; a key may have another.
    """

    scope: Scope
    rate: str
    malformed: Code = Code.BAD_REQUEST
    deadline_s: float = 8.0
    #: The body is a file of any kind, which the claims cover by `sha256` instead of repeating it.
    takes_file: bool = False


class Visit(Shown, frozen=True):
    """A request, whichever way it came in."""

    version: str = "2.0"


class Call(Struct):
    """What is learned of a request on its way: what is told of it in the log, and what goes out with any answer."""

    rate: str = ""
    asked: Mapping[str, object] = {}
    headers: dict[str, str] = {}


class Replay(Struct, frozen=True):
    """An answer to an order that was taken before."""

    body: Envelope


Answer_co = TypeVar("Answer_co", covariant=True)


class View(Protocol[Answer_co]):
    """Does what a partner asks for, once the key and the claims are good; its calls are counted by its name."""

    __name__: str

    def __call__(self, services: Services, key: PartnerKey, fields: Fields, /) -> Awaitable[Answer_co]: ...


async def answered(
    view: View[Answer_co], terms: Terms, services: Services, visit: Visit
) -> tuple[Answer_co | Envelope, Mapping[str, str]]:
    """The view's answer for whoever shows a good key and token, else the refusal; with headers for either."""
    started = time.perf_counter()
    call = Call()
    reply = await _caught(view, terms, services, visit, call)
    log.info(
        "partner_answered",
        path=visit.path,
        ip=visit.ip,
        rc=_code(reply),
        ms=round((time.perf_counter() - started) * 1000, 1),
        asked=call.asked,
    )
    return reply, call.headers


async def _caught(
    view: View[Answer_co], terms: Terms, services: Services, visit: Visit, call: Call
) -> Answer_co | Envelope:
    """Every expected end; a bug is logged here and answered as one, in the partners' form."""
    try:
        async with asyncio.timeout(terms.deadline_s):
            return await _admitted(view, terms, services, visit, call)
    except Unauthenticated:
        call.headers.clear()  # whoever is not let in is told nothing of the key
        return bodies.refused(Code.UNAUTHORISED)
    except Declined as declined:
        return bodies.refused(declined.response, declined.detail)
    except Throttled as throttled:
        if call.rate:
            call.headers |= _left(allowance(call.rate))
        call.headers |= _later(throttled.retry_after_s)
        return bodies.refused(Code.RATE_LIMITED)
    except Unavailable as unavailable:
        call.headers["Retry-After"] = str(unavailable.retry_after_s)
        return bodies.refused(Code.UNAVAILABLE)
    except TimeoutError:
        return bodies.refused(Code.TIMEOUT)
    except Exception:
        log.exception("request_failed")
        return bodies.refused(Code.FAULT)


async def _admitted(
    view: View[Answer_co], terms: Terms, services: Services, visit: Visit, call: Call
) -> Answer_co:
    gate = services.partners.gate
    key = await gate.key_of(visit, terms.scope)
    structlog.contextvars.bind_contextvars(partner_id=key.partner_id, key_id=key.id)
    call.rate = rate = key.rate or terms.rate
    call.headers |= _left(await services.throttle.count(rate, "partner", view.__name__, str(key.id)))
    claims = await gate.claims_of(key, visit)
    call.asked = {name: claims.by_name[name] for name in _TOLD if name in claims.by_name}
    if visit.version.strip() not in _VERSIONS:
        raise Declined(terms.malformed, "VERSION")
    fields = Fields(claims, terms.malformed)
    if terms.takes_file:
        fields.check_file(visit.body)
    else:
        fields.check_body(visit.body)
    return await view(services, key, fields)


def _left(rate: Allowance) -> dict[str, str]:
    return {
        "RateLimit-Policy": f"{rate.calls};w={rate.seconds}",
        "RateLimit-Limit": str(rate.calls),
        "RateLimit-Remaining": str(rate.left),
        "RateLimit-Reset": str(rate.resets_s),
    }


def _later(seconds: int) -> dict[str, str]:
    return {"RateLimit-Remaining": "0", "RateLimit-Reset": str(seconds), "Retry-After": str(seconds)}


def _code(reply: object) -> int:
    match reply:
        case Envelope(response_code=code) | Replay(Envelope(response_code=code)):
            return code
        case _:
            return Code.SUCCESS


def written(reply: Envelope | Replay, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of an answer."""
    if isinstance(reply, Replay):
        return 200, {"Idempotent-Replayed": "true", **headers}, bodies.encoded(reply.body)
    status = _STATUS.get(reply.response_code, 200)
    return status, headers, bodies.encoded(reply)
