"""The pages that show the API document."""

from __future__ import annotations

import re

import pytest

from tests.api.support import Caller


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/api/docs", "text/html"),
        ("/api/docs/docs.css", "text/css"),
        ("/api/docs/docs.js", "text/javascript"),
    ],
)
async def test_the_pages_are_served_with_a_policy_that_keeps_everything_else_out(
    anyone: Caller, path: str, kind: str
) -> None:
    answer = await anyone.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", answer.text), (
        "nothing comes from elsewhere"
    )


async def test_the_page_needs_no_inline_script_or_style(anyone: Caller) -> None:
    page = (await anyone.get("/api/docs")).text
    assert not re.findall(r"<script(?![^>]*src=)|<style|style=|onclick=", page)
    script = (await anyone.get("/api/docs/docs.js")).text
    assert "innerHTML" not in script, "whatever an answer holds is shown as text"
