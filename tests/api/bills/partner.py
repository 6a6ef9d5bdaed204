"""A bill partner as a program of its own: it signs its requests by the contract, with nothing of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import httpx
from msgspec import Struct

CHECK, PAYMENT, STATUS = "/api/v2/bill/check", "/api/v2/bill/payment", "/api/v2/bill/status"
BALANCE, PRODUCTS = "/api/v2/partner/balance", "/api/v2/partner/products"
TRANSACTIONS, SETTLEMENTS = "/api/v2/partner/transactions", "/api/v2/partner/settlements"


def segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sign(signed: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()


def token_of(claims: Mapping[str, Any] | str, secret: str, header: Mapping[str, Any] | None = None) -> str:
    """A compact JWT; claims given as text are signed as they are."""
    head = json.dumps({"alg": "HS256", "typ": "JWT"} if header is None else header)
    body = claims if isinstance(claims, str) else json.dumps(claims)
    signed = f"{segment(head.encode())}.{segment(body.encode())}"
    return f"{signed}.{segment(sign(signed, secret))}"


class Said(Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str

    @property
    def rc(self) -> int:
        code = self.body["responseCode"]
        assert isinstance(code, int)
        assert self.body["success"] == (code < 100 or 200 <= code <= 300)
        assert all(0 < len(self.body["message"][language]) <= 120 for language in ("ID", "EN"))
        return code

    @property
    def data(self) -> Any:
        return self.body["data"]


class Partner:
    """A partner with its key and secret."""

    def __init__(self, client: httpx.AsyncClient, code: str = "demo-partner", secret: str = "") -> None:
        self.client, self.code, self.secret = client, code, secret or f"{code}-secret"

    async def send(self, method: str, path: str, token: str, **what: Any) -> Said:
        """Send a token as it is, with other headers, parameters or a body."""
        headers = {"KEY": self.code, "TOKEN": token, **what.pop("headers", {})}
        got = await self.client.request(method, path, headers=headers, **what)
        is_json = got.headers.get("content-type", "").startswith("application/json")
        return Said(got.status_code, got.headers, got.json() if is_json else None, got.text)

    async def post(self, path: str, claims: Mapping[str, Any] | None = None, **what: Any) -> Said:
        """Sign the claims, with the own partnerId among them, and post them."""
        signed = {"partnerId": self.code, **(claims or {})}
        return await self.send("POST", path, token_of(signed, self.secret), **what)

    async def get(self, path: str, **what: Any) -> Said:
        return await self.send("GET", path, token_of({"partnerId": self.code}, self.secret), **what)

    async def check(self, account: str, product: str = "LOKET-INET", **more: Any) -> Said:
        return await self.post(CHECK, {"accountNumber": account, "productCode": product, **more})

    async def order(
        self, account: str, ref: str, product: str = "LOKET-INET", **changes: Any
    ) -> dict[str, Any]:
        """Inquire, and make the payment order for what came back."""
        asked = await self.check(account, product)
        assert asked.rc == 300, asked
        return {
            "accountNumber": account,
            "productCode": product,
            "amount": asked.data["amount"],
            "inquiryId": asked.data["inquiryId"],
            "refNumber": ref,
            **changes,
        }

    async def pay(self, order: Mapping[str, Any]) -> Said:
        return await self.post(PAYMENT, order)

    async def status(self, ref: str) -> Said:
        return await self.post(STATUS, {"refNumber": ref})

    async def balance(self) -> int:
        said = await self.post(BALANCE)
        assert said.rc == 0, said
        return int(said.data["balance"])
