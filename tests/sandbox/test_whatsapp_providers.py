"""The providers' stand-ins are as strict as the providers: paths, credentials, shapes, limits, error answers, call backs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from sandbox.whatsapp.providers.provider import Said
from tests.sandbox.providers_stage import NUMBER, Stage, staged
from tests.sandbox.whatsapp_stage import JOHN

BASIC = "Basic " + base64.b64encode(b"u:t").decode()
GOWA = {"Authorization": BASIC, "X-Device-Id": "d"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as opened:
        opened.wrote()
        yield opened


def text(body: str = "Halo", **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": JOHN, "type": "text", "text": {"body": body}, **more}


def buttons(*titles: str, body: str = "Pilih") -> dict[str, Any]:
    action = {"buttons": [{"type": "reply", "reply": {"id": title, "title": title}} for title in titles]}
    return interactive({"type": "button", "body": {"text": body}, "action": action})


def rows(*sections: list[str], title: str = "", **row: str) -> dict[str, Any]:
    listed = [
        {
            "rows": [{"id": name, "title": name, **row} for name in names],
            **({"title": title} if title else {}),
        }
        for names in sections
    ]
    return interactive(
        {"type": "list", "body": {"text": "Pilih"}, "action": {"button": "Menu", "sections": listed}}
    )


def interactive(shown: dict[str, Any]) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": JOHN, "type": "interactive", "interactive": shown}


def template(name: str, *values: str, code: str = "", language: str = "id") -> dict[str, Any]:
    components: list[dict[str, Any]] = [
        {"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}
    ]
    if code:
        button = {"type": "button", "sub_type": "url", "index": "0"}
        components.append({**button, "parameters": [{"type": "text", "text": code}]})
    shown = {"name": name, "language": {"code": language}, "components": components}
    return {"messaging_product": "whatsapp", "to": JOHN, "type": "template", "template": shown}


ACCEPTED = [
    text("x" * 4096),
    text(biz_opaque_callback_data="k" * 512),
    buttons("Ya"),
    buttons("a" * 20, "b", "c"),
    rows([f"r{number}" for number in range(10)]),
    rows(["a"], ["b"], title="t" * 24),
    rows(["a" * 24], description="d" * 72),
    template("loket_notice", "Halo"),
    template("loket_code", "482913", code="482913"),
]
REFUSED = [
    (text("x" * 4097), 100),
    (text(""), 100),
    (text(unknown="field"), 100),
    (text(biz_opaque_callback_data="k" * 513), 100),
    (text() | {"to": "08123"}, 100),
    (text() | {"to": ""}, 100),
    (text() | {"messaging_product": "messenger"}, 100),
    (text() | {"text": None}, 131008),
    (buttons(), 100),
    (buttons("a", "b", "c", "d"), 100),
    (buttons("a" * 21), 100),
    (buttons("a", "a"), 131009),
    (buttons("a", body="x" * 1025), 100),
    (buttons("a", body=""), 100),
    (rows([f"r{number}" for number in range(11)]), 100),
    (rows([f"a{n}" for n in range(6)], [f"b{n}" for n in range(6)], title="t"), 131009),
    (rows(["a"], ["b"]), 100),
    (rows(["a" * 25]), 100),
    (rows(["a"], description="d" * 73), 100),
    (rows(["a", "a"]), 131009),
    (template("unknown", "x"), 132001),
    (template("loket_notice", "x", language="de"), 132001),
    (template("loket_notice"), 132000),
    (template("loket_notice", "baris\nlain"), 132018),
    (template("loket_code", "482913"), 132000),
]


@pytest.mark.parametrize("body", ACCEPTED)
async def test_meta_takes_what_is_within_its_limits(stage: Stage, body: dict[str, Any]) -> None:
    answer = await stage.cloud(body)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["contacts"] == [{"input": JOHN, "wa_id": JOHN}]
    assert said["messages"][0]["id"].startswith("wamid.")
    assert len(stage.shown()) == 1


@pytest.mark.parametrize(("body", "code"), REFUSED)
async def test_meta_refuses_what_is_beyond_them(stage: Stage, body: dict[str, Any], code: int) -> None:
    answer = await stage.cloud(body)
    assert (answer.status_code >= 400, answer.json()["error"]["code"]) == (True, code)
    assert stage.shown() == []


async def test_meta_lets_nobody_in_without_the_token_or_to_another_number(stage: Stage) -> None:
    assert (await stage.cloud(text(), token="x")).json()["error"]["code"] == 190
    assert (await stage.cloud(text(), number="999")).status_code == 400
    headers = {"Authorization": "Bearer t"}
    assert (
        await stage.http.post(f"cloud/23/{NUMBER}/messages", json=text(), headers=headers)
    ).status_code == 400
    assert (await stage.http.get(f"cloud/v23.0/{NUMBER}", headers=headers)).json() == {"id": NUMBER}


async def test_after_a_day_meta_wants_a_template(stage: Stage) -> None:
    stage.clock.advance(timedelta(hours=24).total_seconds())
    assert (await stage.cloud(text())).json()["error"]["code"] == 131047
    assert (await stage.cloud(template("loket_notice", "Halo"))).status_code == 200


async def test_meta_tells_receipts_in_order_with_what_was_given_along(stage: Stage) -> None:
    await stage.cloud(text(biz_opaque_callback_data="job-1"))
    await stage.until_heard(2)
    await stage.http.post(f"phone/api/chats/{JOHN}/messages", json={"text": "makasih"})
    heard = await stage.until_heard(4)
    values = [json.loads(body)["entry"][0]["changes"][0]["value"] for path, body in heard if path == "cloud"]
    statuses = [status for value in values for status in value.get("statuses", [])]
    assert sorted(each["status"] for each in statuses) == ["delivered", "read", "sent"]
    assert [each["status"] for each in statuses][:2] == ["sent", "delivered"]
    assert {each["biz_opaque_callback_data"] for each in statuses} == {"job-1"}


async def test_a_tap_is_told_with_its_id_and_nobody_taps_what_was_never_offered(stage: Stage) -> None:
    await stage.cloud(rows(["Januari"], description="Rp277.500"))
    await stage.until_heard(2)
    tapped = await stage.http.post(
        f"phone/api/chats/{JOHN}/messages", json={"text": "Januari", "choice_id": "Januari"}
    )
    assert tapped.status_code == 202
    heard = await stage.until_heard(4)
    (message,) = (
        value["messages"][0]
        for _, body in heard
        if "messages" in (value := json.loads(body)["entry"][0]["changes"][0]["value"])
    )
    assert message["interactive"] == {
        "type": "list_reply",
        "list_reply": {"id": "Januari", "title": "Januari", "description": "Rp277.500"},
    }
    wrong = await stage.http.post(f"phone/api/chats/{JOHN}/messages", json={"text": "x", "choice_id": "x"})
    assert wrong.status_code == 400


SENDS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "waha": (
        "waha/api/sendText",
        {"X-Api-Key": "t"},
        {"session": "default", "chatId": f"{JOHN}@c.us", "text": "Halo"},
    ),
    "evolution": ("evolution/message/sendText/loket", {"apikey": "t"}, {"number": JOHN, "text": "Halo"}),
    "gowa": ("gowa/send/message", GOWA, {"phone": f"{JOHN}@s.whatsapp.net", "message": "Halo"}),
    "fonnte": ("fonnte/send", {"Authorization": "t"}, {"target": JOHN, "message": "Halo"}),
    "wablas": (
        "wablas/api/v2/send-message",
        {"Authorization": "t.k"},
        {"data": [{"phone": JOHN, "message": "Halo"}]},
    ),
}


@pytest.mark.parametrize("name", SENDS)
async def test_a_text_gateway_takes_what_its_documents_show_and_tells_receipts(
    stage: Stage, name: str
) -> None:
    path, headers, body = SENDS[name]
    answer = await stage.http.post(path, json=body, headers=headers)
    assert answer.status_code in {200, 201}, answer.text
    assert stage.shown() == ["Halo"]
    heard = await stage.until_heard(1)
    assert heard[0][0].partition("/")[0] == name


@pytest.mark.parametrize("name", SENDS)
async def test_a_text_gateway_refuses_strangers_and_strange_bodies(stage: Stage, name: str) -> None:
    path, headers, body = SENDS[name]
    (secret,) = (key for key in headers if key != "X-Device-Id")
    answers = [
        await stage.http.post(path, json=body, headers={**headers, secret: "wrong"}),
        await stage.http.post(path, json=body),
        await stage.http.post(path, json={**body, "unknown": 1}, headers=headers),
        await stage.http.post(path, json={}, headers=headers),
        await stage.http.post(path, content=b"{", headers={**headers, "Content-Type": "application/json"}),
        await stage.http.post(path.rsplit("/", 1)[0] + "/nowhere", json=body, headers=headers),
    ]
    if name == "fonnte":  # it says 200 to everything but a wrong path
        assert all(answer.json()["status"] is False for answer in answers)
    else:
        assert [answer.status_code < 400 for answer in answers] == [False] * len(answers)
    assert stage.shown() == []


@pytest.mark.parametrize("name", ["cloud", *SENDS])
async def test_each_says_a_customers_message_in_its_own_way(name: str) -> None:
    async with staged(name) as stage:
        await stage.http.post(f"phone/api/chats/{JOHN}/messages", json={"text": "cek tagihan \u00e9"})
        ((path, body),) = await stage.until_heard(1)
    signed = {
        "cloud": "cloud",
        "waha": "waha",
        "gowa": "gowa",
        "fonnte": "fonnte/hook",
        "wablas": "wablas/hook",
    }
    assert path == signed.get(name, "evolution/hook/messages-upsert")
    if name == "wablas":
        assert parse_qs(body.decode())["message"] == ["cek tagihan \u00e9"]
    else:
        assert b"cek tagihan \\u00e9" in body


async def test_call_backs_are_signed_over_their_bytes() -> None:
    async with staged("gowa") as stage:
        provider = stage.gateway.business.provider
        assert provider is not None
        hook = provider.said(_said(stage))
        expected = hmac.new(b"s", hook.body, hashlib.sha256).hexdigest()
    assert hook.headers["X-Hub-Signature-256"] == f"sha256={expected}"


def _said(stage: Stage) -> Said:
    return Said("m-1", JOHN, "John", "halo", stage.clock.now)


@pytest.mark.parametrize("name", ["cloud", *SENDS])
@pytest.mark.parametrize("mode", ["http_500", "status_false", "throttled"])
async def test_faults_come_in_each_providers_own_words(stage: Stage, name: str, mode: str) -> None:
    await stage.http.post("phone/api/faults", json={"mode": mode, "times": 1})
    if name == "cloud":
        answer = await stage.cloud(text())
        assert answer.json()["error"]["code"] in {1, 131016, 130429}
    else:
        path, headers, body = SENDS[name]
        answer = await stage.http.post(path, json=body, headers=headers)
        failed = answer.status_code >= 400 or answer.json()["status"] is False
        assert failed
    assert stage.shown() == []


async def test_the_number_can_be_reached_another_way_while_it_runs(stage: Stage) -> None:
    known = (await stage.http.get("phone/api/contacts")).json()["business"]
    assert known == {"spoken": "cloud", "choices": ["wire", "cloud", *SENDS]}
    assert (await stage.http.post("phone/api/business", json={"spoken": "waha"})).json() == {"spoken": "waha"}
    await stage.http.post(f"phone/api/chats/{JOHN}/messages", json={"text": "halo"})
    assert (await stage.until_heard(1))[0][0] == "waha"
    assert (await stage.http.post("phone/api/business", json={"spoken": "pigeon"})).status_code == 400
