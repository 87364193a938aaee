"""What the READMEs of examples/ promise."""

import pytest

from spinproc import EXAMPLES


def test_hello(spin):
    server = spin(EXAMPLES / "hello")
    for path in ("/", "/hello", "/any/where?x=1"):
        answer = server.get(path)
        assert (answer.status, answer.body) == (200, b"Hello, Spin in C!\n")
        assert answer.header("content-type") == "text/plain"
        assert answer.header("content-length") == "18"


@pytest.fixture(scope="module", params=["copied", "direct"])
def files(request, binary, cache_dir, tmp_path_factory):
    from spinproc import Spin

    flags = ["--direct-mounts"] if request.param == "direct" else []
    work = tmp_path_factory.mktemp("fileserver")
    with Spin(binary, EXAMPLES / "fileserver", work, *flags, cache_dir=cache_dir) as server:
        yield server


def asset(name):
    return (EXAMPLES / "fileserver" / "assets" / name).read_bytes()


@pytest.mark.parametrize("path, name, kind", [
    ("/", "index.html", "text/html; charset=utf-8"),
    ("/index.html", "index.html", "text/html; charset=utf-8"),
    ("/css/site.css?v=2", "css/site.css", "text/css; charset=utf-8"),
    ("/logo.svg", "logo.svg", "image/svg+xml"),
    ("/%64ata.json", "data.json", "application/json"),
    ("/docs/", "docs/index.html", "text/html; charset=utf-8"),
])
def test_file(files, path, name, kind):
    answer = files.get(path)
    assert (answer.status, answer.body) == (200, asset(name))
    assert answer.header("content-type") == kind
    assert answer.header("accept-ranges") == "bytes"


def test_file_head(files):
    answer = files.request("HEAD", "/digits.txt")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.header("content-length") == "16"


@pytest.mark.parametrize("value, status, content_range, body", [
    ("bytes=2-5", 206, "bytes 2-5/16", b"2345"),
    ("bytes=10-", 206, "bytes 10-15/16", b"abcdef"),
    ("bytes=-4", 206, "bytes 12-15/16", b"cdef"),
    ("bytes=0-99", 206, "bytes 0-15/16", b"0123456789abcdef"),
    ("bytes=16-", 416, "bytes */16", None),
    ("bytes=1-2,4-5", 200, None, b"0123456789abcdef"),
    ("lines=1-2", 200, None, b"0123456789abcdef"),
])
def test_file_range(files, value, status, content_range, body):
    answer = files.get("/digits.txt", {"Range": value})
    assert answer.status == status
    assert answer.header("content-range") == content_range
    if body is not None:
        assert answer.body == body


def test_file_validators(files):
    first = files.get("/digits.txt")
    tag, date = first.header("etag"), first.header("last-modified")
    assert tag and date
    for headers in ({"If-None-Match": tag}, {"If-None-Match": f'"other", W/{tag}'},
                    {"If-Modified-Since": date}):
        answer = files.get("/digits.txt", headers)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.header("etag") == tag
    assert files.get("/digits.txt", {"If-None-Match": '"other"'}).status == 200
    assert files.get("/digits.txt", {"Range": "bytes=0-0", "If-Range": tag}).body == b"0"
    assert files.get("/digits.txt", {"Range": "bytes=0-0", "If-Range": '"x"'}).status == 200


def test_file_refusals(files):
    assert files.get("/nothing.html").status == 404
    assert files.get("/digits.txt/").status == 404
    assert files.request("POST", "/", b"x").status == 405
    moved = files.get("/docs")
    assert (moved.status, moved.header("location")) == (301, "/docs/")
    for path in ("/../spin.toml", "/%2e%2e/spin.toml", "/docs/../../fileserver.c", "/a%00b",
                 "/..%2f..%2fetc/passwd"):
        answer = files.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert answer.split()[1] in (b"400", b"404"), path
        assert b"spin_version" not in answer and b"root:" not in answer


def test_wagi(spin):
    server = spin(EXAMPLES / "wagi")
    answer = server.request("POST", "/env/some/path?a=1&b=2", b"to stdin", {"X-Test": "yes"})
    assert answer.status == 200
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    args, _, rest = answer.text.partition("### Environment\n")
    assert args == "### Arguments\n/env/some/path\na=1\nb=2\n"
    environment, _, body = rest.partition("### Body\n")
    environment = environment.splitlines()
    assert "GREETING=hello" in environment
    assert "HTTP_X_TEST=yes" in environment
    assert body == "to stdin"
    answer = server.get("/argv?x=1")
    assert answer.text.startswith("### Arguments\nenv\n--path\n/argv\nx=1\n### Environment\n")


def test_wagi_go(spin):
    if not (EXAMPLES / "wagi-go" / "main.wasm").exists():
        pytest.skip("examples/wagi-go is built where Go is: make guests")
    server = spin(EXAMPLES / "wagi-go")
    answer = server.request("POST", "/any/path", b"to the body")
    assert (answer.status, answer.text) == (200, "Hello from Go! POST /any/path\nto the body")
