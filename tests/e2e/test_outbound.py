"""Guests that call out: `wasi-outbound-http` and `outbound-redis`, against real servers."""

import asyncio
import gzip
import http.server
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from spinproc import EXAMPLES, guest, wait_until, write_app

GUESTS = ["outbound-call", "outbound-call-slots"]
ANY = ["insecure:allow-all"]


# ── a web server ──


class Page(http.server.BaseHTTPRequestHandler):
    """Well-behaved or not, as the path says."""

    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def handle_any(self):
        length = int(self.headers.get("content-length", 0))
        self.content = self.rfile.read(length)
        path = self.path.split("?")[0].strip("/").split("/")
        self.server.seen.append((self.command, self.path))
        getattr(self, "page_" + path[0].replace("-", "_"))(*path[1:])

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any

    def log_message(self, *_):
        pass

    def answer(self, status=200, headers=(), body=b"", length=True):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def page_echo(self):
        text = f"{self.command} {self.path}\n"
        text += "".join(f"{k.lower()}={v}\n" for k, v in self.headers.items())
        self.answer(headers=[("X-Method", self.command)], body=text.encode() + b"\n" + self.content)

    def page_status(self, status):
        self.answer(int(status), body=b"" if status in ("204", "304") else b"status",
                    length=status not in ("204", "304"))

    def page_slow(self, seconds="0.5"):
        time.sleep(float(seconds))
        self.answer(body=b"slow")

    def page_drip(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i in range(10):
            self.wfile.write(b"1\r\n%d\r\n" % i)
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(b"0\r\nX-Trailer: no\r\n\r\n")

    def page_big(self, size):
        self.answer(body=b"b" * int(size))

    def page_headers(self, count):
        self.answer(headers=[(f"X-{i}", "v" * 50) for i in range(int(count))])

    def page_gzip(self):
        self.answer(headers=[("Content-Encoding", "gzip")], body=gzip.compress(b"unpacked" * 1000))

    def page_not_gzip(self):
        self.answer(headers=[("Content-Encoding", "gzip")], body=b"plain")

    def page_short(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"short")
        self.close_connection = True

    def page_trailers(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"0\r\n" + b"X-Trailer: %s\r\n" % (b"t" * 1000) * 1000 + b"\r\n")

    def page_long_line(self):
        self.answer(headers=[("X-Long", "v" * 10_000_000)])

    def page_reset(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def page_to(self, *url):
        self.answer(302, headers=[("Location", self.path.split("?", 1)[1])])

    def page_hang(self):
        while self.connection.recv(1000):
            pass
        self.server.left.set()
        self.close_connection = True


class Web(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Page)
        self.seen, self.left = [], threading.Event()
        self.context = context
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.start()

    def finish_request(self, request, client):
        if self.context:  # in the connection's own thread
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client)

    def handle_error(self, *_):
        pass  # clients leave, or find no trust

    def stop(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


@pytest.fixture(scope="module")
def web():
    server = Web()
    yield server
    server.stop()


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A CA, and what it signed for localhost and 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-days", "2"]
    openssl(*new, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", cwd=folder)
    openssl(*new, "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost", "-CA",
            "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:false",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def tls_web(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    server = Web(context)
    yield server
    server.stop()


# ── Redis ──


class Redis:
    """A redis-server of the tests' own that keeps nothing."""

    def __init__(self, folder):
        assert shutil.which("redis-server"), "redis-server is needed: apt install redis-server"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.url = f"redis://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.folder), "--user", "alice", "on", ">s3cret",
             "~*", "&*", "+@all"], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        wait_until(self.answers, what="redis-server")

    def answers(self):
        assert self.process.poll() is None, "redis-server left"
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def ask(self, *words):
        """One command; the first bytes of its reply."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
            sock.sendall(b"*%d\r\n" % len(words) + b"".join(
                b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words))
            return sock.recv(65536)

    def connections(self):
        """How many there have been, this one included."""
        return int(self.ask("INFO", "stats").split(b"total_connections_received:")[1].split()[0])

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path):
    server = Redis(tmp_path)
    yield server
    server.kill()


# ── Spin ──


class Caller:
    def __init__(self, server):
        self.server = server

    def call(self, name, op, timeout=30, **params):
        query = urlencode({"op": op, **params}, doseq=True)
        return self.server.get(f"/{name}?{query}", timeout=timeout)

    def http(self, name, url, timeout=30, **params):
        """Status, headers in order, and body; or the interface's error."""
        answer = self.call(name, "http", timeout, url=url, **params)
        if answer.status == 502:
            return answer.text
        assert answer.status == 200, answer.text
        status, headers, body = answer.body.split(b"\n\n", 2) if (
            b"\n\n\n" not in answer.body[:8]) else (answer.body.split(b"\n\n")[0], b"",
                                                    answer.body.split(b"\n\n\n", 1)[1])
        pairs = [line.split("=", 1) for line in headers.decode().split("\n") if line]
        return int(status), pairs, body

    def redis(self, name, op, address, *args, timeout=30, **params):
        answer = self.call(name, op, timeout, address=address, arg=args, **params)
        assert answer.status in (200, 502), answer.text
        return answer.text


@pytest.fixture
def serve(spin, tmp_path):
    def start(*args, allowed=ANY, workers=1, environment=None):
        environment = {"no_proxy": "*", **(environment or {})}
        app = write_app(tmp_path / "app",
                        [guest(name, allowed_http_hosts=allowed) for name in GUESTS])
        return Caller(spin(app, *args, workers=workers, environment=environment))

    return start


# ── HTTP ──


def test_requests_and_answers(serve, web):
    caller = serve()
    for name in GUESTS:
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            status, headers, body = caller.http(
                name, web.url + "/echo?a=b%20c", method=method, body="some content",
                header=["X-One: 1", "x-two:zwei ä", "X-One:again"])
            assert status == 200 and ["x-method", method] in headers
            line, *sent = body.decode().split("\n\n")[0].split("\n")
            assert line == f"{method} /echo?a=b%20c"
            assert sent.count("x-one=1") == 1 and sent.count("x-one=again") == 1
            assert "content-length=12" in sent and "accept=*/*" in sent
            assert f"host=127.0.0.1:{web.server_port}" in sent
            assert not [s for s in sent if s.startswith(("user-agent", "expect", "content-type"))]
            assert body.endswith(b"\n\nsome content")
        status, headers, body = caller.http(name, web.url + "/echo", method="HEAD")
        assert (status, body) == (200, b"") and ["x-method", "HEAD"] in headers


def test_kinds_of_answers(serve, web):
    caller = serve()
    for name in GUESTS:
        for status in (201, 204, 304, 404, 500, 503):
            answer = caller.http(name, f"{web.url}/status/{status}")
            assert answer[0] == status
            assert answer[2] == (b"" if status in (204, 304) else b"status")
        status, headers, body = caller.http(name, web.url + "/drip")
        assert (status, body) == (200, b"0123456789")
        assert "x-trailer" not in dict(headers)
        assert caller.http(name, web.url + "/big/10000000", size="y")[2] == b"10000000"
        assert len(caller.http(name, web.url + "/headers/90")[1]) == 93
        status, headers, body = caller.http(name, web.url + "/gzip")
        assert body == b"unpacked" * 1000 and "content-encoding" not in dict(headers)
        status, headers, body = caller.http(name, web.url + "/gzip",
                                            header="accept-encoding: gzip", size="y")
        assert dict(headers)["content-encoding"] == "gzip" and int(body) < 200


def test_broken_answers(serve, web):
    caller = serve()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        free = nobody.getsockname()[1]
    for name in GUESTS:
        assert caller.http(name, web.url + "/short") == "error 3"
        assert caller.http(name, web.url + "/not-gzip") == "error 3"
        assert caller.http(name, web.url + "/big/70000000") == "error 3"
        assert caller.http(name, web.url + "/headers/5000") == "error 4"
        assert caller.http(name, web.url + "/trailers") == "error 3"
        assert caller.http(name, web.url + "/long-line") == "error 4"
        assert caller.http(name, web.url + "/reset") == "error 4"
        assert caller.http(name, f"http://127.0.0.1:{free}/") == "error 4"
        assert caller.http(name, "http://no-such-host.invalid/?s3cret") == "error 4"
        assert caller.http(name, "no url") == "error 2"
        assert caller.http(name, web.url + "/echo", header="bad name: x") == "error 4"
        assert caller.http(name, web.url + "/status/200")[0] == 200
    log = caller.server.stderr
    for part in ("/short: ", "larger than 67108864 bytes", "larger than 262144 bytes",
                 "no-such-host.invalid/: ", "a header's name", f"component={GUESTS[1]}"):
        assert part in log, part
    assert "s3cret" not in log


def test_only_allowed_hosts(serve, web, tls_web):
    port = web.server_port
    caller = serve(allowed=[f"127.0.0.1:{port}", "https://api.example.com"])
    elsewhere = f"http://localhost:{port}/echo"
    for name in GUESTS:
        assert caller.http(name, web.url + "/echo")[0] == 200
        assert caller.http(name, web.url + "/to/?/echo")[0] == 200
        for url in (elsewhere, f"http://127.0.0.1:{port}@localhost:{port}/echo",
                    f"http://localhost:{port}?127.0.0.1:{port}",
                    f"http://LOCALHOST:{port}/#127.0.0.1:{port}", "http://127.0.0.1/", tls_web.url,
                    f"{web.url}/to/?{elsewhere}", f"http://[::ffff:127.0.0.1]:{port}/",
                    "ftp://api.example.com/", "file:///etc/passwd"):
            assert caller.http(name, url) == "error 1", url
        for url in (f"http://127.0.0.1:{port}\\@localhost/", f"http:\\\\127.0.0.1:{port}/",
                    f"http://127.0.0.1%00.x:{port}/",
                    f"http://127.0.0.1.:{port}/echo", f"http://127.0.0.1\t:{port}/"):
            assert caller.http(name, url) == "error 2", url
    log = caller.server.stderr
    assert "add its host to the component's allowed_http_hosts" in log
    assert f"host=localhost:{port}" in log


def test_no_list_allows_nothing(serve, web):
    caller = serve(allowed=[])
    for name in GUESTS:
        assert caller.http(name, web.url + "/echo") == "error 1"
    assert f"host=127.0.0.1:{web.server_port}" in caller.server.stderr


def test_tls(serve, tls_web, certificates):
    caller = serve(environment={"SSL_CERT_FILE": str(certificates / "ca.pem")})
    for name in GUESTS:
        for _ in range(2):
            assert caller.http(name, tls_web.url + "/status/200")[0] == 200
        assert caller.http(name, f"https://localhost:{tls_web.server_port}/status/200")[0] == 200
        # not the certificate's name
        assert caller.http(name, f"https://127.0.0.2:{tls_web.server_port}/") == "error 4"
        assert caller.http(name, tls_web.url.replace("https", "http") + "/") == "error 4"


def test_tls_without_trust(serve, tls_web):
    caller = serve()
    assert caller.http(GUESTS[0], tls_web.url + "/status/200") == "error 4"
    assert "certificate" in caller.server.stderr


@pytest.mark.skipif(not shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"),
                    reason="no nginx, which speaks HTTP/2")
def test_http2(serve, certificates, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = tmp_path / "nginx"
    folder.mkdir()
    temp = "".join(f"{kind}_temp_path {folder}/{kind};\n"
                   for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error;\nevents {{}}\n"
        f"http {{ access_log off; {temp} server {{ listen 127.0.0.1:{port} ssl http2;\n"
        f"ssl_certificate {certificates}/cert.pem; ssl_certificate_key {certificates}/key.pem;\n"
        "location / { return 200 '$server_protocol $request_method'; } } }\n")
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    process = subprocess.Popen([nginx, "-c", folder / "nginx.conf", "-e", folder / "error"],
                               stderr=subprocess.DEVNULL)
    try:
        caller = serve(environment={"SSL_CERT_FILE": str(certificates / "ca.pem")})
        wait_until(lambda: caller.http(GUESTS[0], f"https://127.0.0.1:{port}/") != "error 4",
                   what="nginx")
        for name in GUESTS:
            status, headers, body = caller.http(name, f"https://127.0.0.1:{port}/x", method="POST",
                                                body="content")
            assert (status, body) == (200, b"HTTP/2.0 POST")
    finally:
        process.terminate()
        process.wait()


def test_others_are_served_while_one_waits(serve, web):
    caller = serve()
    with ThreadPoolExecutor() as pool:
        started = time.monotonic()
        slow = [pool.submit(caller.http, name, web.url + "/slow/1") for name in GUESTS * 2]
        for _ in range(20):
            assert caller.http(GUESTS[0], web.url + "/status/200")[0] == 200
        quick = time.monotonic() - started
        assert [answer.result()[2] for answer in slow] == [b"slow"] * 4
    assert quick < 1, "the slow ones were waited for"
    assert time.monotonic() - started < 3


def test_it_calls_itself(serve):
    caller = serve()  # one worker: who waits must not be in the way of who is asked
    for name in GUESTS:
        url = caller.server.url + "/healthz"
        for _ in range(8):
            url = f"{caller.server.url}/{name}?" + urlencode({"op": "http", "url": url})
        answer = caller.server.get(url.removeprefix(caller.server.url))
        assert answer.status == 200 and answer.body.count(b"200\n\n") == 8
        assert answer.body.endswith(b"OK")


def test_a_deadline_ends_the_call(serve, web):
    caller = serve("--timeout", "300ms")
    for name in GUESTS:
        web.left.clear()
        assert caller.call(name, "http", url=web.url + "/hang").status == 504
        assert web.left.wait(5), "the connection was left open"
        assert caller.http(name, web.url + "/status/200")[0] == 200


def test_a_stop_is_not_held_up(serve, web):
    caller = serve("--timeout", "1s")
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(caller.call, GUESTS[0], "http", url=web.url + "/hang")
        wait_until(lambda: ("GET", "/hang") in web.seen, what="the request")
        assert caller.server.stop() == 0
        assert hanging.result().status == 504


class Gate:
    """Answers nobody before `count` have asked."""

    def __init__(self, count):
        self.count, self.asked = count, 0

    async def serve(self, reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            if self.asked == self.count:
                self.open.set()
            await self.open.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nopen")
            await writer.drain()
        finally:
            writer.close()

    async def run(self, spin, path):
        self.open = asyncio.Event()
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=self.count)
        port = server.sockets[0].getsockname()[1]
        request = f"GET {path}http://127.0.0.1:{port}/ HTTP/1.0\r\nHost: x\r\n\r\n".encode()

        async def ask():
            reader, writer = await asyncio.open_connection(spin.host, spin.port)
            writer.write(request)
            answer = await reader.read()
            writer.close()
            return answer

        answers = await asyncio.wait_for(
            asyncio.gather(*(ask() for _ in range(self.count))), timeout=50)
        server.close()
        return answers


def test_a_thousand_wait_at_once(serve):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3000:
        pytest.skip(f"only {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3000), hard))
    caller = serve()
    answers = asyncio.run(Gate(1000).run(caller.server, f"/{GUESTS[0]}?op=http&url="))
    assert len(answers) == 1000
    for answer in answers:
        assert answer.split()[1] == b"200" and answer.endswith(b"open"), answer


# ── Redis ──


def test_redis_commands(serve, redis):
    caller = serve()
    for name in GUESTS:
        def ask(op, *args, **params):
            return caller.redis(name, op, redis.url, *args, **params)

        assert ask("set", "key", "värde") == "ok"
        assert ask("get", "key") == "värde"
        assert ask("get", "no such key") == ""
        assert [ask("incr", "n" + name) for _ in range(3)] == ["1", "2", "3"]
        assert ask("publish", "channel", "message") == "ok"
        assert ask("del", "key", "no such key", "n" + name) == "2"
        assert ask("sadd", "set", "a", "b", "a") == "2"
        assert ask("sadd", "set", "c", "a") == "1"
        assert sorted(ask("smembers", "set").split()) == ["a", "b", "c"]
        assert ask("srem", "set", "a", "x") == "1"
        assert ask("smembers", "no such set") == ""
        assert ask("execute", "set", "n", "#-42") == ""
        assert ask("execute", "GET", "n") == "bytes -42\n"
        assert ask("execute", "INCRBY", "n", "#2") == "number -40\n"
        assert ask("execute", "PING") == "status PONG\n"
        assert ask("execute", "EVAL", "return {1, {'a', {2}}, false, redis.status_reply('x')}",
                   "#0") == "number 1\nbytes a\nnumber 2\nstatus x\n"
        assert ask("execute", "GET", "no such key") == ""
        assert ask("set", "big", "x", payload=3000000) == "ok"
        assert len(ask("get", "big")) == 3000000
        assert ask("del", "set", "n", "big") == "3"


def test_redis_errors(serve, redis):
    caller = serve()
    redis.ask("SET", "text", "abc")
    redis.ask("EVAL", "redis.call('SADD', 'bytes', '\\255')", "0")  # no UTF-8
    wrong = redis.url.replace("//", "//alice:wr0ng@")
    right = redis.url.replace("//", "//alice:s3cret@")
    for name in GUESTS:
        def ask(op, *args, address=redis.url):
            return caller.redis(name, op, address, *args)

        for op, *args in (["incr", "text"], ["sadd", "text", "a"], ["smembers", "text"],
                          ["smembers", "bytes"], ["execute", "NO-SUCH-COMMAND"],
                          ["execute", "EVAL", "return {redis.error_reply('no')}", "#0"]):
            assert ask(op, *args) == "error 1", (op, *args)
        assert ask("get", "text", address=wrong) == "error 1"
        assert ask("get", "text", address=right) == "abc"
        assert ask("get", "text", address="redis://wr0ng@:x") == "error 1"
        assert ask("get", "text", address="http://127.0.0.1") == "error 1"
        assert ask("get", "text") == "abc"
    log = caller.server.stderr
    for part in ("value is not an integer", "WRONGTYPE", "unknown command", "WRONGPASS", "not UTF-8",
                 f"redis://127.0.0.1:{redis.port}", "component=" + GUESTS[1]):
        assert part in log, part
    assert "wr0ng" not in log and "s3cret" not in log


def test_commands_that_others_must_not_feel(serve, redis):
    caller = serve()
    redis.ask("SET", "key", "in 0")
    for name in GUESTS:
        # the instance's own connection
        assert caller.redis(name, "get", redis.url, "key", first="MULTI") == "error 1"
        assert 'the server answers \\"QUEUED\\"' in caller.server.stderr
        assert caller.redis(name, "execute", redis.url, "SELECT", "#3") == ""
        assert caller.redis(name, "execute", redis.url, "SUBSCRIBE", "channel") == (
            "bytes subscribe\nbytes channel\nnumber 1\n")
        with ThreadPoolExecutor() as pool:
            blocked = pool.submit(caller.redis, name, "execute", redis.url, "BLPOP", "list", "#9")
            wait_until(lambda: b"cmd=blpop" in redis.ask("CLIENT", "LIST"), what="BLPOP")
            for _ in range(5):
                assert caller.redis(name, "get", redis.url, "key") == "in 0"
            redis.ask("RPUSH", "list", "item")
            assert blocked.result() == "bytes list\nbytes item\n"
        # it has gone with its instance
        wait_until(lambda: b"cmd=blpop" not in redis.ask("CLIENT", "LIST"), what="the end")


def test_connections_are_shared(serve, redis):
    caller = serve()
    before = redis.connections()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: caller.redis(GUESTS[0], "incr", redis.url, "n"),
                                range(300)))
    assert sorted(map(int, answers)) == list(range(1, 301))
    assert redis.connections() - before == 2  # the worker's, and the one that asks


def test_a_killed_redis_comes_back(serve, redis):
    caller = serve()
    for name in GUESTS:
        assert caller.redis(name, "set", redis.url, "key", "value") == "ok"
        redis.kill()
        assert caller.redis(name, "get", redis.url, "key") == "error 1"
        assert caller.redis(name, "get", redis.url, "key") == "error 1"
        redis.start()
        wait_until(lambda: caller.redis(name, "set", redis.url, "key", "new") == "ok",
                   what="the connection")
        assert caller.redis(name, "get", redis.url, "key") == "new"
    assert len(caller.server.workers()) == 1
    assert f"redis://127.0.0.1:{redis.port}" in caller.server.stderr


def test_a_silent_redis_costs_the_deadline(serve, redis):
    caller = serve("--timeout", "300ms")
    assert caller.redis(GUESTS[0], "set", redis.url, "key", "value") == "ok"
    redis.process.send_signal(signal.SIGSTOP)
    try:
        for name in GUESTS:
            assert caller.call(name, "get", address=redis.url, arg="key").status == 504
    finally:
        redis.process.send_signal(signal.SIGCONT)
    wait_until(lambda: caller.redis(GUESTS[0], "get", redis.url, "key") == "value", what="Redis")


# ── the example ──


def test_example(spin, web, redis, tmp_path):
    app = tmp_path / "outbound"
    shutil.copytree(EXAMPLES / "outbound", app)
    manifest = (app / "spin.toml").read_text()
    assert manifest.count("127.0.0.1:8000") == 2
    (app / "spin.toml").write_text(
        manifest.replace("127.0.0.1:8000", f"127.0.0.1:{web.server_port}").replace(
            f":{web.server_port}/", f":{web.server_port}/status/200"))
    server = spin(app, environment={"SPIN_APP_REDIS_ADDRESS": redis.url + "/2", "no_proxy": "*"})
    for visit in (1, 2):
        answer = server.get("/any/path")
        assert (answer.status, answer.text) == (
            200, f"visit {visit}\n{web.url}/status/200 answers 200 with 6 bytes of \n")
    redis.kill()
    wait_until(lambda: server.get("/").status == 502, what="an error")
    assert server.get("/").text.startswith("Redis does not count: see Spin's log\n" + web.url)
    assert "outbound Redis command failed" in server.stderr


def test_example_as_it_is(spin):
    server = spin(EXAMPLES / "outbound", environment={
        "SPIN_APP_REDIS_ADDRESS": "redis://127.0.0.1:1", "no_proxy": "*"})
    assert server.get("/").status == 502  # nobody at port 1
