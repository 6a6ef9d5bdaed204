"""The phone page in a real browser: what a tester sees, types and taps."""

import asyncio
import json
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
from tests.sandbox.whatsapp_stage import JOHN, SECRET_SEGMENT, Listener, staged

pytestmark = IN_A_BROWSER

BUTTONS = {
    "type": "buttons",
    "text": "Bayar lewat mana?",
    "buttons": [{"id": "bni", "text": "BNI Virtual Account"}, {"id": "alfa", "text": "Alfamart"}],
}
LIST = {
    "type": "list",
    "text": "Tagihan yang mana?",
    "buttonText": "Lihat tagihan",
    "sections": [{"title": "Belum dibayar", "rows": [{"id": "a", "title": "Januari 2023"}]}],
}


@dataclass
class Live:
    """A stage that runs in its own thread, because a browser test waits where the server must not."""

    url: str
    loket: Listener

    def send(self, **body: Any) -> None:
        """Send to John as Loket's sender does."""
        keyed = {
            "action": "send",
            "to": JOHN,
            "idempotency_key": f"wa-{datetime.now(UTC).timestamp()}",
            **body,
        }
        headers = {"Idempotency-Key": keyed["idempotency_key"]}
        response = httpx.post(f"{self.url}wa/ext/{SECRET_SEGMENT}/wa", json=keyed, headers=headers)
        assert response.status_code == 200, response.text


@pytest.fixture
def live() -> Iterator[Live]:
    ready, stages = threading.Event(), list[Live]()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with staged() as stage:
            stage.clock.now = datetime.now(UTC)
            stages.append(Live(str(stage.http.base_url), stage.loket))
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


def test_a_chat_can_be_held_with_the_keyboard_alone(live: Live, phone: Phone) -> None:
    phone.one(f'[data-phone="{JOHN}"]').send_keys(Keys.ARROW_DOWN, Keys.NULL)
    assert "Siti" in phone.driver.switch_to.active_element.text
    phone.press(Keys.ARROW_UP)
    phone.press(Keys.ENTER)
    phone.until(lambda: phone.focused() == "text")
    phone.press("cek *tagihan*", Keys.ENTER)
    phone.until(lambda: phone.said("business") == ["Siap."])
    assert live.loket.heard[0].payload["chatInput"] == "cek *tagihan*"
    assert phone.text(".customer strong") == "tagihan"
    assert phone.one(".tick").get_attribute("class") == "tick taken"
    phone.press("satu", Keys.SHIFT, Keys.ENTER, Keys.NULL, "dua", Keys.ENTER)
    phone.until(lambda: len(phone.said("business")) == 2)
    assert live.loket.heard[1].payload["chatInput"] == "satu\ndua"


def test_a_button_and_a_list_row_say_their_text(live: Live, phone: Phone) -> None:
    phone.pick_up(JOHN)
    live.send(interactive=BUTTONS)
    phone.choose("BNI Virtual Account")
    phone.until(lambda: "BNI Virtual Account" in phone.said("customer"))
    live.send(interactive=LIST)
    phone.choice("Lihat tagihan").send_keys(Keys.ENTER)
    phone.until(lambda: "Januari 2023" in phone.driver.switch_to.active_element.text)
    phone.press(Keys.ESCAPE)
    phone.until(lambda: phone.driver.switch_to.active_element.text == "Lihat tagihan")
    phone.press(Keys.ENTER)
    phone.until(lambda: "Januari 2023" in phone.driver.switch_to.active_element.text)
    phone.press(Keys.ENTER)
    phone.until(lambda: "Januari 2023" in phone.said("customer"))
    phone.until(lambda: len(live.loket.heard) == 2)
    assert [heard.payload["chatInput"] for heard in live.loket.heard] == [
        "BNI Virtual Account",
        "Januari 2023",
    ]


def test_a_numbered_menu_becomes_suggestions(live: Live, phone: Phone) -> None:
    live.loket.answer = json.dumps({"output": "Pilih:\n1. Tagihan\n2. Gangguan"})
    phone.pick_up(JOHN)
    assert phone.texts(".chip") == ["cek tagihan", "lupa password", "menu", "english"]
    phone.press("menu", Keys.ENTER)
    phone.until(lambda: phone.texts(".chip") == ["1 · Tagihan", "2 · Gangguan"])
    phone.all(".chip")[1].click()
    phone.until(lambda: phone.said("customer") == ["menu", "2"])


def test_a_one_time_code_stands_out(live: Live, phone: Phone) -> None:
    phone.pick_up(JOHN)
    live.send(text="Kode Anda 482913. Berlaku 5 menit.")
    phone.until(lambda: phone.all(".code"))
    assert phone.text(".code output") == "482913"
    assert phone.text(".code button") == "Salin"


def test_markup_in_a_message_stays_text(live: Live, phone: Phone) -> None:
    phone.pick_up(JOHN)
    hostile = '<img src=x onerror="document.title=1"> <b>tebal</b>'
    live.send(text=hostile)
    phone.until(lambda: phone.said("business") == [hostile])
    assert phone.all(".bubble img, .bubble b") == []


def test_what_comes_for_another_phone_is_counted_as_unread(live: Live, phone: Phone) -> None:
    phone.pick_up("6281200000004")
    live.send(text="Satu")
    live.send(text="Dua")
    phone.until(lambda: phone.texts(".badge") == ["2"])
    phone.pick_up(JOHN)
    phone.until(lambda: not phone.all(".badge"))
    phone.driver.refresh()
    phone.until(lambda: phone.said("business") == ["Satu", "Dua"])
    assert phone.all(".badge") == []


def test_a_photo_is_attached_seen_and_sent(live: Live, phone: Phone, tmp_path: Path) -> None:
    picture = tmp_path / "modem.png"
    phone.pick_up(JOHN)
    picture.write_bytes(phone.one(".avatar.business").screenshot_as_png)
    phone.one("#photo").send_keys(str(picture))
    phone.until(lambda: phone.one("#attached").is_displayed())
    phone.one("#text").send_keys("lampu los kedip", Keys.ENTER)
    phone.until(lambda: phone.all(".customer .bubble img"))
    phone.until(lambda: live.loket.heard)
    [heard] = live.loket.heard
    assert heard.files["file0"] == picture.read_bytes()
    assert heard.payload["attachments"][0]["width"] > 0
    assert not phone.one("#attached").is_displayed()


def test_a_stranger_is_added_and_picked_up(live: Live, phone: Phone) -> None:
    phone.one("#new-number").send_keys("bukan nomor", Keys.ENTER)
    phone.until(lambda: phone.text("#add-error"))
    [refusal] = phone.complaints()
    assert "400 (Bad Request)" in refusal
    phone.one("#new-number").clear()
    phone.one("#new-number").send_keys("0899 1234 567", Keys.ENTER)
    phone.until(lambda: phone.focused() == "text")
    phone.press("halo", Keys.ENTER)
    phone.until(lambda: live.loket.heard)
    assert live.loket.heard[0].payload["extra"]["contact_jid"] == "628991234567@s.whatsapp.net"


def test_the_gateway_drawer_sets_a_fault_and_shows_the_traffic(live: Live, phone: Phone) -> None:
    phone.click("#open-gateway")
    phone.until(lambda: phone.focused() == "close-gateway")
    Select(phone.one("#fault")).select_by_value("duplicate")
    phone.until(lambda: "Dianggap ganda" in phone.text("#fault-now"))
    live.send(text="Halo")
    phone.until(lambda: phone.all("#journal li"))
    assert "200 send text to …6789 (repeated)" in phone.text("#journal li")
    phone.one("#close-gateway").send_keys(Keys.ESCAPE)
    assert not phone.one("#gateway").is_displayed()
    assert phone.focused() == "open-gateway"


def test_english_is_remembered(phone: Phone) -> None:
    phone.click("#language")
    assert phone.text("#phones-title") == "Customer phones"
    phone.open()
    assert phone.text("#phones-title") == "Customer phones"
    assert phone.one("html").get_attribute("lang") == "en"


def test_a_narrow_screen_shows_one_thing_at_a_time_and_never_scrolls_sideways(
    live: Live, phone: Phone
) -> None:
    phone.resize(360, 640)
    live.send(interactive=BUTTONS)
    live.send(text="Tautan https://loket.example/" + "panjang" * 30)
    phone.until(lambda: phone.all(".badge"))
    assert not phone.one(".stage").is_displayed()
    assert phone.overflow() == 0
    phone.pick_up(JOHN)
    assert not phone.one(".phones").is_displayed()
    assert phone.overflow() == 0
    phone.press("halo", Keys.ENTER)
    phone.until(lambda: "Siap." in phone.said("business"))
    phone.click("#back")
    assert phone.one(".phones").is_displayed()
    phone.click("#open-gateway")
    assert phone.overflow() == 0


def test_a_hand_over_is_shown_until_it_ends(live: Live, phone: Phone) -> None:
    phone.pick_up(JOHN)
    path = f"{live.url}wa/ext/{SECRET_SEGMENT}/ai"
    phone.press("mau ngomong sm orang", Keys.ENTER)
    phone.until(lambda: live.loket.heard)
    session = live.loket.heard[0].headers["x-ai-session"]
    assert httpx.post(path, json={"route": "handoff", "session_id": session}).status_code == 200
    phone.until(lambda: phone.text("#handoff") == "Petugas sedang menjawab")
    assert httpx.post(path, json={"route": "handoff_off", "session_id": session}).status_code == 200
    phone.until(lambda: not phone.one("#handoff").is_displayed())
