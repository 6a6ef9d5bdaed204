"""`loket doctor`: looks at everything an installation needs and says what to do about what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import aiohttp
from msgspec import Struct
from sqlalchemy import func, select

from core.adapters.whatsapp import DialectChannel, problems
from core.adapters.whatsapp.dialects.dialect import Dialect
from core.bootstrap import bootstrap
from core.messaging.ports import Accepted, ChannelDown
from core.migrations import versions
from core.platform.clock import SystemClock
from core.platform.outbox import State, outbox
from core.settings import DEMO_SECRET, Settings
from core.whatsapp import dialect, gateway_config


class Finding(Struct, frozen=True):
    """One thing looked at; `advice` is empty when it is well."""

    subject: str
    saw: str
    advice: str = ""
    is_fatal: bool = True


async def examine(settings: Settings) -> bool:
    """Print one line for each thing looked at; True when nothing stands in the way of serving."""
    checks: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
        _settings,
        _database,
        _queue,
        _gateway,
        _webhook,
        _links,
    )
    findings = [await check(settings) for check in checks]
    for finding in findings:
        mark = "ok  " if not finding.advice else ("FAIL" if finding.is_fatal else "note")
        print(f"{mark}  {finding.subject}: {finding.saw}")
        if finding.advice:
            print(f"      -> {finding.advice}")
    return not any(finding.advice and finding.is_fatal for finding in findings)


async def _settings(settings: Settings) -> Finding:
    if DEMO_SECRET in settings.masters:
        advice = "before real customers come: set LOKET_SECRET_KEY, and LOKET_ENV=production"
        return Finding(
            "settings", f"complete, for {settings.env}, with the demo's secret", advice, is_fatal=False
        )
    return Finding("settings", f"complete, for {settings.env}")


async def _database(settings: Settings) -> Finding:
    try:
        current, newest = await versions(settings.database_url)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises, the advice is the same
        return Finding(
            "database", f"does not answer ({type(error).__name__})", "check LOKET_DATABASE_URL and the server"
        )
    if current != newest:
        return Finding(
            "database", f"schema {current or 'empty'}, newest is {newest}", "run: loket db upgrade"
        )
    return Finding("database", f"answers, schema {current}")


async def _queue(settings: Settings) -> Finding:
    try:
        async with bootstrap(settings) as services, services.uow.read() as tx:
            parked = await tx.scalar(
                select(func.count()).select_from(outbox).where(outbox.c.state == State.PARKED)
            )
    except Exception as error:  # noqa: BLE001 - no table or no database: the finding above says so
        return Finding("outbox", f"cannot be read ({type(error).__name__})", "mend the database first")
    if parked:
        advice = "see why: loket outbox list --state parked"
        return Finding("outbox", f"{parked} parked", advice, is_fatal=False)
    return Finding("outbox", "nothing parked")


async def _links(settings: Settings) -> Finding:
    """Whether customers can follow a link, and a gateway fetch a file."""
    if settings.link_url:
        return Finding("links", f"bills, receipts and files are reached at {settings.link_url}")
    advice = "set LOKET_PUBLIC_URL: until then nobody is sent a pay link, and WhatsApp no PDF"
    return Finding("links", "no public address", advice, is_fatal=False)


async def _gateway(settings: Settings) -> Finding:
    spoken = dialect(settings)
    return await (_wire(settings) if spoken is None else _provider(spoken))


async def _provider(spoken: Dialect) -> Finding:
    """Ask the provider, changing nothing, whether it lets us in."""
    subject = f"WhatsApp ({spoken.name})"
    channel = DialectChannel(spoken, now=SystemClock().now)
    try:
        match await channel.look():
            case Accepted():
                return Finding(subject, "answers, and lets us in")
            case ChannelDown(reason):
                advice = (
                    f"start it, or check the address {spoken.origin}; messages wait in the outbox meanwhile"
                )
                return Finding(subject, reason, advice, is_fatal=False)
            case refusal:
                return Finding(
                    subject, refusal.reason, "check its token, and that the number is logged in there"
                )
    finally:
        await channel.aclose()


async def _wire(settings: Settings) -> Finding:
    found = problems(gateway_config(settings))
    if found:
        return Finding(
            "WhatsApp gateway", "; ".join(found), "set LOKET_WA_GATEWAY_URL and _SECRET, or LOKET_WA_GET_URL"
        )
    url = settings.wa_gateway_url or settings.wa_get_url
    origin = "/".join(url.split("/")[:3])
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            await session.head(origin, allow_redirects=False)
    except (aiohttp.ClientError, TimeoutError) as error:
        advice = "start the gateway or check LOKET_WA_GATEWAY_URL; messages wait in the outbox meanwhile"
        return Finding(
            "WhatsApp gateway", f"does not answer ({type(error).__name__})", advice, is_fatal=False
        )
    return Finding("WhatsApp gateway", "configured, and its host answers")


async def _webhook(settings: Settings) -> Finding:
    spoken = dialect(settings)
    if spoken is not None:
        secret = "" if spoken.signed else "/<secret>"
        address = f"{settings.base_url}/webhooks/whatsapp/{spoken.name}{secret}"
        if settings.sandbox or address.startswith("https://"):
            return Finding("WhatsApp webhook", f"open at {address}")
        advice = "set LOKET_PUBLIC_URL to the https:// address that the provider reaches"
        return Finding("WhatsApp webhook", f"open at {address}", advice, is_fatal=False)
    if not settings.wa_webhook_secret:
        advice = "set LOKET_WA_WEBHOOK_SECRET to receive chats, and give the gateway the address"
        return Finding("WhatsApp webhook", "closed", advice, is_fatal=False)
    return Finding("WhatsApp webhook", f"open at {settings.base_url}/webhooks/whatsapp/wire/<secret>")
