"""Password hashes: Argon2id for every new one, older kinds verified so that imported customers can go on logging in.

Hashing runs in threads of its own: one hash takes tens of milliseconds of a core, which the event loop does not have.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from core.platform.errors import Unavailable

T = TypeVar("T")

_BCRYPT_LIMIT_BYTES = (
    72  # the algorithm ignores the rest; PHP, which made the imported hashes, did so silently
)
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_LONGEST_QUEUE = 64
_NICENESS = 10


class Cost(Struct, frozen=True):
    """What one Argon2id hash costs: the second of OWASP's recommended settings unless a test says otherwise."""

    memory_kib: int = 19 * 1024
    passes: int = 2


class Verdict(Struct, frozen=True):
    """Whether a password was right, and whether its hash should be replaced by a newer kind now that it is known."""

    matches: bool
    is_outdated: bool = False


class Passwords:
    """Hashes and verifies in its own threads, no more than the cores there are; `close` ends them."""

    def __init__(self, cost: Cost | None = None, *, threads: int | None = None) -> None:
        cost = cost or Cost()
        self._hasher = PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1, type=Type.ID
        )
        self._threads = threads or min(2, os.cpu_count() or 1)
        self._executor = ThreadPoolExecutor(
            self._threads, thread_name_prefix="passwords", initializer=_step_back
        )
        self._busy = 0
        self._nobodys = self._hasher.hash("nobody's password")

    async def hash(self, password: str) -> str:
        """Hash a new password; raises `Unavailable("busy")` when too many wait already."""
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Compare a password with a stored hash of any kind; raises `Unavailable("busy")`.

        Without a stored hash a dummy is verified, so that an unknown account takes as long as a wrong password.
        """
        return await self._run(lambda: self._verdict(stored, password))

    def ensure_room(self) -> None:
        """Raise `Unavailable("busy")` now rather than after work that would be in vain.

        The queue is bounded: refusing at once is kinder than answering when the caller has long gone.
        """
        if self._busy >= self._threads + _LONGEST_QUEUE:
            raise Unavailable("busy", retry_after_s=2)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        self.ensure_room()
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._busy -= 1

    def _verdict(self, stored: str | None, password: str) -> Verdict:
        if stored is None:
            self._argon2_matches(self._nobodys, password)
            return Verdict(matches=False)
        if stored.startswith("$2"):
            return Verdict(_bcrypt_matches(stored, password), is_outdated=True)
        if _SHA1.fullmatch(stored):
            self._argon2_matches(
                self._nobodys, password
            )  # SHA-1 answers so fast that its owners would stand out
            return Verdict(_sha1_matches(stored, password), is_outdated=True)
        if not self._argon2_matches(stored, password):
            return Verdict(matches=False)
        return Verdict(matches=True, is_outdated=self._hasher.check_needs_rehash(stored))

    def _argon2_matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False


def _step_back() -> None:
    """Let the event loop's thread go first: one login may wait a little, everybody else must not."""
    if sys.platform == "linux":  # only there does a thread have a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _bcrypt_matches(stored: str, password: str) -> bool:
    try:
        return bcrypt.checkpw(_bytes(password)[:_BCRYPT_LIMIT_BYTES], stored.encode())
    except ValueError:  # the stored hash is damaged
        return False


def _sha1_matches(stored: str, password: str) -> bool:
    given = hashlib.sha1(_bytes(password), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(stored.lower(), given)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
