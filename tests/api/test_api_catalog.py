"""Regions and packages over HTTP (mywifi contract §4)."""

from __future__ import annotations

import pytest

from tests.api.support import Caller, example


async def test_regions_answer_like_the_document(anyone: Caller) -> None:
    answer = await anyone.get("/api/region")
    documented = example("region", 200)
    assert answer.status == 200
    assert answer.body == {**documented, "data": [*documented["data"], {"id": 2, "name": "Region Bandung"}]}


async def test_packages_on_sale_answer_like_the_document(anyone: Caller) -> None:
    answer = await anyone.get("/api/package", company_id=1)
    documented = example("package", 200)
    assert answer.status == 200
    assert list(answer.body["data"][0].items()) == list(documented["data"][0].items())
    assert [package["id"] for package in answer.body["data"]] == [12, 13], "neither hidden nor ended ones"


async def test_an_unknown_region_has_no_packages(anyone: Caller) -> None:
    answer = await anyone.get("/api/package", company_id=999)
    assert (answer.status, answer.body["data"]) == (200, [])


async def test_the_region_is_required(anyone: Caller) -> None:
    for path in ("/api/package", "/api/package?company_id=", "/api/package?company_id=%20"):
        answer = await anyone.ask("GET", path)
        assert (answer.status, answer.body) == (422, example("package", 422))


@pytest.mark.parametrize("given", ["abc", "1.5", "1e3", "0x1", "1;", "9" * 30, "\x00", "１"])
async def test_a_region_is_an_integer(anyone: Caller, given: str) -> None:
    answer = await anyone.get("/api/package", company_id=given)
    assert answer.errors == {"company_id": ["The company id must be an integer."]}
