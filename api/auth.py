"""Who is asking: the services of this app, the caller's address behind trusted proxies, and the credentials shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from quart import current_app, request

from core.platform.addresses import Network, behind_proxies
from core.services import Services

_KEY = "loket"


class Desk(Struct, frozen=True):
    """What views of an app reach for."""

    services: Services
    trusted_proxies: tuple[Network, ...]


def install(extensions: dict[str, object], given: Desk) -> None:
    """Give an app its desk."""
    extensions[_KEY] = given


def desk() -> Desk:
    """The running app's."""
    found: Desk = current_app.extensions[_KEY]
    return found


def services() -> Services:
    """The use cases of the running app."""
    return desk().services


def bearer_token() -> str:
    """The token of `Authorization: Bearer …`; empty when there is none, which no one accepts."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def client_ip() -> str:
    """The caller's address: the peer, or what trusted proxies say stands behind them (`LOKET_TRUSTED_PROXIES`)."""
    return address_of(request.scope.get("client"), request.headers.getlist("X-Forwarded-For"), desk())


def address_of(peer: Sequence[object] | None, forwarded: Iterable[str], at: Desk) -> str:
    """The same from what a request consists of."""
    return behind_proxies(str(peer[0]) if peer else "", ",".join(forwarded), at.trusted_proxies)
