"""Guests that misbehave harm nobody but themselves."""

import socket
import struct
import threading
import time

import pytest

from spinproc import guest, wagi, wait_until


@pytest.mark.parametrize("how", ["", "divide", "memory", "stack"])
def test_traps(zoo, how):
    for _ in range(5):
        assert zoo.get(f"/trap?how={how}").status == 500
    assert zoo.get("/hello").status == 200


@pytest.mark.parametrize("case", "0123456789abcdef")
def test_nonsense(zoo, case):
    answer = zoo.raw(f"GET /nonsense/{case} HTTP/1.1\r\nHost: x\r\n"
                     "Connection: close\r\n\r\n".encode())
    assert answer.split()[1] == b"500", answer[:300]
    assert b"set-cookie" not in answer.lower()
    assert zoo.get("/nonsense/-").body == b"still here\n"


def test_bad_allocator(zoo):
    assert zoo.get("/realloc?a=b").status == 500
    assert zoo.get("/hello").status == 200


def test_memory_limit(zoo):
    # The zoo runs with --max-memory 64M: 1024 pages.
    assert int(zoo.get("/eater").text) == 1024
    assert zoo.get("/eater?trap").status == 500
    assert zoo.get("/hello").status == 200


@pytest.mark.parametrize("component, path", [(guest("loop"), "/loop"), (wagi("cgi"), "/cgi?loop")])
def test_deadline(spin, component, path):
    server = spin([component, guest("hello")], "--timeout", "1")
    begin = time.monotonic()
    answer = server.get(path)
    assert answer.status == 504
    assert 0.8 < time.monotonic() - begin < 5
    assert server.get("/hello").status == 200


def test_deadline_counts_waiting(spin):
    server = spin([guest("sleep"), guest("hello")], "--timeout", "1")
    begin = time.monotonic()
    assert server.get("/sleep?ms=20000").status == 504
    assert time.monotonic() - begin < 5
    assert server.get("/sleep?ms=100").status == 200


def test_a_client_that_leaves_ends_its_guest(spin):
    """Otherwise --max-instances guests of gone clients would lock everyone out. A reset tells that
    a client is gone; the end of its stream alone does not, it may only have finished sending."""
    server = spin([guest("loop"), guest("hello")], "--timeout", "30", "--max-instances", "2",
                  workers=1)
    for _ in range(6):
        with server.connect() as sock:
            sock.sendall(b"GET /loop HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.05)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: server.get("/hello").status == 200, 5, "an instance is free again")


def test_max_instances(spin):
    """Past the limit requests wait or get 503; none is lost and nothing breaks."""
    server = spin([guest("sleep"), guest("hello")], "--max-instances", "2", workers=1)
    statuses, lock = [], threading.Lock()

    def ask():
        status = server.get("/sleep?ms=300").status
        with lock:
            statuses.append(status)

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 12
    assert set(statuses) <= {200, 503} and statuses.count(200) >= 2
    assert server.get("/hello").status == 200


def test_a_long_line_costs_no_memory(spin):
    """Each request that is refused has the line's first tried again: that must leave nothing."""
    server = spin([guest("loop"), wagi("cgi")], "--timeout", "30", "--max-instances", "1",
                  workers=1)

    def resident():
        [pid] = server.workers()
        with open(f"/proc/{pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))

    with server.connect() as loop:
        loop.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        loop.sendall(b"GET /loop HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        waiting = [server.connect() for _ in range(4)]
        for sock in waiting:
            sock.sendall(b"GET /cgi/" + 50_000 * b"x" + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)
        before = resident()
        for _ in range(400):
            assert server.get("/cgi").status == 503
        assert resident() - before < 16 * 1024
        for sock in waiting:
            sock.close()


def test_hello_is_quick_beside_an_endless_loop(spin):
    server = spin([guest("loop"), guest("hello")], "--timeout", "6", workers=1)
    with server.connect() as loop:
        loop.sendall(b"GET /loop HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        took = []
        for _ in range(100):
            begin = time.monotonic()
            assert server.get("/hello").status == 200
            took.append(time.monotonic() - begin)
    assert sorted(took)[95] < 0.1  # bench/ measures this closely


def test_storm(spin):
    server = spin([guest("hello"), guest("trap"), guest("loop"), guest("eater"), guest("nonsense"),
                   wagi("cgi")], "--timeout", "2", "--max-memory", "64M")
    wrong, counts, lock = [], {}, threading.Lock()
    stop = time.monotonic() + 4

    def client(path, expected):
        while time.monotonic() < stop:
            status = server.get(path, timeout=30).status
            with lock:
                counts[path] = counts.get(path, 0) + 1
                if status not in expected:
                    wrong.append((path, status))

    plan = [("/hello", {200})] * 4 + [
        ("/trap", {500}), ("/trap?how=stack", {500}), ("/loop", {504}), ("/loop", {504}),
        ("/eater", {200}), ("/eater?trap", {500}), ("/nonsense/0", {500}), ("/nonsense/8", {500}),
        ("/cgi?exit=1", {500}), ("/cgi?plain", {200})]
    workers = server.workers()
    threads = [threading.Thread(target=client, args=each) for each in plan]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert set(counts) == {path for path, _ in plan}
    assert counts["/hello"] > 50
    assert server.workers() == workers, "a worker died"


def test_reason_is_in_the_log(spin):
    server = spin([guest("trap"), guest("nonsense"), guest("loop"), wagi("cgi")], "--timeout", "1")
    server.get("/trap?how=divide")
    server.get("/nonsense/2")
    server.get("/cgi?exit=7")
    server.get("/loop")
    log = wait_until(lambda: server.stderr if "loop" in server.stderr else None, 5, "log")
    assert "divided by zero" in log
    assert "99" in log and "nonsense" in log
    assert "7" in log and "cgi" in log
