"""Getting back into an account with a code sent to its owner's phone; each function is part of a use case's transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.identity import codes, counters, queries
from core.identity.codes import Holder, Issued
from core.identity.counters import CODES_FROM, CODES_TO, charge, origin
from core.identity.queries import CustomerLogin
from core.identity.types import CodeCheck, RecoveryStarted
from core.messaging.notices import Notice, notify
from core.platform import phones
from core.platform.errors import DomainError, Invalid, NotFound, Throttled
from core.platform.secrets import Keyring
from core.platform.uow import WriteTx
from core.settings import Settings

_SLOWEST_ANSWER_S = 0.15  # far above what a code costs on a healthy database
_NOBODY = 0  # no customer has this id
_INVENTED_PREFIXES = (
    "62811",
    "62812",
    "62813",
    "62821",
    "62822",
    "62852",
    "62857",
    "62877",
    "62878",
    "62896",
)


@asynccontextmanager
async def unhurried(settings: Settings) -> AsyncIterator[None]:
    """Where numbers must not be told apart, hold every answer back until the slowest of them would be ready."""
    clock = asyncio.get_running_loop().time
    ready_at = clock() + (_SLOWEST_ANSWER_S if settings.recovery_uniform else 0)
    try:
        yield
    finally:
        await asyncio.sleep(ready_at - clock())


async def start(
    tx: WriteTx, settings: Settings, keyring: Keyring, service_number: str, *, ip: str, request_id: str
) -> RecoveryStarted | DomainError:
    """Send a code. A refusal is returned, to be raised after the commit: what it cost must be remembered.

    Unknown numbers are charged like known ones.
    """
    login = await queries.login_of_service(tx, service_number)
    phone = None if login is None else login.code_phone
    if login is not None and phone is not None:
        started = await codes.find(tx, request_id, Holder(login.account.customer_id))
        if started is not None:
            return RecoveryStarted(started, phones.mask(phone))
    to = charge(keyring, CODES_TO, phone or f"nobody at {service_number}")
    wait = await counters.spend(tx, to, charge(keyring, CODES_FROM, origin(ip)))
    if wait:
        return Throttled(wait, "too_many_codes")
    if login is None or phone is None:
        return _nobody(settings, keyring, service_number, request_id, is_known=login is not None)
    issued = await codes.issue(tx, keyring, Holder(login.account.customer_id), request_id)
    await _send(tx, settings, login, phone, issued)
    return RecoveryStarted(
        issued.challenge_id, phones.mask(phone), echo=issued.code if settings.otp_echo else None
    )


async def check(
    tx: WriteTx,
    settings: Settings,
    keyring: Keyring,
    service_number: str,
    code: str,
    *,
    accept_verified: bool = False,
    request_id: str | None = None,
) -> CodeCheck:
    """Spend one try of the code that was sent to a service's owner; raises `NotFound("customer")`."""
    login = await queries.login_of_service(tx, service_number)
    if login is None and not settings.recovery_uniform:
        raise NotFound("customer")
    customer_id = _NOBODY if login is None else login.account.customer_id
    return await codes.check(
        tx, keyring, Holder(customer_id), code, accept_verified=accept_verified, request_id=request_id
    )


def _nobody(
    settings: Settings, keyring: Keyring, service_number: str, request_id: str, *, is_known: bool
) -> RecoveryStarted | DomainError:
    """The answer when there is nowhere to send a code; a stable invention where numbers must not be told apart."""
    if not settings.recovery_uniform:
        return Invalid("no_destination") if is_known else NotFound("customer")
    dice = int(keyring.keyed_hash("invented phone", queries.typed(service_number)), 16)
    prefix = _INVENTED_PREFIXES[dice % len(_INVENTED_PREFIXES)]
    ending = dice // len(_INVENTED_PREFIXES) % 1000
    return RecoveryStarted(keyring.keyed_hash("nobody", request_id)[:36], f"{prefix}****{ending:03d}")


async def _send(tx: WriteTx, settings: Settings, login: CustomerLogin, phone: str, issued: Issued) -> None:
    """To the number on record and nowhere else: a linked chat may be held by somebody else (mywifi contract §9)."""
    await notify(
        tx,
        settings,
        customer_id=login.account.customer_id,
        kind=Notice.OTP,
        key=f"otp-{issued.challenge_id}",
        args={"code": issued.code, "minutes": codes.LIFETIME.seconds // 60},
        to_phone=phone,
        expires_after=codes.LIFETIME,
    )
