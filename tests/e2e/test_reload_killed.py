"""Processes of a server that are killed, at rest and amid a change: workers, a compiler, the
supervisor."""

import contextlib
import os
import shutil
import signal
import time

import pytest

from manyproc import (GREETING, break_manifest, error_lines, put_version, replace, spoil_wasm,
                      take_wasm_away, version_of)
from spinproc import EXAMPLES, HELLO, wait_until


def kill_one(server, of):
    """Kills a worker that was one of `of`, or has come since; not a compiler."""
    os.kill(max(of & server.workers()), signal.SIGKILL)
    wait_until(lambda: len(server.workers() - of) == 1, 10, "its replacement")


def everyone_answers(server, number, path="/app"):
    """By chance each worker gets some of these connections."""
    try:
        return all(version_of(server, path) == str(number) for _ in range(20))
    except OSError:  # a connection that the dead one had
        return False


@pytest.mark.parametrize("stage_ms", [0, 100, 190, 210, 230, 250, 270, 300, 400])
def test_killed_worker_comes_back_with_what_is_current(watched, folder, stage_ms):
    """Whatever stage of a change it meets."""
    for name in ("app", "gone"):
        put_version(folder, name, 0)
    server = watched()
    workers = server.workers()
    put_version(folder, "app", 1)
    shutil.rmtree(folder / "gone")
    put_version(folder, "new", 1)
    time.sleep(stage_ms / 1000)
    os.kill(max(workers), signal.SIGKILL)
    wait_until(lambda: everyone_answers(server, 1), 15, "the new version")
    wait_until(lambda: everyone_answers(server, 1, "/new"), 15, "the new application")
    wait_until(lambda: all(server.get("/gone").status == 404 for _ in range(20)), 15, "an end")
    wait_until(lambda: len(server.workers()) == 2, 10, "two workers")
    assert workers & server.workers(), "the other one was not touched"


def test_killed_compiler(watched, folder):
    """As by the kernel when memory is short: it is told of, the old version goes on, and the next
    change is made as ever."""
    put_version(folder, "app", 0)
    server = watched()
    workers, number = server.workers(), 0
    while not error_lines(server.stderr, "its compiler ended by signal 9"):
        number += 1  # some may be too quick for us
        assert number < 10
        put_version(folder, "app", number)
        deadline = time.monotonic() + 0.6
        while time.monotonic() < deadline:
            for pid in server.workers() - workers:
                with contextlib.suppress(ProcessLookupError):  # quicker than we are
                    os.kill(pid, signal.SIGKILL)
    assert everyone_answers(server, number - 1)
    put_version(folder, "app", 10)
    wait_until(lambda: everyone_answers(server, 10), 10, "the new version")


@pytest.mark.parametrize("spoil", [take_wasm_away, spoil_wasm, break_manifest])
def test_killed_worker_beside_a_broken_change(watched, folder, spoil):
    """What is current is the old version, also where its files are not what they were."""
    app = put_version(folder, "app", 1)
    server = watched()
    workers = server.workers()
    spoil(app)
    wait_until(lambda: error_lines(server.stderr, "app: "), 10, "a complaint")
    kill_one(server, workers)
    wait_until(lambda: everyone_answers(server, 1), 15, "the old version, in both")


def test_killed_worker_without_a_cache(spin, tmp_path):
    """Where the old version's module is nowhere any more, nothing runs in its place."""
    app = put_version(tmp_path, "app", 1)
    server = spin(app, "--disable-cache", cache_dir=None)
    workers = server.workers()
    replace(app / "env.wasm", HELLO.read_bytes())
    kill_one(server, workers)
    reason = "env.wasm: the file has changed since the application was loaded"
    wait_until(lambda: reason in server.stderr, 10, "a complaint")
    assert {server.get("/").status for _ in range(20)} <= {200, 404}
    assert not any(server.get("/").body == GREETING for _ in range(20))


def gone(pids):
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] != "Z":
                    return False
        except FileNotFoundError:
            pass
    return True


def test_killed_supervisor(spin, folder, tmp_path):
    """Nothing runs on, and the next start takes what lies there away."""
    temp = tmp_path / "temp"
    temp.mkdir()
    shutil.copytree(EXAMPLES / "fileserver", folder / "files")
    put_version(folder, "app", 0)
    server = spin(None, "--watch-apps", folder, environment={"TMPDIR": str(temp)})
    pids = server.workers()
    for number in range(1, 4):
        (folder / "files/assets/digits.txt").write_text(f"{number}\n")
        put_version(folder, "app", number)
        time.sleep(0.25)
    os.kill(server.pid, signal.SIGKILL)  # amid a change
    server.process.wait(5)
    wait_until(lambda: gone(pids), 10, "the workers leave")
    left = set(temp.iterdir())
    assert left
    server = spin(None, "--apps", folder, environment={"TMPDIR": str(temp)})
    assert version_of(server) == "3" and server.get("/files/digits.txt").text == "3\n"
    assert not left & set(temp.iterdir())
    assert server.stop() == 0
    assert not list(temp.iterdir())


def test_stop_during_changes(watched, folder, tmp_path):
    """A stop does not wait for compilers, and what was served is finished."""
    temp = tmp_path / "temp"
    temp.mkdir()
    put_version(folder, "app", 0)
    server = watched(environment={"TMPDIR": str(temp)})
    pids = server.workers()
    for number in range(5):
        put_version(folder, f"n{number}", 1)
    time.sleep(0.25)
    assert server.stop() == 0
    wait_until(lambda: gone(pids), 5, "no process")
    assert not list(temp.iterdir()), "no working directory"
