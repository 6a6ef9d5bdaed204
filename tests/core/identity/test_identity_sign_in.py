"""Registering and logging in, and what happens to those who guess."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import bcrypt
import pytest
from sqlalchemy import func, select

from core.customers.tables import customers
from core.identity.commands import create_staff, upgrade_hash
from core.identity.passwords import Passwords
from core.identity.tables import logins
from core.identity.types import NewAccount, Role, SignedIn
from core.identity.usecases import Identity
from core.platform.clock import ManualClock
from core.platform.errors import Conflict, Invalid, Throttled, Unauthenticated, Unavailable
from core.platform.uow import UnitOfWork
from tests.core.identity.people import AddCustomer

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
RIGHT = "kopi-tubruk-7"


def newcomer(email: str = "rina@example.com", **facts: str) -> NewAccount:
    told = {"name": "Rina", "password": RIGHT, "phone": "6281200000009"} | facts
    return NewAccount(email=email, **told)


async def count_of(uow: UnitOfWork, table: object) -> int:
    async with uow.read() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)))  # type: ignore[arg-type]


async def stored_hash(uow: UnitOfWork) -> str:
    async with uow.read() as tx:
        return str(await tx.scalar(select(logins.c.password_hash)))


async def fail(identity: Identity, identifier: str = "28900001", *, ip: str = HOME) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as refusal:
        await identity.sign_in(identifier, "wrong", ip=ip)
    return refusal.value


# -- Registering


async def test_a_newcomer_is_registered_and_logged_in(identity: Identity) -> None:
    signed_in = await identity.register(
        newcomer(contact_address="Jl. Mawar 1", gender="Female", image="me.jpg"), ip=HOME
    )
    assert signed_in.expires_in_s == 3600
    person = signed_in.account
    assert (person.name, person.email, person.phone) == ("Rina", "rina@example.com", "6281200000009")
    assert (person.contact_address, person.gender, person.image) == ("Jl. Mawar 1", "Female", "me.jpg")
    assert (person.role, person.is_active) == (Role.CUSTOMER, True)
    assert len(person.uid) == 36
    caller = await identity.authenticate(signed_in.token)
    assert (await identity.profile(caller)) == person
    assert (await identity.sign_in("Rina@Example.com", RIGHT, ip=HOME)).account == person


async def test_a_taken_address_is_refused_however_it_is_written(identity: Identity, uow: UnitOfWork) -> None:
    await identity.register(newcomer(), ip=HOME)
    with pytest.raises(Conflict) as refusal:
        await identity.register(newcomer("RINA@example.COM"), ip=HOME)
    assert refusal.value.reason == "email_taken"
    assert await count_of(uow, customers) == 1


async def test_twins_registering_at_once_become_one(identity: Identity, uow: UnitOfWork) -> None:
    results = await asyncio.gather(
        *(identity.register(newcomer(), ip=f"203.0.113.{n}") for n in range(8)), return_exceptions=True
    )
    assert sum(isinstance(result, SignedIn) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 7
    assert await count_of(uow, logins) == await count_of(uow, customers) == 1


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("12345", "password_short"),
        ("x7" * 65, "password_long"),
        ("123456", "password_common"),
        ("rina@example.com", "password_common"),
        ("081200000009", "password_common"),
    ],
)
async def test_a_bad_password_registers_nobody(
    identity: Identity, uow: UnitOfWork, password: str, reason: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await identity.register(newcomer(password=password), ip=HOME)
    assert refusal.value.reason == reason
    assert await count_of(uow, customers) == 0


async def test_five_registrations_an_hour_from_one_address(identity: Identity, clock: ManualClock) -> None:
    for number in range(5):
        await identity.register(newcomer(f"r{number}@example.com"), ip=HOME)
    with pytest.raises(Throttled) as refusal:
        await identity.register(newcomer("r5@example.com"), ip=HOME)
    assert refusal.value.retry_after_s == 3600
    await identity.register(newcomer("r5@example.com"), ip=ELSEWHERE)
    clock.move(timedelta(hours=1))
    await identity.register(newcomer("r6@example.com"), ip=HOME)


async def test_a_refused_registration_is_not_counted(identity: Identity) -> None:
    await identity.register(newcomer(), ip=HOME)
    for _ in range(6):
        with pytest.raises(Conflict):
            await identity.register(newcomer(), ip=HOME)
    await identity.register(newcomer("dewi@example.com"), ip=HOME)


async def test_a_crowd_registering_at_once_stays_within_five(identity: Identity, uow: UnitOfWork) -> None:
    crowd = (identity.register(newcomer(f"r{number}@example.com"), ip=HOME) for number in range(12))
    results = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(result, SignedIn) for result in results) == 5
    assert sum(isinstance(result, Throttled) for result in results) == 7
    assert await count_of(uow, customers) == 5


# -- Logging in


@pytest.mark.parametrize("identifier", ["28900001", " 28900001 ", "siti@example.com", "SITI@Example.com"])
async def test_people_log_in_by_service_number_or_address(
    identity: Identity, add_customer: AddCustomer, identifier: str
) -> None:
    customer_id = await add_customer()
    signed_in = await identity.sign_in(identifier, RIGHT, ip=HOME)
    assert signed_in.account.customer_id == customer_id


async def test_letters_of_a_service_number_may_be_small(
    identity: Identity, add_customer: AddCustomer
) -> None:
    await add_customer("ISP00123")
    assert (await identity.sign_in("isp00123", RIGHT, ip=HOME)).account.name == "Siti Rahma"


async def test_every_failure_looks_the_same(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    await add_customer("28900002", email="dewi@example.com")
    async with uow.write() as tx:
        await tx.execute(logins.update().where(logins.c.customer_id == 2).values(is_active=False))
        await create_staff(
            tx, username="28900003", name="Budi", phone=None, role=Role.ADMIN, password_hash=None
        )
    tries = [
        ("28900001", "wrong"),
        ("28900002", RIGHT),
        ("28900003", RIGHT),
        ("nobody@example.com", RIGHT),
        ("", ""),
        ("a\0b", RIGHT),
        ("\ud800@x", "\ud800"),
    ]
    refusals = []
    for identifier, password in tries:
        with pytest.raises(Unauthenticated) as refusal:
            await identity.sign_in(identifier, password, ip=HOME)
        refusals.append((refusal.value.reason, refusal.value.facts))
    assert refusals == [("bad_credentials", {})] * 7


async def test_a_customer_without_a_password_cannot_log_in(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer()
    async with uow.write() as tx:
        await tx.execute(logins.update().values(password_hash=None))
    for password in ("", RIGHT, "nobody's password"):
        with pytest.raises(Unauthenticated):
            await identity.sign_in("28900001", password, ip=HOME)


async def test_an_imported_bcrypt_hash_is_upgraded_at_login(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    imported = "$2y$" + bcrypt.hashpw(RIGHT.encode(), bcrypt.gensalt(4)).decode().removeprefix("$2b$")
    await add_customer(password_hash=imported)
    await fail(identity)
    assert await stored_hash(uow) == imported
    first = await identity.sign_in("28900001", RIGHT, ip=HOME)
    assert (await stored_hash(uow)).startswith("$argon2id$")
    await identity.sign_in("28900001", RIGHT, ip=HOME)
    await identity.authenticate(first.token)


async def test_an_imported_sha1_hash_is_upgraded_at_login(
    identity: Identity, uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer(password_hash=hashlib.sha1(RIGHT.encode(), usedforsecurity=False).hexdigest())
    await identity.sign_in("28900001", RIGHT, ip=HOME)
    assert (await stored_hash(uow)).startswith("$argon2id$")
    await identity.sign_in("28900001", RIGHT, ip=HOME)


async def test_an_upgrade_does_not_undo_a_change_made_meanwhile(
    uow: UnitOfWork, add_customer: AddCustomer
) -> None:
    await add_customer(password_hash="changed meanwhile")
    async with uow.write() as tx:
        await upgrade_hash(tx, 1, "as it was read", "a better hash of the former password")
    assert await stored_hash(uow) == "changed meanwhile"


# -- Guessing


async def test_the_sixth_guess_in_a_minute_waits(
    identity: Identity, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer()
    for _ in range(5):
        await fail(identity)
    with pytest.raises(Throttled) as refusal:
        await identity.sign_in("28900001", RIGHT, ip=HOME)
    assert refusal.value.retry_after_s == 60
    clock.move(timedelta(seconds=61))
    await identity.sign_in("28900001", RIGHT, ip=HOME)


async def test_guessing_on_after_the_lock_locks_longer(
    identity: Identity, add_customer: AddCustomer, clock: ManualClock
) -> None:
    await add_customer()
    waits = []
    for _ in range(5):
        for _ in range(5):
            await fail(identity)
        with pytest.raises(Throttled) as refusal:
            await identity.sign_in("28900001", "wrong", ip=HOME)
        waits.append(refusal.value.retry_after_s)
        clock.move(timedelta(seconds=refusal.value.retry_after_s))
    assert waits == [60, 300, 900, 3600, 3600]


async def test_a_lock_holds_only_where_the_guessing_came_from(
    identity: Identity, add_customer: AddCustomer
) -> None:
    await add_customer()
    for _ in range(5):
        await fail(identity)
    assert (await identity.sign_in("28900001", RIGHT, ip=ELSEWHERE)).token


async def test_unknown_accounts_are_locked_like_known_ones(identity: Identity) -> None:
    for _ in range(5):
        await fail(identity, "nobody@example.com")
    with pytest.raises(Throttled):
        await identity.sign_in("NOBODY@example.com", "wrong", ip=HOME)


async def test_spraying_many_accounts_from_one_address_is_stopped(identity: Identity) -> None:
    for number in range(20):
        await fail(identity, f"2890{number:04d}")
    with pytest.raises(Throttled) as refusal:
        await identity.sign_in("28909999", "wrong", ip=HOME)
    assert refusal.value.retry_after_s == 60


async def test_logging_in_rightly_is_never_throttled(identity: Identity, add_customer: AddCustomer) -> None:
    await add_customer()
    for _ in range(25):
        assert (await identity.sign_in("28900001", RIGHT, ip=HOME)).token


async def test_a_success_clears_the_account_but_not_the_address(
    identity: Identity, add_customer: AddCustomer
) -> None:
    await add_customer()
    for round_ in range(5):
        for _ in range(4):
            await fail(identity)
        if round_ < 4:
            await identity.sign_in("28900001", RIGHT, ip=HOME)
    with pytest.raises(Throttled):
        await identity.sign_in("28909999", "wrong", ip=HOME)


async def test_thirty_guesses_at_once_get_five_answers(
    identity: Identity, elsewhere: Identity, add_customer: AddCustomer
) -> None:
    await add_customer()
    guesses = [(identity, elsewhere)[n % 2].sign_in("28900001", "wrong", ip=HOME) for n in range(30)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(result, Unauthenticated) for result in results) == 5
    assert sum(isinstance(result, Throttled) for result in results) == 25


async def test_a_crowded_house_refuses_before_it_counts(
    identity: Identity, passwords: Passwords, add_customer: AddCustomer
) -> None:
    await add_customer()
    crowd = [asyncio.ensure_future(passwords.hash(RIGHT)) for _ in range(70)]
    await asyncio.sleep(0)
    for _ in range(8):
        with pytest.raises(Unavailable):
            await identity.sign_in("28900001", RIGHT, ip=HOME)
    await asyncio.gather(*crowd, return_exceptions=True)
    await identity.sign_in("28900001", RIGHT, ip=HOME)
