"""Ways in which Telegram, or the road to it, misbehaves, on request."""

from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.telegram.errors import ApiError, bad_request, forbidden, too_many


class FaultMode(StrEnum):
    """What the next call meets.

    none: works. flood: 429 with `retry_after`. blocked, deactivated, not_initiated: the three kinds of 403. not_found: 400, chat
    not found. server_error: 500 in JSON. bad_gateway: 502 that is not JSON. refuse: nothing is taken, the connection drops.
    hang: taken, but the answer never comes and the connection drops: the bot cannot know. slow: taken, answered late.
    """

    NONE = "none"
    FLOOD = "flood"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    NOT_INITIATED = "not_initiated"
    NOT_FOUND = "not_found"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    REFUSE = "refuse"
    HANG = "hang"
    SLOW = "slow"


#: What a fault concerns unless a method is named: everything that puts a message before a person.
SENDS = frozenset({"sendmessage", "sendphoto", "senddocument", "editmessagetext", "editmessagereplymarkup"})


@dataclass
class Faults:
    """The chosen fault; `remaining` calls still meet it, all of them when it is None."""

    slow_s: float = 5.0
    hang_s: float = 60.0
    mode: FaultMode = FaultMode.NONE
    remaining: int | None = None
    retry_after_s: int = 3
    methods: frozenset[str] = field(default=SENDS)

    def choose(
        self, mode: FaultMode, *, times: int | None = None, method: str = "", retry_after_s: int = 3
    ) -> None:
        self.mode = mode
        self.remaining = None if mode is FaultMode.NONE else times
        self.methods = frozenset({method.lower()}) if method else SENDS
        self.retry_after_s = retry_after_s

    def take(self, method: str) -> FaultMode:
        """The fault this call meets; the last counted one puts everything in order again."""
        if method not in self.methods:
            return FaultMode.NONE
        taken = self.mode
        if self.remaining is not None:
            self.remaining -= 1
            if self.remaining == 0:
                self.mode, self.remaining = FaultMode.NONE, None
        return taken

    def refusal(self, mode: FaultMode) -> ApiError | None:
        """Telegram's own words for a fault that has some."""
        return {
            FaultMode.FLOOD: too_many(self.retry_after_s),
            FaultMode.BLOCKED: forbidden("bot was blocked by the user"),
            FaultMode.DEACTIVATED: forbidden("user is deactivated"),
            FaultMode.NOT_INITIATED: forbidden("bot can't initiate conversation with a user"),
            FaultMode.NOT_FOUND: bad_request("chat not found"),
            FaultMode.SERVER_ERROR: ApiError(500, "Internal Server Error"),
        }.get(mode)
