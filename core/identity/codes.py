"""One-time codes: six digits sent to a phone, five tries, five minutes, and then a grant to set one password.

Only a keyed hash of a code is stored. Every function here is called with the customer's login row locked (see
`queries.login_of_service`), so two tries of one customer never meet.
"""

from __future__ import annotations

import enum
import secrets
from datetime import timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from core.identity.rules import is_code
from core.identity.tables import otp_challenges
from core.identity.types import CodeCheck, Expired, Verified, WrongCode
from core.platform.errors import Conflict
from core.platform.ids import new_uuid
from core.platform.secrets import Keyring
from core.platform.uow import ReadTx, WriteTx

LIFETIME = timedelta(minutes=5)
GRANT_LIFETIME = timedelta(minutes=5)
TRIES = 5

_PURPOSE = "recovery"


class State(enum.StrEnum):
    LIVE = "live"
    GRANTED = "granted"  # verified; the code itself and the challenge's id are good for setting one password
    OVER = "over"


class Issued(Struct, frozen=True):
    """A new challenge. The code exists here and in the message to its owner, nowhere else."""

    challenge_id: str
    code: str


async def find(tx: ReadTx, request_id: str, customer_id: int) -> str | None:
    """The challenge this request has started already; `Conflict("request_reused")` when it was somebody else's."""
    row = await tx.first(
        select(otp_challenges.c.id, otp_challenges.c.customer_id).where(
            otp_challenges.c.request_id == request_id
        )
    )
    if row is not None and row.customer_id != customer_id:
        raise Conflict("request_reused")
    return None if row is None else str(row.id)


async def issue(tx: WriteTx, keyring: Keyring, customer_id: int, request_id: str) -> Issued:
    """Start a challenge; the customer's earlier codes and grants are over. Raises `Conflict("request_reused")`."""
    issued = Issued(new_uuid(), f"{secrets.randbelow(1_000_000):06d}")
    earlier = otp_challenges.update().where(
        otp_challenges.c.customer_id == customer_id,
        otp_challenges.c.purpose == _PURPOSE,
        otp_challenges.c.state != State.OVER,
    )
    await tx.execute(earlier.values(state=State.OVER))
    is_new = await tx.insert_new(
        otp_challenges,
        id=issued.challenge_id,
        customer_id=customer_id,
        purpose=_PURPOSE,
        code_mac=_mac(keyring, issued.challenge_id, issued.code),
        attempts_left=TRIES,
        state=State.LIVE,
        expires_at=tx.now + LIFETIME,
        request_id=request_id,
        created_at=tx.now,
    )
    if not is_new:
        raise Conflict("request_reused")
    return issued


async def check(
    tx: WriteTx,
    keyring: Keyring,
    customer_id: int,
    code: str,
    *,
    accept_verified: bool = False,
    request_id: str | None = None,
) -> CodeCheck:
    """Spend one try. A right code becomes a grant; with `accept_verified` a code that is one already is right again.

    A malformed code spends nothing (mywifi contract §11.5), nor does the repeat of a request.
    """
    if request_id is not None and (earlier := await _left_by(tx, customer_id, request_id)) is not None:
        return _as_it_was(earlier)
    row = await _current(tx, customer_id)
    if row is None or row.expires_at <= tx.now or (row.state == State.GRANTED and not accept_verified):
        return Expired()
    if not is_code(code):
        return WrongCode(row.attempts_left)
    if not secrets.compare_digest(row.code_mac, _mac(keyring, row.id, code)):
        return await _spend_try(tx, row, request_id)
    if row.state == State.LIVE:
        await _set(
            tx,
            row.id,
            state=State.GRANTED,
            expires_at=tx.now + GRANT_LIFETIME,
            last_request_id=request_id,
        )
    return Verified(grant=row.id)


class GrantUse(enum.Enum):
    """What came of using a grant."""

    USED = enum.auto()
    USED_BEFORE = enum.auto()  # by this very request
    OVER = enum.auto()


async def use_grant(tx: WriteTx, grant: str, *, request_id: str | None = None) -> GrantUse:
    """End a grant. Only one caller gets `USED`."""
    challenge = otp_challenges.c.id == grant
    good = (challenge, otp_challenges.c.state == State.GRANTED, otp_challenges.c.expires_at > tx.now)
    ended = otp_challenges.update().where(*good).values(state=State.OVER, last_request_id=request_id)
    if await tx.execute(ended) == 1:
        return GrantUse.USED
    over = select(otp_challenges.c.last_request_id).where(challenge, otp_challenges.c.state == State.OVER)
    is_repeat = request_id is not None and await tx.scalar(over) == request_id
    return GrantUse.USED_BEFORE if is_repeat else GrantUse.OVER


def _mac(keyring: Keyring, challenge_id: str, code: str) -> str:
    return keyring.keyed_hash("one-time code", challenge_id, code)


async def _current(tx: ReadTx, customer_id: int) -> Row[Any] | None:
    """The one challenge that is not over; `issue` leaves no other."""
    return await tx.first(_of(customer_id).where(otp_challenges.c.state != State.OVER))


async def _left_by(tx: ReadTx, customer_id: int, request_id: str) -> Row[Any] | None:
    return await tx.first(_of(customer_id).where(otp_challenges.c.last_request_id == request_id))


def _of(customer_id: int) -> Any:
    return select(otp_challenges).where(
        otp_challenges.c.customer_id == customer_id, otp_challenges.c.purpose == _PURPOSE
    )


def _as_it_was(row: Row[Any]) -> CodeCheck:
    return Verified(grant=row.id) if row.state == State.GRANTED else WrongCode(row.attempts_left)


async def _spend_try(tx: WriteTx, row: Row[Any], request_id: str | None) -> WrongCode:
    left = row.attempts_left - 1
    state = row.state if left else State.OVER
    await _set(tx, row.id, attempts_left=left, state=state, last_request_id=request_id)
    return WrongCode(left)


async def _set(tx: WriteTx, challenge_id: str, **values: object) -> None:
    await tx.execute(otp_challenges.update().where(otp_challenges.c.id == challenge_id).values(**values))
