"""What only a real socket shows: large bodies, pipelining, what HEAD and OPTIONS put on the wire."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from core.settings import Settings
from tests.api.live import serving


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    with serving(settings) as found:
        yield found


def _talk(port: int, *pieces: bytes, until: bytes = b"", seconds: float = 5.0) -> bytes:
    """Send pieces over one connection and read until `until` has come, or nothing more comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not (until and until in received):
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                break
            if not piece:
                break
            received += piece
        return received


def _request(line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, "Host: localhost", *headers, "", ""]).encode() + body


def test_ten_announced_megabytes_are_refused_before_they_are_sent(port: int) -> None:
    head = _request(
        "POST /api/auth/login HTTP/1.1", "Content-Type: application/json", "Content-Length: 10485760"
    )
    began = time.monotonic()
    answer = _talk(port, head, until=b"Payload Too Large")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert time.monotonic() - began < 2, "nobody waited for the body"


def test_ten_chunked_megabytes_are_refused_on_the_way(port: int) -> None:
    head = _request(
        "POST /api/auth/login HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked"
    )
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    answer = _talk(port, head, chunk * 5, until=b"Payload Too Large")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_connection_goes_on_after_a_large_body(port: int) -> None:
    body = b"x" * 200_000
    large = _request("POST /api/auth/login HTTP/1.1", f"Content-Length: {len(body)}", body=body)
    answer = _talk(port, large, _request("GET /api/region HTTP/1.1"), until=b"Region Bandung")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"HTTP/1.1 200 " in answer


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    asked = [_request(f"GET /api/package?company_id={number} HTTP/1.1") for number in (1, 2, 9)]
    form = b'{"identifier": "x", "password": "y"}'
    asked.append(
        _request(
            "POST /api/auth/login HTTP/1.1",
            "Content-Type: application/json",
            f"Content-Length: {len(form)}",
            body=form,
        )
    )
    asked.append(_request("GET /api/region HTTP/1.1"))
    answer = _talk(port, b"".join(asked), until=b"Region Bandung")
    marks = [b'"id":12', b'"id":21', b'"data":[]', b"tidak sesuai", b"Region Bandung"]
    places = [answer.index(mark) for mark in marks]
    assert places == sorted(places)
    assert answer.count(b"HTTP/1.1 ") == 5


def test_head_has_the_length_of_get_and_no_body(port: int) -> None:
    answer = _talk(port, _request("HEAD /api/region HTTP/1.1", "Connection: close"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) > 50
    assert body == b""


def test_options_is_204_with_what_is_allowed(port: int) -> None:
    answer = _talk(port, _request("OPTIONS /api/customer HTTP/1.1", "Connection: close"))
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert b"allow: GET, HEAD, OPTIONS, POST" in answer


def test_an_old_client_without_a_host_is_served(port: int) -> None:
    answer = _talk(port, b"GET /api/region HTTP/1.0\r\n\r\n")
    assert b" 200 " in answer.split(b"\r\n")[0]
    assert b"Region Bandung" in answer


def test_raw_bytes_in_a_query_are_answered(port: int) -> None:
    answer = _talk(
        port, b"GET /api/package?company_id=\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert answer.split(b" ")[1] in {b"400", b"422"}


def test_a_body_on_get_is_left_alone(port: int) -> None:
    asked = _request("GET /api/region HTTP/1.1", "Content-Length: 7", body=b"ignored")
    answer = _talk(port, asked, asked, until=b"\x00", seconds=1.0)
    assert answer.count(b"HTTP/1.1 200 ") == 2
