"""`loket demo load`, and the same for `loket serve` with the demo on."""

from __future__ import annotations

from core.bootstrap import bootstrap
from core.migrations.moves import upgrade
from core.settings import Settings
from core.testing.demo import load_demo


async def load(settings: Settings) -> None:
    """Migrate, then fill an empty database; one that holds anybody is left as it is."""
    if settings.env == "production" or not settings.demo:
        print("Demo data has published passwords: set LOKET_DEMO=1, and never in production.")
        raise SystemExit(1)
    await upgrade(settings.database_url)
    async with bootstrap(settings) as services:
        loaded = await load_demo(services)
    print("Demo data loaded." if loaded else "This database holds customers already; nothing was changed.")
