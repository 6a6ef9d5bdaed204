"""How a line is, over HTTP (mywifi contract §5, endpoint 19)."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import create_app
from api.mywifi.line_render import human
from core.network.types import ActiveSession, Connection, ConnectionReport, Line, Sessions, Uptime, Usage
from core.network.usecases import Network
from core.platform.errors import Unavailable
from core.services import Services
from core.settings import Settings
from tests.api.conftest import LogIn
from tests.api.support import Caller, client_of, example, examples, shape

PATH = "/api/customer/network-status"


class DemoRouters:
    """Routers as the document shows them: RT-01 answers, RT-02 does not; one line is offline, one isolated."""

    async def look(self, line: Line, sections: frozenset[str]) -> ConnectionReport:
        if line.router_alias == "RT-02":
            raise Unavailable("router")
        return ConnectionReport(
            line=line,
            connection=self._connection(line) if "connection" in sections else None,
            usage=Usage(125000, 250000) if "usage" in sections else None,
            sessions=self._sessions(line) if "session" in sections else None,
        )

    def _connection(self, line: Line) -> Connection:
        if line.user == "dewi_pppoe" or line.is_isolated:
            notes = ("Layanan diisolir.",) if line.is_isolated else ()
            return Connection(
                is_online=False, is_isolated=line.is_isolated, ip_address=None, uptime=None, notes=notes
            )
        uptime = Uptime("1d2h3m4s", 93784)
        return Connection(is_online=True, is_isolated=False, ip_address="10.10.10.2", uptime=uptime)

    def _sessions(self, line: Line) -> Sessions:
        current = ActiveSession(
            "R123456", Uptime("2h1m", 7260), Usage(75000, 150000), "10.10.10.1", "aa:bb:cc:dd:ee:ff"
        )
        return Sessions(2, None if line.user == "dewi_pppoe" else current, 94000, Usage(200000, 450000))


@pytest.fixture
async def client(services: Services, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An app that sees the demo's routers."""
    seeing = dataclasses.replace(services, network=Network(services.uow, DemoRouters()))
    async with client_of(create_app(seeing, settings)) as found:
        yield found


async def test_a_line_answers_like_the_document(john: Caller) -> None:
    answer = await john.get(PATH, no_services="ISP00123")
    assert (answer.status, answer.body) == (200, example("network_status", 200))
    assert shape(answer.body) == shape(example("network_status", 200))


@pytest.mark.parametrize(
    "query",
    [
        "sections[]=connection",
        "sections=connection",
        "sections[0]=connection",
        "sections=connection,%20connection",
        "sections=connection&sections=connection",
        "sections[]=CONNECTION",
    ],
)
async def test_sections_not_asked_for_are_null(john: Caller, query: str) -> None:
    answer = await john.ask("GET", f"{PATH}?no_services=ISP00123&{query}")
    assert (answer.status, answer.body) == examples("network_status")[1]


@pytest.mark.parametrize("sections", [["usage", "session"], "usage,session", "session, usage"])
async def test_a_post_asks_with_its_body(john: Caller, sections: object) -> None:
    answer = await john.post(PATH, no_services="ISP00123", sections=sections)
    data = answer.body["data"]
    assert answer.status == 200
    assert (data["connection"], data["usage"] is None, data["session"] is None) == (None, False, False)


@pytest.mark.parametrize("sections", ["", [], None])
async def test_no_sections_are_all_of_them(john: Caller, sections: object) -> None:
    answer = await john.post(PATH, no_services="ISP00123", sections=sections)
    assert None not in answer.body["data"].values()


@pytest.mark.parametrize("sections", ["cpu", ["usage", "cpu"], "usage,,cpu"])
async def test_an_unknown_section_is_a_complaint(john: Caller, sections: object) -> None:
    answer = await john.post(PATH, no_services="ISP00123", sections=sections)
    assert answer.errors == {"sections": ["The selected sections is invalid."]}


@pytest.mark.parametrize("sections", [5, True, [5], {"a": 1}, [["usage"]]])
async def test_sections_of_the_wrong_kind_are_a_complaint(john: Caller, sections: object) -> None:
    answer = await john.post(PATH, no_services="ISP00123", sections=sections)
    assert answer.errors == {"sections": ["The sections must be an array."]}


async def test_a_line_that_is_down_has_no_address_and_no_uptime(log_in: LogIn) -> None:
    dewi = await log_in("28900004")
    data = (await dewi.get(PATH, no_services="28900004")).body["data"]
    assert data["connection"] == {
        "status": "offline",
        "is_online": False,
        "ip_address": None,
        "uptime": None,
        "notes": [],
    }
    assert (data["session"]["active"], data["session"]["active_session"]) == (False, None)


async def test_an_isolated_line_says_so(log_in: LogIn) -> None:
    warung = await log_in("28900002")
    connection = (await warung.get(PATH, no_services="28900002")).body["data"]["connection"]
    assert connection["status"] == "isolated"
    assert connection["notes"]


async def test_a_router_out_of_sight_is_503_and_never_offline(log_in: LogIn) -> None:
    agus = await log_in("28900003")
    answer = await agus.get(PATH, no_services="28900003")
    assert (answer.status, answer.body) == (
        503,
        {"status": "error", "message": "Router tidak bisa dihubungi."},
    )
    assert int(answer.headers["Retry-After"]) > 0


async def test_numbers_of_others_are_forbidden_and_unknown_ones_not_found(john: Caller) -> None:
    foreign = await john.get(PATH, no_services="28900001")
    assert (foreign.status, foreign.body) == (
        403,
        {"status": "forbidden", "message": "Nomor layanan tidak sesuai dengan akun login."},
    )
    unknown = await john.get(PATH, no_services="99999999")
    assert (unknown.status, unknown.body) == (404, example("network_status", 404))


async def test_a_service_without_a_router_is_not_found(rina: Caller) -> None:
    applied = await rina.post("/api/customer", package_id=12, company_id=1, id_type_id=1, id_number="1")
    answer = await rina.get(PATH, no_services=applied.body["customer"]["no_services"])
    assert (answer.status, answer.body) == (
        404,
        {"status": "not_found", "message": "Router tidak ditemukan."},
    )


async def test_the_number_is_required(john: Caller) -> None:
    assert (await john.get(PATH)).errors == {"no_services": ["The no services field is required."]}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(93784, "1d 2h 3m 4s"), (7260, "2h 1m"), (0, "0s"), (604800 + 5, "1w 5s"), (59, "59s")],
)
def test_durations_read_like_the_document(seconds: int, words: str) -> None:
    assert human(seconds) == words
