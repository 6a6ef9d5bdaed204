"""Verdicts on answers with a success status, and what of them is quoted."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.whatsapp.answer import Answer, outcome_of, wait_s
from core.adapters.whatsapp.quoting import quoted
from core.messaging.ports import Accepted, ChannelDown, Declined, Refused

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def judged(body: bytes, status: int = 200) -> Accepted | ChannelDown | Declined | Refused:
    return outcome_of(Answer(status=status, body=body), now=NOW, quoted=str)


@pytest.mark.parametrize(
    "body",
    [
        {"ok": True},
        {"ok": 1},
        {"success": "OK"},
        {"success": 1.0, "error": "old"},
        {"ok": True, "status": False},
        {"ok": "perhaps", "status": "sent"},
        {"status": True},
        {"status": "Delivered"},
        {"result": "success"},
        {"status": "queued"},
        {"status": 200, "message": "sent"},
        {"code": 200},
        {"code": 0},
        {"code": "SUCCESS"},
        {"error": None, "errors": [], "code": None},
        {"error": False},
        {},
        [],
        [{"status": "sent"}],
    ],
)
def test_answer_that_is_not_a_no_is_accepted(body: object) -> None:
    assert judged(msgspec.json.encode(body)) == Accepted(provider_id=None)


@pytest.mark.parametrize(
    "body",
    [
        {"ok": False},
        {"ok": 0},
        {"ok": 2},
        {"success": "Invalid"},
        {"ok": False, "status": "sent"},
        {"status": False},
        {"status": "FAILED"},
        {"status": 500},
        {"result": False},
        {"result": "error"},
        {"error": "no"},
        {"error": True},
        {"errors": ["no"]},
        {"code": 401},
        {"code": -1},
        {"code": "500"},
        {"code": "NUMBER_NOT_REGISTERED"},
        {"status": "pending", "code": "LIMIT"},
        [{"status": False}],
    ],
)
def test_explicit_no_is_refused_in_spite_of_http_200(body: object) -> None:
    assert judged(msgspec.json.encode(body)) == Declined(
        "the gateway declined the message" + (": no" if body == {"error": "no"} else "")
    )


@pytest.mark.parametrize("words", ["Number is not registered", "Failed to send"])
def test_undecided_answer_with_bad_words_is_accepted_with_doubt(words: str) -> None:
    assert judged(msgspec.json.encode({"message": words})) == Accepted(provider_id=None, certain=False)
    assert judged(msgspec.json.encode({"ok": True, "message": words})) == Accepted(provider_id=None)


@pytest.mark.parametrize(
    ("body", "provider_id"),
    [
        ({"id": 77}, "77"),
        ({"messageId": "a"}, "a"),
        ({"messages": [{"id": "wamid.X"}]}, "wamid.X"),
        ({"data": {"key": {"id": "3EB0"}}}, "3EB0"),
        ({"id": "x" * 201}, None),
        ({"id": {"deep": 1}}, None),
    ],
)
def test_provider_id_is_found_where_gateways_put_it(body: object, provider_id: str | None) -> None:
    assert judged(msgspec.json.encode(body)) == Accepted(provider_id=provider_id)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("30", 30),
        ("1.5", 1.5),
        ("-5", 0),
        ("inf", None),
        ("nan", None),
        ("999999999", 86_400),
        ("Sun, 22 Nov 2026 08:00:10 -0000", 10),
        ("Sun, 99 Nov 2026 08:00:10 GMT", None),
    ],
)
def test_retry_after_is_bounded_and_never_trusted_blindly(header: str, seconds: float | None) -> None:
    assert wait_s(header, NOW) == seconds


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ok", "status", "code", "error", "message", "id", "data", "messages", "key"]),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.binary(max_size=40) | JSON.map(msgspec.json.encode), st.integers(200, 599), st.text(max_size=40))
def test_no_answer_breaks_the_sender(body: bytes, status: int, retry_after: str) -> None:
    answer = Answer(status=status, body=body, retry_after=retry_after)

    sent = outcome_of(
        answer, now=NOW, quoted=lambda words: quoted(words, secrets=("kunci",), private="Halo Budi")
    )

    assert isinstance(sent, Accepted) is (status < 300 and not isinstance(sent, Refused | Declined))
    assert isinstance(sent, ChannelDown) is (status in {408, 425, 429} or status >= 500)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nomor salah", "nomor salah"),
        ("nomor +62 812-3456-789 salah", "nomor +*** salah"),
        ("kode 482913", "kode ***"),
        ("tahun 2026", "tahun 2026"),
        ("lihat https://gw.id/ext/x/wa ya", "lihat *** ya"),
        ("KUNCI a b/c a%20b%2Fc", "*** *** ***"),
        ("baris\nsatu\x00dua", "baris satu dua"),
        ("gagal: 'halo   BUDI, tagihan' ...", ""),
        ("x" * 500, "x" * 200),
    ],
)
def test_quote_tells_the_trouble_and_nothing_private(words: str, told: str) -> None:
    assert quoted(words, secrets=("kunci", "", "a b/c"), private="Halo Budi, tagihan Anda lunas.") == told


def test_short_message_is_not_taken_for_an_echo() -> None:
    assert quoted("ok lah", secrets=(), private="ok") == "ok lah"
