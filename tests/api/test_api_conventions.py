"""What holds for every path: error forms, methods, headers, encodings of a body (mywifi contract §1, §2, §9)."""

from __future__ import annotations

import httpx
import pytest
from quart import Response

from api.app import Api
from tests.api.support import Caller, a_form

LOGIN = "/api/auth/login"
JOHN = {"identifier": "john@example.com", "password": "rahasia123"}


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/api", "/api/", "/api/invoice/", "/api//invoice", "/API/region"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_unknown_paths_are_404_in_json_and_never_a_redirect(
    anyone: Caller, path: str, method: str
) -> None:
    answer = await anyone.ask(method, f"http://loket.test{path}", headers={"Accept": "text/html"})
    assert (answer.status, answer.body) == (404, {"message": "Not Found."})


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/auth/login", {"POST"}),
        ("/api/auth/me", {"GET", "HEAD", "POST"}),
        ("/api/auth/change-password", {"POST", "PUT", "PATCH"}),
        ("/api/region", {"GET", "HEAD"}),
        ("/api/customer", {"GET", "HEAD", "POST"}),
        ("/api/customer/email", {"PUT", "PATCH", "POST"}),
        ("/api/customer/network-status", {"GET", "HEAD", "POST"}),
        ("/api/help", {"GET", "HEAD", "POST"}),
        ("/api/help/close", {"POST", "PUT", "PATCH"}),
        ("/api/billing/unpaid", {"GET", "HEAD"}),
        ("/api/bill/mark-as-paid", {"POST"}),
    ],
)
async def test_other_methods_are_405_and_say_what_is_allowed(
    anyone: Caller, path: str, allowed: set[str]
) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - allowed:
        answer = await anyone.ask(method, path)
        assert (answer.status, answer.body) == (405, {"message": "Method Not Allowed."})
        assert set(answer.headers["Allow"].split(", ")) == allowed | {"OPTIONS"}
    options = await anyone.ask("OPTIONS", path)
    assert (options.status, options.text) == (204, "")
    assert set(options.headers["Allow"].split(", ")) == allowed | {"OPTIONS"}


async def test_head_answers_like_get_without_a_body(anyone: Caller) -> None:
    head, get = await anyone.ask("HEAD", "/api/region"), await anyone.get("/api/region")
    assert (head.status, head.text) == (200, "")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_json_says_no_charset_and_is_not_kept_by_caches(john: Caller) -> None:
    for path in ("/api/region", "/api/auth/me", "/nope"):
        headers = (await john.get(path)).headers
        assert headers["content-type"] == "application/json"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        assert "set-cookie" not in headers


async def test_a_request_id_is_echoed_when_it_is_harmless_and_made_otherwise(anyone: Caller) -> None:
    echoed = await anyone.ask("GET", "/api/region", headers={"X-Request-Id": "a-b_c.1"})
    assert echoed.headers["x-request-id"] == "a-b_c.1"
    for bad in ("x" * 65, "a b", "a;b"):
        made = await anyone.ask("GET", "/api/region", headers={"X-Request-Id": bad})
        assert len(made.headers["x-request-id"]) == 16
    one, other = [(await anyone.get("/api/region")).headers["x-request-id"] for _ in range(2)]
    assert one != other


@pytest.mark.parametrize(
    "how", [{"json": JOHN}, {"data": JOHN}, {"files": {name: (None, text) for name, text in JOHN.items()}}]
)
async def test_a_body_may_be_json_or_a_form(anyone: Caller, how: dict[str, object]) -> None:
    assert (await anyone.ask("POST", LOGIN, **how)).status == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ("application/vnd.api+json", 200),
        ("", 200),
        ("text/plain", 415),
        ("application/xml", 415),
        ("nonsense", 415),
    ],
)
async def test_json_is_read_under_its_names_and_other_kinds_are_refused(
    anyone: Caller, kind: str, status: int
) -> None:
    body = b'{"identifier": "john@example.com", "password": "rahasia123"}'
    answer = await anyone.ask("POST", LOGIN, content=body, headers={"Content-Type": kind})
    assert answer.status == status
    if status == 415:
        assert answer.body == {"message": "Unsupported Media Type."}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"identifier": }',
        b"[]",
        b'"text"',
        b"null",
        b"5",
        b"\xff\xfe",
        b'{"a": "\xff"}',
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"a": ' + b"1" * 5000 + b"}",
    ],
)
async def test_what_is_no_json_object_is_400(anyone: Caller, body: bytes) -> None:
    answer = await anyone.ask("POST", LOGIN, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.body) == (400, {"message": "The request body could not be parsed."})


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\nnothing"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(300))),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00&&&==;"),
    ],
)
async def test_broken_forms_are_answered_and_never_500(anyone: Caller, kind: str, body: bytes) -> None:
    answer = await anyone.ask("POST", LOGIN, content=body, headers={"Content-Type": kind})
    assert answer.status in {400, 422}


async def test_an_empty_body_is_an_empty_form(anyone: Caller) -> None:
    for body in (b"", b"  \n"):
        answer = await anyone.ask("POST", LOGIN, content=body, headers={"Content-Type": "application/json"})
        assert set(answer.errors) == {"identifier", "password"}


async def test_strings_are_trimmed_and_empty_ones_count_as_none(anyone: Caller) -> None:
    form = a_form(name="  Budi  ", address="   ", gender="", image="")
    answer = await anyone.post("/api/auth/register", **form)
    assert answer.status == 201
    data = answer.body["data"]
    assert (data["name"], data["address"], data["gender"], data["image"]) == (
        "Budi",
        None,
        None,
        "default1.jpg",
    )


async def test_a_query_does_not_stand_in_for_a_body(anyone: Caller) -> None:
    answer = await anyone.ask("POST", LOGIN, params=JOHN)
    assert answer.status == 422


async def test_a_body_over_the_limit_is_413(anyone: Caller) -> None:
    at_limit = await anyone.post(LOGIN, identifier="x" * (64 * 1024 - 60), password="x")
    assert at_limit.status == 422
    answer = await anyone.post(LOGIN, identifier="x" * 64 * 1024, password="x")
    assert (answer.status, answer.body) == (413, {"message": "Payload Too Large."})


async def test_a_bug_is_500_and_says_nothing_else(
    app: Api, client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken() -> str:
        raise RuntimeError("the secret is 42")

    app.add_url_rule("/broken", "broken", broken)
    answer = await Caller(client).ask("GET", "/broken", headers={"X-Request-Id": "find-me"})
    assert (answer.status, answer.body) == (500, {"message": "Server Error"})
    logged = capsys.readouterr()
    assert (logged.out + logged.err).count("RuntimeError: the secret is 42") == 1
    assert "find-me" in logged.out + logged.err


@pytest.mark.parametrize(
    "environment", [{"LOKET_CORS_ORIGINS": "https://app.example.com, https://other.example.com"}]
)
async def test_browsers_may_call_from_listed_origins_only(anyone: Caller) -> None:
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    listed = {"Origin": "https://app.example.com"}
    answer = await anyone.ask("OPTIONS", "/api/customer/email", headers={**preflight, **listed})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    real = await anyone.ask("GET", "/api/region", headers=listed)
    assert real.headers["access-control-allow-origin"] == "https://app.example.com"
    assert real.headers["vary"] == "Origin"
    for origin in ("https://evil.example.com", "null", "https://app.example.com.evil.com"):
        foreign = await anyone.ask("OPTIONS", "/api/region", headers={**preflight, "Origin": origin})
        assert "access-control-allow-origin" not in foreign.headers


async def test_by_default_no_origin_is_allowed(anyone: Caller) -> None:
    answer = await anyone.ask("GET", "/api/region", headers={"Origin": "https://app.example.com"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["", "a b", "x" * 300, "evil.example.com", "[::1", "host:notaport"])
async def test_a_strange_host_header_harms_nothing(anyone: Caller, host: str) -> None:
    answer = await anyone.ask("GET", "/api/region", headers={"Host": host})
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"


async def test_hooks_of_other_faces_still_run(app: Api, client: httpx.AsyncClient) -> None:
    seen: list[str] = []

    async def before() -> None:
        seen.append("before")

    async def after(response: Response) -> Response:
        seen.append("after")
        return response

    app.before_request(before)
    app.after_request(after)
    assert (await Caller(client).get("/api/region")).status == 200
    assert seen == ["before", "after"]
