"""Security counters: how often something was tried, kept in the database so that no restart and no twin forgets.

Who is counted is hashed before it becomes a bucket's name. A charge is made before the attempt it pays for: a hundred
attempts at once spend no more than one after another, and what deserved no charge is given back.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from msgspec import Struct
from msgspec.structs import asdict, replace
from sqlalchemy import bindparam, select

from core.identity.tables import attempt_counters
from core.platform.prepared import Prepared
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, WriteTx

_MEMORY_OF_LOCKS = timedelta(days=1)


class Limit(Struct, frozen=True):
    """`allowed` charges per window. With `locks`, one too many locks the bucket, longer each time within a day."""

    name: str
    allowed: int
    window: timedelta
    locks: tuple[timedelta, ...] = ()


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

# mywifi contract §9 and §11.6. Only the pair of account and address is locked for long: a whole town may share one
# address, and must not pay for one neighbour.
_RISING = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR)
LOGINS = Limit("login", 5, _MINUTE, locks=_RISING)
LOGINS_FROM = Limit("login-from", 20, _MINUTE)
PASSWORD_CHECKS = Limit("password-check", 5, _MINUTE, locks=_RISING)
CODES_TO = Limit("code-to", 3, 15 * _MINUTE)
CODES_FROM = Limit("code-from", 10, _HOUR)
INVITE_TRIES_FROM = Limit("invite-from", 10, _HOUR)
REGISTRATIONS_FROM = Limit("register-from", 5, _HOUR)
KEY_MISSES_FROM = Limit("key-miss-from", 10, _MINUTE)
SAME_KEY_MISS = Limit("key-miss", 1, _MINUTE)


class Charge(Struct, frozen=True):
    """One use of a limit by somebody."""

    bucket: str
    limit: Limit


def charge(keyring: Keyring, limit: Limit, *who: str) -> Charge:
    hashable = (part.encode("utf-8", "replace").decode() for part in who)
    return Charge(f"{limit.name}:{keyring.keyed_hash(limit.name, *hashable)}", limit)


@lru_cache(maxsize=4096)
def origin(ip: str) -> str:
    """What an address is counted as: one IPv6 customer holds a whole /64, and a chat's name stands for itself."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))


class Tally(Struct, frozen=True):
    """What a bucket holds."""

    started: datetime
    used: int
    shut_until: datetime | None
    times_shut: int
    forgotten_at: datetime

    def wait(self, limit: Limit, now: datetime) -> timedelta:
        """How long no charge is taken."""
        if self.shut_until is not None and self.shut_until > now:
            return self.shut_until - now
        ends = self.started + limit.window
        return ends - now if self.used >= limit.allowed and now < ends else timedelta(0)

    def charged(self, limit: Limit, now: datetime) -> Tally:
        """One more in this window, or the first of a new one."""
        if now < self.started + limit.window:
            return replace(self, used=self.used + 1)
        times_shut = self.times_shut if now < self.forgotten_at else 0
        ends = max(self.forgotten_at, now + limit.window)
        return replace(self, used=1, started=now, times_shut=times_shut, forgotten_at=ends)

    def refused(self, limit: Limit, now: datetime) -> Tally:
        """Shut for longer than the last time, if the limit says so and it is not shut already."""
        is_shut = self.shut_until is not None and self.shut_until > now
        if is_shut or not limit.locks:
            return self
        until = now + limit.locks[min(self.times_shut, len(limit.locks) - 1)]
        return replace(
            self, shut_until=until, times_shut=self.times_shut + 1, forgotten_at=until + _MEMORY_OF_LOCKS
        )


async def spend(tx: WriteTx, *charges: Charge) -> int:
    """Make all charges, or none of them and return the seconds to wait; a lock this earns must be committed."""
    in_order = sorted(charges, key=lambda each: each.bucket)  # everybody locks rows in one order: no deadlock
    held = [(each, await _held(tx, each)) for each in in_order]
    refused = [(each, tally) for each, tally in held if tally.wait(each.limit, tx.now)]
    if not refused:
        await _store(tx, [(each, tally.charged(each.limit, tx.now)) for each, tally in held])
        return 0
    after = [(each, tally.refused(each.limit, tx.now)) for each, tally in refused]
    await _store(tx, after)
    return max(_seconds(tally.wait(each.limit, tx.now)) for each, tally in after)


async def seconds_to_wait(tx: ReadTx, each: Charge) -> int:
    """How long `spend` would refuse this charge; 0 when it would not. Charges nothing."""
    rows = await tx.rows(_LOOK, wanted=each.bucket)
    return _seconds(Tally(*tuple(rows[0])).wait(each.limit, tx.now)) if rows else 0


async def is_counted(tx: ReadTx, each: Charge) -> bool:
    """Whether the bucket holds anything."""
    return bool(await tx.rows(_LOOK, wanted=each.bucket))


async def give_back(tx: WriteTx, each: Charge) -> None:
    """Undo one charge: the attempt was an honest one."""
    await tx.execute(_GIVE_BACK, {"wanted": each.bucket})


async def forget(tx: WriteTx, each: Charge) -> None:
    """Begin afresh, locks included: the owner was here."""
    await tx.execute(_FORGET, {"wanted": each.bucket})


# Built once: a login should cost its hash and little else.
_WANTED = attempt_counters.c.bucket == bindparam("wanted")
_TALLY = select(
    attempt_counters.c.window_start,
    attempt_counters.c.count,
    attempt_counters.c.locked_until,
    attempt_counters.c.strikes,
    attempt_counters.c.expires_at,
).where(_WANTED)
_LOOK = Prepared(_TALLY)
_HELD = _TALLY.with_for_update()
_STORE = (
    attempt_counters.update()
    .where(_WANTED)
    .values(
        window_start=bindparam("started"),
        count=bindparam("used"),
        locked_until=bindparam("shut_until"),
        strikes=bindparam("times_shut"),
        expires_at=bindparam("forgotten_at"),
    )
)
_GIVE_BACK = (
    attempt_counters.update()
    .where(_WANTED, attempt_counters.c.count > 0)
    .values(count=attempt_counters.c.count - 1)
)
_FORGET = attempt_counters.delete().where(_WANTED)


async def _held(tx: WriteTx, each: Charge) -> Tally:
    """The bucket, locked until commit. It is looked for again after making it, as a purge may come between."""
    while (row := await tx.first(_HELD, {"wanted": each.bucket})) is None:
        fresh = {"window_start": tx.now, "count": 0, "strikes": 0, "expires_at": tx.now + each.limit.window}
        await tx.insert_new(attempt_counters, bucket=each.bucket, **fresh)
    return Tally(*tuple(row))


async def _store(tx: WriteTx, tallies: list[tuple[Charge, Tally]]) -> None:
    await tx.execute(_STORE, [asdict(tally) | {"wanted": each.bucket} for each, tally in tallies])


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())
