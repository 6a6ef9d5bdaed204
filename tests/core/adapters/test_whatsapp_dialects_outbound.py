"""What each dialect sends, to the byte where it matters, and what the answers mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.whatsapp.answer import Answer
from core.adapters.whatsapp.dialects.dialect import Dialect, OutsideWindow, Slow
from core.adapters.whatsapp.request import WireRequest
from core.messaging.ports import (
    Accepted,
    ApprovedTemplate,
    Attachment,
    ChannelDown,
    Choice,
    Declined,
    Gone,
    Misconfigured,
    OutgoingText,
    Refused,
)
from core.settings import BadSettings, load
from core.whatsapp import dialect as chosen
from core.whatsapp import problems
from tests.core.adapters.dialects import (
    ALL,
    CLOUD,
    EVOLUTION,
    EVOLUTION_1,
    FONNTE,
    GOWA,
    JOHN,
    NUMBER_ID,
    WABLAS,
    WAHA,
)

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HALO = OutgoingText(JOHN, "Halo")
MENU = OutgoingText(JOHN, "Pilih", (Choice("a", "Tagihan"), Choice("b", "Paket")))
every = pytest.mark.parametrize("dialect", ALL, ids=lambda each: each.name)


def asked(dialect: Dialect, message: OutgoingText = HALO, *, free: bool = True) -> list[WireRequest]:
    made = dialect.requests(message, key="notice-1", free=free)
    assert not isinstance(made, Refused | OutsideWindow)
    return list(made)


def body(dialect: Dialect, message: OutgoingText = HALO, *, free: bool = True) -> Any:
    (request,) = asked(dialect, message, free=free)
    return msgspec.json.decode(request.body or b"")


def meant(dialect: Dialect, status: int, said: Any, **more: Any) -> object:
    raw = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return dialect.outcome(Answer(status=status, body=raw, **more), now=NOW, quoted=lambda words: words)


@pytest.mark.parametrize(
    ("dialect", "url", "header", "sent"),
    [
        (
            WAHA,
            "https://waha.example/api/sendText",
            ("X-Api-Key", "waha-key"),
            {"session": "default", "chatId": f"{JOHN}@c.us", "text": "Halo"},
        ),
        (
            EVOLUTION,
            "https://evo.example/message/sendText/my%20isp",
            ("apikey", "evo-key"),
            {"number": JOHN, "text": "Halo"},
        ),
        (
            EVOLUTION_1,
            "https://evo.example/message/sendText/my%20isp",
            ("apikey", "evo-key"),
            {"number": JOHN, "textMessage": {"text": "Halo"}},
        ),
        (
            GOWA,
            "https://gowa.example/send/message",
            ("Authorization", "Basic dXNlcjpwYXNzOndvcmQ="),
            {"phone": f"{JOHN}@s.whatsapp.net", "message": "Halo"},
        ),
        (
            FONNTE,
            "https://api.fonnte.example/send",
            ("Authorization", "fonnte-token"),
            {"target": JOHN, "message": "Halo"},
        ),
        (
            WABLAS,
            "https://jogja.wablas.example/api/v2/send-message",
            ("Authorization", "wablas-token.wablas-secret"),
            {"data": [{"phone": JOHN, "message": "Halo", "isGroup": False}]},
        ),
        (
            CLOUD,
            f"https://graph.example/v23.0/{NUMBER_ID}/messages",
            ("Authorization", "Bearer EAAG-token"),
            {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": JOHN,
                "type": "text",
                "text": {"body": "Halo", "preview_url": False},
                "biz_opaque_callback_data": "notice-1",
            },
        ),
    ],
)
def test_a_text_on_the_wire(dialect: Dialect, url: str, header: tuple[str, str], sent: Any) -> None:
    (request,) = asked(dialect)
    assert (request.method, request.url, request.headers["Content-Type"]) == ("POST", url, "application/json")
    assert request.headers[header[0]] == header[1]
    assert body(dialect) == sent


@pytest.mark.parametrize("dialect", [each for each in ALL if not each.taps], ids=lambda each: each.name)
def test_choices_are_numbered_where_nothing_can_be_tapped(dialect: Dialect) -> None:
    assert "Pilih\\n\\n1. Tagihan\\n2. Paket" in (asked(dialect, MENU)[0].body or b"").decode()


@every
def test_nothing_to_say_and_broken_characters_are_refused_without_a_request(dialect: Dialect) -> None:
    assert isinstance(dialect.requests(OutgoingText(JOHN, ""), key="k", free=True), Refused)
    assert isinstance(dialect.requests(OutgoingText(JOHN, "a\ud83d"), key="k", free=True), Refused)


@pytest.mark.parametrize("dialect", [FONNTE, WABLAS])
@pytest.mark.parametrize("to", ["77@lid", "62811,62812", "62811|x", "id@bsuid"])
def test_gateways_that_know_numbers_only_are_asked_for_nothing_else(dialect: Dialect, to: str) -> None:
    assert isinstance(dialect.requests(OutgoingText(to, "Halo"), key="k", free=True), Refused)


@pytest.mark.parametrize(
    ("dialect", "name"), [(WAHA, "chatId"), (EVOLUTION, "number"), (GOWA, "phone"), (CLOUD, "to")]
)
def test_a_lid_is_answered_by_its_name(dialect: Dialect, name: str) -> None:
    assert body(dialect, OutgoingText("77@lid", "Halo"))[name] == "77@lid"


def test_a_scoped_id_goes_into_its_own_field() -> None:
    sent = body(CLOUD, OutgoingText("ID.77@bsuid", "Halo"))
    assert (sent["recipient"], "to" in sent) == ("ID.77", False)


def _choices(count: int, label: str = "Pilihan {}") -> tuple[Choice, ...]:
    return tuple(Choice(f"c{number}", label.format(number)) for number in range(1, count + 1))


def test_up_to_three_short_choices_are_buttons_at_meta() -> None:
    sent = body(CLOUD, OutgoingText(JOHN, "Pilih", _choices(3)))["interactive"]
    assert (sent["type"], sent["body"]) == ("button", {"text": "Pilih"})
    assert sent["action"]["buttons"][0] == {"type": "reply", "reply": {"id": "c1", "title": "Pilihan 1"}}


@pytest.mark.parametrize("choices", [_choices(4), _choices(10), _choices(3, "Ganti ke paket nomor {}")])
def test_more_or_longer_choices_are_a_list_at_meta(choices: tuple[Choice, ...]) -> None:
    sent = body(CLOUD, OutgoingText(JOHN, "Pilih", choices))["interactive"]
    (section,) = sent["action"]["sections"]
    assert (sent["type"], len(section["rows"])) == ("list", len(choices))
    assert section["rows"][0]["id"] == "c1"


def test_a_row_at_meta_says_below_its_title_what_has_no_room_in_it() -> None:
    labels = ("Januari 2023 · Rp277.500 · lewat jatuh tempo 10 Jan 2023", "x" * 30, "Kembali", "Menu")
    choices = tuple(Choice(str(number), label) for number, label in enumerate(labels))
    rows = body(CLOUD, OutgoingText(JOHN, "Pilih", choices))["interactive"]["action"]["sections"][0]["rows"]
    assert rows[0] == {
        "id": "0",
        "title": "Januari 2023 · Rp277.500",
        "description": "lewat jatuh tempo 10 Jan 2023",
    }
    assert rows[1] == {"id": "1", "title": "x" * 23 + "…", "description": "x" * 30}
    assert rows[2] == {"id": "2", "title": "Kembali"}


def test_more_than_ten_choices_are_pages_at_meta() -> None:
    sent = [
        msgspec.json.decode(request.body or b"")
        for request in asked(CLOUD, OutgoingText(JOHN, "Pilih", _choices(23)))
    ]
    pages = [each["interactive"] for each in sent]
    assert [page["body"]["text"] for page in pages] == ["Pilih", "(2/3)", "(3/3)"]
    assert [len(page["action"]["sections"][0]["rows"]) for page in pages] == [10, 10, 3]


@pytest.mark.parametrize(
    "message",
    [
        OutgoingText(JOHN, "x" * 1025, _choices(2)),
        OutgoingText(JOHN, "Pilih", (Choice("same", "A"), Choice("same", "B"))),
        OutgoingText(JOHN, "Pilih", (Choice("i" * 257, "A"),)),
        OutgoingText(JOHN, "Pilih", (Choice("a", "x" * 30 + "1"), Choice("b", "x" * 30 + "2"))),
    ],
)
def test_what_has_no_room_beside_buttons_is_numbered_text_at_meta(message: OutgoingText) -> None:
    sent = body(CLOUD, message)
    assert (sent["type"], "\n\n1. " in sent["text"]["body"]) == ("text", True)


def test_a_text_too_long_for_meta_is_cut_with_an_ellipsis() -> None:
    said = body(CLOUD, OutgoingText(JOHN, "y" * 5000))["text"]["body"]
    assert (len(said), said[-1]) == (4096, "…")


@given(
    text=st.text(min_size=1, max_size=1100).filter(str.strip),
    choices=st.lists(
        st.builds(Choice, st.text(max_size=210), st.text(min_size=1, max_size=120)), max_size=14
    ),
)
def test_nothing_leaves_beyond_the_limits_of_meta(text: str, choices: list[Choice]) -> None:
    made = CLOUD.requests(OutgoingText(JOHN, text, tuple(choices)), key="k", free=True)
    if isinstance(made, Refused | OutsideWindow):
        return
    for request in made:
        sent = msgspec.json.decode(request.body or b"")
        if sent["type"] == "text":
            assert len(sent["text"]["body"]) <= 4096
            continue
        shown, action = sent["interactive"], sent["interactive"]["action"]
        assert 0 < len(shown["body"]["text"]) <= 1024
        buttons = [each["reply"] for each in action.get("buttons", [])]
        rows = [row for section in action.get("sections", []) for row in section["rows"]]
        assert 1 <= len(buttons or rows) <= (3 if buttons else 10)
        assert all(0 < len(each["title"]) <= 20 and 0 < len(each["id"]) <= 256 for each in buttons)
        assert all(0 < len(row["title"]) <= 24 and len(row.get("description", "")) <= 72 for row in rows)
        assert len({each["id"] for each in buttons or rows}) == len(buttons or rows)


def test_outside_the_window_a_template_says_it() -> None:
    template = ApprovedTemplate("kode_masuk", "id", ("482913", "5\nmenit"), code="482913")
    sent = body(CLOUD, OutgoingText(JOHN, "Kode Anda 482913", approved=template), free=False)
    assert (sent["type"], "text" in sent) == ("template", False)
    assert sent["template"] == {
        "name": "kode_masuk",
        "language": {"code": "id"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "482913"}, {"type": "text", "text": "5 menit"}],
            },
            {
                "type": "button",
                "sub_type": "url",
                "index": "0",
                "parameters": [{"type": "text", "text": "482913"}],
            },
        ],
    }


def test_outside_the_window_any_text_fits_the_general_template() -> None:
    sent = body(CLOUD, OutgoingText(JOHN, "Tagihan:\n\nRp350.000", MENU.choices), free=False)["template"]
    assert (sent["name"], sent["language"]) == ("notice", {"code": "id"})
    assert sent["components"][0]["parameters"][0]["text"] == "Tagihan: Rp350.000 1. Tagihan 2. Paket"


def test_without_any_template_nothing_can_be_said_outside_the_window() -> None:
    bare = type(CLOUD)(msgspec.structs.replace(CLOUD._config, template=""))
    assert bare.requests(HALO, key="k", free=False) == OutsideWindow()


@pytest.mark.parametrize(
    ("dialect", "status", "said", "id_"),
    [
        (
            CLOUD,
            200,
            {"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": "wamid.A"}]},
            "wamid.A",
        ),
        (WAHA, 201, {"id": "true_628@c.us_A", "ack": 0}, "true_628@c.us_A"),
        (
            EVOLUTION,
            201,
            {"key": {"remoteJid": "x", "fromMe": True, "id": "3EB0"}, "status": "PENDING"},
            "3EB0",
        ),
        (
            GOWA,
            200,
            {"code": "SUCCESS", "message": "ok", "results": {"message_id": "G", "status": "sent"}},
            "G",
        ),
        (FONNTE, 200, {"status": True, "detail": "d", "id": ["80367170"], "process": "pending"}, "80367170"),
        (
            WABLAS,
            200,
            {"status": True, "data": {"quota": 1, "messages": [{"id": "w-1", "status": "pending"}]}},
            "w-1",
        ),
    ],
)
def test_a_taken_message_gives_its_id(dialect: Dialect, status: int, said: Any, id_: str) -> None:
    assert meant(dialect, status, said) == Accepted(id_)


@pytest.mark.parametrize(
    ("dialect", "status", "said", "kind"),
    [
        (FONNTE, 200, {"status": False, "reason": "token invalid"}, Misconfigured),
        (FONNTE, 200, {"status": False, "reason": "target invalid"}, Refused),
        (FONNTE, 200, {"status": False, "reason": "device disconnected"}, Declined),
        (WABLAS, 200, {"status": False, "message": "phone offline"}, Declined),
        (WAHA, 422, {"error": "Session status is not as expected."}, Refused),
        (WAHA, 401, {"message": "Unauthorized"}, Misconfigured),
        (EVOLUTION, 404, {"error": "Not Found"}, Refused),
        (GOWA, 500, {"code": "INTERNAL", "message": "x"}, ChannelDown),
        (GOWA, 429, {}, ChannelDown),
        (WABLAS, 503, b"<html>", ChannelDown),
    ],
)
def test_a_refusal_is_told_from_a_passing_trouble(
    dialect: Dialect, status: int, said: Any, kind: type
) -> None:
    assert isinstance(meant(dialect, status, said), kind)


@pytest.mark.parametrize("status", [400, 403, 429, 500])
@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((4, 80007, 130429), Slow),
        ((131056,), ChannelDown),
        ((131048, 368, 131031, 130497, 131064), Misconfigured),
        ((131047,), OutsideWindow),
        ((0, 3, 10, 190, 200, 299, 131005, 131042, 133010), Misconfigured),
    ],
)
def test_meta_is_judged_by_its_code_whatever_the_status(
    status: int, codes: tuple[int, ...], expected: type
) -> None:
    for code in codes:
        assert isinstance(meant(CLOUD, status, {"error": {"message": "m", "code": code}}), expected)


def test_the_rest_of_metas_codes() -> None:
    for code in (1, 2, 131000, 131016, 131057, 133004):
        assert isinstance(meant(CLOUD, 400, {"error": {"code": code}}), ChannelDown)
    for code in (131049, 131050, 131021, 131030, 130472, 100, 131008, 131009, 132000, 132001, 132016):
        assert isinstance(meant(CLOUD, 400, {"error": {"code": code}}), Refused)
    assert meant(CLOUD, 400, {"error": {"code": 131026}}) == Gone("error 131026")
    slow = meant(CLOUD, 429, {"error": {"code": 130429, "message": "m"}}, retry_after="120")
    assert slow == Slow("error 130429: m", 120.0)
    assert meant(CLOUD, 502, b"<html>") == ChannelDown("the Cloud API answered HTTP 502")
    assert meant(CLOUD, 200, b"oops") == Accepted(None, certain=False)


def test_every_problem_of_a_dialect_is_named_by_its_setting() -> None:
    told = {
        each: {
            problem.split(":")[0]
            for problem in problems(load({"LOKET_SECRET_KEY": "s" * 32, "LOKET_WHATSAPP": each}))
        }
        for each in ("wire", "cloud", "waha", "evolution", "gowa", "fonnte", "wablas")
    }
    assert told == {
        "wire": set(),
        "cloud": {
            "LOKET_WA_CLOUD_PHONE_NUMBER_ID",
            "LOKET_WA_CLOUD_TOKEN",
            "LOKET_WA_CLOUD_APP_SECRET",
            "LOKET_WA_CLOUD_VERIFY_TOKEN",
        },
        "waha": {"LOKET_WAHA_URL", "LOKET_WAHA_KEY", "LOKET_WAHA_HMAC_KEY"},
        "evolution": {
            "LOKET_EVOLUTION_URL",
            "LOKET_EVOLUTION_KEY",
            "LOKET_EVOLUTION_INSTANCE",
            "LOKET_WA_WEBHOOK_SECRET",
        },
        "gowa": {"LOKET_GOWA_URL", "LOKET_GOWA_USERNAME", "LOKET_GOWA_PASSWORD", "LOKET_GOWA_WEBHOOK_SECRET"},
        "fonnte": {"LOKET_FONNTE_TOKEN", "LOKET_WA_WEBHOOK_SECRET"},
        "wablas": {"LOKET_WABLAS_URL", "LOKET_WABLAS_TOKEN", "LOKET_WA_WEBHOOK_SECRET"},
    }


def test_the_secret_everybody_knows_is_refused() -> None:
    settings = load(
        {"LOKET_SECRET_KEY": "s" * 32, "LOKET_WHATSAPP": "gowa", "LOKET_GOWA_WEBHOOK_SECRET": " Secret"}
    )
    assert any("LOKET_GOWA_WEBHOOK_SECRET" in problem for problem in problems(settings))


def test_an_unknown_dialect_is_no_setting() -> None:
    with pytest.raises(BadSettings, match="LOKET_WHATSAPP: must be one of wire, cloud"):
        load({"LOKET_SECRET_KEY": "s" * 32, "LOKET_WHATSAPP": "pigeon"})
    assert chosen(load({"LOKET_SECRET_KEY": "s" * 32})) is None


BILL = Attachment("document", "tagihan.pdf", "invoice_pdf", {"id": 1})
FILE_URL = "https://loket.example/f/token/tagihan.pdf"


def _with_file(dialect: Dialect, text: str, choices: tuple[Choice, ...] = ()) -> list[Any]:
    message = OutgoingText(JOHN, text, choices, attachment=BILL)
    made = dialect.requests(message, key="k", free=True, file_url=FILE_URL)
    assert not isinstance(made, Refused | OutsideWindow)
    return [msgspec.json.decode(request.body or b"") for request in made]


def test_a_file_at_meta_has_the_words_as_its_caption_or_before_them_or_stands_above_buttons() -> None:
    file = {"link": FILE_URL, "filename": "tagihan.pdf"}
    (short,) = _with_file(CLOUD, "Lunas.")
    assert (short["type"], short["document"]) == ("document", {**file, "caption": "Lunas."})
    bare, words = _with_file(CLOUD, "x" * 1025)
    assert (bare["document"], words["type"]) == (file, "text")
    (tapped,) = _with_file(CLOUD, "Lunas.", MENU.choices)
    assert tapped["interactive"]["header"] == {"type": "document", "document": file}
    (listed,) = _with_file(CLOUD, "Lunas.", _choices(5))
    assert listed["document"]["caption"].endswith("5. Pilihan 5")


@pytest.mark.parametrize("dialect", [each for each in ALL if not each.taps], ids=lambda each: each.name)
def test_where_only_texts_pass_a_file_is_its_address(dialect: Dialect) -> None:
    (sent,) = _with_file(dialect, "Lunas.")
    assert FILE_URL in msgspec.json.encode(sent).decode()
