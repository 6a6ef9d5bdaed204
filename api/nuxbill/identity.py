"""Whose token a call brings (phpnuxbill-1 contract §2.1, §11.1)."""

from __future__ import annotations

import hmac
from datetime import datetime

from api.nuxbill.call import Caller, CustomerCaller
from api.nuxbill.replies import LoginNeeded, Refused
from api.nuxbill.tokens import Bad, Claim, Kind, Tokens, first_second_after
from core.identity.customer_accounts import standing_of
from core.identity.staff_accounts import StaffAccount, account_by_id, first_office_account, session_hash
from core.platform.uow import ReadTx, UnitOfWork
from core.preferences.types import Preferences


class Identities:
    """Turns a token into a caller; one indexed read for a good one."""

    def __init__(self, uow: UnitOfWork, tokens: Tokens, api_key: str) -> None:
        self._uow, self._tokens, self._api_key = uow, tokens, api_key

    async def caller(self, token: str, preferences: Preferences) -> Caller:
        """None without a token. Raises `Refused` for one that is no good, also where none is needed."""
        if not token:
            return None
        async with self._uow.read() as tx:
            if self._api_key and hmac.compare_digest(token.encode(), self._api_key.encode()):
                return _found(await first_office_account(tx))
            claim = self._tokens.read(token, tx.now, legacy_staff=preferences.legacy_staff_tokens)
            match claim:
                case Bad.INVALID:
                    raise Refused(claim)
                case Bad():
                    raise LoginNeeded(claim)
                case Claim(Kind.CUSTOMER):
                    return await _customer(tx, claim)
                case Claim():
                    return await _staff(tx, claim, token, single_session=preferences.single_session)


async def _customer(tx: ReadTx, claim: Claim) -> CustomerCaller:
    standing = await standing_of(tx, claim.id)
    if standing is None or not standing.is_active or _is_over(claim, standing.tokens_valid_from):
        raise Refused(Bad.INVALID)
    return CustomerCaller(standing.customer_id, standing.username, standing.status)


async def _staff(tx: ReadTx, claim: Claim, token: str, *, single_session: bool) -> StaffAccount:
    account = _found(await account_by_id(tx, claim.id))
    if _is_over(claim, account.tokens_valid_from):
        raise Refused(Bad.INVALID)
    if single_session and account.session_hash != session_hash(token):
        raise LoginNeeded("Token has expired. Please log in again.")
    return account


def _found(account: StaffAccount | None) -> StaffAccount:
    if account is None or not account.is_active:
        raise Refused(Bad.INVALID)
    return account


def _is_over(claim: Claim, valid_from: datetime | None) -> bool:
    """Whether the password was changed, or the owner logged out, since."""
    if valid_from is None:
        return False
    return claim.issued_at is None or claim.issued_at.timestamp() < first_second_after(valid_from)
