"""The providers' own HTTP surfaces, which the chatbot's sender calls; each below its name."""

from quart import Blueprint, Response, request

from sandbox.web.answers import json
from sandbox.whatsapp.faults import FaultMode
from sandbox.whatsapp.gateway import Gateway
from sandbox.whatsapp.gateway_routes import dropped_connection, hold
from sandbox.whatsapp.providers.cloud import CloudApi
from sandbox.whatsapp.providers.provider import Answer, Call, File, Provider, Refusal, Taken

_NOT_TAKEN = {FaultMode.HTTP_500, FaultMode.STATUS_FALSE, FaultMode.THROTTLED}


def add_provider_routes(blueprint: Blueprint, gateway: Gateway) -> None:
    for provider in gateway.business.providers.values():
        _add(blueprint, gateway, provider)


def _add(blueprint: Blueprint, gateway: Gateway, provider: Provider) -> None:
    async def take(path: str) -> Response:
        call = Call(
            method=request.method,
            path=path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=dict(request.args),
            body=await request.get_data(cache=True, as_text=False, parse_form_data=False),
            now=gateway.phones.now,
            written_at=gateway.phones.chats.written_at(),
        )
        return await _answered(gateway, provider, call)

    rule = f"/{provider.name}/<path:path>"
    blueprint.add_url_rule(rule, f"provider_{provider.name}", take, methods=["GET", "POST"])


async def _answered(gateway: Gateway, provider: Provider, call: Call) -> Response:
    mode = gateway.faults.take() if call.method == "POST" else FaultMode.NONE
    if mode is FaultMode.REFUSE:
        _record(gateway, provider, call, 0, f"fault {mode}")
        return dropped_connection()
    try:
        if mode in _NOT_TAKEN:
            raise _fault(provider, mode)
        taken = provider.take(call)
    except Refusal as problem:
        _record(gateway, provider, call, problem.status, f"refused {call.path}", failed=True)
        return json(problem.body, problem.status)
    if isinstance(taken, Taken):
        return await _shown(gateway, provider, call, taken, mode)
    return _plain(taken)


def _fault(provider: Provider, mode: FaultMode) -> Refusal:
    if mode is not FaultMode.THROTTLED:
        return provider.fault(mode)
    return (
        provider.throttled()
        if isinstance(provider, CloudApi)
        else Refusal(429, {"message": "Too Many Requests"})
    )


def _plain(answer: Answer | File) -> Response:
    if isinstance(answer, File):
        return Response(answer.content, 200, content_type=answer.mimetype)
    return json(answer.body, answer.status)


async def _shown(gateway: Gateway, provider: Provider, call: Call, taken: Taken, mode: FaultMode) -> Response:
    """Show it and tell the receipts, which may well be there before our answer is."""
    await gateway.show(provider, taken)
    if mode is FaultMode.HANG:
        _record(gateway, provider, call, 0, f"fault {mode}")
        await hold(gateway, gateway.faults.hang_s)
        return dropped_connection()
    if mode is FaultMode.SLOW:
        await hold(gateway, gateway.faults.slow_s)
    _record(gateway, provider, call, taken.status, f"to …{taken.phone[-4:]}")
    return json(taken.answer, taken.status)


def _record(
    gateway: Gateway, provider: Provider, call: Call, status: int, summary: str, *, failed: bool = False
) -> None:
    broken = failed or summary.startswith("fault")
    gateway.journal.record(provider.name, status=status, summary=summary, body=call.body, failed=broken)
