"""The supervisor and its workers: replacement, and leaving without losing anything."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from spinproc import guest, read_response, wait_until


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_count(spin, workers):
    server = spin([guest("hello")], workers=workers)
    assert len(server.workers()) == workers


def test_none_serves_in_the_process_itself(spin):
    server = spin([guest("hello")], workers=0)
    assert server.workers() == set()
    assert server.get("/hello").status == 200


def test_default_is_one_for_each_core(spin):
    server = spin([guest("hello")], workers=None)
    assert len(server.workers()) == len(os.sched_getaffinity(0))


def test_killed_worker_is_replaced(spin):
    server = spin([guest("hello")])
    before = server.workers()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(server.workers()) == 2 and victim not in server.workers(), 10,
               "a new worker")
    wait_until(lambda: all(server.get("/hello").status == 200 for _ in range(10)), 5, "answers")
    for _ in range(300):
        assert server.get("/hello").status == 200
    assert before - {victim} <= server.workers(), "the other worker was not touched"


def test_workers_that_die_again_and_again(spin):
    server = spin([guest("hello")])
    for _ in range(5):
        for pid in server.workers():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    assert server.alive()
    wait_until(lambda: len(server.workers()) == 2, 20, "both workers")

    def answers():
        try:
            return server.get("/hello", timeout=2).status == 200
        except OSError:
            return False

    wait_until(answers, 20, "an answer")


def test_workers_leave_with_a_killed_supervisor(spin):
    server = spin([guest("hello")])
    pids = server.workers()
    os.kill(server.pid, signal.SIGKILL)
    server.process.wait(5)

    def gone():
        for pid in pids:
            try:
                with open(f"/proc/{pid}/stat") as stat:
                    if stat.read().rsplit(")", 1)[1].split()[0] != "Z":
                        return False
            except FileNotFoundError:
                pass
        return True

    wait_until(gone, 10, "the workers leave")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [0, 2])
def test_stop_when_idle(spin, sig, workers):
    server = spin([guest("hello")], workers=workers)
    begin = time.monotonic()
    assert server.stop(sig) == 0
    assert time.monotonic() - begin < 5
    with pytest.raises(OSError):
        socket.create_connection((server.host, server.port), timeout=2)


def test_running_requests_are_finished(spin):
    server = spin([guest("sleep")])
    results = []

    def ask():
        results.append(server.get("/sleep?ms=1000").body)

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    assert results == [b"slept\n"] * 10


def test_stop_under_load_loses_nothing(spin):
    """Clients that keep their connections busy get an answer to each request, the last one with
    "connection: close"."""
    server = spin([guest("hello")])
    lost, answered, lock = [], [], threading.Lock()
    ready = threading.Barrier(9)

    def client():
        count = 0
        with server.connect() as sock:
            file = sock.makefile("rb")
            ready.wait(10)
            closes = False
            while not closes:
                try:
                    sock.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
                    response = read_response(file)
                except OSError as error:
                    response = repr(error)
                if response is None or response[:2] != (200, b"Hello, Spin in C!\n"):
                    with lock:
                        lost.append((count, response))
                    break
                closes = response[2]
                count += 1
        with lock:
            answered.append(count)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait(10)
    time.sleep(1)
    assert server.stop() == 0
    for thread in threads:
        thread.join(20)
    assert not lost
    assert len(answered) == 8 and min(answered) > 10


def test_new_connections_under_load(spin):
    """Each connection that is accepted before the listener closes gets its answer."""
    server = spin([guest("hello")])
    results, lock, stop = [], threading.Lock(), threading.Event()

    def client():
        while not stop.is_set():
            try:
                sock = server.connect(timeout=5)
            except OSError:
                break  # refused: the server has stopped listening
            try:
                sock.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = sock.makefile("rb").read()
                outcome = "answered" if answer.endswith(b"Hello, Spin in C!\n") else repr(answer)
            except OSError as error:
                outcome = repr(error)
            finally:
                sock.close()
            with lock:
                results.append(outcome)

    threads = [threading.Thread(target=client) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    code = server.stop()
    stop.set()
    for thread in threads:
        thread.join(20)
    assert code == 0
    lost = [r for r in results if r != "answered"]
    assert results.count("answered") > 100
    assert not lost, f"{len(lost)} of {len(results)}: {lost[:5]}"


def test_address_in_use(spin, cli):
    server = spin([guest("hello")])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = cli("up", "--file", server.work / "app", "--listen", address, timeout=30)
    assert result.returncode == 1
    assert address in result.stderr
    assert "Traceback" not in result.stderr


def test_no_descriptors_leak(spin):
    server = spin([guest("hello"), guest("trap")], workers=1)
    (worker,) = server.workers()

    def count():
        return len(os.listdir(f"/proc/{worker}/fd"))

    for _ in range(20):
        server.get("/hello")
    before = count()
    for _ in range(300):
        server.get("/hello")
        server.get("/trap")
    wait_until(lambda: count() <= before + 1, 5, "closed descriptors")


def test_many_connections(spin):
    server = spin([guest("hello")])
    sockets = []
    try:
        for _ in range(400):
            sockets.append(server.connect())
        for sock in sockets:
            sock.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        for sock in sockets:
            assert read_response(sock.makefile("rb"))[:2] == (200, b"Hello, Spin in C!\n")
    finally:
        for sock in sockets:
            sock.close()


def test_stdout_closed(binary, cache_dir, tmp_path):
    """`spin up | head -1` must not end the server with SIGPIPE."""
    from spinproc import EXAMPLES

    process = subprocess.Popen(
        [binary, "up", "--file", EXAMPLES / "hello", "--listen", "127.0.0.1:0", "--log-dir",
         tmp_path / "logs", "--cache-dir", cache_dir], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True, text=True)
    try:
        url = ""
        for line in process.stdout:
            if "Serving http" in line:
                url = line.split()[1]
                break
        process.stdout.close()
        host, port = url.removeprefix("http://").split(":")

        def answers():
            try:
                with socket.create_connection((host, int(port)), 2) as sock:
                    sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    return sock.makefile("rb").read().endswith(b"Hello, Spin in C!\n")
            except OSError:
                return False

        wait_until(answers, 10, "an answer")
        process.terminate()
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
