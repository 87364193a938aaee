"""The Wagi executor: CGI over a WASI command."""

import pytest

from spinproc import EXAMPLES, wagi

ENV = EXAMPLES / "wagi" / "env.wasm"


@pytest.fixture(scope="module")
def server(binary, cache_dir, tmp_path_factory):
    from spinproc import Spin, write_app

    work = tmp_path_factory.mktemp("wagi")
    app = write_app(work / "app", [
        wagi("env", "/foo/...", wasm=ENV, environment={"OWN": "1"}),
        wagi("env", "/exact", id="exact", wasm=ENV, argv="one ${SCRIPT_NAME} two ${ARGS}"),
    ], base="/base")
    with Spin(binary, app, work, "--env", "CLI=1", cache_dir=cache_dir) as running:
        yield running


def parts(answer):
    args, _, rest = answer.text.partition("### Environment\n")
    environment, _, body = rest.partition("### Body\n")
    pairs = dict(line.split("=", 1) for line in environment.splitlines())
    return args.splitlines()[1:], pairs, body


def test_variables(server):
    answer = server.request("PUT", "/base/foo/some%20path/x?a=1&b=2", b"body", {
        "Host": "example.com:8080", "X-My-Header": "v", "Content-Type": "text/x",
        "Authorization": "secret"})
    args, env, body = parts(answer)
    assert body == "body"
    assert args == ["/base/foo/some%20path/x", "a=1", "b=2"]
    expected = {
        "REQUEST_METHOD": "PUT", "QUERY_STRING": "a=1&b=2", "SCRIPT_NAME": "/base/foo",
        "CONTENT_LENGTH": "4", "CONTENT_TYPE": "text/x", "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_NAME": "example.com", "SERVER_PORT": "8080",
        "REMOTE_ADDR": "127.0.0.1", "REMOTE_HOST": "127.0.0.1",
        "X_FULL_URL": "http://example.com:8080/base/foo/some%20path/x?a=1&b=2",
        "X_MATCHED_ROUTE": "/base/foo/...", "X_RAW_COMPONENT_ROUTE": "/foo/...",
        "X_COMPONENT_ROUTE": "/foo", "X_BASE_PATH": "/base", "HTTP_X_MY_HEADER": "v",
        "X_RAW_PATH_INFO": "/some%20path/x", "OWN": "1", "CLI": "1",
    }
    assert {k: env.get(k) for k in expected} == expected
    assert env["SERVER_SOFTWARE"].startswith("WAGI/")
    assert env["PATH_INFO"] in ("/some path/x", "/some%20path/x")
    assert "HTTP_AUTHORIZATION" not in env


def test_argv_template(server):
    args, env, _ = parts(server.get("/base/exact?x=1&y"))
    assert args == ["one", "/base/exact", "two", "x=1", "y"]
    assert env["PATH_INFO"] == ""


@pytest.mark.parametrize("query, status, headers, body", [
    ("plain", 200, {"content-type": "text/plain"}, b"plain\n"),
    ("crlf", 200, {"content-type": "text/plain", "x-extra": "1"}, b"crlf\r\n"),
    ("status", 418, {"content-type": "text/plain"}, b"short and stout\n"),
    ("status-only", 403, {}, b"no\n"),
    ("location", 302, {"location": "https://example.com/there"}, b""),
    ("location-status", 301, {"location": "/moved"}, b""),
    ("headers", 200, {"x-one": "1", "x-two": "a: b"}, b"headers\n"),
    ("bad-header", 200, {"x-fine": "1", "x ok": None}, b"fine\n"),
])
def test_response(zoo, query, status, headers, body):
    answer = zoo.get(f"/cgi?{query}")
    assert (answer.status, answer.body) == (status, body)
    for name, value in headers.items():
        assert answer.header(name) == value


@pytest.mark.parametrize("query, status", [
    ("no-headers", 500), ("no-separator", 500), ("nothing", 500), ("exit=3", 500), ("trap", 500),
    ("bad-status", 502),
])
def test_failures(zoo, query, status):
    assert zoo.get(f"/cgi?{query}").status == status
    assert zoo.get("/cgi?plain").status == 200


def test_exit_zero_is_success_only_with_a_response(zoo):
    assert zoo.get("/cgi?exit=0").status == 500


def test_failure_after_output_is_never_a_whole_response(zoo):
    answer = zoo.raw(b"GET /cgi?late-exit=4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 5)
    assert answer.startswith(b"HTTP/1.1 500") or not answer.endswith(b"\r\n0\r\n\r\n")


def test_entrypoint(zoo):
    assert zoo.get("/other").body == b"the other entry point\n"


@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_body_on_stdin(zoo, size):
    assert zoo.request("POST", "/upper", b"ab" * (size // 2)).body == b"AB" * (size // 2)


@pytest.mark.parametrize("blocks", [1, 16, 256])
def test_big_responses(zoo, blocks):
    answer = zoo.get(f"/stream?{blocks}", timeout=60)
    assert answer.body == b"".join(bytes([97 + i % 26]) * 65536 for i in range(blocks))


def test_a_slow_reader_holds_the_guest_back(zoo):
    """64 MiB for a client that reads nothing at first must not pile up in the worker."""
    def resident():
        total = 0
        for pid in zoo.workers():
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        return total

    import time
    before = resident()
    with zoo.connect() as sock:
        sock.sendall(b"GET /stream?1024 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(1)
        assert resident() - before < 16 * 1024
        received = 0
        sock.settimeout(30)
        while block := sock.recv(1 << 20):
            received += len(block)
    assert received > 1024 * 65536
