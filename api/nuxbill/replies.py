"""How a call can end, and the one envelope all of them but files are put into (phpnuxbill-1 contract §1.3, §1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from quart import Response

_TYPE = "application/json; charset=utf-8"
_encode = msgspec.json.Encoder(decimal_format="string").encode


class Done(Struct, frozen=True):
    """Something was done, or found; `message` is the sentence that clients match on."""

    message: str
    result: Mapping[str, Any] = {}
    meta: Mapping[str, Any] = {}


class Page(Struct, frozen=True):
    """What a page of the original would show; its message is the route itself."""

    title: str
    menu: str
    result: Mapping[str, Any] = {}


class File(Struct, frozen=True):
    """An answer outside the envelope: a CSV or PDF to be saved."""

    name: str
    content_type: str
    content: bytes


class Refused(Exception):
    """The call fails with a sentence; HTTP stays 200, because clients read `success` (§1.4)."""

    def __init__(
        self,
        message: str,
        *,
        result: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        status: int = 200,
    ) -> None:
        super().__init__(message)
        self.message, self.result, self.meta, self.status = message, result or {}, meta or {}, status


class LoginNeeded(Refused):
    """Nobody we know, or no longer: the client should ask for a password again (§2.1)."""

    def __init__(self, message: str = "Token is invalid") -> None:
        super().__init__(message, meta={"login": True})


NOT_A_COMMAND = "Command not found"
NO_PERMISSION = "You do not have permission to access this page"
WRONG_METHOD = "Invalid request method"

Reply = Done | Page | File


def lines(problems: list[str]) -> str:
    """Several refusals in one message; every line ends with the mark, the last too (§11.3)."""
    return "".join(f"{problem}<br>" for problem in problems)


def envelope(
    *, success: bool, message: str, result: Mapping[str, Any], meta: Mapping[str, Any], status: int = 200
) -> Response:
    """The body of every answer that is no file. Amounts given as `Decimal` are written as strings (§1.3)."""
    body = {"success": success, "message": message, "result": result, "meta": meta}
    return Response(_encode(body), status, content_type=_TYPE)


def file(found: File) -> Response:
    """A download under its own name."""
    return Response(
        found.content,
        content_type=found.content_type,
        headers={"Content-Disposition": f'attachment; filename="{found.name}"'},
    )
