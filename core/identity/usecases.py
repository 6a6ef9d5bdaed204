"""What can be done about identity: register, log in, recover an account, check a token or a key.

Passwords are hashed between two short transactions, never inside one: a hash takes longer than everything else together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog

from core.customers.queries import email_is_taken
from core.identity import codes, commands, counters, keys, queries, recovery, rules
from core.identity.codes import GrantUse
from core.identity.counters import Charge, Limit, charge, origin
from core.identity.passwords import Passwords
from core.identity.queries import CustomerLogin
from core.identity.tokens import CHAIN_LIFETIME, LIFETIME, Tokens
from core.identity.types import (
    Account,
    ApiKey,
    Caller,
    CodeCheck,
    Expired,
    NewAccount,
    RecoveryStarted,
    Scope,
    SignedIn,
    Verified,
)
from core.platform.errors import Conflict, DomainError, Forbidden, Throttled, Unauthenticated
from core.platform.ids import new_token
from core.platform.secrets import Keyring
from core.platform.uow import UnitOfWork
from core.settings import Settings

log = structlog.get_logger(__name__)


class Identity:
    """Each method is one use case. Refusals that count against somebody are committed before they are raised."""

    def __init__(self, uow: UnitOfWork, settings: Settings, keyring: Keyring, passwords: Passwords) -> None:
        self._uow, self._settings, self._keyring, self._passwords = uow, settings, keyring, passwords
        self._tokens = Tokens(keyring)

    async def register(self, new: NewAccount, *, ip: str) -> SignedIn:
        """Create a customer without a service, and their login.

        Raises `Invalid` (`password_short`, `password_long`, `password_common`), `Throttled` after five successes an
        hour from one address, `Conflict("email_taken")`.
        """
        rules.check_password(new.password)
        rules.check_not_personal(new.password, (new.name, new.email, new.phone))
        success = self._charge(counters.REGISTRATIONS_FROM, origin(ip))
        async with self._uow.read() as glance:  # what is hopeless should not cost a hash
            _let_pass(await counters.seconds_to_wait(glance, success), "too_many_registrations")
            if await email_is_taken(glance, new.email):
                raise Conflict("email_taken")
        password_hash = await self._passwords.hash(new.password)
        async with self._uow.write() as tx:
            _let_pass(await counters.spend(tx, success), "too_many_registrations")
            customer_id = await commands.create_customer(tx, new)
            login_id = await commands.create_login(tx, customer_id, password_hash)
            login = await queries.login_by_id(tx, login_id)
        log.info("registered", customer_id=customer_id, login_id=login_id)
        return self._signed_in(login, tx.now)

    async def sign_in(self, identifier: str, password: str, *, ip: str) -> SignedIn:
        """Raises `Unauthenticated("bad_credentials")`, alike in text and time whatever was wrong, and `Throttled`.

        An outdated hash is replaced now that the password is known.
        """
        self._passwords.ensure_room()
        pair = self._charge(counters.LOGINS, identifier.strip().lower(), origin(ip))
        source = self._charge(counters.LOGINS_FROM, origin(ip))
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, pair, source)
            login = None if wait else await queries.login_by_identifier(tx, identifier)
        _let_pass(wait, "too_many_logins")
        stored = login.password_hash if login is not None and login.account.is_active else None
        verdict = await self._passwords.verify(stored, password)
        if login is None or stored is None or not verdict.matches:
            raise Unauthenticated("bad_credentials")
        better = await self._passwords.hash(password) if verdict.is_outdated else None
        async with self._uow.write() as tx:
            await counters.forget(tx, pair)
            await counters.give_back(tx, source)
            if better is not None:
                await commands.upgrade_hash(tx, login.account.login_id, stored, better)
        return self._signed_in(login, tx.now)

    async def authenticate(self, token: str) -> Caller:
        """Who is calling; raises `Unauthenticated`. One indexed read once the token's signature is known."""
        claims = self._tokens.verified(token)
        async with self._uow.read() as tx:
            if not (claims.is_current(tx.now) and await queries.token_stands(tx, claims)):
                raise Unauthenticated
        return Caller(claims.lid, claims.cst, claims.jti, claims.expires_at)

    async def profile(self, caller: Caller) -> Account:
        """Raises `Unauthenticated` when the login is gone."""
        async with self._uow.read() as tx:
            return (await queries.login_by_id(tx, caller.login_id)).account

    async def sign_out(self, caller: Caller) -> None:
        """Make the calling token worthless, also for refreshing; harmless when repeated."""
        async with self._uow.write() as tx:
            until = caller.expires_at + CHAIN_LIFETIME
            await commands.revoke_token(tx, caller.jti, by_refresh=False, until=until)

    async def refresh(self, token: str) -> SignedIn:
        """Trade a token for a fresh one, even an expired one, up to 14 days after its chain began; raises `Unauthenticated`.

        The old token is worthless at once, but may be traded again for ten seconds (mywifi contract §11.7). It is
        revoked before it is judged, so that a logout at the same moment cannot slip in between.
        """
        claims = self._tokens.verified(token)
        async with self._uow.write() as tx:
            if not claims.nbf <= tx.now.timestamp() < claims.chain_ends_at.timestamp():
                raise Unauthenticated
            until = max(claims.expires_at, claims.chain_ends_at)
            await commands.revoke_token(tx, claims.jti, by_refresh=True, until=until)
            login = await queries.login_by_id(tx, claims.lid)
            if not await queries.token_may_refresh(tx, claims):
                raise Unauthenticated
        return self._signed_in(login, tx.now, chain_started=claims.chn)

    async def change_password(self, caller: Caller, *, current: str, new: str) -> bool:
        """False when `current` is wrong. The calling token stays good, every other one of this login dies.

        Raises `Invalid` (`password_short`, `password_long`, `password_common`) and, after too many wrong ones, `Throttled`.
        """
        rules.check_password(new)
        guess = self._charge(counters.PASSWORD_CHECKS, str(caller.login_id))
        async with self._uow.write() as tx:
            wait = await counters.spend(tx, guess)
            login = await queries.login_by_id(tx, caller.login_id)
        _let_pass(wait, "too_many_logins")
        if not (await self._passwords.verify(login.password_hash, current)).matches:
            return False
        rules.check_not_personal(new, login.personal_facts)
        password_hash = await self._passwords.hash(new)
        async with self._uow.write() as tx:
            await counters.forget(tx, guess)
            is_changed = await commands.replace_password(
                tx, caller.login_id, password_hash, seen_version=login.token_version, spare=caller.jti
            )
        log.info("password_changed", login_id=caller.login_id, is_changed=is_changed)
        return is_changed

    async def start_recovery(self, service_number: str, *, ip: str, request_id: str) -> RecoveryStarted:
        """Send a code to the owner's phone; the repeat of a request sends nothing and answers alike, without the echo.

        Raises `NotFound("customer")`, `Invalid("no_destination")`, `Throttled`. `ip` may name a chat instead.
        """
        async with recovery.unhurried(self._settings), self._uow.write() as tx:
            outcome = await recovery.start(
                tx, self._settings, self._keyring, service_number, ip=ip, request_id=request_id
            )
        if isinstance(outcome, DomainError):
            raise outcome
        log.info("recovery_started", challenge_id=outcome.challenge_id)
        return outcome

    async def check_code(self, service_number: str, code: str, *, request_id: str) -> CodeCheck:
        """Spend one try; a right code becomes a grant and is no code any more. Raises `NotFound("customer")`.

        A malformed code spends nothing, and the repeat of a request gets the answer it got before.
        """
        async with recovery.unhurried(self._settings), self._uow.write() as tx:
            checked = await recovery.check(
                tx, self._settings, self._keyring, service_number, code, request_id=request_id
            )
        log.info("code_checked", outcome=type(checked).__name__)
        return checked

    async def reset_password(self, service_number: str, code: str, new: str) -> CodeCheck:
        """Set a password with a live code or one verified in the last five minutes; done when `Verified`.

        The code is spent with the password, not before: a refused password does not cost it. Raises
        `NotFound("customer")` and `Invalid` as `register` does.
        """
        rules.check_password(new)
        async with recovery.unhurried(self._settings), self._uow.write() as tx:
            checked = await recovery.check(
                tx, self._settings, self._keyring, service_number, code, accept_verified=True
            )
        if isinstance(checked, Verified) and not await self._set_by_grant(checked.grant, new):
            return Expired()
        return checked

    async def set_password(self, grant: str, new: str, *, request_id: str) -> bool:
        """Set a password with the grant of a verified code; False when it is over. A repeat changes nothing.

        Raises `Invalid` as `register` does; the grant stays good then.
        """
        rules.check_password(new)
        return await self._set_by_grant(grant, new, request_id)

    async def check_key(self, presented: str, *, ip: str, scope: Scope) -> ApiKey:
        """The API key behind `presented`; raises `Forbidden("api_key")` for whatever is wrong with it.

        Ten unknown keys a minute from one address, and even a good one is refused there.
        """
        misses = self._charge(counters.KEY_MISSES_FROM, origin(ip))
        async with self._uow.read() as tx:
            is_shut_out = await counters.seconds_to_wait(tx, misses) > 0
            found = None if is_shut_out else await keys.find(tx, self._keyring, presented)
        if found is None:
            if not is_shut_out:
                await self._count_miss(misses, origin(ip), presented)
            raise Forbidden("api_key")
        if not keys.allows(found, ip=ip, scope=scope):
            log.warning("api_key_refused", api_key_id=found.id, scope=scope)
            raise Forbidden("api_key")
        if keys.use_is_worth_noting(found, tx.now):
            async with self._uow.write() as noting:
                await keys.note_use(noting, self._keyring, found.id, presented)
        return ApiKey(found.id, found.name, frozenset(map(Scope, found.scopes)), found.rate)

    async def create_key(
        self,
        name: str,
        *,
        scopes: Iterable[Scope],
        networks: Sequence[str],
        expires_at: datetime | None = None,
        rate: str | None = None,
    ) -> str:
        """A new API key, to be shown once: only its hash is kept. Raises what `keys.add` raises."""
        key = f"lk_{new_token(27)}"
        async with self._uow.write() as tx:
            await keys.add(
                tx,
                self._keyring,
                key,
                name=name,
                scopes=scopes,
                networks=networks,
                expires_at=expires_at,
                rate=rate,
            )
        return key

    async def revoke_key(self, name: str) -> None:
        """Shut an API key at once. Raises `NotFound("key")`."""
        async with self._uow.write() as tx:
            await keys.revoke(tx, name)

    def _charge(self, limit: Limit, *who: str) -> Charge:
        return charge(self._keyring, limit, *who)

    def _signed_in(
        self, login: CustomerLogin, now: datetime, *, chain_started: int | None = None
    ) -> SignedIn:
        token = self._tokens.issue(login.subject, now, chain_started=chain_started)
        return SignedIn(login.account, token, int(LIFETIME.total_seconds()))

    async def _set_by_grant(self, grant: str, new: str, request_id: str | None = None) -> bool:
        async with self._uow.read() as glance:
            login = await queries.login_of_grant(glance, grant)
        if login is None:
            return False
        rules.check_not_personal(new, login.personal_facts)
        password_hash = await self._passwords.hash(new)
        async with self._uow.write() as tx:
            await queries.lock_login(tx, login.account.login_id)
            use = await codes.use_grant(tx, grant, request_id=request_id)
            if use is GrantUse.USED:
                await commands.replace_password(tx, login.account.login_id, password_hash)
                log.info("password_reset", login_id=login.account.login_id)
        return use is not GrantUse.OVER

    async def _count_miss(self, misses: Charge, source: str, presented: str) -> None:
        """Count a wrong key once a minute: a client with an old key is no burglar."""
        async with self._uow.write() as tx:
            if not await counters.spend(tx, self._charge(counters.SAME_KEY_MISS, source, presented)):
                await counters.spend(tx, misses)


def _let_pass(wait_s: int, reason: str) -> None:
    if wait_s:
        log.warning("throttled", reason=reason)
        raise Throttled(wait_s, reason)
