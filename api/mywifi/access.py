"""Who may call an endpoint: anybody, a login, a subscribed customer, an API key (mywifi contract §1, §8, §9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar

import msgspec
from quart import Response, request

from api.auth import bearer_token, client_ip, services
from api.mywifi.envelope import KEY_REFUSED, NOT_SUBSCRIBED, common_outcomes, refusing
from api.operations import Access, Operation, View, documented
from core.customers.types import CustomerName
from core.identity.types import ApiKey, Caller, Scope
from core.platform.errors import Forbidden, Unauthenticated

PER_ADDRESS, PER_LOGIN, PER_KEY = "30/minute", "60/minute", "60/minute"

Who = TypeVar("Who")


def public(operation: Operation) -> Callable[[View], View]:
    """Anybody; counted by address."""

    def decorate(view: View) -> View:
        @wraps(view)
        async def counted() -> Response:
            await _count_address()
            return await view()

        return _complete(counted, operation)

    return decorate


def for_logins(operation: Operation) -> Callable[[Callable[[Caller], Awaitable[Response]]], View]:
    """Whoever shows a good token; the view is given the caller."""
    return _for(_caller, _with(operation, Access.TOKEN))


def for_customers(operation: Operation) -> Callable[[Callable[[CustomerName], Awaitable[Response]]], View]:
    """Whoever shows a good token and has subscribed; the view is given the customer."""
    return _for(_customer, _with(operation, Access.TOKEN, refuses=(NOT_SUBSCRIBED, *operation.refuses)))


def for_keys(scope: Scope, operation: Operation) -> Callable[[Callable[[ApiKey], Awaitable[Response]]], View]:
    """Whoever shows a good API key from a good address; that is checked before any parameter."""

    async def key() -> ApiKey:
        return await _api_key(scope)

    return _for(key, _with(operation, Access.KEY, refuses=(KEY_REFUSED, *operation.refuses)))


def _for(
    who: Callable[[], Awaitable[Who]], operation: Operation
) -> Callable[[Callable[[Who], Awaitable[Response]]], View]:
    def decorate(view: Callable[[Who], Awaitable[Response]]) -> View:
        @wraps(view)
        async def admitted() -> Response:
            return await view(await who())

        return _complete(admitted, operation)

    return decorate


def _with(operation: Operation, access: Access, **changes: object) -> Operation:
    return msgspec.structs.replace(operation, access=access, **changes)


def _complete(view: View, operation: Operation) -> View:
    promised = msgspec.structs.replace(operation, others=(*operation.others, *common_outcomes(operation)))
    return documented(refusing(view, promised), promised)


async def _count_address() -> None:
    await services().throttle.hit(PER_ADDRESS, "address", client_ip())


async def _caller() -> Caller:
    try:
        caller = await services().identity.authenticate(bearer_token())
    except Unauthenticated:
        await _count_address()
        raise
    await services().throttle.hit(PER_LOGIN, "login", str(caller.login_id))
    return caller


async def _customer() -> CustomerName:
    caller = await _caller()
    return await services().customers.name_of(caller.customer_id)


async def _api_key(scope: Scope) -> ApiKey:
    presented = request.headers.get("X-MYWIFI-KEY", "").strip()
    try:
        key = await services().identity.check_key(presented, ip=client_ip(), scope=scope)
    except Forbidden:
        await _count_address()
        raise
    await services().throttle.hit(key.rate or PER_KEY, "key", str(key.id))
    return key
