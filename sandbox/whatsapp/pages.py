"""The pages themselves: one phone, and both phones side by side."""

from quart import Blueprint, Response


def add_pages(blueprint: Blueprint) -> None:
    @blueprint.get("/")
    async def pair() -> Response:
        return await blueprint.send_static_file("index.html")

    @blueprint.get("/phone")
    async def phone() -> Response:
        return await blueprint.send_static_file("phone.html")
