"""Applications that come, change and go while requests are under way: because a folder is watched,
or on SIGHUP."""

import os
import shutil
import signal
import threading
import time

import pytest

from manyproc import (BREAKS, GREETING, Load, break_manifest, environment, error_lines, has_version,
                      put_app, put_version, read_all, replace, version, version_of)
from spinproc import (EXAMPLES, GUESTS, HELLO, guest, parse_responses, read_response, wagi,
                      wait_until, write_app)

# ── a folder is watched ──


def test_add(watched, folder, tmp_path):
    server = watched()  # the folder is empty
    assert server.get("/one").status == 404
    prepared = put_version(tmp_path / "elsewhere", "one", 1)
    shutil.copytree(prepared, folder / "copied")
    wait_until(lambda: version_of(server, "/copied") == "1", 10, "the copy")
    prepared.rename(folder / "moved")
    wait_until(lambda: version_of(server, "/moved") == "1", 10, "what was moved there")
    put_app(folder, "c.example", [version(3)])
    wait_until(lambda: version_of(server, "/", {"Host": "c.example"}) == "3", 10, "a host")
    assert not server.stderr
    wait_until(lambda: all(f"Added {name}\n" in server.stdout
                           for name in ("copied", "moved", "c.example")), 5, "what is printed")


@pytest.mark.parametrize("before", [True, False])
def test_add_slowly(watched, folder, before):
    """File by file: what is not complete yet is told of at most, and then served."""
    put_version(folder, "other", 1)
    app = folder / "slow"
    if before:
        app.mkdir()
    server = watched()
    app.mkdir(exist_ok=True)
    time.sleep(0.3)  # more than it waits for what may follow
    write_app(folder.parent / "next", [version(1)])
    shutil.copy(folder.parent / "next/spin.toml", app)
    time.sleep(0.3)
    wasm = (GUESTS / "env.wasm").read_bytes()
    with open(app / "env.wasm", "wb") as file:
        for at in range(0, len(wasm), 16384):
            file.write(wasm[at : at + 16384])
            file.flush()
            time.sleep(0.3)
    wait_until(lambda: version_of(server, "/slow") == "1", 10, "the application")
    assert version_of(server, "/other") == "1"


def test_change_and_remove(watched, folder):
    for name in ("app", "other"):
        put_version(folder, name, 1)
    server = watched()
    assert version_of(server) == "1"
    put_version(folder, "app", 2)
    wait_until(lambda: version_of(server) == "2", 10, "the new version")
    wait_until(lambda: "Reloaded app\n" in server.stdout, 5, "what is printed")
    shutil.rmtree(folder / "app")
    wait_until(lambda: server.get("/app").status == 404, 10, "its end")
    wait_until(lambda: "Removed app\n" in server.stdout, 5, "what is printed")
    assert version_of(server, "/other") == "1"
    put_version(folder, "app", 3)
    wait_until(lambda: version_of(server) == "3", 10, "its return")
    (folder / "app").rename(folder / "renamed")
    wait_until(lambda: version_of(server, "/renamed") == "3", 10, "the new name")
    wait_until(lambda: server.get("/app").status == 404, 10, "the end of the old one")


def other_greeting():
    wasm = HELLO.read_bytes().replace(b"Hello, Spin in C!", b"Hello, Spin in B!")
    assert wasm != HELLO.read_bytes()
    return wasm


@pytest.mark.parametrize("how", ["rename", "write"])
def test_replace_module(watched, folder, how):
    app = put_app(folder, "app", [guest("hello", "/...")])
    server = watched()
    assert server.get("/app").body == GREETING
    if how == "rename":
        replace(app / "hello.wasm", other_greeting())
    else:
        (app / "hello.wasm").write_bytes(other_greeting())
    wait_until(lambda: server.get("/app").body == b"Hello, Spin in B!\n", 10, "the new module")


def test_change_settings(watched, folder):
    app = put_version(folder, "app", 1)
    server = watched()
    (app / "spin-server.toml").write_text("base = '/there'\n[environment]\nMORE = 'x'\n")
    wait_until(lambda: version_of(server, "/there") == "1", 10, "the new base")
    assert environment(server.get("/there"))["MORE"] == "x"
    assert server.get("/app").status == 404
    (app / "spin-server.toml").unlink()
    wait_until(lambda: version_of(server, "/app") == "1", 10, "the old base")
    assert server.get("/there").status == 404


def test_logs_beside_the_application(watched, folder, tmp_path):
    """Writing them is no change of it."""
    app = put_app(folder, "app", [guest("logs", "/...")],
                  settings="state_dir = 'state'\nlog_dir = 'logs'\n")
    server = watched("--workers", "1")
    (app / "spin.toml").write_text((app / "spin.toml").read_text() + "# changed\n")
    wait_until(lambda: "Reloaded app\n" in server.stdout, 10, "the change")
    for number in range(4):
        assert server.get(f"/app?text={number}").status == 200
        time.sleep(0.3)
    wait_until(lambda: "out: 3" in read_all(app / "logs/logs_stdout.txt"), 5, "a log")
    assert server.stdout.count("Reloaded app\n") <= 2, server.stdout


def test_mounted_files(watched, folder, tmp_path):
    """Each version has its own copy of what it mounts, which goes with it."""
    temp = tmp_path / "temp"
    temp.mkdir()
    app = folder / "app"
    shutil.copytree(EXAMPLES / "fileserver", app)
    server = watched(environment={"TMPDIR": str(temp)})
    for number in range(3):
        (app / "assets" / "digits.txt").write_text(f"version {number}\n")
        wait_until(lambda: server.get("/app/digits.txt").text == f"version {number}\n", 10, "files")
    wait_until(lambda: len(list(temp.iterdir())) == 1, 10, "only the copies of the last one")
    shutil.rmtree(app)
    wait_until(lambda: not list(temp.iterdir()), 10, "no copies")


@pytest.mark.parametrize("spoil", BREAKS)
def test_broken_meanwhile(watched, folder, spoil):
    """The old version goes on, and the reason is told; mended, it changes."""
    app = put_version(folder, "app", 1)
    server = watched()
    with Load(server, lambda body: body.startswith(b"VERSION=1\n"), clients=2) as load:
        reason = spoil(app)
        wait_until(lambda: error_lines(server.stderr, "app: "), 10, "a complaint")
        time.sleep(0.3)
    load.check()
    line = error_lines(server.stderr, "app: ")[0]
    assert reason in line and "the version before goes on" in line
    shutil.copy(GUESTS / "env.wasm", app)
    (app / "spin-server.toml").unlink(missing_ok=True)
    put_version(folder, "app", 2)
    wait_until(lambda: version_of(server) == "2", 10, "the mended one")


def test_mended(watched, folder):
    """What did not start at first does when it can."""
    app = put_version(folder, "app", 1)
    break_manifest(app)
    server = watched()
    assert server.get("/app").status == 404
    put_version(folder, "app", 1)
    wait_until(lambda: version_of(server) == "1", 10, "the mended one")


def test_a_place_that_becomes_free(watched, folder):
    put_version(folder, "a", 1, base="/app")
    put_version(folder, "b", 2, base="/app")
    server = watched()
    assert version_of(server) == "1"
    shutil.rmtree(folder / "a")
    wait_until(lambda: server.get("/app").status == 404, 10, "the end of the first")
    put_version(folder, "b", 3, base="/app")
    wait_until(lambda: version_of(server) == "3", 10, "the second in its place")


def test_requests_under_way(watched, folder):
    """They are finished by the version that took them, also when it is removed."""
    names = ("changed", "removed")
    for name in names:
        put_app(folder, name, [guest("sleep", "/...")])
    server = watched()
    answers = {name: [] for name in names}
    threads = [threading.Thread(
        target=lambda name: answers[name].append(server.get(f"/{name}?ms=2500").body), args=[name])
        for name in names * 6]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    put_version(folder, "changed", 2)
    shutil.rmtree(folder / "removed")
    wait_until(lambda: version_of(server, "/changed") == "2", 10, "the new version")
    wait_until(lambda: server.get("/removed").status == 404, 10, "an end")
    assert not any(answers.values()), "the changes were quicker"
    for thread in threads:
        thread.join()
    assert answers == {name: [b"slept\n"] * 6 for name in names}


def test_bodies_under_way(watched, folder):
    """A request whose body comes slowly is answered, and a response that is read slowly is written
    to its end, though its application is removed."""
    put_app(folder, "app", [guest("echo", "/...")])
    put_app(folder, "out", [wagi("stream", "/...")])
    server = watched()
    request = b"POST /app HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
    with server.connect() as sock, server.connect() as out:
        sock.sendall(request + b"first")
        out.sendall(b"GET /out?200 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(0.2)
        put_version(folder, "app", 2)
        shutil.rmtree(folder / "out")
        wait_until(lambda: version_of(server) == "2", 10, "the new version")
        wait_until(lambda: server.get("/out").status == 404, 10, "an end")
        sock.sendall(b"-last" + request.replace(b"10", b"0"))
        file = sock.makefile("rb")
        status, body, _ = read_response(file)
        assert status == 200 and (b"first-last".hex().encode() in body or has_version(body))
        assert b"VERSION=2\n" in read_response(file)[1]
        [answer] = parse_responses(out.makefile("rb").read())
        assert len(answer.body) == 200 * 65536 and answer.body.endswith(b"r" * 65536)


def test_a_place_that_is_taken(watched, folder):
    """By another application, while both run: the mover stays where it was."""
    put_version(folder, "a", 1)
    put_version(folder, "b", 2)
    server = watched()
    (folder / "b/spin-server.toml").write_text("base = '/a'\n")
    wait_until(lambda: error_lines(server.stderr, "b: "), 10, "a complaint")
    [line] = error_lines(server.stderr, "b: ")
    assert '"a"' in line and "the version before goes on" in line
    assert version_of(server, "/a") == "1" and version_of(server, "/b") == "2"
    (folder / "b/spin-server.toml").write_text("base = '/c'\n")
    wait_until(lambda: version_of(server, "/c") == "2", 10, "another place")
    assert server.get("/b").status == 404


def test_swaps_under_load(watched, folder):
    """Ten new versions: no request fails, no connection breaks, nothing answers with the old
    version after the new one was announced, and nothing is left of the old ones."""
    put_version(folder, "app", 0)
    put_version(folder, "other", 0)
    server = watched()
    idle = server.connect(timeout=30)
    idle_file = idle.makefile("rb")

    def ask_idle():
        idle.sendall(b"GET /app HTTP/1.1\r\nHost: x\r\n\r\n")
        return read_response(idle_file)

    assert b"VERSION=0\n" in ask_idle()[1]
    wait_until(lambda: server.workers(), 5, "workers")
    before = {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in {server.pid, *server.workers()}}
    with (Load(server, has_version, least=500) as load,
          Load(server, lambda body: body == b"VERSION=0\n", "/other", clients=1) as other):
        for number in range(1, 11):
            put_version(folder, "app", number)
            wait_until(lambda: server.stdout.count("Reloaded app\n") == number, 10, "the change")
            for _ in range(4):
                assert version_of(server) == str(number)
            if number % 3 == 0:
                status, body, closes = ask_idle()
                assert (status, closes) == (200, False) and f"VERSION={number}\n".encode() in body
    load.check()
    other.check()
    assert load.closed == 0 and other.closed == 0
    assert not server.stderr
    idle.close()

    def settled():
        now = {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in before}
        return all(now[pid] <= before[pid] for pid in before)

    wait_until(settled, 10, "descriptors of old versions are closed")


@pytest.mark.parametrize("how", ["folders", "link"])
def test_deployment_under_load(watched, folder, tmp_path, how):
    """Whole versions, prepared aside: by two moves of folders, or of a link that leads to one."""
    releases = tmp_path / "releases"
    for number in range(6):
        put_version(releases / str(number), "app", number)
    app = folder / "app"
    if how == "link":
        app.symlink_to(releases / "0" / "app")
    else:
        (releases / "0" / "app").rename(app)
    server = watched()
    with Load(server, has_version, clients=2) as load:
        for number in range(1, 6):
            if how == "link":
                (folder / ".app").symlink_to(releases / str(number) / "app")
                (folder / ".app").rename(app)
            else:
                (releases / str(number) / "app").rename(folder / ".app")
                app.rename(folder / ".old")
                (folder / ".app").rename(app)
                shutil.rmtree(folder / ".old")
            wait_until(lambda: version_of(server) == str(number), 10, "the new version")
    load.check()
    assert load.closed == 0 and not server.stderr


def test_many_come_and_go_under_load(watched, folder):
    put_version(folder, "app", 0)
    server = watched()
    with Load(server, has_version, clients=2) as load:
        for name in [f"n{i}" for i in range(10)]:
            put_version(folder, name, 1)
        wait_until(lambda: all(version_of(server, f"/n{i}") == "1" for i in range(10)), 20, "ten")
        for i in range(10):
            shutil.rmtree(folder / f"n{i}")
        wait_until(lambda: all(server.get(f"/n{i}").status == 404 for i in range(10)), 20, "none")
    load.check()


# ── SIGHUP ──


def hang_up(server):
    os.kill(server.pid, signal.SIGHUP)


def test_hang_up(spin, tmp_path):
    put_version(tmp_path, "app", 1)
    server = spin(tmp_path / "app")
    hang_up(server)  # nothing has changed
    wait_until(lambda: "Reloaded" in server.stdout, 10, "the same again")
    with Load(server, has_version, least=500) as load:
        for number in range(2, 8):
            put_version(tmp_path, "app", number)
            assert version_of(server, "/") == str(number - 1), "it does not watch"
            hang_up(server)
            wait_until(lambda: version_of(server, "/") == str(number), 10, "the new version")
    load.check()
    assert load.closed == 0 and not server.stderr


@pytest.mark.parametrize("spoil", BREAKS)
@pytest.mark.parametrize("workers", [0, 2])
def test_hang_up_with_what_does_not_load(spin, tmp_path, spoil, workers):
    app = put_version(tmp_path, "app", 1)
    server = spin(app, workers=workers)
    with Load(server, has_version, "/", clients=2) as load:
        reason = spoil(app)
        hang_up(server)
        wait_until(lambda: "Error: " in server.stderr, 10, "a complaint")
        line = next(line for line in server.stderr.splitlines() if line.startswith("Error: "))
        assert reason in line and "the version before goes on" in line
        assert version_of(server, "/") == "1"
        shutil.copy(GUESTS / "env.wasm", app)
        (app / "spin-server.toml").unlink(missing_ok=True)
        put_version(tmp_path, "app", 2)
        hang_up(server)
        wait_until(lambda: version_of(server, "/") == "2", 10, "the mended one")
    load.check()


def test_hang_up_of_a_folder(many, folder):
    """Not watched, and yet added, replaced and removed."""
    for name in ("app", "gone"):
        put_version(folder, name, 1)
    server = many()
    shutil.rmtree(folder / "gone")
    put_version(folder, "app", 2)
    put_version(folder, "new", 3)
    time.sleep(0.5)
    assert version_of(server) == "1" and version_of(server, "/gone") == "1"
    hang_up(server)
    wait_until(lambda: version_of(server) == "2", 10, "a new version")
    wait_until(lambda: version_of(server, "/new") == "3", 10, "a new application")
    wait_until(lambda: server.get("/gone").status == 404, 10, "an end")


def test_hang_ups_in_a_row(spin, tmp_path):
    """However many come at once, the last version wins."""
    put_version(tmp_path, "app", 0)
    server = spin(tmp_path / "app")
    with Load(server, has_version, "/", clients=2) as load:
        for number in range(1, 31):
            put_version(tmp_path, "app", number)
            hang_up(server)
            time.sleep(0.01)
        wait_until(lambda: version_of(server, "/") == "30", 20, "the last version")
        time.sleep(0.5)
        assert version_of(server, "/") == "30"
    load.check()
    assert not server.stderr
