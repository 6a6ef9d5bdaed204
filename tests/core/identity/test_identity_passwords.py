"""Hashes: new ones, imported ones, and none at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import threading
import time

import bcrypt
import pytest

from core.identity.passwords import Cost, Passwords, Verdict
from core.platform.errors import Unavailable

RIGHT = "kopi-tubruk-7"


def bcrypt_hash(password: str, prefix: str = "$2y$") -> str:
    made = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    return prefix + made.removeprefix("$2b$")


async def test_a_new_hash_is_argon2id_and_verifies(passwords: Passwords) -> None:
    stored = await passwords.hash(RIGHT)
    assert stored.startswith("$argon2id$")
    assert await passwords.verify(stored, RIGHT) == Verdict(matches=True)
    assert await passwords.verify(stored, "wrong") == Verdict(matches=False)


def test_the_price_is_what_the_contract_names() -> None:
    default = Passwords()
    assert "m=19456,t=2,p=1" in default._nobodys
    default.close()


async def test_a_hash_of_another_price_is_outdated(passwords: Passwords) -> None:
    dearer = Passwords(Cost(memory_kib=128, passes=1), threads=1)
    stored = await passwords.hash(RIGHT)
    assert await dearer.verify(stored, RIGHT) == Verdict(matches=True, is_outdated=True)
    dearer.close()


@pytest.mark.parametrize("prefix", ["$2y$", "$2a$", "$2b$"])
async def test_imported_bcrypt_verifies_and_is_outdated(passwords: Passwords, prefix: str) -> None:
    stored = bcrypt_hash(RIGHT, prefix)
    assert await passwords.verify(stored, RIGHT) == Verdict(matches=True, is_outdated=True)
    assert not (await passwords.verify(stored, "wrong")).matches


async def test_imported_bcrypt_of_a_long_password_verifies(passwords: Passwords) -> None:
    assert (await passwords.verify(bcrypt_hash("x" * 100), "x" * 100)).matches


async def test_imported_sha1_verifies_and_is_outdated(passwords: Passwords) -> None:
    stored = hashlib.sha1(RIGHT.encode(), usedforsecurity=False).hexdigest()
    assert await passwords.verify(stored, RIGHT) == Verdict(matches=True, is_outdated=True)
    assert await passwords.verify(stored.upper(), RIGHT) == Verdict(matches=True, is_outdated=True)
    assert not (await passwords.verify(stored, "wrong")).matches


@pytest.mark.parametrize("stored", [None, "", "plain", "$2y$10$short", "$argon2id$v=19$broken", RIGHT])
async def test_a_missing_or_damaged_hash_matches_nothing(passwords: Passwords, stored: str | None) -> None:
    assert not (await passwords.verify(stored, RIGHT)).matches


@pytest.mark.parametrize("odd", ["", "\0", "kopi\0tubruk", "\ud800", "é" * 128])
async def test_odd_passwords_hash_and_never_crash(passwords: Passwords, odd: str) -> None:
    assert (await passwords.verify(await passwords.hash(odd), odd)).matches
    assert not (await passwords.verify(bcrypt_hash(RIGHT), odd)).matches


async def test_an_unknown_account_takes_as_long_as_a_wrong_password() -> None:
    hasher = Passwords(Cost(memory_kib=8192, passes=4), threads=1)
    known = await _seconds_to_verify(hasher, await hasher.hash(RIGHT))
    fast_to_check = hashlib.sha1(RIGHT.encode(), usedforsecurity=False).hexdigest()
    assert await _seconds_to_verify(hasher, None) > known / 3
    assert await _seconds_to_verify(hasher, fast_to_check) > known / 3
    hasher.close()


async def _seconds_to_verify(hasher: Passwords, stored: str | None) -> float:
    """The best of three, which is what the others cannot disturb."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        await hasher.verify(stored, "wrong")
        taken.append(time.perf_counter() - began)
    return min(taken)


async def test_hashing_stays_off_the_event_loops_thread() -> None:
    hasher = Passwords(Cost(memory_kib=64, passes=1), threads=1)
    await hasher.hash(RIGHT)
    assert any(thread.name.startswith("passwords") for thread in threading.enumerate())
    hasher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a thread a priority of its own")
async def test_hashing_gives_way_to_the_event_loop(passwords: Passwords) -> None:
    theirs = await passwords._run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert theirs > os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


async def test_a_full_queue_is_refused_at_once_and_drains() -> None:
    hasher = Passwords(Cost(memory_kib=64, passes=1), threads=1)
    results = await asyncio.gather(*(hasher.hash(RIGHT) for _ in range(100)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Unavailable)]
    assert len(refused) == 100 - 65
    with_room_again = await hasher.hash(RIGHT)
    assert with_room_again.startswith("$argon2id$")
    hasher.close()
