"""Codes as the portal's forms use them: a pause between two, a lifetime of the business's choice (phpnuxbill-1 contract §5.9)."""

from __future__ import annotations

import enum
import math
from datetime import timedelta

from msgspec import Struct

from core.identity import codes, counters
from core.identity.codes import GrantUse, Holder, Issued
from core.identity.counters import CODES_FROM, CODES_TO, charge, origin
from core.identity.types import Verified
from core.platform.ids import new_id
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, WriteTx
from core.preferences.types import Preferences


class Pace(Struct, frozen=True):
    """How long after one code another may be asked for, and until when one is good."""

    pause: timedelta
    lifetime: timedelta


class Wait(Struct, frozen=True):
    """No code was sent: the last one is too young, or there were too many."""

    seconds: int


class Proof(enum.Enum):
    """What a code that was typed into a form turned out to be."""

    RIGHT = enum.auto()
    NONE = enum.auto()  # nothing was sent, or it was used, or tried too often
    EXPIRED = enum.auto()
    WRONG = enum.auto()
    ELSEWHERE = enum.auto()  # right, but sent to another number


def pace_of(preferences: Preferences) -> Pace:
    return Pace(
        timedelta(seconds=preferences.code_wait_s),
        timedelta(seconds=min(max(preferences.code_lifetime_s, 60), 86_399)),
    )


async def begin(
    tx: WriteTx, keyring: Keyring, holder: Holder, *, to: str, pace: Pace, ip: str
) -> Issued | Wait:
    """Start a challenge, to be sent by the caller. A `Wait` may have cost something: commit it."""
    charges = (charge(keyring, CODES_TO, to), charge(keyring, CODES_FROM, origin(ip)))
    if wait := await counters.spend(tx, *charges):
        return Wait(wait)
    if wait := await _seconds_to_wait(tx, holder, pace.pause):
        for each in charges:
            await counters.give_back(tx, each)
        return Wait(wait)
    return await codes.issue(tx, keyring, holder, new_id("form"), lifetime=pace.lifetime)


async def spend(tx: WriteTx, keyring: Keyring, holder: Holder, code: str) -> Proof:
    """Use a code; a wrong one costs a try, which must be committed. What is right but fails elsewhere rolls back unused."""
    pending = await codes.pending(tx, holder)
    if pending is None:
        return Proof.NONE
    if pending.expires_at <= tx.now:
        return Proof.EXPIRED
    checked = await codes.check(tx, keyring, holder, code, accept_verified=True)
    if not isinstance(checked, Verified):
        return Proof.WRONG
    if holder.phone is not None and pending.phone != holder.phone:
        return Proof.ELSEWHERE
    used = await codes.use_grant(tx, checked.grant, holder=holder)
    return Proof.RIGHT if used is GrantUse.USED else Proof.NONE


async def _seconds_to_wait(tx: ReadTx, holder: Holder, pause: timedelta) -> int:
    pending = await codes.pending(tx, holder)
    left = pending.sent_at + pause - tx.now if pending else timedelta(0)
    return max(math.ceil(left.total_seconds()), 0)
