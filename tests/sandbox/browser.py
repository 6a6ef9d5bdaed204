"""A phone page in a real browser, which must not complain nor ask anybody but its own server."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

T = TypeVar("T")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER) and "browser" not in os.environ.get("LOKET_TEST_REQUIRE", ""),
        reason="needs chromium and chromedriver on the path",
    ),
]


class Phone:
    """A browser window showing the phone page."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url

    def open(self) -> None:
        self.driver.get(f"{self.url}phone")
        self.until(lambda: self.all(".phone-item"))

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 760}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def pick_up(self, phone: str) -> None:
        self.click(f'[data-phone="{phone}"]')
        self.until(lambda: self.focused() == "text")

    def focused(self) -> str:
        return str(self.driver.switch_to.active_element.get_attribute("id"))

    def press(self, *keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(*keys)

    def until(self, condition: Callable[[], T]) -> T:
        """What `condition` answers once it is true; the page may redraw what it is looking at, then it looks again."""
        waiting = WebDriverWait(
            self.driver, 20, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        return waiting.until(lambda _: condition())

    def said(self, sender: str) -> list[str]:
        return self.texts(f".{sender} .bubble > p:first-of-type")

    def texts(self, selector: str) -> list[str]:
        """What is to be read there, in one look: between two the page may have redrawn itself."""
        script = "return Array.from(document.querySelectorAll(arguments[0]), each => each.innerText.trim())"
        return list(self.driver.execute_script(script, selector))

    def text(self, selector: str) -> str:
        """The first of them; empty while there is none."""
        return next(iter(self.texts(selector)), "")

    def click(self, selector: str) -> None:
        self._tap(lambda: self.one(selector))

    def choose(self, label: str) -> None:
        self._tap(lambda: self.choice(label))

    def _tap(self, find: Callable[[], WebElement]) -> None:
        def tapped() -> bool:
            find().click()
            return True

        self.until(tapped)

    def choice(self, label: str) -> WebElement:
        return self.until(lambda: [each for each in self.all(".choice") if each.text == label])[0]

    def complaints(self) -> list[str]:
        """What the console holds, and requests that left the sandbox."""
        get_log: Callable[[str], list[dict[str, Any]]] = self.driver.get_log
        console = [entry["message"] for entry in get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return console + [url for url in asked if not url.startswith((self.url, "blob:"))]

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth - innerWidth"))


@contextmanager
def opened(url: str) -> Iterator[Phone]:
    """A window on the page; leaving fails when the page has complained about anything."""
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    window = Phone(driver, url)
    try:
        window.resize(1280, 860)
        window.open()
        yield window
        complaints = window.complaints()
    finally:
        driver.quit()
    assert complaints == []
