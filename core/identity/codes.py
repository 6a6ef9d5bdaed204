"""One-time codes: six digits sent to a phone, five tries, five minutes, and then a grant to change one thing.

Only a keyed hash of a code is stored. The code of a customer is handled with the customer's login row locked (see
`queries.login_of_service`), and that of a phone with its own row locked, so two tries never meet.
"""

from __future__ import annotations

import enum
import secrets
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Select, and_, select, true

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


class Purpose(enum.StrEnum):
    """What a code is good for; one of each at a time."""

    RECOVERY = "recovery"
    PHONE = "phone"
    NEW_PHONE = "new_phone"  # a customer moves to another number
    REGISTRATION = "registration"


class Holder(Struct, frozen=True):
    """Whose code it is: a customer's, or that of whoever holds a phone (E.164 digits), known or not.

    With both, it is the customer's and goes to that phone. `aim` is its purpose where that does not follow from the rest.
    """

    customer_id: int | None = None
    phone: str | None = None
    aim: Purpose | None = None

    @property
    def purpose(self) -> Purpose:
        return self.aim or (Purpose.PHONE if self.customer_id is None else Purpose.RECOVERY)

    @property
    def rows(self) -> ColumnElement[bool]:
        """Which challenges are this holder's."""
        if self.customer_id is None:
            return and_(otp_challenges.c.phone == self.phone, otp_challenges.c.purpose == self.purpose)
        return and_(
            otp_challenges.c.customer_id == self.customer_id, otp_challenges.c.purpose == self.purpose
        )


class State(enum.StrEnum):
    LIVE = "live"
    GRANTED = "granted"  # verified; the code itself and the challenge's id are good for one change
    OVER = "over"


class Pending(Struct, frozen=True):
    """A challenge that is not over, though its time may be; `phone` is where its code went, if that was told."""

    phone: str | None
    sent_at: datetime
    expires_at: datetime


class Issued(Struct, frozen=True):
    """A new challenge. The code exists here and in the message to its owner, nowhere else."""

    challenge_id: str
    code: str


async def find(tx: ReadTx, request_id: str, holder: Holder) -> str | None:
    """The challenge this request has started already; `Conflict("request_reused")` when it was somebody else's."""
    row = await tx.first(
        select(
            otp_challenges.c.id,
            otp_challenges.c.customer_id,
            otp_challenges.c.phone,
            otp_challenges.c.purpose,
        ).where(otp_challenges.c.request_id == request_id)
    )
    whose = (holder.customer_id, holder.phone, holder.purpose)
    if row is not None and (row.customer_id, row.phone, row.purpose) != whose:
        raise Conflict("request_reused")
    return None if row is None else str(row.id)


async def pending(tx: ReadTx, holder: Holder) -> Pending | None:
    """The holder's newest challenge that is not over."""
    row = await tx.first(_standing(holder))
    return None if row is None else Pending(row.phone, row.created_at, row.expires_at)


async def issue(
    tx: WriteTx, keyring: Keyring, holder: Holder, request_id: str, *, lifetime: timedelta = LIFETIME
) -> Issued:
    """Start a challenge; the holder's earlier codes and grants are over. Raises `Conflict("request_reused")`."""
    issued = Issued(new_uuid(), f"{secrets.randbelow(1_000_000):06d}")
    earlier = otp_challenges.update().where(holder.rows, otp_challenges.c.state != State.OVER)
    await tx.execute(earlier.values(state=State.OVER))
    is_new = await tx.insert_new(
        otp_challenges,
        id=issued.challenge_id,
        customer_id=holder.customer_id,
        phone=holder.phone,
        purpose=holder.purpose,
        code_mac=_mac(keyring, issued.challenge_id, issued.code),
        attempts_left=TRIES,
        state=State.LIVE,
        expires_at=tx.now + lifetime,
        request_id=request_id,
        created_at=tx.now,
    )
    if not is_new:
        raise Conflict("request_reused")
    return issued


async def check(
    tx: WriteTx,
    keyring: Keyring,
    holder: Holder,
    code: str,
    *,
    accept_verified: bool = False,
    request_id: str | None = None,
) -> CodeCheck:
    """Spend one try. A right code becomes a grant; with `accept_verified` a code that is one already is right again.

    A malformed code spends nothing (mywifi contract §11.5), nor does the repeat of a request.
    """
    if request_id is not None and (earlier := await _left_by(tx, holder, request_id)) is not None:
        return _as_it_was(earlier)
    row = await _current(tx, holder)
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


async def use_grant(
    tx: WriteTx, grant: str, *, holder: Holder | None = None, request_id: str | None = None
) -> GrantUse:
    """End a grant, of nobody but `holder` when one is named. Only one caller gets `USED`."""
    challenge = and_(otp_challenges.c.id == grant, holder.rows if holder else true())
    good = (challenge, otp_challenges.c.state == State.GRANTED, otp_challenges.c.expires_at > tx.now)
    ended = otp_challenges.update().where(*good).values(state=State.OVER, last_request_id=request_id)
    if await tx.execute(ended) == 1:
        return GrantUse.USED
    over = select(otp_challenges.c.last_request_id).where(challenge, otp_challenges.c.state == State.OVER)
    is_repeat = request_id is not None and await tx.scalar(over) == request_id
    return GrantUse.USED_BEFORE if is_repeat else GrantUse.OVER


def _mac(keyring: Keyring, challenge_id: str, code: str) -> str:
    return keyring.keyed_hash("one-time code", challenge_id, code)


async def _current(tx: ReadTx, holder: Holder) -> Row[Any] | None:
    """The newest challenge that is not over, locked; two sent to one phone at once may both be there."""
    return await tx.first(_standing(holder).with_for_update())


def _standing(holder: Holder) -> Select[Any]:
    standing = _of(holder).where(otp_challenges.c.state != State.OVER)
    return standing.order_by(otp_challenges.c.created_at.desc(), otp_challenges.c.id).limit(1)


async def _left_by(tx: ReadTx, holder: Holder, request_id: str) -> Row[Any] | None:
    return await tx.first(_of(holder).where(otp_challenges.c.last_request_id == request_id))


def _of(holder: Holder) -> Select[Any]:
    return select(otp_challenges).where(holder.rows)


def _as_it_was(row: Row[Any]) -> CodeCheck:
    return Verified(grant=row.id) if row.state == State.GRANTED else WrongCode(row.attempts_left)


async def _spend_try(tx: WriteTx, row: Row[Any], request_id: str | None) -> WrongCode:
    left = row.attempts_left - 1
    state = row.state if left else State.OVER
    await _set(tx, row.id, attempts_left=left, state=state, last_request_id=request_id)
    return WrongCode(left)


async def _set(tx: WriteTx, challenge_id: str, **values: object) -> None:
    await tx.execute(otp_challenges.update().where(otp_challenges.c.id == challenge_id).values(**values))
