"""The Telegram page in a real browser: what a tester sees, types and taps."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.sandbox.browser import IN_A_BROWSER, Phone, opened
from tests.sandbox.telegram_stage import JOHN, SITI, TOKEN, staged

pytestmark = IN_A_BROWSER

SHARE = {"keyboard": [[{"text": "Bagikan nomor HP saya", "request_contact": True}], ["Batal"]]}


def inline(*rows: tuple[str, ...]) -> dict[str, Any]:
    return {
        "inline_keyboard": [[{"text": each, "callback_data": f"1.{each}"} for each in row] for row in rows]
    }


@dataclass
class Live:
    """A stage that runs in its own thread, because a browser test waits where the server must not."""

    url: str

    def call(self, method: str, **body: Any) -> Any:
        """Call the Bot API as the bot does."""
        response = httpx.post(f"{self.url}bot{TOKEN}/{method}", json=body)
        assert response.status_code == 200, response.text
        return response.json()["result"]

    def send(self, text: str, **more: Any) -> int:
        """Write to John; the message's id."""
        sent = self.call("sendMessage", chat_id=JOHN.id, text=text, parse_mode="HTML", **more)
        return int(sent["message_id"])

    def heard(self) -> list[dict[str, Any]]:
        """What waits for the bot."""
        return list(self.call("getUpdates"))

    def tapped(self) -> dict[str, Any]:
        [query] = [each["callback_query"] for each in self.heard() if "callback_query" in each]
        return dict(query)


@pytest.fixture
def live() -> Iterator[Live]:
    ready, stages = threading.Event(), list[Live]()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with staged() as stage:
            stage.clock.now = datetime.now(UTC)
            stages.append(Live(str(stage.http.base_url)))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(10)
    yield stages[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def phone(live: Live) -> Iterator[Phone]:
    with opened(live.url) as window:
        yield window


def begin(phone: Phone) -> None:
    """Take John's phone and press Start."""
    phone.click(f'[data-phone="{JOHN.phone}"]')
    phone.until(lambda: phone.focused() == "gate")
    phone.press(Keys.ENTER)
    phone.until(lambda: phone.said("customer") == ["/start"])
    phone.until(lambda: phone.one("#composer").is_displayed())
    phone.click("#text")


def test_a_chat_begins_with_start_and_goes_on_by_keyboard(live: Live, phone: Phone) -> None:
    begin(phone)
    live.send("<b>Halo</b>, John &amp; <i>semua</i>")
    phone.until(lambda: phone.said("business") == ["Halo, John & semua"])
    assert phone.text(".business strong") == "Halo"
    phone.press("cek tagihan", Keys.ENTER)
    phone.until(lambda: phone.said("customer")[-1] == "cek tagihan")
    texts = [each["message"]["text"] for each in live.heard()]
    assert texts == ["/start", "cek tagihan"]
    assert phone.all(".tick.taken") == []
    live.call("getUpdates", offset=live.heard()[-1]["update_id"] + 1)
    phone.until(lambda: len(phone.all(".tick.taken")) == 2)


def test_a_tap_turns_until_it_is_acknowledged_and_the_message_changes_in_place(
    live: Live, phone: Phone
) -> None:
    begin(phone)
    sent = live.send("Pilih", reply_markup=inline(("Bayar", "Rincian"), ("Batal",)))
    assert len({each.location["y"] for each in map(phone.choice, ("Bayar", "Rincian"))}) == 1
    phone.choose("Bayar")
    phone.until(lambda: phone.all('.choice[aria-busy="true"]'))
    query = live.tapped()
    assert query["data"] == "1.Bayar"
    live.call("answerCallbackQuery", callback_query_id=query["id"], text="Sebentar ya")
    phone.until(lambda: not phone.all('.choice[aria-busy="true"]'))
    phone.until(lambda: phone.text("#toast") == "Sebentar ya")
    live.call(
        "editMessageText", chat_id=JOHN.id, message_id=sent, text="Lewat mana?", reply_markup=inline(("BNI",))
    )
    phone.until(lambda: phone.said("business") == ["Lewat mana?"])
    assert phone.texts(".keys .choice") == ["BNI"]
    assert "diubah" in phone.text(".business .meta")
    live.call("deleteMessage", chat_id=JOHN.id, message_id=sent)
    phone.until(lambda: phone.said("business") == [])


def test_an_alert_waits_to_be_dismissed(live: Live, phone: Phone) -> None:
    begin(phone)
    live.send("Pilih", reply_markup=inline(("Bayar",)))
    phone.choose("Bayar")
    phone.until(lambda: phone.all('.choice[aria-busy="true"]'))
    live.call("answerCallbackQuery", callback_query_id=live.tapped()["id"], text="Perhatian", show_alert=True)
    phone.until(lambda: phone.text("#sheet-title") == "Perhatian")
    phone.press(Keys.ESCAPE)
    assert not phone.one("#sheet").is_displayed()


def test_the_bots_keyboard_shares_the_number_and_goes_away(live: Live, phone: Phone) -> None:
    begin(phone)
    live.send("Nomor Anda?", reply_markup=SHARE)
    phone.choose("Bagikan nomor HP saya")
    phone.until(lambda: phone.all(".customer .card"))
    assert "+62 812-3456-789" in phone.text(".card small")
    contact = live.heard()[-1]["message"]["contact"]
    assert contact["user_id"] == JOHN.id
    live.send("Terima kasih", reply_markup={"remove_keyboard": True})
    phone.until(lambda: not phone.one("#keyboard").is_displayed())


def test_somebody_elses_contact_a_deep_link_and_a_block_are_in_the_menu(live: Live, phone: Phone) -> None:
    live.call("setMyCommands", commands=[{"command": "tagihan", "description": "Cek tagihan"}])
    begin(phone)
    for label in ("Bagikan kontak Siti Rahma", "t.me/…?start=tagihan", "Blokir bot"):
        phone.click("#more")
        phone.until(lambda: phone.one("#sheet").is_displayed())
        next(each for each in phone.all(".sheet-row") if each.text == label).click()
    phone.until(lambda: phone.text("#gate") == "Buka blokir")
    kinds = [next(kind for kind in each if kind != "update_id") for each in live.heard()]
    assert kinds == ["message", "message", "message", "my_chat_member"]
    contact, start = (each["message"] for each in live.heard()[1:3])
    assert (contact["contact"]["user_id"], start["text"]) == (SITI.id, "/start tagihan")
    phone.click("#gate")
    phone.until(lambda: phone.one("#composer").is_displayed())


def test_the_commands_of_the_bot_can_be_tapped(live: Live, phone: Phone) -> None:
    begin(phone)
    live.call("setMyCommands", commands=[{"command": "tagihan", "description": "Cek tagihan"}])
    phone.until(lambda: phone.texts(".chip") == ["/tagihan Cek tagihan"])
    phone.click(".chip")
    phone.until(lambda: phone.said("customer")[-1] == "/tagihan")


def test_typing_and_a_one_time_code_are_shown(live: Live, phone: Phone) -> None:
    begin(phone)
    live.call("sendChatAction", chat_id=JOHN.id, action="typing")
    phone.until(lambda: phone.all(".typing"))
    live.send("Kode Anda: <b>482913</b>")
    phone.until(lambda: phone.all(".code"))
    assert phone.all(".typing") == []
    assert phone.text(".code output") == "482913"


def test_markup_of_others_stays_text(live: Live, phone: Phone) -> None:
    begin(phone)
    hostile = '<img src=x onerror="document.title=1"> <b>tebal</b>'
    live.call("sendMessage", chat_id=JOHN.id, text=hostile)
    phone.until(lambda: phone.said("business") == [hostile])
    assert phone.all(".bubble img, .bubble b") == []


def test_a_photo_is_attached_seen_and_sent(live: Live, phone: Phone, tmp_path: Path) -> None:
    begin(phone)
    picture = tmp_path / "modem.png"
    picture.write_bytes(phone.one(".avatar.business").screenshot_as_png)
    phone.one("#photo").send_keys(str(picture))
    phone.until(lambda: phone.one("#attached").is_displayed())
    phone.one("#text").send_keys("lampu los kedip", Keys.ENTER)
    phone.until(lambda: phone.all(".customer .bubble img"))
    sent = live.heard()[-1]["message"]
    assert (sent["caption"], sent["photo"][-1]["file_size"]) == ("lampu los kedip", picture.stat().st_size)


def test_what_comes_for_another_phone_is_counted_as_unread(live: Live, phone: Phone) -> None:
    begin(phone)
    phone.click(f'[data-phone="{SITI.phone}"]')
    live.send("Satu")
    live.send("Dua")
    phone.until(lambda: phone.texts(".badge") == ["2"])
    phone.click(f'[data-phone="{JOHN.phone}"]')
    phone.until(lambda: phone.said("business") == ["Satu", "Dua"])
    assert phone.all(".badge") == []


def test_the_drawer_sets_a_fault_and_shows_the_traffic_without_the_token(live: Live, phone: Phone) -> None:
    begin(phone)
    phone.click("#open-gateway")
    phone.until(lambda: phone.focused() == "close-gateway")
    Select(phone.one("#fault")).select_by_value("flood")
    phone.until(lambda: "429" in phone.text("#fault-now"))
    refused = httpx.post(f"{live.url}bot{TOKEN}/sendMessage", json={"chat_id": JOHN.id, "text": "Halo"})
    assert refused.status_code == 429
    phone.until(lambda: any("retry after 3" in each for each in phone.texts("#journal li")))
    assert TOKEN not in phone.driver.page_source


def test_a_narrow_screen_shows_one_thing_at_a_time_and_never_scrolls_sideways(
    live: Live, phone: Phone
) -> None:
    phone.resize(360, 640)
    assert phone.overflow() == 0
    begin(phone)
    live.send(
        "Tautan https://loket.example/" + "panjang" * 30, reply_markup=inline(("Satu dua tiga", "Empat lima"))
    )
    live.send("Nomor?", reply_markup=SHARE)
    phone.until(lambda: phone.one("#keyboard").is_displayed())
    assert phone.overflow() == 0
    assert not phone.one(".phones").is_displayed()
    phone.click("#back")
    assert phone.one(".phones").is_displayed()


def test_english_is_remembered(phone: Phone) -> None:
    phone.click("#language")
    assert phone.text("#phones-title") == "Customers on Telegram"
    phone.open()
    assert phone.one("html").get_attribute("lang") == "en"
