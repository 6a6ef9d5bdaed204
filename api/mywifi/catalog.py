"""What can be bought where (mywifi contract §4, endpoints 10 and 11)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from quart import Blueprint, Response

from api.auth import services
from api.http import answer, read
from api.mywifi import examples, render
from api.mywifi.access import public
from api.mywifi.bodies import Named, PackageList, RegionList
from api.operations import Operation
from api.rules import Whole

blueprint = Blueprint("mywifi_catalog", __name__, url_prefix="/api")


class PackageFilter(Struct, frozen=True):
    """The region to buy in."""

    company_id: Annotated[int, Whole()]


@blueprint.get("/region")
@public(Operation(summary="Daftar region (data dari tabel company).", answer=examples.REGIONS))
async def list_regions() -> Response:
    """Where the business sells."""
    found = await services().catalog.regions()
    return answer(RegionList(data=tuple(Named(region.id, region.name) for region in found)))


@blueprint.get("/package")
@public(
    Operation(
        summary="Daftar paket aktif dan public berdasarkan company_id.",
        reads=PackageFilter,
        answer=examples.PACKAGES,
    )
)
async def list_packages() -> Response:
    """An unknown region has no packages."""
    form = await read(PackageFilter)
    found = await services().catalog.plans_on_sale(form.company_id)
    return answer(PackageList(data=tuple(map(render.package, found))))
