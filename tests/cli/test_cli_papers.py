"""Papers in a running installation: fetched by the gateway over a socket, and put on the disk for a terminal."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path
from typing import Any

import httpx
from pypdf import PdfReader

from tests.cli.conftest import Installation, until

JOHN = "628123456789"
BILL = "tagihan-INV-2401-001.pdf"


def words(content: bytes) -> str:
    return PdfReader(io.BytesIO(content)).pages[0].extract_text()


async def test_the_gateway_fetches_a_bill_that_was_asked_for(demo: Installation) -> None:
    async with demo.running("serve"), httpx.AsyncClient(base_url=f"{demo.url}/sandbox/phone/api") as phone:

        async def shown() -> list[dict[str, Any]]:
            return list((await phone.get(f"chats/{JOHN}/messages")).json()["messages"])

        async def say(text: str, answers: int) -> None:
            before = len(await shown())
            await phone.post(f"chats/{JOHN}/messages", json={"text": text})

            async def answered() -> bool:
                return len(await shown()) == before + 1 + answers

            await until(answered)

        await say("cek tagihan", 1)
        await say("2", 1)
        await say("pdf", 2)
        content = (await shown())[-1]["content"]
        assert content["document"]["name"] == BILL
        assert [button["label"] for button in content["buttons"]] == ["Bayar", "Tagihan PDF", "Lihat semua"]
        kept = await phone.get(f"files/{content['document']['id']}")
        assert "Rp350.000" in words(kept.content)
        await say("bayar bni", 1)
        (link,) = re.findall(r"http://\S+/p/\S+", (await shown())[-1]["content"]["text"])
        page = await phone.get(link)
        assert (page.status_code, "Rp350.000" in page.text) == (200, True)


async def test_a_terminal_is_told_where_the_file_is(demo: Installation, tmp_path: Path) -> None:
    run = await demo.run("chat", "--as", JOHN, typed="cek tagihan\n2\npdf\n", TMPDIR=str(tmp_path))
    (path,) = re.findall(rf"^\[{BILL}\] (\S+)$", run.out, re.MULTILINE)
    assert "Rp350.000" in words(await asyncio.to_thread(Path(path).read_bytes))
