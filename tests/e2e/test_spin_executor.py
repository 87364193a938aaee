"""The Spin executor: the entry point of 2022 in both memory layouts."""

import pytest

from spinproc import guest

LAYOUTS = ["echo", "echo-slots"]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]


@pytest.mark.parametrize("name", ["hello", "hello-slots"])
def test_hello(zoo, name):
    answer = zoo.get(f"/{name}")
    assert (answer.status, answer.body) == (200, b"Hello, Spin in C!\n")
    assert answer.header("content-type") == "text/plain"


@pytest.mark.parametrize("name", ["bare", "bare-slots"])
def test_neither_headers_nor_body(zoo, name):
    answer = zoo.get(f"/{name}")
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("content-type") is None


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("method", METHODS)
def test_methods(zoo, name, method):
    answer = zoo.request(method, f"/{name}")
    assert answer.status == 200
    assert answer.header("x-echo") == "yes"
    if method == "HEAD":
        assert answer.body == b"" and int(answer.header("content-length")) > 0
    else:
        assert answer.json()["method"] == method


@pytest.mark.parametrize("method", ["PROPFIND", "TRACE"])
def test_other_methods_are_refused(zoo, method):
    assert zoo.request(method, "/echo").status == 405


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("status", [200, 201, 304, 404, 418, 500, 599])
def test_status(zoo, name, status):
    assert zoo.get(f"/{name}?status={status}").status == status


def test_uri(zoo):
    assert zoo.get("/echo/a%20b?x=%31&y").json()["uri"] == "/echo/a%20b?x=%31&y"
    # Spin 0.1 passed the path alone.
    assert zoo.get("/echo-slots/a?x=1").json()["uri"] == "/echo-slots/a"


@pytest.mark.parametrize("name", LAYOUTS)
def test_params(zoo, name):
    params = zoo.get(f"/{name}?a=1&b=x%20y+z&c&d=%C3%A9&a=2").json()["params"]
    assert params == [["a", "1"], ["b", "x y z"], ["c", ""], ["d", "é"], ["a", "2"]]
    assert zoo.get(f"/{name}").json()["params"] == []


@pytest.mark.parametrize("name", LAYOUTS)
def test_request_headers(zoo, name):
    headers = zoo.get(f"/{name}", {"X-Upper-Case": "Value", "Accept": "*/*"}).json()["headers"]
    assert ["x-upper-case", "Value"] in headers
    assert ["accept", "*/*"] in headers
    assert ["host", f"{zoo.host}:{zoo.port}"] in headers


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("size", [1, 100, 65535, 65536, 200_000, 2_000_000])
def test_body(zoo, name, size):
    body = bytes(i * 7 % 256 for i in range(size))
    assert bytes.fromhex(zoo.request("POST", f"/{name}", body).json()["body"]) == body


def test_utf8_in_a_header(zoo):
    answer = zoo.raw("GET /echo HTTP/1.1\r\nHost: h\r\nX-Text: grüß\r\nConnection: close\r\n\r\n"
                     .encode())
    assert '["x-text","grüß"]' in answer.decode()


def test_default_headers(spin):
    server = spin([guest("echo", "/foo/...")], base="/base")
    answer = server.get("/base/foo/bar/baz?k=v", {"Host": "example.com:81"})
    own = {k: v for k, v in answer.json()["headers"] if k.startswith("spin-")}
    own.pop("spin-client-addr", None)  # later than the rest
    assert own == {
        "spin-full-url": "http://example.com:81/base/foo/bar/baz?k=v",
        "spin-path-info": "/bar/baz",
        "spin-matched-route": "/base/foo/...",
        "spin-raw-component-route": "/foo/...",
        "spin-component-route": "/foo",
        "spin-base-path": "/base",
    }
    assert dict(server.get("/base/foo").json()["headers"])["spin-path-info"] == ""


def test_default_headers_can_not_be_forged(zoo):
    forged = {"spin-path-info": "/forged", "Spin-Full-Url": "x"}
    headers = zoo.get("/echo/x", forged).json()["headers"]
    assert [v for k, v in headers if k == "spin-path-info"][-1] == "/x"
    assert [v for k, v in headers if k == "spin-full-url"][-1] == f"{zoo.url}/echo/x"


def test_each_request_gets_a_fresh_instance(zoo):
    # A second response in the same instance would have each header twice.
    for _ in range(20):
        names = [k for k, _ in zoo.get("/hello").headers]
        assert names.count("content-type") == 1


def test_environment(spin):
    server = spin([guest("env", environment={"OWN": "1", "BOTH": "own"})],
                  "--env", "CLI=a=b", "--env", "OTHER=x y")
    lines = server.get("/env").text.splitlines()
    assert {"OWN=1", "BOTH=own", "CLI=a=b", "OTHER=x y"} <= set(lines)
    assert not [line for line in lines if line.startswith(("PATH=", "HOME="))]


def test_sleep_does_not_block_others(zoo):
    import threading
    import time

    def sleeper():
        answers.append(zoo.get("/sleep?ms=1500"))

    answers = []
    threads = [threading.Thread(target=sleeper) for _ in range(8)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    for _ in range(20):
        asked = time.monotonic()
        assert zoo.get("/hello").status == 200
        assert time.monotonic() - asked < 0.8
    for thread in threads:
        thread.join()
    assert [a.body for a in answers] == [b"slept\n"] * 8
    assert 1.5 <= time.monotonic() - begin < 6
