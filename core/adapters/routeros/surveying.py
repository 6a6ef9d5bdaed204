"""Everything a router has written down about switched lines, in one round trip."""

from __future__ import annotations

from core.adapters.routeros.talk import Answers, Question, Talk
from core.adapters.routeros.users import HOTSPOT, PPP, Menus
from core.adapters.routeros.values import is_true
from core.network.types import Book, Isolation, Login, Survey


async def survey(talk: Talk, isolation: Isolation) -> Survey:
    """A menu that is refused, such as the hotspot's where there is none, is None: it says nothing about any line."""
    listed = (("list", isolation.address_list),)
    addresses = [
        Question(f"/{family}/firewall/address-list/print", ("list", "address", "disabled"), where=listed)
        for family in ("ip", "ipv6")
    ]
    questions = [question for menus in (PPP, HOTSPOT) for question in _book(menus)]
    answers = await talk.ask(*questions, *addresses)
    return Survey(
        ppp=_read(answers, PPP), hotspot=_read(answers, HOTSPOT), isolated=_addresses(answers, *addresses)
    )


def _book(menus: Menus) -> tuple[Question, Question]:
    users = Question(f"{menus.users}/print", ("name", "profile", "disabled"))
    return users, Question(f"{menus.profiles}/print", ("name", "rate-limit"))


def _read(answers: Answers, menus: Menus) -> Book | None:
    users, profiles = _book(menus)
    if answers.refusal(users) is not None or answers.refusal(profiles) is not None:
        return None
    logins = {
        row.get("name", ""): Login(row.get("profile", ""), is_true(row.get("disabled")))
        for row in answers.rows(users)
    }
    return Book(logins, {row.get("name", ""): row.get("rate-limit", "") for row in answers.rows(profiles)})


def _addresses(answers: Answers, ipv4: Question, ipv6: Question) -> frozenset[str] | None:
    """Addresses as `ipaddress` writes them; a router without IPv6 has none of those."""
    if answers.refusal(ipv4) is not None:
        return None
    rows = [*answers.rows(ipv4), *(answers.rows(ipv6) if answers.refusal(ipv6) is None else ())]
    return frozenset(
        row.get("address", "").removesuffix("/128").removesuffix("/32")
        for row in rows
        if not is_true(row.get("disabled"))
    )
