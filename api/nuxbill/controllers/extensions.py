"""Plugins, their manager, and the community page: an honest registry, no code from outside (phpnuxbill-1 contract §7.6, §7.26, §7.27)."""

from __future__ import annotations

import enum

from msgspec import Struct

from api.nuxbill.actions import OFFICE, POST, SUPERADMIN, Controller, Likeness, Param, Who
from api.nuxbill.call import Call
from api.nuxbill.replies import Done, Page, Refused, Reply
from core.audit import activity

plugin = Controller("plugin", who=Who.PUBLIC, fallback="<function>")
manager = Controller("pluginmanager", roles=OFFICE, fallback="")
community = Controller("community", fallback="")

CONTROLLERS = (plugin, manager, community)

_NO_CODE = "Nothing is downloaded or run; what ships with Loket is switched on and off."
_OFF = "Installation from URL or file is disabled"


class Sort(enum.StrEnum):
    PLUGIN = "plugin"
    PAYMENT = "payment"
    DEVICE = "device"

    @property
    def label(self) -> str:
        return {"plugin": "Plugin", "payment": "Payment Gateway", "device": "Device"}[self.value]


class Extension(Struct, frozen=True):
    """Something that ships with Loket."""

    id: str
    sort: Sort
    name: str
    description: str


EXTENSIONS = (
    Extension("MikrotikPppoe", Sort.DEVICE, "Mikrotik PPPoE", "PPPoE users on RouterOS."),
    Extension("MikrotikHotspot", Sort.DEVICE, "Mikrotik Hotspot", "Hotspot users on RouterOS."),
)


@plugin.action(
    "<function>",
    likeness=Likeness.DIFFERENT,
    because="The original runs any function of PHP by its name; only registered extensions answer here, and none is.",
)
async def run_plugin(_call: Call) -> Reply:
    """An extension's endpoint."""
    raise Refused("Function not found")


@manager.action(
    gives="zipExt, repoError, plugins, pgs, dvcs",
    likeness=Likeness.DIFFERENT,
    because="The catalogue is bundled.",
)
async def show_catalogue(call: Call) -> Reply:
    """What ships with Loket and what is switched on."""
    off = set(call.preferences.extensions_off)
    by_sort = {
        sort: [_entry(each, is_on=each.id not in off) for each in EXTENSIONS if each.sort is sort]
        for sort in Sort
    }
    shown = {
        "zipExt": False,
        "repoError": "",
        "plugins": by_sort[Sort.PLUGIN],
        "pgs": by_sort[Sort.PAYMENT],
        "dvcs": by_sort[Sort.DEVICE],
    }
    return Page("Plugin Manager", "settings", shown)


@manager.action("refresh")
async def refresh(_call: Call) -> Reply:
    """Look at the catalogue again."""
    return Done("Refresh success")


@manager.action(
    "install", path=("sort", "id"), roles=(SUPERADMIN,), likeness=Likeness.DIFFERENT, because=_NO_CODE
)
async def install(call: Call) -> Reply:
    """Switch on what ships with Loket."""
    found = _named(call.path(2), call.path(3))
    await _switch(call, found, is_on=True)
    return Done(f"{found.sort.label} {found.id} has been installed")


@manager.action(
    "delete", path=("sort", "id"), roles=(SUPERADMIN,), likeness=Likeness.DIFFERENT, because=_NO_CODE
)
async def delete(call: Call) -> Reply:
    """Switch off what ships with Loket."""
    found = _named(call.path(2), call.path(3))
    await _switch(call, found, is_on=False)
    return Done(f"{found.sort.label} {found.id} has been deleted")


@manager.action(
    "dlinstall",
    methods=POST,
    takes=(Param("gh_url"), Param("zip_plugin", is_file=True)),
    likeness=Likeness.DIFFERENT,
    because="Nothing that was uploaded or downloaded is ever run.",
)
async def install_from_outside(call: Call) -> Reply:
    """Refused, always; the attempt is written to the activity log."""
    async with call.services.uow.write() as tx:
        said = "Refused to install an extension from outside"
        await activity.note(tx, said, kind=call.staff.role.label, user_id=call.staff.id, ip=call.ip)
    raise Refused(_OFF)


@community.action(gives="version")
async def show_community(_call: Call) -> Reply:
    """The page about the project."""
    return Page("Community", "community", {"version": "2026.01.31"})


@community.action(
    "rollback", roles=OFFICE, likeness=Likeness.DIFFERENT, because="Nothing is fetched from the outside."
)
async def show_rollback(_call: Call) -> Reply:
    """Former versions; there is no source of them here."""
    raise Refused("Rollback is not available")


def _named(sort: str, wanted: str) -> Extension:
    for each in EXTENSIONS:
        if each.sort == sort and each.id == wanted:
            return each
    raise Refused("Nothing Installed")


async def _switch(call: Call, extension: Extension, *, is_on: bool) -> None:
    off = set(call.preferences.extensions_off) - {extension.id}
    if not is_on:
        off.add(extension.id)
    await call.services.preferences.change({"extensions_off": sorted(off)}, actor=call.actor)


def _entry(each: Extension, *, is_on: bool) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "description": each.description,
        "ispaid": False,
        "author": "Loket",
        "url": "",
        "github": "",
        "last_update": "",
        "installed": is_on,
        "enabled": is_on,
    }
