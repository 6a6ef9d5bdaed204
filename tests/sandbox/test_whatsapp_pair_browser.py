"""Both phones side by side in a real browser, and the WhatsApp one at Meta with its real lists."""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from selenium.webdriver.support.ui import Select

from tests.sandbox.browser import IN_A_BROWSER, Phone, opened
from tests.sandbox.providers_stage import NUMBER, Stage, staged
from tests.sandbox.whatsapp_stage import JOHN

pytestmark = IN_A_BROWSER

SITI = "6281200000001"


@dataclass
class Live:
    """A stage that runs in its own thread, because a browser test waits where the server must not."""

    url: str
    stage: Stage

    def offer(self, *titles: str) -> None:
        """Send John a list as Loket's sender does."""
        rows = [{"id": f"stamp.{title}", "title": title} for title in titles]
        shown = {
            "type": "list",
            "body": {"text": "Tagihan yang mana?"},
            "action": {"button": "Menu", "sections": [{"rows": rows}]},
        }
        body = {"messaging_product": "whatsapp", "to": JOHN, "type": "interactive", "interactive": shown}
        headers = {"Authorization": "Bearer t"}
        sent = httpx.post(f"{self.url}cloud/v23.0/{NUMBER}/messages", json=body, headers=headers)
        assert sent.status_code == 200, sent.text

    def heard(self) -> list[str]:
        return [body.decode() for path, body in self.stage.hooks.heard if path == "cloud"]


@pytest.fixture
def live() -> Iterator[Live]:
    ready, stages = threading.Event(), list[Live]()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with staged("wire") as stage:
            stage.wrote()
            stages.append(Live(str(stage.http.base_url), stage))
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
def window(live: Live) -> Iterator[Phone]:
    with opened(live.url) as browser:
        yield browser


def owners(window: Phone) -> list[str]:
    """Whose phones are in the two frames."""
    found = []
    for frame in ("whatsapp", "telegram"):
        window.driver.switch_to.frame(frame)
        found.append(window.text("#chat-status"))
        window.driver.switch_to.default_content()
    return found


def test_both_phones_of_one_person_lie_side_by_side(window: Phone) -> None:
    window.driver.get(window.url)
    window.until(lambda: all("John Doe" in owner for owner in owners(window)))
    Select(window.one("#person")).select_by_value(SITI)
    window.until(lambda: all("Siti Rahma" in owner for owner in owners(window)))
    left, right = (window.one(f"#{frame}").rect for frame in ("whatsapp", "telegram"))
    assert left["x"] + left["width"] <= right["x"]
    assert min(left["height"], right["height"]) > 500
    assert window.overflow() <= 0


def test_where_there_is_room_for_one_a_tap_shows_the_other(window: Phone) -> None:
    window.resize(390, 800)
    window.driver.get(window.url)
    window.until(lambda: window.one("#whatsapp").is_displayed())
    assert not window.one("#telegram").is_displayed()
    window.click('[data-shows="telegram"]')
    window.until(lambda: window.one("#telegram").is_displayed())
    assert window.overflow() <= 0


def test_the_number_is_switched_to_meta_and_a_row_of_its_list_is_tapped(live: Live, window: Phone) -> None:
    window.pick_up(JOHN)
    window.click("#open-gateway")
    window.until(lambda: Select(window.one("#business")).options)
    Select(window.one("#business")).select_by_value("cloud")
    window.until(lambda: "Cloud API" in window.text("#chat-status"))
    live.offer("Januari 2023", "Januari 2024")
    window.choose("Menu")
    window.until(lambda: window.texts(".sheet-row") == ["Januari 2023", "Januari 2024"])
    window.click(".sheet-row:nth-of-type(2)")
    window.until(lambda: window.said("customer") == ["Januari 2024"])

    def replies() -> list[str]:
        values = [json.loads(body)["entry"][0]["changes"][0]["value"] for body in live.heard()]
        said = [message for value in values for message in value.get("messages", [])]
        return [message["interactive"]["list_reply"]["id"] for message in said]

    window.until(lambda: replies() == ["stamp.Januari 2024"])
