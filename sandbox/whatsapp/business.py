"""How the business's number is reached at the moment: by the wire gateway, or through one of the providers."""

from collections.abc import Callable, Sequence

from sandbox.web.errors import RequestError
from sandbox.whatsapp.providers.provider import Hook, Provider

WIRE = "wire"


class Business:
    """`hooks_url` is where the chatbot's webhooks are, below which each provider has its own address."""

    def __init__(
        self, providers: Sequence[Provider], *, hooks_url: Callable[[], str] | str, spoken: str
    ) -> None:
        self.providers = {provider.name: provider for provider in providers}
        self._hooks_url = hooks_url
        self.spoken = WIRE
        self.choose(spoken)

    @property
    def provider(self) -> Provider | None:
        """Whom the customers' messages go through; None is the wire gateway."""
        return self.providers.get(self.spoken)

    @property
    def choices(self) -> list[str]:
        return [WIRE, *self.providers]

    def choose(self, name: str) -> None:
        """Reach the number another way from the next message on."""
        if name not in self.choices:
            raise RequestError(400, f"no such way: {name}")
        self.spoken = name

    def address_of(self, hook: Hook) -> str:
        base = self._hooks_url if isinstance(self._hooks_url, str) else self._hooks_url()
        return f"{base.rstrip('/')}/{hook.path}"
