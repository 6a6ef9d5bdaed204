"""Vouchers without a login (phpnuxbill-1 contract §7.17)."""

from __future__ import annotations

import re

from api.nuxbill import checks
from api.nuxbill.actions import POST, Likeness, Param
from api.nuxbill.call import Call
from api.nuxbill.controllers.sessions import login
from api.nuxbill.replies import Done, Refused, Reply
from core.platform.errors import Conflict, DomainError, NotFound
from core.prepaid.types import Running, Seller
from core.prepaid.vouchers import clean

CONTROLLERS = (login,)

_FOREIGN = re.compile(r"[^A-Za-z0-9+_.@-]")
_LONGEST_NAME = 54
_PACE = "20/minute"
_FAILED = "Failed to activate voucher"
_DONE = "Voucher activation success, now you can login"


@login.action(
    "activation",
    methods=POST,
    takes=(
        Param("voucher_only", "A code, to go online with nothing else."),
        Param("voucher", "A code, for the account below."),
        Param("username", "An account; one that is not there is made, with the code as its password."),
    ),
    gives="username, expiration, time",
    likeness=Likeness.STRICTER,
    because="An account that is there keeps its password; a code can be spent once only.",
)
async def activate(call: Call) -> Reply:
    """Spend a voucher, with or without an account."""
    call.refuse_when_closed()
    await _slow_down(call)
    if call.posted("voucher_only"):
        return await _alone(call, clean(call.posted("voucher_only")))
    return await _for_account(call, clean(call.posted("voucher")), call.posted("username"))


async def _alone(call: Call, code: str) -> Reply:
    prepaid = call.services.prepaid
    held = await prepaid.guest_package(code)
    if held is None:
        try:
            await prepaid.redeem(code, None, Seller(actor="nobody", ip=call.ip))
        except NotFound as error:
            said = "Voucher invalid" if error.reason == "voucher" else "Voucher activation failed"
            raise Refused(said) from error
        except Conflict as error:
            is_used = error.reason == "voucher_used"
            raise Refused("Internet Voucher Expired" if is_used else "Voucher activation failed") from error
        held = await prepaid.guest_package(code)
    if held is None or not held.is_on:
        raise Refused("Internet Voucher Expired")
    return _activated(call, held)


async def _for_account(call: Call, code: str, name: str) -> Reply:
    prepaid = call.services.prepaid
    voucher = await prepaid.voucher(code)
    username = _FOREIGN.sub("", name)[:_LONGEST_NAME]
    if voucher is None or not username:
        raise Refused("Voucher invalid")
    customer_id = await prepaid.customer_called(name)
    try:
        if voucher.used_at is None and customer_id is None:
            phone = checks.formatted_phone(username, call.preferences.country_code)
            is_phone = checks.is_phone(username, call.preferences.country_code)
            redeemed = await prepaid.redeem_as(code, username, phone if is_phone else None)
        elif voucher.used_at is None:
            seller = Seller(actor=f"customer:{customer_id}", ip=call.ip)
            redeemed = await prepaid.redeem(code, customer_id, seller)
        else:
            return await _again(call, voucher.used_by, customer_id)
    except DomainError as error:
        raise Refused(_FAILED) from error
    held = await prepaid.package(redeemed.sold.subscription_id or 0)
    return Done(_DONE) if held is None else _activated(call, held)


async def _again(call: Call, used_by: str | None, customer_id: int | None) -> Reply:
    """Who has spent the code may say so again."""
    name = call.posted("username")
    owner = None if used_by is None else await call.services.directory.id_of(used_by)
    if customer_id is None or owner != customer_id:
        raise Refused("Voucher Not Valid")
    return Done(_DONE, {"username": name})


def _activated(call: Call, held: Running) -> Reply:
    end = held.expires_at.astimezone(call.services.settings.zone)
    result = {
        "username": held.username,
        "expiration": end.date().isoformat(),
        "time": end.strftime("%H:%M:%S"),
    }
    return Done(_DONE, result)


async def _slow_down(call: Call) -> None:
    """Codes are not to be found by trying."""
    await call.services.throttle.hit(_PACE, "voucher", call.ip)
