"""The server's side of HTTP/1.1, and routing."""

import time

import pytest

from spinproc import guest, parse_responses


def head(*lines):
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_prints_routes(spin):
    server = spin([guest("hello", "/hi"), guest("echo", "/e/...")], base="/b")
    lines = [line.strip() for line in server.stdout.splitlines()]
    assert f"Serving {server.url}" in lines
    assert "Available Routes:" in lines
    assert f"hello: {server.url}/b/hi" in lines
    assert f"echo: {server.url}/b/e (wildcard)" in lines


def test_healthz(zoo):
    answer = zoo.get("/healthz")
    assert (answer.status, answer.body) == (200, b"OK")


def test_routes(spin):
    server = spin([
        guest("hello", "/exact"),
        guest("echo", "/wild/..."),
        guest("hello", "/wild/deep", id="deep"),
        guest("echo", "/twice", id="first"),
        guest("hello", "/twice", id="twice"),
        guest("hello", "/shadowed/x", id="shadowed"),
        guest("bare", "/shadowed/..."),
    ])
    for path, status in {
        "/exact": 200, "/exact/more": 404, "/exactly": 404, "/": 404, "/nothing": 404,
        "/wild": 200, "/wild/a/b": 200, "/wilder": 404,
    }.items():
        assert server.get(path).status == status, path
    assert server.get("/wild/deep").text == "Hello, Spin in C!\n"
    assert server.get("/wild/deep/er").json()["uri"] == "/wild/deep/er"
    assert server.get("/twice").text == "Hello, Spin in C!\n"  # the last one wins
    assert server.get("/shadowed/x").status == 204


@pytest.mark.parametrize("base", ["/", "/base", "/a/b"])
def test_base(spin, base):
    server = spin([guest("echo", "/x")], base=base)
    prefix = base.rstrip("/")
    assert server.get(f"{prefix}/x").status == 200
    if prefix:
        assert server.get("/x").status == 404


def test_keep_alive(zoo):
    with zoo.connect() as sock:
        file = sock.makefile("rb")
        for _ in range(50):
            sock.sendall(head("GET /hello HTTP/1.1", "Host: x"))
            length = 0
            while (line := file.readline()) != b"\r\n":
                assert line, "closed"
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split()[1])
            assert file.read(length) == b"Hello, Spin in C!\n"


def test_close_on_request(zoo):
    answer = zoo.raw(head("GET /hello HTTP/1.1", "Host: x", "Connection: close"))
    (response,) = parse_responses(answer)
    assert response.status == 200 and response.header("connection") == "close"


def test_http_1_0(zoo):
    answer = zoo.raw(head("GET /hello HTTP/1.0"))
    assert answer.split()[1] == b"200" and answer.endswith(b"Hello, Spin in C!\n")
    streamed = zoo.raw(head("GET /stream?4 HTTP/1.0"))
    assert b"transfer-encoding" not in streamed.partition(b"\r\n\r\n")[0].lower()
    assert len(streamed.partition(b"\r\n\r\n")[2]) == 4 * 65536


def test_pipelining(zoo):
    requests = b"".join(
        head(f"GET /echo/{i} HTTP/1.1", "Host: x") for i in range(20))
    requests += head("GET /sleep?ms=50 HTTP/1.1", "Host: x")
    requests += head("GET /hello HTTP/1.1", "Host: x", "Connection: close")
    responses = parse_responses(zoo.raw(requests))
    assert [r.json()["uri"] for r in responses[:20]] == [f"/echo/{i}" for i in range(20)]
    assert [r.body for r in responses[20:]] == [b"slept\n", b"Hello, Spin in C!\n"]


def test_a_request_in_single_bytes(zoo):
    with zoo.connect() as sock:
        for byte in head("POST /echo HTTP/1.1", "Host: x", "Connection: close",
                         "Content-Length: 3") + b"abc":
            sock.sendall(bytes([byte]))
        answer = b""
        while block := sock.recv(65536):
            answer += block
    assert b'"body":"616263"' in answer


def test_chunked_request(zoo):
    body = b"4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"
    answer = zoo.raw(head("POST /echo HTTP/1.1", "Host: x", "Connection: close",
                          "Transfer-Encoding: chunked") + body)
    (response,) = parse_responses(answer)
    assert bytes.fromhex(response.json()["body"]) == b"Wikipedia"


def test_chunked_response(zoo):
    answer = zoo.raw(head("GET /stream?3 HTTP/1.1", "Host: x", "Connection: close"))
    (response,) = parse_responses(answer)
    assert response.body == b"a" * 65536 + b"b" * 65536 + b"c" * 65536


def test_expect_100_continue(zoo):
    with zoo.connect() as sock:
        sock.sendall(head("POST /echo HTTP/1.1", "Host: x", "Connection: close",
                          "Content-Length: 2", "Expect: 100-continue"))
        assert sock.recv(4096).startswith(b"HTTP/1.1 100")
        sock.sendall(b"ab")
        answer = b""
        while block := sock.recv(65536):
            answer += block
    assert b'"body":"6162"' in answer


def test_head(zoo):
    answer = zoo.raw(head("HEAD /hello HTTP/1.1", "Host: x") +
                     head("GET /healthz HTTP/1.1", "Host: x", "Connection: close"))
    first, _, rest = answer.partition(b"\r\n\r\n")
    assert b"content-length: 18" in first.lower()
    assert rest.startswith(b"HTTP/1.1 200")  # no body in between


@pytest.mark.parametrize("request_bytes, status", [
    (b"nonsense\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", None),
    (b"GET /hello HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n", 400),
    (b"GET /hello HTTP/1.1\r\n\r\n", None),  # no Host: 400 or served, never a crash
    (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\n", 400),
    (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
    (b"GET /hello HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", 431),
    (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (b"GET /hello HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n", 431),
    (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
])
def test_bad_requests(zoo, request_bytes, status):
    answer = zoo.raw(request_bytes, timeout=5)
    if status is not None:
        assert answer.split()[1:2] == [str(status).encode()], answer[:200]
    assert zoo.get("/hello").status == 200


def test_body_limit_with_chunks(zoo):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with zoo.connect() as sock:
        answer = b""
        try:
            sock.sendall(head("POST /echo HTTP/1.1", "Host: x", "Transfer-Encoding: chunked"))
            for _ in range(400):
                sock.sendall(chunk)
        except OSError:
            pass
        try:
            answer = sock.recv(4096)
        except OSError:
            pass
    assert answer == b"" or answer.split()[1] == b"413"
    assert zoo.get("/hello").status == 200


def test_clients_that_leave(zoo):
    for request in (b"", b"GET /he", head("GET /sleep?ms=200 HTTP/1.1", "Host: x"),
                    head("POST /echo HTTP/1.1", "Host: x", "Content-Length: 100") + b"half",
                    head("GET /stream?256 HTTP/1.1", "Host: x")):
        for _ in range(5):
            with zoo.connect() as sock:
                sock.sendall(request)
                time.sleep(0.01)
    assert zoo.get("/hello").status == 200
    assert zoo.alive()


def test_date_and_server_headers(zoo):
    from email.utils import parsedate_to_datetime

    date = parsedate_to_datetime(zoo.get("/hello").header("date"))
    assert abs(date.timestamp() - time.time()) < 5
