"""What a line shall be, stored in the transaction of whoever decides it; its router follows through the outbox.

The latest wish wins: a job carries no wish of its own, it brings the router to what is wanted when it runs. All four take
a `key` that names the reason; the same key twice is one wish, however late the second one comes. They return False then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, null, select

from core.network.tables import line_states
from core.network.types import LineKind, LineNews
from core.platform import outbox
from core.platform.outbox import Priority
from core.platform.uow import WriteTx
from core.subscriptions.tables import subscriptions

APPLY_TOPIC = "line.apply"

#: Why a line was closed, for staff: for its bills, which is never done at night.
UNPAID = "unpaid"


async def isolate(tx: WriteTx, subscription_id: int, *, reason: str, key: str) -> bool:
    """Close the line, such as for an unpaid bill; `reason` is a short word for staff, never a text of a customer's.

    From now on every face says "isolated". The customer is told once the router has confirmed it.
    """
    if not await _post(tx, subscription_id, key):
        return False
    row = subscriptions.c
    open_now = (row.id == subscription_id, row.isolated_at.is_(None))
    is_news = await tx.execute(subscriptions.update().where(*open_now).values(isolated_at=tx.now))
    news = LineNews.ISOLATED if is_news else None
    await _want(tx, subscription_id, LineKind.ISOLATED, reason=reason, news=news, revives=False)
    return True


async def restore(tx: WriteTx, subscription_id: int, *, key: str) -> bool:
    """Open the line again. The customer is told it is back once the router has confirmed it."""
    if not await _post(tx, subscription_id, key):
        return False
    row = subscriptions.c
    closed_now = (row.id == subscription_id, row.isolated_at.is_not(None))
    is_news = await tx.execute(subscriptions.update().where(*closed_now).values(isolated_at=None))
    news = LineNews.REOPENED if is_news else None
    await _want(tx, subscription_id, LineKind.OPEN, news=news, revives=False)
    return True


async def provision(tx: WriteTx, subscription_id: int, *, key: str) -> bool:
    """Bring user, secret, profile and router to what the subscription and its plan say now, open or isolated as it is.

    Call it after any change of them, also of the router or the login: what was made at the old place is removed.
    """
    if not await _post(tx, subscription_id, key):
        return False
    stands = await tx.first(
        select(subscriptions.c.isolated_at, line_states.c.reason)
        .outerjoin(line_states, line_states.c.subscription_id == subscriptions.c.id)
        .where(subscriptions.c.id == subscription_id)
    )
    if stands is None or stands.isolated_at is None:
        await _want(tx, subscription_id, LineKind.OPEN)
    else:
        await _want(tx, subscription_id, LineKind.ISOLATED, reason=stands.reason)
    return True


async def remove(tx: WriteTx, subscription_id: int, *, key: str) -> bool:
    """Take the line's user off its router; only `provision` brings it back. The row must stay until that is done."""
    if not await _post(tx, subscription_id, key):
        return False
    await _want(tx, subscription_id, LineKind.ABSENT)
    return True


async def mend(tx: WriteTx, subscription_id: int, *, key: str) -> bool:
    """Bring the router to what is wanted already: it was found to differ."""
    if not await _post(tx, subscription_id, key):
        return False
    await _wish_again(tx, subscription_id, {})
    return True


async def hurry(tx: WriteTx, subscription_id: int) -> bool:
    """Have the line's job tried now rather than later; False when it has none."""
    line = _order_of(subscription_id)
    await outbox.hurry(tx, line)
    return await outbox.is_waiting(tx, line)


def _order_of(subscription_id: int) -> str:
    """A line's jobs run one after another."""
    return f"line:{subscription_id}"


async def _post(tx: WriteTx, subscription_id: int, key: str) -> bool:
    """Queue the job; one that waits for its next try is due now, as the newer one would wait behind it."""
    line = _order_of(subscription_id)
    await outbox.hurry(tx, line)
    return await outbox.post(
        tx,
        APPLY_TOPIC,
        {"subscription_id": subscription_id},
        key=f"{line}:{key}",
        ordering_key=line,
        priority=Priority.NOTICE,
    )


async def _want(
    tx: WriteTx,
    subscription_id: int,
    kind: LineKind,
    *,
    reason: str | None = None,
    news: LineNews | None = None,
    revives: bool = True,
) -> None:
    """A line that was removed is not brought back by what happens to its bills: `revives` says who may."""
    changes = {"desired": kind, "reason": reason, "wanted_at": tx.now, **_news(kind, news)}
    is_new = await tx.insert_new(
        line_states,
        subscription_id=subscription_id,
        desired=kind,
        reason=reason,
        wanted_at=tx.now,
        news=news,
        revision=1,
        applied_revision=0,
        attempts=0,
    )
    if not is_new:
        is_meant = () if revives else (line_states.c.desired != LineKind.ABSENT,)
        await _wish_again(tx, subscription_id, changes, *is_meant)


def _news(kind: LineKind, news: LineNews | None) -> Mapping[str, ColumnElement[Any]]:
    """What the customer will be told; a line closed and opened before the router knew of it is no news at all."""
    if kind is LineKind.ABSENT:
        return {"news": null()}
    if news is None:
        return {}
    opposite = LineNews.REOPENED if news is LineNews.ISOLATED else LineNews.ISOLATED
    return {"news": case((line_states.c.news == opposite, null()), else_=news.value)}


async def _wish_again(
    tx: WriteTx, subscription_id: int, changes: Mapping[str, Any], *where: ColumnElement[bool]
) -> None:
    state = line_states.update().where(line_states.c.subscription_id == subscription_id, *where)
    fresh = {"revision": line_states.c.revision + 1, "attempts": 0, "last_error": None, "refused_at": None}
    await tx.execute(state.values({**fresh, **changes}))
