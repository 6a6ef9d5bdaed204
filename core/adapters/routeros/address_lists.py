"""Static lines are closed by putting their address on a list that the router's firewall knows."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from core.adapters.routeros.errors import Denied, Refused
from core.adapters.routeros.talk import Question, Row, Talk
from core.adapters.routeros.values import is_true
from core.network.rules import static_address
from core.network.types import DesiredLine, Line, LineKind

Address = IPv4Address | IPv6Address


class AddressSwitch:
    """Puts one address on the list or takes it off; wider entries and other lists are somebody else's."""

    def __init__(self, line: Line, desired: DesiredLine) -> None:
        self._line, self._desired = line, desired
        self._changes: list[str] = []

    async def carry_out(self, talk: Talk) -> tuple[str, ...]:
        """One round trip where all is as it should be, one more for a line that is named by its queue."""
        address = static_address(self._line.user) or await self._of_queue(talk)
        rows = await self._listed(talk, address)
        orders = self._closing(rows, address) if self._is_to_be_listed else self._opening(rows, address)
        await talk.order(*orders)
        if orders:
            self._verify(await self._listed(talk, address))
        return tuple(dict.fromkeys(self._changes))

    @property
    def _is_to_be_listed(self) -> bool:
        return self._desired.kind is LineKind.ISOLATED

    async def _of_queue(self, talk: Talk) -> Address:
        queue = Question("/queue/simple/print", ("name", "target"), where=(("name", self._line.user),))
        rows = (await talk.ask(queue)).rows(queue)
        address = static_address(rows[0].get("target", "")) if rows else None
        if address is None:
            raise Denied("no queue with one address for this line")
        return address

    async def _listed(self, talk: Talk, address: Address) -> list[Row]:
        """Entries of the list for exactly this address, however the router writes it."""
        written = (str(address), f"{address}/{address.max_prefixlen}")
        columns = (".id", "list", "address", "disabled")
        question = Question(
            f"{_menu(address)}/print", columns, where=tuple(("address", text) for text in written)
        )
        rows = (await talk.ask(question)).rows(question)
        return [row for row in rows if row.get("list") == self._desired.isolation.address_list]

    def _closing(self, rows: list[Row], address: Address) -> list[Question]:
        if any(not is_true(row.get("disabled")) for row in rows):
            return []
        self._changes.append("address listed")
        if rows:
            return [_order(address, "set", (".id", rows[0].get(".id", "")), ("disabled", "no"))]
        values = (
            ("list", self._desired.isolation.address_list),
            ("address", str(address)),
            ("comment", self._line.service_number),
        )
        return [_order(address, "add", *values)]

    def _opening(self, rows: list[Row], address: Address) -> list[Question]:
        self._changes += ["address taken off"] * len(rows)
        return [_order(address, "remove", (".id", row.get(".id", ""))) for row in rows]

    def _verify(self, rows: list[Row]) -> None:
        is_listed = any(not is_true(row.get("disabled")) for row in rows)
        if is_listed != self._is_to_be_listed:
            raise Refused("address list: the change did not last")


def _menu(address: Address) -> str:
    return f"/{'ip' if address.version == 4 else 'ipv6'}/firewall/address-list"


def _order(address: Address, verb: str, *values: tuple[str, str]) -> Question:
    return Question(f"{_menu(address)}/{verb}", arguments=values)
