"""Ways in which a WhatsApp gateway misbehaves, on request."""

from dataclasses import dataclass
from enum import StrEnum


class FaultMode(StrEnum):
    """What the next `/wa` call meets.

    none: works. refuse: nothing is taken, the connection is dropped; the nearest thing to a refused connection
    that ASGI allows is the status line of a 502 whose promised body never comes. hang: the message reaches the phone but the
    answer is never sent, then the connection drops: a retry must be recognised by its key. http_500: nothing is taken,
    HTTP 500 with a bare message. status_false: nothing is taken, HTTP 200 with a boolean `"status": false`, as Fonnte and
    Wablas answer. slow: taken, answered late. throttled: nothing is taken, with what the provider says to somebody who sends too
    fast. duplicate: taken and shown once, but answered as if the key had been seen before.
    """

    NONE = "none"
    REFUSE = "refuse"
    HANG = "hang"
    HTTP_500 = "http_500"
    STATUS_FALSE = "status_false"
    SLOW = "slow"
    THROTTLED = "throttled"
    DUPLICATE = "duplicate"


@dataclass
class Faults:
    """The chosen fault; `remaining` calls still meet it, all of them when it is None."""

    slow_s: float = 5.0
    hang_s: float = 60.0
    mode: FaultMode = FaultMode.NONE
    remaining: int | None = None

    def choose(self, mode: FaultMode, *, times: int | None = None) -> None:
        self.mode = mode
        self.remaining = None if mode is FaultMode.NONE else times

    def take(self) -> FaultMode:
        """The fault of this call; the last counted one puts the gateway in order again."""
        taken = self.mode
        if self.remaining is not None:
            self.remaining -= 1
            if self.remaining == 0:
                self.choose(FaultMode.NONE)
        return taken
