"""How a partner's request comes in and how its answer goes out (bill-partner contract §2, §3.4, §5.1).

In order: key, address, rate, token, version, claims, then what is asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

import structlog
from msgspec import Struct
from quart import Response, request

from api.auth import client_ip, services
from api.bills.claims import Fields
from api.http import answer
from api.operations import View
from core.partners import bodies
from core.partners.access import Shown
from core.partners.bodies import Envelope
from core.partners.codes import Code
from core.partners.types import Declined, PartnerKey, Scope
from core.platform.errors import Throttled, Unauthenticated, Unavailable
from core.platform.limits import Allowance, allowance

log = structlog.get_logger(__name__)

_VERSIONS = frozenset({"1.0", "2.0"})
#: Claims that the log tells of a call; names and addresses of people are not among them (§9).
_TOLD = ("accountnumber", "productcode", "refnumber", "inquiryid", "amount", "month", "date")
#: HTTP says 200 for every code a partner acts on; what it must not act on comes with an error status (§5.1).
_STATUS = {
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


class Call(Struct):
    """What is learned of a request on its way: what is told of it in the log, and what goes out with any answer."""

    rate: str = ""
    asked: Mapping[str, object] = {}
    headers: dict[str, str] = {}


class Replay(Struct, frozen=True):
    """An answer to an order that was taken before."""

    body: Envelope


Reply = Envelope | Replay | Response
PartnerView = Callable[[PartnerKey, Fields], Awaitable[Reply]]


def for_partners(terms: Terms) -> Callable[[PartnerView], View]:
    """Whoever shows a good key and token; the view is given the key and the claims."""

    def decorate(view: PartnerView) -> View:
        @wraps(view)
        async def admitted() -> Response:
            started = time.perf_counter()
            call = Call()
            reply = await _answered(view, terms, call)
            log.info(
                "partner_answered",
                path=request.path,
                ip=client_ip(),
                rc=_code(reply),
                ms=round((time.perf_counter() - started) * 1000, 1),
                asked=call.asked,
            )
            return _response(reply, call.headers)

        return admitted

    return decorate


async def _answered(view: PartnerView, terms: Terms, call: Call) -> Reply:
    """Every expected end; a bug is logged here and answered as one, in the partners' form."""
    try:
        async with asyncio.timeout(terms.deadline_s):
            return await _admitted(view, terms, call)
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


async def _admitted(view: PartnerView, terms: Terms, call: Call) -> Reply:
    gate, shown = services().partners.gate, await _shown()
    key = await gate.key_of(shown, terms.scope)
    structlog.contextvars.bind_contextvars(partner_id=key.partner_id, key_id=key.id)
    rate = key.rate or terms.rate
    call.rate = rate
    call.headers |= _left(await services().throttle.count(rate, "partner", view.__name__, str(key.id)))
    claims = await gate.claims_of(key, shown)
    call.asked = {name: claims.by_name[name] for name in _TOLD if name in claims.by_name}
    if request.headers.get("VERSION", "2.0").strip() not in _VERSIONS:
        raise Declined(terms.malformed, "VERSION")
    fields = Fields(claims, terms.malformed)
    if terms.takes_file:
        fields.check_file(shown.body)
    else:
        fields.check_body(shown.body)
    return await view(key, fields)


async def _shown() -> Shown:
    show = request.headers.get
    body = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    return Shown(
        key=show("KEY", ""),
        token=show("TOKEN", ""),
        ip=client_ip(),
        method=request.method,
        path=request.path,
        body=body,
        timestamp=show("X-Timestamp", ""),
        signature=show("X-Signature", ""),
        external_id=show("X-External-Id", ""),
    )


def _left(rate: Allowance) -> dict[str, str]:
    return {
        "RateLimit-Policy": f"{rate.calls};w={rate.seconds}",
        "RateLimit-Limit": str(rate.calls),
        "RateLimit-Remaining": str(rate.left),
        "RateLimit-Reset": str(rate.resets_s),
    }


def _later(seconds: int) -> dict[str, str]:
    return {"RateLimit-Remaining": "0", "RateLimit-Reset": str(seconds), "Retry-After": str(seconds)}


def _code(reply: Reply) -> int:
    match reply:
        case Envelope():
            return reply.response_code
        case Replay(body):
            return body.response_code
        case _:
            return Code.SUCCESS


def _response(reply: Reply, headers: Mapping[str, str]) -> Response:
    match reply:
        case Envelope():
            said = answer(reply, _STATUS.get(Code(reply.response_code), 200))
        case Replay(body):
            said = answer(body, headers={"Idempotent-Replayed": "true"})
        case _:
            said = reply
    said.headers.update(headers)
    return said
