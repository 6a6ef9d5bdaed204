"""The Bot API's own HTTP surface, which every client library calls."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from quart import Blueprint, Response

from sandbox.telegram import params
from sandbox.telegram.bot_api import BotApi
from sandbox.telegram.errors import ApiError
from sandbox.telegram.faults import FaultMode
from sandbox.telegram.files import MAX_DOWNLOAD
from sandbox.telegram.methods import METHODS, Method, Told
from sandbox.telegram.methods.calls import Call

#: Long enough for the status line to leave, short enough that a dropped connection feels like one.
DROP_AFTER_S = 0.05


def add_api_routes(blueprint: Blueprint, api: BotApi) -> None:
    @blueprint.route("/bot<token>/<method>", methods=["GET", "POST"])
    async def call(token: str, method: str) -> Response:
        if not api.knows(token):
            return _failure(ApiError(401, "Unauthorized"))
        known = METHODS.get(method.lower())
        if known is None:
            return _failure(ApiError(404, "Not Found: method not found"))
        return await _answered(api, known)

    @blueprint.get("/file/bot<token>/<path:path>")
    async def download(token: str, path: str) -> Response:
        kept = api.files.at_path(path) if api.knows(token) else None
        if kept is None or len(kept.content) > MAX_DOWNLOAD:
            return _failure(ApiError(404, "Not Found"))
        return Response(kept.content, 200, content_type=kept.mimetype)


async def _answered(api: BotApi, method: Method) -> Response:
    """Meet the chosen fault, act, and write it into the journal."""
    mode = api.faults.take(method.name.lower())
    refusal = api.faults.refusal(mode)
    values: dict[str, Any] = {}
    try:
        values, files = await params.received()
        if refusal is not None:
            raise refusal
        if mode in {FaultMode.REFUSE, FaultMode.BAD_GATEWAY}:
            return _taken_nothing(api, method, mode)
        result = await method.act(Call(api, files), params.read(values, method.params))
    except ApiError as problem:
        _record(api, method, values, problem.code, problem.description)
        return _failure(problem)
    return await _succeeded(api, method, values, result, mode)


async def _succeeded(
    api: BotApi, method: Method, values: dict[str, Any], result: object, mode: FaultMode
) -> Response:
    if result or method.name != "getUpdates":  # an empty poll is not worth a line
        _record(api, method, values, 0 if mode is FaultMode.HANG else 200, "")
    if mode is FaultMode.HANG:
        await _hold(api, api.faults.hang_s)
        return _dropped_connection()
    if mode is FaultMode.SLOW:
        await _hold(api, api.faults.slow_s)
    if isinstance(result, Told):
        return _json(200, {"ok": True, "result": result.result, "description": result.description})
    return _json(200, {"ok": True, "result": result})


def _taken_nothing(api: BotApi, method: Method, mode: FaultMode) -> Response:
    _record(api, method, {}, 0 if mode is FaultMode.REFUSE else 502, f"fault {mode}")
    if mode is FaultMode.REFUSE:
        return _dropped_connection()
    return Response("<html><body>502 Bad Gateway</body></html>", 502, content_type="text/html")


async def _hold(api: BotApi, seconds: float) -> None:
    """Wait, but not longer than the server is open."""
    try:
        await asyncio.wait_for(api.closed.wait(), seconds)
    except TimeoutError:
        return


def _dropped_connection() -> Response:
    """A bad gateway's status line whose promised body never comes: the server then closes the connection."""

    async def silence() -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(10 * DROP_AFTER_S)
        yield b""

    response = Response(silence(), 502, headers={"Content-Length": "2"})
    response.timeout = DROP_AFTER_S
    return response


def _record(api: BotApi, method: Method, values: dict[str, Any], status: int, why: str) -> None:
    remarks = tuple(f"unknown parameter: {name}" for name in params.unknown(values, method.params))
    shown = {name: value for name, value in values.items() if name != "secret_token"}
    api.journal.record(
        "api",
        status=status,
        summary=f"{method.name} {why}".strip(),
        body=msgspec.json.encode(shown),
        remarks=remarks,
        failed=status != 200,
    )


def _failure(problem: ApiError) -> Response:
    body: dict[str, object] = {
        "ok": False,
        "error_code": problem.code,
        "description": problem.description,
    }
    if problem.parameters is not None:
        body["parameters"] = problem.parameters
    return _json(problem.code, body)


def _json(status: int, body: dict[str, object]) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")
