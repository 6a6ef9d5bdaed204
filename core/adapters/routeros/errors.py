"""Why a router could not be asked; nothing of this leaves the adapter.

RouterTrouble
├── Unreachable      it does not answer, or not sensibly: the connection is dropped, and failures are counted
│   ├── OutOfStep    it answered something that was not asked
│   └── LoginRefused it does not take our name and password
├── Refused          it understood and said no: the connection is as good as before
│   └── Denied       and will say so again until somebody changes it, or our record
├── Resting          it failed so often that it is left alone for a while
└── Misconfigured    our own record of it cannot be used
"""

from __future__ import annotations

from librouteros.exceptions import LibRouterosError


class RouterTrouble(Exception):
    """Base of all; the text is a short reason for the log and holds nothing of a customer's."""


class Unreachable(RouterTrouble):
    """The router does not answer, or not in a way that can be trusted."""


class OutOfStep(Unreachable):
    """What came is no answer to what was asked: believing it could show one customer another's line."""


class LoginRefused(Unreachable):
    """The router does not take our name and password; somebody has to look at its record."""


class Refused(RouterTrouble):
    """The router refused a question that had to be answered: a permission or a menu is missing."""


class Denied(Refused):
    """It will say no again until somebody changes the router or our record: a permission, a menu, a profile is missing."""


#: What routers say, in part and in lower case, when asking again is pointless (routeros contract §1).
_FINAL = (
    "not enough permissions",
    "no such command",
    "unknown parameter",
    "input does not match",
    "invalid value",
    "ambiguous value",
    "missing value",
    "expected",
)


def refusal(command: str, message: str) -> Refused:
    """What a trap means; words nobody knows may mean something else the next time."""
    kind = Denied if any(words in message.lower() for words in _FINAL) else Refused
    return kind(f"{command}: {message}")


class Resting(RouterTrouble):
    """The router has failed repeatedly and is left alone; `retry_after_s` says how long."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("resting")
        self.retry_after_s = retry_after_s


class Misconfigured(RouterTrouble):
    """There is no usable record of the router."""


#: Everything a broken connection or a garbled answer can raise: sockets, TLS, time, framing, missing words.
BROKEN = (OSError, EOFError, LibRouterosError, ValueError, IndexError)
