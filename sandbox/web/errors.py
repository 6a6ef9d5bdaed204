"""The one way in which a phone's API says no."""


class RequestError(Exception):
    """A request from the page that cannot be done; `status` is the HTTP status and the message tells why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
