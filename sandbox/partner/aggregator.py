"""The aggregator itself: a sale from inquiry to receipt, whatever the network does meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from msgspec import Struct

from sandbox.partner.orders import Order, Stage
from sandbox.partner.patience import Patience
from sandbox.partner.signing import Credentials

CHECK, PAYMENT, STATUS = "/api/v2/bill/check", "/api/v2/bill/payment", "/api/v2/bill/status"
BALANCE = "/api/v2/partner/balance"
_OK = 200
_INQUIRY_OK = 300


class Ways(Struct, frozen=True):
    """How this aggregator goes about it: how long it waits for an answer, how often it asks again, when it polls."""

    inquiry_s: float = 30
    payment_s: float = 10
    tries: int = 5
    pause_s: float = 1
    first_poll_s: float = 150
    polls_s: tuple[float, ...] = (300, 600, 900)
    patience_s: float = 24 * 3600


class Lost(Exception):
    """No answer, or none that says anything about the payment."""


class Aggregator:
    """Sells bills. `client` is bound to the biller's address; `callback_url` is where its listener hears."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        credentials: Credentials,
        patience: Patience,
        *,
        ways: Ways | None = None,
        callback_url: str = "",
    ) -> None:
        self._client, self._credentials, self._patience = client, credentials, patience
        self._ways, self._callback_url = ways or Ways(), callback_url
        self.orders: dict[str, Order] = {}
        self._seen: set[str] = set()

    async def sell(
        self, account: str, ref_number: str, product: str = "LOKET-INET", *, month: int | None = None
    ) -> Order:
        """A whole sale: inquire, pay, and wait until it is known how it ended, or patience is over."""
        order = Order(ref_number, account, product)
        self.orders[ref_number] = order
        bill = {"accountNumber": account, "productCode": product} | (
            {} if month is None else {"month": month}
        )
        asked = await self._asked(CHECK, bill)
        if asked["responseCode"] != _INQUIRY_OK:
            order.refuse(asked["responseCode"])
            return order
        order.amount = asked["data"]["amount"]
        claims = bill | {
            "inquiryId": asked["data"]["inquiryId"],
            "amount": order.amount,
            "refNumber": ref_number,
            "buyerDetails": {"publicBuyerId": f"buyer-{ref_number}"},
        }
        if self._callback_url:
            claims["callbackUrls"] = [self._callback_url]
        await self.pay(order, claims)
        await self.follow(order)
        return order

    async def pay(self, order: Order, claims: Mapping[str, object]) -> None:
        """Send the payment, and send it again unchanged as long as nothing is heard."""
        for number in range(self._ways.tries):
            order.tries += 1
            try:
                order.apply(await self._call(PAYMENT, claims, self._ways.payment_s), is_status=False)
            except Lost:
                await self._patience.wait(self._ways.pause_s * 2**number, order.has_ended)
            else:
                return

    async def follow(self, order: Order) -> None:
        """Wait for the callback; ask Status after two and a half minutes, and then less and less often."""
        began, wait = self._patience.now(), self._ways.first_poll_s
        later = iter(self._ways.polls_s)
        while not order.has_ended.is_set() and self._patience.now() - began < self._ways.patience_s:
            await self._patience.wait(wait, order.has_ended)
            if order.has_ended.is_set():
                return
            await self.poll(order)
            wait = next(later, wait)

    async def poll(self, order: Order) -> None:
        """Ask how the payment stands; what cannot be asked now is asked next time."""
        order.polls += 1
        try:
            said = await self._call(STATUS, {"refNumber": order.ref_number}, self._ways.inquiry_s)
        except Lost:
            return
        order.apply(said, is_status=True)

    def hear(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take in a callback; returns the HTTP status to answer with."""
        if not self._credentials.is_genuine(headers, body, self._patience.now()):
            return 401
        if headers["webhook-id"] in self._seen:
            return _OK
        self._seen.add(headers["webhook-id"])
        said = json.loads(body)
        order = self.orders.get(said["data"]["refNumber"])
        if order is None:
            return 404
        order.callbacks += 1
        order.apply(said, is_status=True)
        return _OK

    async def balance(self) -> int:
        """What the biller says is left of our deposit."""
        return int((await self._asked(BALANCE, {}))["data"]["balance"])

    def spent(self) -> int:
        """What must be missing from the deposit: every order that stands."""
        return sum(
            order.amount for order in self.orders.values() if order.stage in {Stage.PAID, Stage.PROCESSING}
        )

    def statement(self) -> bytes:
        """What we collected, as we send it to the biller in the evening."""
        sold = [order for order in self.orders.values() if order.stage is Stage.PAID]
        lines = [f"{order.ref_number},{order.amount},SUCCESS" for order in sold]
        return "\r\n".join(["refNumber,amount,status", *lines, ""]).encode()

    async def _asked(self, path: str, claims: Mapping[str, object]) -> dict[str, Any]:
        """Ask what may be asked again. Raises `Lost` when nothing is heard in the end."""
        for number in range(self._ways.tries - 1):
            try:
                return await self._call(path, claims, self._ways.inquiry_s)
            except Lost:
                await self._patience.wait(self._ways.pause_s * 2**number)
        return await self._call(path, claims, self._ways.inquiry_s)

    async def _call(self, path: str, claims: Mapping[str, object], timeout_s: float) -> dict[str, Any]:
        """Raises `Lost` for everything that is not an answer with HTTP 200: such an answer decides nothing."""
        try:
            headers = self._credentials.headers(claims)
            got = await self._client.post(path, headers=headers, timeout=timeout_s)
            if got.status_code != _OK:
                raise Lost
            said = got.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Lost from error
        if not isinstance(said, dict):
            raise Lost
        return said
