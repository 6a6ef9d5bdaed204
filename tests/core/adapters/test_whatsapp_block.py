"""The hand-written `[[wa]]` block, vector by vector (whatsapp contract §1.3)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.whatsapp.json_values import JsonObject
from core.adapters.whatsapp.payload import fallback_text, parse_markup, payload_of, says_nothing
from core.messaging.ports import OutgoingText


def block(*lines: str) -> str:
    return "\n".join(["[[wa]]", *lines, "[[/wa]]"])


def sent(text: str, *, interactive: bool = True) -> JsonObject:
    return payload_of(OutgoingText(to="628123", text=text, markup=True), interactive=interactive)


def buttons(*pairs: tuple[str, str], **more: object) -> JsonObject:
    return {"type": "buttons", "buttons": [{"id": key, "text": text} for key, text in pairs], **more}


GOLDEN: dict[str, tuple[str, JsonObject, str]] = {
    "buttons": (
        block("type=buttons", "text: Halo", "button=1|Ya"),
        {"interactive": buttons(("1", "Ya"), text="Halo")},
        "Halo",
    ),
    "text over lines": (
        block("[text](baris satu", "baris dua)", "[button](1|OK)"),
        {"interactive": buttons(("1", "OK"), text="baris satu\nbaris dua")},
        "baris satu\nbaris dua",
    ),
    "text outside": (
        "Atas\n" + block("Dalam", "[button](1|A)") + "\nBawah",
        {"interactive": buttons(("1", "A"), text="Dalam"), "text": "Atas\n\nBawah"},
        "Atas\n\nBawah",
    ),
    "unknown keys": (
        block("Cek https://x.id?a=b", "Jam: 10:00", "https://pay.id/1"),
        {"text": "Cek https://x.id?a=b\nJam: 10:00\nhttps://pay.id/1"},
        "Cek https://x.id?a=b\nJam: 10:00\nhttps://pay.id/1",
    ),
    "unknown type": (
        block("[type](carousel)", "Halo"),
        {"text": "[type](carousel)\nHalo"},
        "[type](carousel)\nHalo",
    ),
    "row without section": (
        block("[row](a|A)"),
        {
            "interactive": {
                "type": "list",
                "sections": [{"title": "Menu", "rows": [{"id": "a", "title": "A"}]}],
            }
        },
        "",
    ),
    "number asked for": (block("[requestPhoneNumber](true)"), {"requestPhoneNumber": True}, ""),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_block_becomes_the_payload_the_gateway_knows(name: str) -> None:
    text, payload, fallback = GOLDEN[name]

    assert sent(text) == {"action": "send", **payload}
    assert fallback_text(sent(text)) == fallback


def test_url_button_that_is_no_web_address_is_read_then_removed() -> None:
    text = block("[type](template)", "Halo", "[button](url|home|ftp://x)")

    parsed = parse_markup(text)

    assert parsed is not None
    assert parsed["interactive"] == {
        "type": "template",
        "text": "Halo",
        "buttons": [{"type": "url", "text": "home", "url": "ftp://x"}],
    }
    assert sent(text) == {"action": "send", "text": "Halo"}


def test_removed_interactive_leaves_its_text_behind_the_text_outside() -> None:
    payload = sent("Atas\n" + block("type=list", "Dalam", "button=1|A"))

    assert payload == {"action": "send", "text": "Atas\n\nDalam"}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ["button=quick|1|Ya"],
            {"type": "template", "buttons": [{"type": "quick", "id": "1", "text": "Ya"}]},
        ),
        (
            ["button=url|Bayar|https://pay.id/a|b", "BUTTON: call|Telepon|62811"],
            {
                "type": "template",
                "buttons": [
                    {"type": "url", "text": "Bayar", "url": "https://pay.id/a|b"},
                    {"type": "call", "text": "Telepon", "phoneNumber": "62811"},
                ],
            },
        ),
        (
            ["type=TEMPLATE", "button=1|Ya"],
            {"type": "template", "buttons": [{"type": "quick", "id": "1", "text": "Ya"}]},
        ),
        (["button=Ya"], {"type": "buttons", "buttons": [{"id": "Ya", "text": "Ya"}]}),
        (
            [
                "button=1|A",
                "footer=kaki",
                "headerType=2",
                "headerMedia=https://x.id/a.png",
                "[headerText](Kepala)",
            ],
            {
                "type": "buttons",
                "footer": "kaki",
                "headerText": "Kepala",
                "headerType": 2,
                "headerMedia": {"type": "image", "url": "https://x.id/a.png"},
                "buttons": [{"id": "1", "text": "A"}],
            },
        ),
        (
            [
                "title=Judul",
                "button_text=Buka",
                "section=Satu",
                "row=a|A|ket",
                "row=b",
                "section=Dua",
                "row=|C",
            ],
            {
                "type": "list",
                "title": "Judul",
                "buttonText": "Buka",
                "sections": [
                    {
                        "title": "Satu",
                        "rows": [{"id": "a", "title": "A", "description": "ket"}, {"id": "b", "title": "b"}],
                    },
                    {"title": "Dua", "rows": [{"id": "C", "title": "C"}]},
                ],
            },
        ),
    ],
)
def test_buttons_and_lists_are_built_from_their_lines(lines: list[str], expected: JsonObject) -> None:
    assert sent(block(*lines))["interactive"] == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["# catatan", "", "Satu", "", "Dua", ""], {"text": "Satu\n\nDua"}),
        (["text=Halo", "dunia"], {"text": "Halo\ndunia"}),
        (["[body](tanpa penutup", "lanjut"], {"text": "tanpa penutup\nlanjut"}),
        (["headerType=besar"], {"text": "headerType=besar"}),
        (["Halo", "requestPhoneNumber=tidak"], {"text": "Halo"}),
        (["Halo", "THREAD_ID=t1", "session_id: s1"], {"text": "Halo", "thread_id": "t1", "session_id": "s1"}),
        (["allowEmptyText=yes"], {"allowEmptyText": True}),
    ],
)
def test_other_lines_mean_what_the_contract_says(lines: list[str], expected: JsonObject) -> None:
    assert sent(block(*lines)) == {"action": "send", **expected}


def test_tags_may_be_written_in_capitals_and_with_windows_line_ends() -> None:
    assert sent("[[WA]]\r\ntext=Halo\r\nbutton=1|Ya\r\n[[/Wa]]")["interactive"] == buttons(
        ("1", "Ya"), text="Halo"
    )


def test_only_the_first_block_is_read() -> None:
    payload = sent(block("Satu", "button=1|A") + "\n" + block("Dua"))

    assert payload["text"] == block("Dua")


@pytest.mark.parametrize("text", ["[[wa]]\n\n[[/wa]]", "[[wa]]\ntext=Halo", "[[/wa]] Halo [[wa]]", "Halo"])
def test_text_without_a_full_block_is_sent_literally(text: str) -> None:
    assert sent(text) == {"action": "send", "text": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"text":"Halo"}', {"action": "send", "text": "Halo"}),
        (' {"action":" SEND ","body":"Halo"}', {"action": "send", "body": "Halo"}),
        (
            '{"message":{"conversation":"Halo"},"sessionId":"s","threadId":"t"}',
            {
                "action": "send",
                "message": {"conversation": "Halo"},
                "sessionId": "s",
                "session_id": "s",
                "threadId": "t",
                "thread_id": "t",
            },
        ),
        ('{"text":"Halo","idempotencyKey":"a","idempotency_key":"b"}', {"action": "send", "text": "Halo"}),
        ('{"text":"Halo","queue":true}', {"action": "send", "text": "Halo", "queue": True}),
        ('{"contacts":[{"id":"1"}],"action":"delete"}', {"action": "delete", "contacts": [{"id": "1"}]}),
        (
            '[{"name":"Budi","phone":"628"}]',
            {"action": "upsert", "contacts": [{"name": "Budi", "phone": "628"}]},
        ),
        ('{"nama":"Budi"}', {"action": "send", "text": '{"nama":"Budi"}'}),
        ('["Halo"]', {"action": "send", "text": '["Halo"]'}),
        ("[]", {"action": "send", "text": "[]"}),
        ("[" * 50_000, {"action": "send", "text": "[" * 50_000}),
        ("{text: Halo", {"action": "send", "text": "{text: Halo"}),
    ],
)
def test_json_text_is_the_payload_only_if_it_looks_like_one(text: str, expected: JsonObject) -> None:
    assert sent(text) == expected


@pytest.mark.parametrize(
    ("interactive", "kept"),
    [
        ('{"type":" Buttons ","text":"T","buttons":[{"id":"1"},{},7,{"id":2,"text":"B"}]}', "buttons"),
        ('{"text":"T","buttons":[{"type":"URL","text":"B","url":"HTTPS://x.id"}]}', "template"),
        (
            '{"text":"T","sections":[{"title":"S","rows":[{"title":"A"}]},{"title":"kosong","rows":[{}]}]}',
            "list",
        ),
        ('{"type":"list","text":"T","sections":[{"rows":[]}],"buttons":[{"id":"1"}]}', None),
        ('{"type":"template","text":"T","buttons":[{"type":"call","text":"B"}]}', None),
        ('{"type":"buttons","text":"T"}', None),
    ],
)
def test_raw_interactive_is_cleaned_and_its_text_never_lost(interactive: str, kept: str | None) -> None:
    payload = sent('{"interactive":' + interactive + "}")

    left = payload.get("interactive")
    assert (left["type"] if isinstance(left, dict) else None) == kept
    assert fallback_text(payload) == "T"


def test_cleaned_buttons_keep_their_words() -> None:
    payload = sent('{"interactive":{"buttons":[{"id":"1"},{},7,{"id":2,"text":" B "}],"footer":"kaki"}}')

    assert payload["interactive"] == buttons(("1", "1"), ("2", "B"), footer="kaki")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"text": " ", "body": "B", "message": "M"}, "B"),
        ({"message": "M", "interactive": {"text": "I"}}, "M"),
        ({"message": {"conversation": "C"}}, "C"),
        ({"interactive": {"body": "I"}}, "I"),
        ({"text": 7}, ""),
    ],
)
def test_fallback_takes_the_first_words_it_finds(payload: JsonObject, expected: str) -> None:
    assert fallback_text(payload) == expected


def test_without_interactive_everything_is_said_in_the_text() -> None:
    assert sent(block("Halo", "button=1|Ya"), interactive=False) == {"action": "send", "text": "Halo"}


LINES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["[[wa]]", "[[/wa]]", "[text](a", ")", "row=|", "button=url|", "type=list", "section=", "# x", "{"]
    ),
    st.builds(
        "[{}]({})".format, st.sampled_from(["type", "row", "button", "headerType", "to"]), st.text(max_size=9)
    ),
)


@settings(max_examples=150)
@given(st.lists(LINES, max_size=12).map("\n".join), st.booleans())
def test_no_text_of_staff_breaks_the_sender(text: str, interactive: bool) -> None:  # noqa: FBT001 - drawn by position
    payload = sent(text, interactive=interactive)

    assert isinstance(payload["action"], str)
    assert interactive or "interactive" not in payload
    assert not text.strip() or not says_nothing(payload) or "[[/wa]]" in text


@settings(max_examples=100)
@given(st.text(max_size=60).filter(lambda text: "[[" not in text and text.lstrip()[:1] not in {"{", "["}))
def test_text_without_a_block_stays_as_it_is(text: str) -> None:
    assert sent(text) == {"action": "send", "text": text}


@settings(max_examples=100)
@given(st.lists(LINES, max_size=6).map(lambda lines: block(*lines)))
def test_text_that_is_not_staff_markup_stays_words(text: str) -> None:
    assert payload_of(OutgoingText(to="628123", text=text), interactive=True) == {
        "action": "send",
        "text": text,
    }
