"""The gateway's own HTTP surface, which Loket's sender calls (whatsapp contract §1.1, §1.4, §1.10)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec
from msgspec import Struct
from quart import Blueprint, Response, request

from sandbox.web.errors import RequestError
from sandbox.whatsapp import commands, payloads
from sandbox.whatsapp.contacts import normalise_phone
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.gateway import Gateway
from sandbox.whatsapp.receipts import Receipt
from sandbox.whatsapp.rendering import remarks_on, summary_of

#: Long enough for the status line to leave, short enough that a dropped connection feels like one.
DROP_AFTER_S = 0.05


class Exchange(Struct):
    """One call while it is being answered: what the journal will say about it."""

    surface: str
    body: bytes
    summary: str = ""
    remarks: tuple[str, ...] = ()


def add_gateway_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    # A secret may contain a slash once its percent-encoding is undone: hence `path`.
    @blueprint.post("/wa/ext/<path:secret>/wa")
    async def wa(secret: str) -> Response:
        exchange = Exchange("wa", await _body())
        return await _answered(gateway, exchange, secret, lambda: _take(gateway, exchange))

    @blueprint.post("/wa/ext/<path:secret>/ai")
    async def ai(secret: str) -> Response:
        exchange = Exchange("ai", await _body())
        return await _answered(gateway, exchange, secret, lambda: _command(gateway, exchange), faulty=False)

    @blueprint.get("/wa/send")
    async def legacy() -> Response:
        exchange = Exchange("legacy", request.query_string)
        return await _answered(gateway, exchange, None, lambda: _take_text(gateway, exchange))


async def _body() -> bytes:
    return await request.get_data(cache=True, as_text=False, parse_form_data=False)


async def _take(gateway: Gateway, exchange: Exchange) -> Receipt:
    content_type, key = request.headers.get("Content-Type", ""), request.headers.get("Idempotency-Key")
    body = payloads.decode(exchange.body, content_type=content_type, key=key)
    exchange.summary = summary_of(body)
    exchange.remarks = tuple(remarks_on(body))
    return await gateway.take(body)


async def _command(gateway: Gateway, exchange: Exchange) -> Receipt:
    command = commands.decode(exchange.body)
    exchange.summary = command.purpose.value
    return gateway.command(command, key=request.headers.get("Idempotency-Key"))


async def _take_text(gateway: Gateway, exchange: Exchange) -> Receipt:
    number, text = request.args.get("number", ""), request.args.get("text", "")
    exchange.summary = "legacy text"
    if not number.isdecimal() or normalise_phone(number) != number:
        raise RequestError(400, "number must be digits with the country code")
    if not text:
        raise RequestError(400, "text is missing")
    return gateway.take_text(number, text)


async def _answered(
    gateway: Gateway,
    exchange: Exchange,
    secret: str | None,
    act: Callable[[], Awaitable[Receipt]],
    *,
    faulty: bool = True,
) -> Response:
    """Check the secret (the legacy surface has none), meet the chosen fault, act, and write it into the journal."""
    if secret is not None and not gateway.knows(secret):
        return _refused(gateway, exchange, RequestError(401, "unknown secret"))
    mode = gateway.faults.take() if faulty else FaultMode.NONE
    if (failure := _failure(mode)) is not None:
        _record(gateway, exchange, 0 if mode is FaultMode.REFUSE else failure.status_code, f"fault {mode}")
        return failure
    try:
        receipt = await act()
    except RequestError as problem:
        return _refused(gateway, exchange, problem)
    return await _succeeded(gateway, exchange, receipt, mode)


def _failure(mode: FaultMode) -> Response | None:
    """The answer of a gateway that takes nothing."""
    match mode:
        case FaultMode.REFUSE:
            return dropped_connection()
        case FaultMode.HTTP_500:
            return _json(500, {"message": "Internal"})
        case FaultMode.THROTTLED:
            return _json(429, {"message": "Too Many Requests"})
        case FaultMode.STATUS_FALSE:
            return _json(200, {"status": False, "reason": "device disconnected"})
        case FaultMode.NONE | FaultMode.HANG | FaultMode.SLOW | FaultMode.DUPLICATE:
            return None


async def _succeeded(gateway: Gateway, exchange: Exchange, receipt: Receipt, mode: FaultMode) -> Response:
    if mode is FaultMode.HANG:
        _record(gateway, exchange, 0, f"fault {mode}: {exchange.summary}")
        await hold(gateway, gateway.faults.hang_s)
        return dropped_connection()
    if mode is FaultMode.SLOW:
        await hold(gateway, gateway.faults.slow_s)
    if mode is FaultMode.DUPLICATE:
        receipt = receipt.as_duplicate()
    repeated = " (repeated)" if receipt.duplicate else ""
    _record(gateway, exchange, 200, exchange.summary + repeated)
    return Response(receipt.body(), 200, content_type="application/json")


async def hold(gateway: Gateway, seconds: float) -> None:
    """Wait, but not longer than the gateway is open."""
    try:
        await asyncio.wait_for(gateway.closed.wait(), seconds)
    except TimeoutError:
        return


def dropped_connection() -> Response:
    """A bad gateway's status line whose promised body never comes: the server then closes the connection.

    Not a 200: a sender may take a broken body after a success for a success.
    """

    async def silence() -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(10 * DROP_AFTER_S)
        yield b""

    response = Response(silence(), 502, headers={"Content-Length": "2"})
    response.timeout = DROP_AFTER_S
    return response


def _refused(gateway: Gateway, exchange: Exchange, problem: RequestError) -> Response:
    _record(gateway, exchange, problem.status, problem.message)
    return _json(problem.status, {"ok": False, "status": "failed", "message": problem.message})


def _record(gateway: Gateway, exchange: Exchange, status: int, summary: str) -> None:
    gateway.journal.record(
        exchange.surface,
        status=status,
        summary=summary,
        body=exchange.body,
        remarks=exchange.remarks,
        failed=status != 200 or summary.startswith("fault"),
    )


def _json(status: int, body: dict[str, object]) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")
