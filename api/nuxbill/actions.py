"""One declaration per action: dispatch, checks, the role test, the API document and the table in docs/ come from it."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct

from api.nuxbill.call import Call
from api.nuxbill.replies import Reply
from core.identity.types import Role

Answer = Callable[[Call], Awaitable[Reply]]

SUPERADMIN, ADMIN, REPORT, AGENT, SALES = (
    Role.SUPERADMIN,
    Role.ADMIN,
    Role.REPORT,
    Role.AGENT,
    Role.SALES,
)
STAFF = frozenset({SUPERADMIN, ADMIN, REPORT, AGENT, SALES})
OFFICE = frozenset({SUPERADMIN, ADMIN})
SELLERS = frozenset({SUPERADMIN, ADMIN, AGENT, SALES})


class Who(enum.StrEnum):
    """Whose token a call must bring (phpnuxbill-1 contract §2.2)."""

    PUBLIC = "public"
    STAFF = "staff"
    CUSTOMER = "customer"
    ANYONE = "staff or customer"


class Likeness(enum.StrEnum):
    """How an action compares with the original."""

    EXACT = "exact"
    STRICTER = "stricter"
    DIFFERENT = "answered differently"


class Param(Struct, frozen=True):
    """A parameter for the document; `name` ends with `[]` for an array. What it must look like, its action checks."""

    name: str
    about: str = ""
    required: bool = False
    is_file: bool = False


class Action(Struct, frozen=True, kw_only=True):
    """One thing that can be called. `name` is the second segment of the route; empty is the controller's own page."""

    controller: str
    name: str
    answer: Answer
    summary: str
    who: Who
    roles: frozenset[Role]  # of staff; every role unless the matrix says less (§3)
    methods: frozenset[str]
    takes: tuple[Param, ...] = ()
    path: tuple[str, ...] = ()  # what further segments mean
    gives: str = ""  # the keys of `result`
    likeness: Likeness = Likeness.EXACT
    because: str = ""

    @property
    def route(self) -> str:
        return "/".join(
            part for part in (self.controller, self.name, *(f"<{name}>" for name in self.path)) if part
        )


BOTH, POST, GET = frozenset({"GET", "POST"}), frozenset({"POST"}), frozenset({"GET"})


class Controller:
    """The actions of one first segment. `fallback` names the action that answers an unknown second segment."""

    def __init__(
        self,
        name: str,
        *,
        who: Who = Who.STAFF,
        roles: Iterable[Role] = STAFF,
        fallback: str | None = None,
    ) -> None:
        self.name, self.who, self.roles, self.fallback = name, who, frozenset(roles), fallback
        self.actions: dict[str, Action] = {}

    def action(
        self,
        name: str = "",
        *,
        summary: str = "",
        who: Who | None = None,
        roles: Iterable[Role] | None = None,
        methods: frozenset[str] = BOTH,
        takes: tuple[Param, ...] = (),
        path: tuple[str, ...] = (),
        gives: str = "",
        likeness: Likeness = Likeness.EXACT,
        because: str = "",
    ) -> Callable[[Answer], Answer]:
        """Declare an action; its summary is the first line of the docstring unless given."""

        def declare(answer: Answer) -> Answer:
            if name in self.actions:
                raise ValueError(f"{self.name}/{name} is declared twice")
            self.actions[name] = Action(
                controller=self.name,
                name=name,
                answer=answer,
                summary=summary or (answer.__doc__ or "").strip().partition("\n")[0],
                who=who or self.who,
                roles=self.roles if roles is None else frozenset(roles),
                methods=methods,
                takes=takes,
                path=path,
                gives=gives,
                likeness=likeness,
                because=because,
            )
            return answer

        return declare

    def find(self, name: str) -> Action | None:
        """The action of a second segment; an unknown one is the fallback's, where there is one."""
        found = self.actions.get(name)
        if found is None and self.fallback is not None:
            found = self.actions.get(self.fallback)
        return found
