"""The WhatsApp an installation speaks, made of its settings: the wire gateway or one of the dialects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.adapters.whatsapp import DialectChannel, GatewayConfig, WhatsAppGateway
from core.adapters.whatsapp.channel import always
from core.adapters.whatsapp.dialects.cloud import Cloud, CloudConfig
from core.adapters.whatsapp.dialects.dialect import Dialect
from core.adapters.whatsapp.dialects.evolution import Evolution, EvolutionConfig
from core.adapters.whatsapp.dialects.fonnte import Fonnte, FonnteConfig
from core.adapters.whatsapp.dialects.gowa import Gowa, GowaConfig
from core.adapters.whatsapp.dialects.wablas import Wablas, WablasConfig
from core.adapters.whatsapp.dialects.waha import Waha, WahaConfig
from core.messaging import window
from core.messaging.ports import TextChannel
from core.services import Services
from core.settings import Settings

CHANNEL = "whatsapp"


def gateway_config(settings: Settings) -> GatewayConfig:
    """The wire gateway as the settings describe it."""
    return GatewayConfig(
        method=settings.wa_gateway_method,
        url=settings.wa_gateway_url,
        secret=settings.wa_gateway_secret,
        auth_type=settings.wa_gateway_auth_type,
        auth_username=settings.wa_gateway_auth_username,
        auth_password=settings.wa_gateway_auth_password,
        auth_header_name=settings.wa_gateway_auth_header_name,
        auth_token=settings.wa_gateway_auth_token,
        get_url=settings.wa_get_url,
    )


def cloud(settings: Settings) -> Cloud:
    return Cloud(
        CloudConfig(
            url=settings.wa_cloud_url,
            version=settings.wa_cloud_version,
            phone_number_id=settings.wa_cloud_phone_number_id,
            token=settings.wa_cloud_token,
            app_secret=settings.wa_cloud_app_secret,
            verify_token=settings.wa_cloud_verify_token,
            template=settings.wa_cloud_template,
            language=settings.language,
        )
    )


def _waha(settings: Settings) -> Waha:
    return Waha(
        WahaConfig(settings.waha_url, settings.waha_key, settings.waha_session, settings.waha_hmac_key)
    )


def _evolution(settings: Settings) -> Evolution:
    return Evolution(
        EvolutionConfig(
            settings.evolution_url,
            settings.evolution_key,
            settings.evolution_instance,
            settings.evolution_version,
        )
    )


def _gowa(settings: Settings) -> Gowa:
    return Gowa(
        GowaConfig(
            settings.gowa_url,
            settings.gowa_username,
            settings.gowa_password,
            settings.gowa_webhook_secret,
            settings.gowa_device,
        )
    )


def _fonnte(settings: Settings) -> Fonnte:
    return Fonnte(FonnteConfig(settings.fonnte_url, settings.fonnte_token))


def _wablas(settings: Settings) -> Wablas:
    return Wablas(WablasConfig(settings.wablas_url, settings.wablas_token, settings.wablas_secret))


_DIALECTS: Mapping[str, Callable[[Settings], Dialect]] = {
    "cloud": cloud,
    "waha": _waha,
    "evolution": _evolution,
    "gowa": _gowa,
    "fonnte": _fonnte,
    "wablas": _wablas,
}


def dialect(settings: Settings) -> Dialect | None:
    """The dialect that is chosen; None for the wire gateway, which is no dialect but a protocol of its own."""
    make = _DIALECTS.get(settings.whatsapp)
    return make(settings) if make else None


def listened_to(settings: Settings) -> list[Dialect]:
    """The dialects whose webhooks are open: the chosen one, and in the sandbox the Cloud API, for the phone page."""
    spoken = dialect(settings)
    found = [] if spoken is None else [spoken]
    if settings.sandbox and settings.whatsapp != "cloud":
        found.append(cloud(settings))
    return found


def dialect_channel(services: Services, spoken: Dialect) -> DialectChannel:
    """A channel over a dialect; only Meta counts the hours since a person's last message."""

    async def is_open(chat: str) -> bool:
        async with services.uow.read() as tx:
            return await window.is_open(tx, CHANNEL, chat)

    counts_hours = isinstance(spoken, Cloud)
    return DialectChannel(
        spoken,
        now=services.clock.now,
        window=is_open if counts_hours else always,
        files=services.file_links,
    )


def whatsapp_channel(services: Services) -> TextChannel:
    """The channel that texts for WhatsApp leave by."""
    spoken = dialect(services.settings)
    if spoken is not None:
        return dialect_channel(services, spoken)
    return WhatsAppGateway(
        gateway_config(services.settings), now=services.clock.now, files=services.file_links
    )


def problems(settings: Settings) -> list[str]:
    """What keeps the chosen dialect from working, each with the name of its setting, and how it is called back."""
    spoken = dialect(settings)
    if spoken is None:
        return []
    found = spoken.problems()
    if not spoken.signed and not settings.wa_webhook_secret:
        found.append(
            f"LOKET_WA_WEBHOOK_SECRET: missing; {spoken.name} signs nothing, so the webhook's address must be secret"
        )
    return found
