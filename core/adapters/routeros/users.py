"""Users of a router, PPP secrets and hotspot users alike: made, moved, disabled, removed, and their sessions ended."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from core.adapters.routeros.errors import Denied, Refused
from core.adapters.routeros.talk import Question, Row, Talk
from core.adapters.routeros.values import is_true
from core.network.rules import is_as_wanted, is_same_rate, login_wanted
from core.network.types import DesiredLine, Line, LineKind, Login

Profiles = dict[str, Row]

#: What leaves a session under rules that are no longer those of its user.
_OUTDATING = frozenset({"user added", "user changed", "user removed", "secret given"})


class Menus(Struct, frozen=True):
    """Where one kind of users is kept."""

    users: str
    profiles: str
    sessions: str
    #: The column of a session that names its user.
    session_user: str
    #: What lets a device in again without asking for a password.
    cookies: str | None = None
    #: What a new user is given besides.
    fresh: tuple[tuple[str, str], ...] = ()


PPP = Menus("/ppp/secret", "/ppp/profile", "/ppp/active", "name")
PPPOE = Menus("/ppp/secret", "/ppp/profile", "/ppp/active", "name", fresh=(("service", "pppoe"),))
HOTSPOT = Menus(
    "/ip/hotspot/user", "/ip/hotspot/user/profile", "/ip/hotspot/active", "user", cookies="/ip/hotspot/cookie"
)


class UserSwitch:
    """Brings one user to what is desired. Work may be broken off and begun again: what was changed before is remembered."""

    def __init__(self, menus: Menus, line: Line, desired: DesiredLine, secret: str | None) -> None:
        self._menus, self._name, self._comment = menus, line.user, line.service_number
        self._desired, self._secret = desired, secret
        self._owes_secret = desired.is_secret_new and secret is not None
        self._changes: list[str] = []

    async def carry_out(self, talk: Talk) -> tuple[str, ...]:
        """One round trip where all is as it should be; otherwise the difference is written and read back."""
        rows, profiles = await self._read(talk)
        profile_orders, user_orders = self._profile_orders(profiles), self._user_orders(rows, profiles)
        # A user can only be moved to a profile that is there.
        await talk.order(*profile_orders)
        await talk.order(*user_orders)
        self._owes_secret = False
        if profile_orders or user_orders:
            self._verify(*await self._read(talk))
        await self._end_sessions(talk, profiles)
        return tuple(dict.fromkeys(self._changes))

    async def _read(self, talk: Talk) -> tuple[list[Row], Profiles]:
        users, profiles = self._users(), self._profiles()
        answers = await talk.ask(users, profiles)
        return answers.rows(users), {row.get("name", ""): row for row in answers.rows(profiles)}

    def _users(self) -> Question:
        return Question(
            f"{self._menus.users}/print",
            (".id", "name", "profile", "disabled"),
            where=(("name", self._name),),
        )

    def _profiles(self) -> Question:
        names = dict.fromkeys((self._desired.isolation.profile, self._desired.profile or ""))
        wanted = tuple(("name", name) for name in names if name)
        return Question(f"{self._menus.profiles}/print", (".id", "name", "rate-limit"), where=wanted)

    @property
    def _is_to_go(self) -> bool:
        return self._desired.kind is LineKind.ABSENT

    def _wanted(self, profiles: Profiles) -> tuple[str | None, bool]:
        desired = self._desired
        return login_wanted(desired.kind, desired.profile, desired.isolation, profiles)

    def _profile_orders(self, profiles: Profiles) -> list[Question]:
        """The plan's profile with its limit; one that has no limit of the plan's must be there already."""
        profile, rate = self._desired.profile, self._desired.rate_limit
        if self._desired.kind is not LineKind.OPEN or profile is None:
            return []
        menu, row = self._menus.profiles, profiles.get(profile)
        if row is None and rate is None:
            raise Denied(f"{menu}: the plan's profile is missing")
        if row is None:
            self._changes.append("profile added")
            return [_order(menu, "add", name=profile, rate_limit=rate, **self._pool())]
        if rate is None or is_same_rate(row.get("rate-limit", ""), rate):
            return []
        self._changes.append("profile changed")
        return [_order(menu, "set", id=_id(row), rate_limit=rate)]

    def _pool(self) -> dict[str, str]:
        pool = self._desired.address_pool
        if pool is None:
            return {}
        return (
            {"address_pool": pool} if self._menus.cookies else {"local_address": pool, "remote_address": pool}
        )

    def _user_orders(self, rows: Sequence[Row], profiles: Profiles) -> list[Question]:
        menu = self._menus.users
        if self._is_to_go:
            self._changes += ["user removed"] * len(rows)
            return [_order(menu, "remove", id=_id(row)) for row in rows]
        if not rows:
            return [self._new_user(profiles)]
        corrections = ((row, self._correction(row, profiles)) for row in rows)
        return [_order(menu, "set", id=_id(row), **values) for row, values in corrections if values]

    def _new_user(self, profiles: Profiles) -> Question:
        if self._secret is None:
            raise Denied(f"{self._menus.users}: no such user, and no secret to make one with")
        profile, is_disabled = self._wanted(profiles)
        self._changes.append("user added")
        values = {"name": self._name, "password": self._secret, "comment": self._comment}
        return _order(
            self._menus.users,
            "add",
            **values,
            **dict(self._menus.fresh),
            profile=profile,
            disabled=_flag(is_disabled),
        )

    def _correction(self, row: Row, profiles: Profiles) -> dict[str, str | None]:
        """What differs, and nothing else: what somebody else has written about this user stays."""
        values: dict[str, str | None] = {}
        profile, is_disabled = wanted = self._wanted(profiles)
        if not is_as_wanted(_login(row), wanted, self._desired.isolation):
            if profile is None and not is_disabled and row.get("profile") == self._desired.isolation.profile:
                raise Denied(f"{self._menus.users}: no profile known to go back to")
            values = {"disabled": _flag(is_disabled), "profile": profile}
            self._changes.append("user changed")
        if self._owes_secret:
            values["password"] = self._secret
            self._changes.append("secret given")
        return values

    def _verify(self, rows: Sequence[Row], profiles: Profiles) -> None:
        wanted, isolation = self._wanted(profiles), self._desired.isolation
        is_right = bool(rows) and all(is_as_wanted(_login(row), wanted, isolation) for row in rows)
        if (rows and self._is_to_go) or not (self._is_to_go or is_right):
            raise Refused(f"{self._menus.users}: the change did not last")

    async def _end_sessions(self, talk: Talk, profiles: Profiles) -> None:
        """A session keeps the rules it began under. Who may have none at all is looked at every time."""
        may_return = not (self._is_to_go or self._wanted(profiles)[1])
        is_outdated = not _OUTDATING.isdisjoint(self._changes) or self._desired.was_tried
        if may_return and not is_outdated:
            return
        if ending := await self._sessions(talk):
            self._changes.append("session ended")
            await talk.order(*ending)
            if not may_return and await self._sessions(talk):
                raise Refused(f"{self._menus.sessions}: a session does not end")

    async def _sessions(self, talk: Talk) -> list[Question]:
        """Orders that end them. Cookies go first: one that is left would let the device in; an open line keeps its own."""
        cookies, found = self._menus.cookies, []
        if cookies is not None and self._desired.kind is not LineKind.OPEN:
            found += await self._listed(talk, cookies, "user")
        return found + await self._listed(talk, self._menus.sessions, self._menus.session_user)

    async def _listed(self, talk: Talk, menu: str, column: str) -> list[Question]:
        question = Question(f"{menu}/print", (".id", column), where=((column, self._name),))
        return [_order(menu, "remove", id=_id(row)) for row in (await talk.ask(question)).rows(question)]


def _order(menu: str, verb: str, **values: str | None) -> Question:
    """None is a value that is not written."""
    words = tuple((_word(name), value) for name, value in values.items() if value is not None)
    return Question(f"{menu}/{verb}", arguments=words)


def _word(name: str) -> str:
    return ".id" if name == "id" else name.replace("_", "-")


def _id(row: Row) -> str:
    identifier = row.get(".id", "")
    if not identifier:
        raise Refused("a row without an id")
    return identifier


def _login(row: Row) -> Login:
    return Login(row.get("profile", ""), is_true(row.get("disabled")))


def _flag(value: bool) -> str:  # noqa: FBT001 - a value is converted, nothing is switched
    return "yes" if value else "no"
