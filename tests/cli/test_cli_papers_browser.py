"""A bill asked for in a chat arrives as a file on both phones, as a newcomer with a browser sees it."""

from __future__ import annotations

import asyncio
import io

import httpx
from pypdf import PdfReader
from selenium.webdriver.common.keys import Keys

from tests.cli.conftest import Installation
from tests.sandbox.browser import IN_A_BROWSER, Phone, opened

pytestmark = IN_A_BROWSER

JOHN = "628123456789"
BILL = "tagihan-INV-2401-001.pdf"


def ask_for_the_bill(phone: Phone) -> None:
    say(phone, "cek tagihan", "Rp627.500")
    say(phone, "2", "INV-2401-001")
    say(phone, "pdf", "dalam PDF")


def say(phone: Phone, text: str, answered: str) -> None:
    phone.one("#text").send_keys(text, Keys.ENTER)
    phone.until(lambda: any(answered in each for each in phone.said("business")))


def read_the_file(phone: Phone) -> str:
    """What stands on the file in the newest bubble that has one."""
    phone.until(lambda: BILL in phone.texts(".bubble .media"))
    address = str(phone.all(".bubble .media")[-1].get_attribute("href"))
    return PdfReader(io.BytesIO(httpx.get(address).content)).pages[0].extract_text()


def on_whatsapp(url: str) -> str:
    with opened(f"{url}/sandbox/") as phone:
        phone.pick_up(JOHN)
        ask_for_the_bill(phone)
        return read_the_file(phone)


def on_telegram(url: str) -> str:
    with opened(f"{url}/sandbox/telegram/") as phone:
        phone.click(f'[data-phone="{JOHN}"]')
        phone.click("#gate")
        phone.until(lambda: phone.one("#keyboard").is_displayed())
        phone.click("#keyboard .choice")
        phone.until(lambda: any("ISP00123" in each for each in phone.said("business")))
        ask_for_the_bill(phone)
        return read_the_file(phone)


async def test_a_bill_arrives_as_a_file_on_both_phones(demo: Installation) -> None:
    async with demo.running("serve"):
        for look in (on_whatsapp, on_telegram):
            assert "Rp350.000" in await asyncio.to_thread(look, demo.url)


def pay_page(url: str, link: str) -> None:
    with opened(f"{url}/sandbox/") as phone:
        phone.resize(360, 740)
        phone.url = url
        phone.driver.get(link)
        assert phone.overflow() <= 0
        copy = phone.one("button[data-copy]")
        phone.until(copy.is_displayed)
        assert copy.get_attribute("data-copy") == "999001ISP00123"
        phone.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        phone.driver.get(link)
        assert not phone.one("button[data-copy]").is_displayed()
        assert phone.one("code").text == "999001ISP00123"


async def test_the_pay_page_fits_a_phone_with_and_without_scripts(demo: Installation) -> None:
    async with demo.running("serve"):
        await asyncio.to_thread(
            pay_page, demo.url, f"{demo.url}/checkout/payment?invoice=INV-2401-001&noservices=ISP00123"
        )
