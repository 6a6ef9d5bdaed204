"""The pages of a list, as clients know them (phpnuxbill-1 contract §1.6)."""

from __future__ import annotations

from msgspec import Struct

from api.nuxbill.call import Call

_AROUND = 2


class Paging(Struct, frozen=True):
    """Which page of a list was asked for."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit

    def described(self, call: Call, total: int) -> dict[str, object]:
        """What stands under `paginator`; `count` is the number of pages, as in the original, `total` that of rows."""
        last = -(-total // self.limit)
        return {
            "count": last,
            "limit": self.limit,
            "startpoint": self.offset,
            "url": f"?r={call.route}&p=",
            "page": self.page,
            "pages": _window(self.page, last),
            "prev": self.page - 1,
            "next": min(self.page + 1, max(last, 1)),
            "total": total,
        }


def paging(call: Call, limit: int = 10) -> Paging:
    """The asked page; anything but a positive number is the first."""
    return Paging(max(call.whole("p", 1), 1), limit)


def _window(page: int, last: int) -> list[int | str]:
    """The first, the last, and those around the present one, with `...` for what is left out."""
    shown = sorted({1, last, *range(page - _AROUND, page + _AROUND + 1)} & set(range(1, last + 1)))
    found: list[int | str] = []
    for number in shown:
        if found and isinstance(found[-1], int) and number - found[-1] > 1:
            found.append("...")
        found.append(number)
    return found
