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

log = structlog.get_logger(__name__)

_VERSIONS = frozenset({"1.0", "2.0"})
#: HTTP says 200 for every code a partner acts on; what it must not act on comes with an error status (§5.1).
_STATUS = {
    Code.UNAUTHORISED: 401,
    Code.EXTERNAL_ID_REUSED: 409,
    Code.RATE_LIMITED: 429,
    Code.FAULT: 500,
    Code.UNAVAILABLE: 503,
    Code.TIMEOUT: 504,
}


class Rate(Struct, frozen=True):
    """So many calls in so many seconds, for one key and one kind of call (§9)."""

    calls: int
    seconds: int

    @property
    def limit(self) -> str:
        return f"{self.calls}/{self.seconds} second"

    @property
    def policy(self) -> dict[str, str]:
        return {"RateLimit-Policy": f"{self.calls};w={self.seconds}", "RateLimit-Limit": str(self.calls)}


class Terms(Struct, frozen=True):
    """On which terms an endpoint is called; `malformed` answers what cannot be read."""

    scope: Scope
    rate: Rate
    malformed: Code = Code.BAD_REQUEST
    deadline_s: float = 8.0


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
            reply, headers = await _answered(view, terms)
            log.info(
                "partner_answered",
                path=request.path,
                ip=client_ip(),
                rc=_code(reply),
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
            return _response(reply, headers)

        return admitted

    return decorate


async def _answered(view: PartnerView, terms: Terms) -> tuple[Reply, Mapping[str, str]]:
    """Every expected end; a bug is logged here and answered as one, in the partners' form."""
    try:
        async with asyncio.timeout(terms.deadline_s):
            return await _admitted(view, terms), terms.rate.policy
    except Unauthenticated:
        return bodies.refused(Code.UNAUTHORISED), {}
    except Declined as declined:
        return bodies.refused(declined.response, declined.detail), terms.rate.policy
    except Throttled as throttled:
        return bodies.refused(Code.RATE_LIMITED), _later(throttled.retry_after_s, terms.rate)
    except Unavailable as unavailable:
        return bodies.refused(Code.UNAVAILABLE), {"Retry-After": str(unavailable.retry_after_s)}
    except TimeoutError:
        return bodies.refused(Code.TIMEOUT), {}
    except Exception:
        log.exception("request_failed")
        return bodies.refused(Code.FAULT), {}


async def _admitted(view: PartnerView, terms: Terms) -> Reply:
    gate, shown = services().partners.gate, await _shown()
    key = await gate.key_of(shown, terms.scope)
    structlog.contextvars.bind_contextvars(partner_id=key.partner_id, key_id=key.id)
    await services().throttle.hit(key.rate or terms.rate.limit, "partner", view.__name__, str(key.id))
    claims = await gate.claims_of(key, shown)
    if request.headers.get("VERSION", "2.0").strip() not in _VERSIONS:
        raise Declined(terms.malformed, "VERSION")
    fields = Fields(claims, terms.malformed)
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


def _later(seconds: int, rate: Rate) -> dict[str, str]:
    return {
        **rate.policy,
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": str(seconds),
        "Retry-After": str(seconds),
    }


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
