"""The Redis trigger against real servers."""

import itertools
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from redisproc import PATIENCE, RedisSpin, Server, component, free_port, write_app
from spinproc import EXAMPLES, wait_until

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None,
                                reason="no redis-server: scripts/setup.sh test")

LOST = "the connection to Redis is lost"
AGAIN = "subscribed again"


@pytest.fixture
def redis(tmp_path):
    """redis(*options): a server of the test's own, stopped at its end."""
    servers, count = [], itertools.count()

    def start(*options, **more):
        servers.append(Server(tmp_path / f"redis{next(count)}", *options, **more))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def spin(binary, cache_dir, tmp_path):
    """spin(address, components, *flags): started, and subscribed if `server` is given."""
    running, count = [], itertools.count()

    def start(address, components, *args, server=None, **options):
        work = tmp_path / f"spin{next(count)}"
        app = write_app(work / "app", address, components)
        running.append(RedisSpin(binary, app, work, *args, cache_dir=cache_dir, **options))
        for each in components if server else ():
            if not each["trigger"].get("pattern"):
                wait_until(lambda: server.subscribers(each["channel"]) == 1, PATIENCE,
                           "subscription")
        return running[-1]

    yield start
    for each in running:
        each.show()
    for each in running:
        each.__exit__(None)


def subscribed(server, channel="a"):
    wait_until(lambda: server.subscribers(channel) == 1, PATIENCE, "subscription")


# ── messages ──


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_message(redis, spin, workers):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server, workers=workers)
    assert len(app.workers()) == workers
    assert server.publish("a", "hello") == 1, "one subscription, however many workers"
    assert app.wait_for_lines("one", 1) == ["hello"]
    wait_until(lambda: "hello" in app.stdout, 5, "output")
    assert app.stop() == 0
    assert server.subscribers("a") == 0


def test_three_channels_and_three_components_each(redis, spin):
    server = redis()
    guests = ("redis", "redis-slots", "redis")
    components = [component(f"{channel}{number}", channel, guests[number])
                  for channel in ("x", "y", "z") for number in range(3)]
    app = spin(server.address(), components, server=server)
    for channel in ("x", "y", "z"):
        for number in range(20):
            assert server.publish(channel, f"{channel}-{number}") == 1
    for each in components:
        lines = app.wait_for_lines(each["id"], 20)
        assert sorted(lines) == sorted(f"{each['channel']}-{number}" for number in range(20))


def test_star_is_a_character_unless_it_is_a_pattern(redis, spin):
    server = redis()
    app = spin(server.address(), [component("literal", "news.*"),
                                  component("plain", "news.*", pattern=False),
                                  component("pattern", "news.*", pattern=True)], server=server)
    wait_until(lambda: server("PUBSUB", "NUMPAT") == 1, PATIENCE, "the pattern")
    assert server.publish("news.*", "both") == 2
    assert server.publish("news.art", "one") == 1
    assert sorted(app.wait_for_lines("pattern", 2)) == ["both", "one"]
    assert app.wait_for_lines("literal", 1) == app.wait_for_lines("plain", 1) == ["both"]
    assert app.stop() == 0
    assert server("PUBSUB", "NUMPAT") == 0


def fnv(data):
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


@pytest.mark.parametrize("wasm", ["redis", "redis-slots"])
def test_binary_payloads(redis, spin, wasm):
    server = redis()
    app = spin(server.address(), [component("one", "a", wasm)], server=server, workers=1)
    payloads = [b"#", b"#\0", b"#" + b"\r\n\0\xff\x80" * 30, b"#" + bytes(range(256)) * 400]
    for payload in payloads:
        server.publish("a", payload)
    expected = [f"{len(payload)} {fnv(payload)}" for payload in payloads]
    assert app.wait_for_lines("one", len(payloads)) == expected


def test_big_payloads(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a"), component("two", "a", "redis-slots")],
               server=server)
    payload = b"#" + os.urandom(1 << 16) * 128  # 8 MiB
    for _ in range(3):
        server.publish("a", payload)
    expected = [f"{len(payload)} {fnv(payload)}"] * 3
    assert app.wait_for_lines("one", 3) == expected
    assert app.wait_for_lines("two", 3) == expected


def test_exactly_once(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], "--quiet", server=server, workers=2)
    numbers = [str(number) for number in range(20_000)]
    client = server.client()
    for number in numbers:
        client.send("PUBLISH", "a", number)
    assert {client.read() for _ in numbers} == {1}
    lines = app.wait_for_lines("one", len(numbers), 60)
    time.sleep(0.2)  # for those that would come twice
    assert len(app.lines("one")) == len(numbers)
    assert sorted(lines, key=int) == numbers
    client.close()


# ── handlers that fail ──


def test_failing_handlers(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], "--timeout", "300ms", server=server)
    for payload in ("1", "fail now", "2", "trap", "3", "spin", "4"):
        server.publish("a", payload)
    assert sorted(app.wait_for_lines("one", 4)) == ["1", "2", "3", "4"]
    app.wait_for_log("a component returned an error for a message")
    app.wait_for_log("the guest trapped")
    app.wait_for_log("the guest ran longer than 300 ms")
    for size in (8, 4):
        app.wait_for_log(f"component=one channel=a bytes={size}")
    assert app.alive() and len(app.workers()) == 2


def test_trap_in_the_middle_of_many(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server)
    client = server.client()
    for number in range(1000):
        client.send("PUBLISH", "a", "trap" if number % 10 == 5 else number)
    for _ in range(1000):
        client.read()
    lines = app.wait_for_lines("one", 900)
    assert sorted(map(int, lines)) == [n for n in range(1000) if n % 10 != 5]
    app.wait_for_log("the guest trapped", 100)
    client.close()


def test_instances_are_limited(redis, spin):
    """To one in each of two workers: so two messages are handled at a time."""
    server = redis()
    app = spin(server.address(), [component("one", "a")], "--max-instances", "1", server=server,
               workers=2)
    begin = time.monotonic()
    for _ in range(10):
        server.publish("a", "sleep 300")
    app.wait_for_lines("one", 10)
    assert 1.4 <= time.monotonic() - begin < 2.8
    assert "ERROR" not in app.stderr


# ── stopping ──


def publish_until(server, stop, delivered):
    client = server.client()
    number = 0
    while not stop.is_set():
        if client("PUBLISH", "a", number) >= 1:
            delivered.append(str(number))
        number += 1
    client.close()


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_none_is_lost_between_subscribe_and_stop(redis, spin, workers):
    """What Redis has given to a subscriber is handled, though a stop comes in the middle."""
    server = redis()
    app = spin(server.address(), [component("one", "a")], "--quiet", server=server, workers=workers)
    stop, delivered = threading.Event(), []
    thread = threading.Thread(target=publish_until, args=(server, stop, delivered))
    thread.start()
    app.wait_for_lines("one", 500)
    assert app.stop() == 0
    stop.set()
    thread.join()
    assert len(delivered) >= 500
    assert sorted(app.lines("one"), key=int) == delivered


def test_stop_drains_what_waits(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], "--max-instances", "2", server=server)
    for _ in range(40):
        server.publish("a", "sleep 50")
    assert app.stop() == 0
    assert len(app.lines("one")) == 40


@pytest.mark.parametrize("moment", [0, 0.05, 0.3, 1])
def test_stop_without_a_server(spin, moment):
    app = spin(f"redis://127.0.0.1:{free_port()}", [component("one", "a")])
    time.sleep(moment)
    begin = time.monotonic()
    assert app.stop() == 0
    assert time.monotonic() - begin < 5


def test_stop_while_the_server_stands_still(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server)
    server.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert app.stop() == 0
        assert time.monotonic() - begin < 10
        assert "does not confirm" in app.stderr
    finally:
        server.send_signal(signal.SIGCONT)


# ── losing workers and the server ──


@pytest.mark.parametrize("which", ["first", "last"])
def test_killed_worker(redis, spin, which):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server)
    first = server.clients()[0]["id"]
    victim = (min if which == "first" else max)(app.workers())
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(app.workers() - {victim}) == 2, PATIENCE, "a new worker")
    subscribed(server)
    wait_until(lambda: len(server.clients()) == 1, PATIENCE, "one subscription")
    assert (server.clients()[0]["id"] == first) == (which == "last")
    for number in range(100):
        assert server.publish("a", number) == 1
    assert sorted(map(int, app.wait_for_lines("one", 100))) == list(range(100))


def test_workers_killed_again_and_again(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server)
    for _ in range(4):
        for pid in app.workers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.1)
    wait_until(lambda: len(app.workers()) == 2 and len(server.clients()) == 1, PATIENCE, "workers")
    before = len(app.lines("one"))
    wait_until(lambda: server.publish("a", "x") and len(app.lines("one")) > before, PATIENCE,
               "a message")
    assert app.alive()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_server_restarts(redis, spin, number):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server)
    server.publish("a", "before")
    server.stop(number)
    app.wait_for_log(LOST)
    time.sleep(1)
    server.start()
    subscribed(server)
    server.publish("a", "after")
    assert app.wait_for_lines("one", 2) == ["before", "after"]
    assert app.stderr.count(LOST) == 1 and app.stderr.count(AGAIN) == 1, "a line for each"
    assert "after_ms=" in app.stderr
    assert app.alive()


def test_server_comes_late(spin, redis):
    port = free_port()
    app = spin(f"redis://127.0.0.1:{port}", [component("one", "a")])
    app.wait_for_log("Redis can't be reached")
    assert "Connection refused" in app.stderr
    server = redis(port=port)
    subscribed(server)
    server.publish("a", "hello")
    assert app.wait_for_lines("one", 1) == ["hello"]


def test_no_such_host(spin):
    app = spin("redis://no-such-host.invalid", [component("one", "a")])
    app.wait_for_log("is found: ")
    assert "no-such-host.invalid" in app.stderr
    assert app.stop() == 0


def test_client_kill(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a")], server=server)
    for round in range(1, 4):
        server("CLIENT", "KILL", "TYPE", "pubsub")
        app.wait_for_log(LOST, round)
        app.wait_for_log(AGAIN, round)
    assert server.publish("a", "hello") == 1
    assert app.wait_for_lines("one", 1) == ["hello"]


def test_killed_for_reading_too_slowly(redis, spin):
    """A worker that stands still is cut off by the server, and comes back."""
    server = redis("--client-output-buffer-limit", "pubsub", "1mb", "0", "0")
    app = spin(server.address(), [component("one", "a")], server=server, workers=1)
    worker, = app.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        wait_until(lambda: server.publish("a", b"#" + bytes(1 << 20)) == 0, PATIENCE, "the end")
    finally:
        os.kill(worker, signal.SIGCONT)
    app.wait_for_log(AGAIN)
    server.publish("a", "hello")
    wait_until(lambda: "hello" in app.lines("one"), PATIENCE, "the message")


# ── who may ──


def test_password(redis, spin):
    server = redis("--requirepass", "p@ss/word", login=("p@ss/word",))
    app = spin(server.address(":p%40ss%2Fword@"), [component("one", "a")], server=server)
    assert server.publish("a", "hello") == 1
    assert app.wait_for_lines("one", 1) == ["hello"]
    assert app.stop() == 0
    assert "p@ss/word" not in app.stdout + app.stderr
    assert "p%40ss%2Fword" not in app.stdout + app.stderr


def test_wrong_password(redis, spin):
    server = redis("--requirepass", "right", login=("right",))
    app = spin(server.address(":wrong-one@"), [component("one", "a")])
    app.wait_for_log("WRONGPASS")
    assert "it is tried again, slowly" in app.stderr
    assert "wrong-one" not in app.stdout + app.stderr
    server("CONFIG", "SET", "requirepass", "wrong-one")
    server.login = ("wrong-one",)
    subscribed(server)
    assert app.stderr.count("WRONGPASS") == 1


def test_password_that_is_missing(redis, spin):
    server = redis("--requirepass", "right", login=("right",))
    app = spin(server.address(), [component("one", "a")])
    app.wait_for_log("NOAUTH")
    assert app.alive()


def test_acl_user(redis, spin):
    server = redis()
    server("ACL", "SETUSER", "spin", "on", ">secret", "+subscribe", "+unsubscribe", "+ping",
           "resetchannels", "&a")
    app = spin(server.address("spin:secret@"), [component("one", "a"), component("two", "b")])
    subscribed(server)
    app.wait_for_log("Redis refuses a channel")
    assert "channel=b" in app.stderr and "NOPERM" in app.stderr
    server.publish("a", "hello")
    assert app.wait_for_lines("one", 1) == ["hello"]
    assert app.stop() == 0


def test_database(redis, spin):
    server = redis()
    spin(server.address(database="/5"), [component("one", "a")], server=server)
    assert server.clients()[0]["db"] == "5"


def test_no_such_database(redis, spin):
    server = redis()
    app = spin(server.address(database="/99"), [component("one", "a")])
    app.wait_for_log("choosing the database: the server said: ERR DB index is out of range")


def test_unix_socket(redis, spin, tmp_path):
    server = redis("--unixsocket", tmp_path / "socket")
    app = spin(f"unix://{tmp_path}/socket?db=2&pass=anything&user=default", [component("one", "a")],
               server=server)
    assert "anything" not in app.stdout + app.stderr
    server.publish("a", "hello")
    assert app.wait_for_lines("one", 1) == ["hello"]
    assert server.clients()[0]["db"] == "2"


# ── TLS ──


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def certificates(tmp_path):
    """A folder with ca.pem, and cert.pem and key.pem for localhost."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca-key.pem", "-out", "ca.pem",
            cwd=folder)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            "/CN=server", "-keyout", "key.pem", "-out", "request.pem", cwd=folder)
    (folder / "extensions").write_text("subjectAltName = DNS:localhost\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", "cert.pem",
            cwd=folder)
    return folder


@pytest.fixture
def tls_server(redis, certificates):
    port = free_port()
    try:
        server = redis("--tls-port", port, "--tls-cert-file", certificates / "cert.pem",
                       "--tls-key-file", certificates / "key.pem", "--tls-auth-clients", "no")
    except AssertionError as reason:
        pytest.skip(f"this redis-server has no TLS: {reason}")
    server.tls_port = port
    return server


def test_tls(tls_server, spin, certificates):
    app = spin(f"rediss://localhost:{tls_server.tls_port}", [component("one", "a")],
               server=tls_server, environment={"SSL_CERT_FILE": str(certificates / "ca.pem")})
    payload = b"#" + os.urandom(1 << 20)
    tls_server.publish("a", payload)
    assert app.wait_for_lines("one", 1) == [f"{len(payload)} {fnv(payload)}"]
    tls_server.stop(signal.SIGKILL)
    app.wait_for_log(LOST)
    tls_server.start()
    app.wait_for_log(AGAIN)
    subscribed(tls_server)
    assert app.stop() == 0


def test_tls_of_nobody_we_trust(tls_server, spin):
    app = spin(f"rediss://localhost:{tls_server.tls_port}", [component("one", "a")])
    app.wait_for_log("the server's certificate is not trusted")
    assert app.alive() and tls_server.subscribers("a") == 0


def test_tls_for_another_name(tls_server, spin, certificates):
    app = spin(f"rediss://127.0.0.1:{tls_server.tls_port}", [component("one", "a")],
               environment={"SSL_CERT_FILE": str(certificates / "ca.pem")})
    app.wait_for_log("not trusted: IP address mismatch")
    assert tls_server.subscribers("a") == 0


# ── versions ──


@pytest.mark.parametrize("workers", [0, 2])
def test_reload_loses_nothing_and_repeats_nothing(redis, spin, workers):
    server = redis()
    app = spin(server.address(), [component("one", "a")], "--quiet", server=server, workers=workers)
    connection = server.clients()[0]["id"]
    stop, delivered = threading.Event(), []
    thread = threading.Thread(target=publish_until, args=(server, stop, delivered))
    thread.start()
    try:
        for version in range(4):
            app.wait_for_lines("one", len(delivered) + 100)
            write_app(app.work / "app", server.address(),
                      [component("one", "a", "redis-slots" if version % 2 == 0 else "redis"),
                       component("new", f"b{version}"),
                       component("pattern", f"p{version}.*", pattern=True)])
            app.process.send_signal(signal.SIGHUP)
            subscribed(server, f"b{version}")
            wait_until(lambda: version == 0 or server.subscribers(f"b{version - 1}") == 0, PATIENCE,
                       "the end of what is gone")
    finally:
        stop.set()
        thread.join()
    app.wait_for_lines("one", len(delivered))
    assert sorted(app.lines("one"), key=int) == delivered
    assert [client["id"] for client in server.clients()] == [connection]
    wait_until(lambda: server("PUBSUB", "NUMPAT") == 1, PATIENCE, "one pattern")
    assert server.publish("p3.x", "matches") == 1
    assert app.wait_for_lines("pattern", 1) == ["matches"]
    assert app.stop() == 0


# ── the command line ──


@pytest.mark.parametrize("address, part", [
    ("http://localhost", 'scheme "http"'),
    ("redis://:hidden-word@", "the host is missing"),
    ("redis://:hidden-word#x@localhost", "%23"),
    ("redis://localhost:port", "the port is not a number"),
    ("redis://localhost/first", "the database is not a number"),
])
def test_bad_address(cli, tmp_path, address, part):
    app = write_app(tmp_path / "app", address, [component("one", "a")])
    result = cli("up", "--file", app)
    assert result.returncode == 1
    assert "spin.toml:4:" in result.stderr and "trigger.address" in result.stderr
    assert part in result.stderr and "hidden-word" not in result.stderr


def test_option_of_http(cli, tmp_path):
    app = write_app(tmp_path / "app", "redis://localhost", [component("one", "a")])
    result = cli("up", "--file", app, "--listen", "127.0.0.1:0")
    assert result.returncode == 2 and "--listen" in result.stderr


def test_component_of_another_kind(redis, spin):
    server = redis()
    app = spin(server.address(), [component("wrong", "a", "echo"), component("one", "a")],
               server=server)
    app.wait_for_log("a component can't handle messages")
    server.publish("a", "hello")
    assert app.wait_for_lines("one", 1) == ["hello"]
    app.wait_for_log("a message was not handled")


def test_follow(redis, spin):
    server = redis()
    app = spin(server.address(), [component("one", "a"), component("two", "a")], "--follow", "two",
               server=server)
    server.publish("a", "hello")
    app.wait_for_lines("one", 1)
    app.wait_for_lines("two", 1)
    assert app.stdout.count("hello") == 1


def test_the_example(redis, binary, cache_dir, tmp_path):
    """What its README shows, on another port."""
    server = redis()
    folder = tmp_path / "redis-echo"
    shutil.copytree(EXAMPLES / "redis-echo", folder)
    manifest = folder / "spin.toml"
    assert "localhost:6379" in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(":6379", f":{server.port}"))
    with RedisSpin(binary, folder, tmp_path / "work", cache_dir=cache_dir) as app:
        subscribed(server, "messages")
        assert server.publish("messages", "Hello, Spin in C!") == 1
        assert server.publish("news.weather", "rain") == 1
        assert app.wait_for_lines("echo", 1) == ["Hello, Spin in C!"]
        assert app.wait_for_lines("news", 1) == ["rain"]
