"""Many applications in one server: where each is served and how, what one that is broken or behaves
badly does to the others (nothing), and changes while requests are under way."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from spinproc import (EXAMPLES, GUESTS, HELLO, guest, parse_responses, read_response, wagi,
                      wait_until, write_app)

GREETING = b"Hello, Spin in C!\n"

# A module that is well formed, and imports what nobody offers: (import "nobody" "nothing" (func)).
UNKNOWN_IMPORT = (b"\0asm\1\0\0\0" b"\1\4\1\x60\0\0" b"\2\x12\1\6nobody\7nothing\0\0")


def put_app(folder, name, components, base="/", settings=None, head=""):
    app = write_app(folder / name, components, base=base, head=head, name=name)
    if settings is not None:
        (app / "spin-server.toml").write_text(settings)
    return app


def replace(path, content):
    """As editors and deployments do it: the old file or the new one, never half of one."""
    other = path.with_name(f".{path.name}.new")
    other.write_bytes(content)
    other.rename(path)


def version(number, route="/..."):
    """A component that tells its version."""
    return guest("env", route, id="app", environment={"VERSION": str(number)})


def put_version(folder, name, number, base="/"):
    """Makes or changes an application in one step."""
    app = folder / name
    if not app.exists():
        return put_app(folder, name, [version(number)], base)
    other = write_app(folder.parent / "next" / name, [version(number)], base=base, name=name)
    if not (app / "env.wasm").exists():
        shutil.copy(other / "env.wasm", app)
    replace(app / "spin.toml", (other / "spin.toml").read_bytes())
    return app


def version_of(server, path="/app", headers=None):
    """None where something else answers, or nothing."""
    found = re.search(r"^VERSION=(\d+)$", server.get(path, headers).text, re.MULTILINE)
    return found and found[1]


def environment(answer):
    assert answer.status == 200, answer
    return dict(line.split("=", 1) for line in answer.text.splitlines())


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "apps"
    path.mkdir()
    return path


@pytest.fixture
def many(spin, folder):
    """many(*flags): serves the folder of applications."""
    return lambda *flags, option="--apps", **more: spin(None, option, folder, *flags, **more)


@pytest.fixture
def watched(many):
    return lambda *flags, **more: many(*flags, option="--watch-apps", **more)


@pytest.fixture
def up(binary, cache_dir, tmp_path):
    """up(*flags): for a server that is to leave by itself."""

    def run(*flags, timeout=60):
        return subprocess.run([str(binary), "up", "--listen", "127.0.0.1:0", "--cache-dir",
                               str(cache_dir), *map(str, flags)], cwd=tmp_path, timeout=timeout,
                              text=True, stdin=subprocess.DEVNULL, capture_output=True)

    return run


# ── where they are served ──


def test_example(spin):
    """What the README of examples/many promises."""
    server = spin(None, "--apps", EXAMPLES / "many" / "apps")
    assert server.get("/hello").body == GREETING
    text = server.get("/show/env").text
    assert "GREETING=hello\n" in text and "PLACE=this server\n" in text
    for host in ("shop.example", "www.shop.example"):
        assert server.get("/?key=title", {"Host": host}).body == b"A shop"
        assert server.get("/?key=price", {"Host": host}).body == b"100 CHF"
    assert server.get("/").status == 404
    assert server.get("/env").status == 404


def test_names_are_bases(many, folder):
    for name in ("one", "two", "three"):
        put_app(folder, name, [guest("env", "/...", environment={"ME": name})])
    (folder / "no-application").mkdir()
    (folder / "a-file").write_text("")
    server = many()
    for name in ("one", "two", "three"):
        for path in (f"/{name}", f"/{name}/", f"/{name}/a/b?c"):
            assert environment(server.get(path))["ME"] == name
    for path in ("/", "/o", "/ones", "/One", "/no-application", "/a-file"):
        assert server.get(path).status == 404


def test_a_base_of_its_own(many, folder):
    """The settings' goes before the manifest's, and that before the folder's name."""
    put_app(folder, "one", [guest("hello", "/...")], base="/mine/deep")
    put_version(folder, "two", 2, base="/mine")
    (folder / "two/spin-server.toml").write_text("base = '/ours'\n")
    put_app(folder, "three", [guest("sleep", "/...")], settings="base = '/'\n")
    server = many()
    assert server.get("/mine/deep/x").body == GREETING
    assert version_of(server, "/ours") == "2"
    for path in ("/one", "/two", "/mine", "/three"):  # below no base but the root
        assert server.get(path).body == b"slept\n"


HOSTS = ["a.example", "A.Example", "a.example:80", "a.example:65535", "a.example.",
         "a.example.:3000"]


def test_dotted_names_are_hosts(many, folder):
    put_app(folder, "a.example", [guest("env", "/...", environment={"ME": "a"})])
    put_app(folder, "b.example", [guest("env", "/...", environment={"ME": "b"})], base="/b")
    put_app(folder, "one", [guest("env", "/...", environment={"ME": "one"})])
    server = many()
    for host in HOSTS:
        assert environment(server.get("/x", {"Host": host}))["ME"] == "a"
    assert environment(server.get("/b", {"Host": "b.example"}))["ME"] == "b"
    assert server.get("/", {"Host": "b.example"}).status == 404
    assert environment(server.get("/one", {"Host": "unknown.example"}))["ME"] == "one"
    assert server.get("/one", {"Host": "b.example"}).status == 404  # its host has an application
    for host in ("x.a.example", "example", "a.exampl", "a.example.org"):
        assert server.get("/x", {"Host": host}).status == 404


def test_one_connection_reaches_all(many, folder):
    """Each request of a connection goes where its own host and path say."""
    for name in ("a.example", "b.example", "one"):
        put_app(folder, name, [guest("env", "/...", environment={"ME": name})])
    server = many()
    with server.connect() as sock:
        file = sock.makefile("rb")
        for host, path, me in [("a.example", "/", "a.example"), ("b.example", "/", "b.example"),
                               ("c.example", "/one", "one"), ("A.EXAMPLE:1", "/", "a.example")] * 5:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            status, body, _ = read_response(file)
            assert status == 200 and f"ME={me}\n".encode() in body


def test_wildcards(many, folder):
    put_app(folder, "all", [guest("env", "/...", environment={"ME": "all"})],
            settings="hosts = ['*.example', 'example']\nbase = '/'\n")
    put_app(folder, "one", [guest("env", "/...", environment={"ME": "one"})],
            settings="hosts = ['one.example']\nbase = '/'\n")
    server = many()
    for host, me in [("example", "all"), ("a.example", "all"), ("b.a.example:1", "all"),
                     ("ONE.example", "one"), ("x.one.example", "all")]:
        assert environment(server.get("/", {"Host": host}))["ME"] == me
    assert server.get("/", {"Host": "examples"}).status == 404


def test_hosts_without_a_base(many, folder):
    """Where there are hosts, the folder's name is no base."""
    put_app(folder, "one", [guest("hello", "/...")], settings="hosts = ['one.example']\n")
    server = many()
    assert server.get("/", {"Host": "one.example"}).body == GREETING
    assert server.get("/one").status == 404


def test_on_the_command_line(spin, tmp_path):
    a = write_app(tmp_path / "a", [guest("hello", "/...")], base="/a", name="a")
    b = write_app(tmp_path / "b", [version(2)], base="/b", name="b")
    c = write_app(tmp_path / "c", [guest("sleep", "/...")], name="c")
    server = spin(None, "-f", a, "-f", b / "spin.toml", "--host", f"c.example={c}", "--host",
                  f"d.example={c}", "--base", f"/bb={b / 'spin.toml'}")
    assert server.get("/a").body == GREETING
    assert version_of(server, "/bb") == "2"
    for host in ("c.example", "D.example:1"):
        assert server.get("/", {"Host": host}).body == b"slept\n"
        assert server.get("/a", {"Host": host}).body == b"slept\n"
    for path in ("/b", "/c", "/"):
        assert server.get(path).status == 404


def test_collision_on_the_command_line(spin, tmp_path):
    """Both applications are named, and what to do; the first one is served."""
    a = write_app(tmp_path / "a", [guest("hello", "/...")], name="first")
    b = write_app(tmp_path / "b", [guest("env", "/...")], name="second")
    server = spin(None, "-f", a, "-f", b)
    assert server.get("/").body == GREETING
    [line] = error_lines(server.stderr, "second: ")
    assert '"first"' in line and "another base" in line


def test_a_folder_and_others(spin, folder, tmp_path):
    put_version(folder, "one", 1)
    other = put_version(tmp_path, "other", 2, base="/other")
    (other / "spin-server.toml").write_text("base = '/more'\n")
    server = spin(None, "--apps", folder, "-f", other)
    assert version_of(server, "/one") == "1" and version_of(server, "/more") == "2"


def test_settings_of_a_single_one(spin, tmp_path):
    """All but hosts: there is nobody to share with."""
    app = put_version(tmp_path, "app", 1, base="/manifest")
    (app / "spin-server.toml").write_text(
        "hosts = ['a.example']\nbase = '/settings'\n[environment]\nMORE = 'x'\n")
    server = spin(app)
    for host in ("a.example", "b.example"):
        assert environment(server.get("/settings", {"Host": host}))["MORE"] == "x"
    assert server.get("/manifest").status == 404


# ── each one's own ──


def test_own_environment(many, folder):
    one = "[environment]\nB = 'settings'\nC = 'settings'\nE = ''\n"
    put_app(folder, "one", [guest("env", "/...", environment={"A": "manifest", "B": "manifest"})],
            settings=one)
    put_app(folder, "two", [guest("env", "/...", environment={"B": "manifest"})])
    server = many("--env", "C=common", "--env", "D=common")
    got = environment(server.get("/one"))
    assert {key: got.get(key) for key in "ABCDE"} == {
        "A": "manifest", "B": "settings", "C": "settings", "D": "common", "E": ""}
    got = environment(server.get("/two"))
    assert {key: got.get(key) for key in "ABCDE"} == {
        "A": None, "B": "manifest", "C": "common", "D": "common", "E": None}


def test_own_variables(many, folder):
    head = '[variables]\nplace = { default = "nowhere" }\ntoken = { required = true }\n'
    for name, value in [("one", "here"), ("two", "there"), ("three", None)]:
        app = write_app(folder / name, [guest("config", "/...", config={
            "place": "{{ place }}", "token": "{{ token }}"})], name=name)
        text = (app / "spin.toml").read_text()
        text = text.replace("[[component]]", head + "\n[[component]]", 1)
        (app / "spin.toml").write_text(text)
        if value is not None:
            (app / "spin-server.toml").write_text(f"[variables]\nplace = '{value}'\n"
                                                  f"token = 't-{value}'\n")
    server = many(environment={"SPIN_APP_PLACE": "process", "SPIN_APP_TOKEN": "t-process"})
    for name, place in [("one", "here"), ("two", "there"), ("three", "process")]:
        assert server.get(f"/{name}?key=place").text == place
        assert server.get(f"/{name}?key=token").text == f"t-{place}"


def read_all(path):
    return path.read_text() if path.exists() else ""


def test_own_logs(many, folder, tmp_path):
    for name in ("one", "two"):
        put_app(folder, name, [guest("logs", "/...")])
    put_app(folder, "three", [guest("logs", "/...")], settings="log_dir = '../../three-logs'\n")
    logs = tmp_path / "logs"
    server = many("--log-dir", logs)
    for name in ("one", "two", "three"):
        assert server.get(f"/{name}?text=of-{name}").status == 200
    places = {"one": logs / "one", "two": logs / "two", "three": tmp_path / "three-logs"}
    for name, place in places.items():
        wait_until(lambda: read_all(place / "logs_stdout.txt") == f"out: of-{name}\n", 5, "a log")
        assert read_all(place / "logs_stderr.txt") == f"err: of-{name}\n"


def test_own_state_folder(many, folder, tmp_path):
    """Its logs are in there."""
    put_app(folder, "one", [guest("logs", "/...")], settings="state_dir = '../../state'\n")
    put_app(folder, "two", [guest("logs", "/...")])
    home = tmp_path / "home"
    home.mkdir()
    server = many(logs=False, environment={"HOME": str(home)})
    for name in ("one", "two"):
        assert server.get(f"/{name}?text=x").status == 200
    wait_until(lambda: read_all(tmp_path / "state/logs/logs_stdout.txt") == "out: x\n", 5, "a log")
    wait_until(lambda: read_all(home / ".spin/two/logs/logs_stdout.txt") == "out: x\n", 5, "a log")


def test_own_max_instances(many, folder):
    """Past the limit of one application its requests wait or get 503; the other has room."""
    put_app(folder, "few", [guest("sleep", "/...")], settings="max_instances = 1\n")
    put_app(folder, "more", [guest("sleep", "/...")])
    server = many(workers=1)
    statuses = {"few": [], "more": []}
    begin = time.monotonic()

    def ask(name):
        statuses[name].append((server.get(f"/{name}?ms=400").status, time.monotonic() - begin))

    threads = [threading.Thread(target=ask, args=[name]) for name in ["few", "more"] * 6]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in statuses["more"]] == [200] * 6
    assert max(at for _, at in statuses["more"]) < 2  # all six at a time
    assert {status for status, _ in statuses["few"]} <= {200, 503}
    served = sorted(at for status, at in statuses["few"] if status == 200)
    assert served and all(b - a > 0.3 for a, b in zip(served, served[1:]))  # one by one


def test_own_max_memory(many, folder):
    put_app(folder, "small", [guest("eater", "/...")], settings="max_memory = '1M'\n")
    put_app(folder, "large", [guest("eater", "/...")], settings="max_memory = '8M'\n")
    put_app(folder, "default", [guest("eater", "/...")])
    server = many("--max-memory", "16M")
    for name, pages in [("small", 16), ("large", 128), ("default", 256)] * 2:
        assert int(server.get(f"/{name}").text) == pages


def test_own_timeout(many, folder):
    put_app(folder, "short", [guest("sleep", "/...")], settings="timeout = '300ms'\n")
    put_app(folder, "long", [guest("sleep", "/...")], settings="timeout = '10s'\n")
    put_app(folder, "default", [guest("sleep", "/...")])
    server = many("--timeout", "600ms")
    for name, status in [("short", 504), ("default", 504), ("long", 200)]:
        assert server.get(f"/{name}?ms=1200").status == status
    assert server.get("/default?ms=400").status == 200


# ── what is broken ──


def break_manifest(app):
    (app / "spin.toml").write_text("name = \n")
    return "spin.toml:1:8"


def break_settings(app):
    (app / "spin-server.toml").write_text("host = ['a.example']\n")
    return 'spin-server.toml:1:1: unknown key "host"; did you mean "hosts"?'


def break_place(app):
    (app / "spin-server.toml").write_text("hosts = ['a.example:80']\n")
    return "spin-server.toml:1:10: "


def take_wasm_away(app):
    (app / "env.wasm").unlink()
    return "env.wasm"


def spoil_wasm(app):
    (app / "env.wasm").write_bytes(b"this is no WebAssembly")
    return "env.wasm"


def import_unknown(app):
    (app / "env.wasm").write_bytes(UNKNOWN_IMPORT)
    return "nobody"


def ask_for_another_trigger(app):
    text = (app / "spin.toml").read_text()
    (app / "spin.toml").write_text(text.replace('"http", base = "/"', '"timer"'))
    return '"timer"'


BREAKS = [break_manifest, break_settings, break_place, take_wasm_away, spoil_wasm, import_unknown,
          ask_for_another_trigger]


def error_lines(text, name):
    return [line for line in text.splitlines() if line.startswith("Error: ") and name in line]


@pytest.mark.parametrize("spoil", BREAKS)
@pytest.mark.parametrize("option", ["--apps", "--watch-apps"])
def test_one_is_broken(many, folder, spoil, option):
    for name in ("first", "broken", "last"):
        put_version(folder, name, 1)
    reason = spoil(folder / "broken")
    server = many(option=option)
    for name in ("first", "last"):
        assert version_of(server, f"/{name}") == "1"
    assert server.get("/broken").status == 404
    [line] = error_lines(server.stderr, "broken")
    assert reason in line
    assert not server.stderr.replace(line, "").strip(), "nothing else to say"
    assert server.stop() == 0


@pytest.mark.parametrize("spoil", BREAKS)
def test_all_are_broken(up, folder, spoil):
    for name in ("first", "last"):
        put_version(folder, name, 1)
        reason = spoil(folder / name)
    result = up("--apps", folder)
    assert result.returncode == 1
    for name in ("first", "last"):
        [line] = error_lines(result.stderr, name)
        assert reason in line


def test_no_applications(up, folder):
    result = up("--apps", folder)
    assert result.returncode == 1 and str(folder) in result.stderr
    result = up("--apps", folder / "missing")
    assert result.returncode == 1 and "missing" in result.stderr
    result = up("--watch-apps", folder / "missing")
    assert result.returncode == 1 and "missing" in result.stderr


def test_two_at_one_place(many, folder):
    """The first one, by name, stays; the other one's error names it."""
    put_app(folder, "a", [guest("hello", "/...")], base="/same")
    put_app(folder, "b", [guest("env", "/...")], base="/same/")
    server = many()
    assert server.get("/same").body == GREETING
    [line] = error_lines(server.stderr, "b: ")
    assert '"a"' in line and '"/same"' in line


# ── changes ──


class Load:
    """Clients that ask one after the other over connections that stay, and note what is not
    answered as it should be."""

    def __init__(self, server, wanted, path="/app", host="x", clients=4):
        self.server, self.wanted = server, wanted
        self.request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self.stop, self.failures, self.answered = threading.Event(), [], 0
        self.closed, self.lock = 0, threading.Lock()
        self.threads = [threading.Thread(target=self._client) for _ in range(clients)]

    def _connection(self):
        count, closes = 0, False
        with self.server.connect() as sock:
            file = sock.makefile("rb")
            while not closes and not self.stop.is_set():
                try:
                    sock.sendall(self.request)
                    response = read_response(file)
                except OSError as error:
                    response = (repr(error), b"", True)
                if response is None or response[0] != 200 or not self.wanted(response[1]):
                    with self.lock:
                        self.failures.append((time.monotonic(), count, response))
                    break
                closes = response[2]
                count += 1
        with self.lock:
            self.answered += count
            self.closed += closes

    def _client(self):
        while not self.stop.is_set():
            try:
                self._connection()
            except OSError as error:
                with self.lock:
                    self.failures.append((time.monotonic(), -1, repr(error)))
                time.sleep(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)

    def check(self, least=20):
        assert not self.failures, f"{len(self.failures)}, as {self.failures[:3]}"
        assert self.answered > least
        return self.answered


def has_version(body):
    return body.startswith(b"VERSION=")


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
    time.sleep(0.5)
    write_app(folder.parent / "next", [version(1)])
    shutil.copy(folder.parent / "next/spin.toml", app)
    time.sleep(0.5)
    wasm = (GUESTS / "env.wasm").read_bytes()
    with open(app / "env.wasm", "wb") as file:
        for at in range(0, len(wasm), 8192):
            file.write(wasm[at : at + 8192])
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
    for number in range(8):
        assert server.get(f"/app?text={number}").status == 200
        time.sleep(0.3)
    wait_until(lambda: "out: 7" in read_all(app / "logs/logs_stdout.txt"), 5, "a log")
    assert server.stdout.count("Reloaded app\n") <= 2, server.stdout


def test_mounted_files(watched, folder, tmp_path):
    """Each version has its own copy of what it mounts, which goes with it."""
    temp = tmp_path / "temp"
    temp.mkdir()
    app = folder / "app"
    shutil.copytree(EXAMPLES / "fileserver", app)
    server = watched(environment={"TMPDIR": str(temp)})
    for number in range(5):
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
    put_app(folder, "app", [guest("sleep", "/...")])
    server = watched()
    for change in ("change", "remove"):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(server.get("/app?ms=2500").body))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        if change == "change":
            put_version(folder, "app", 2)
            wait_until(lambda: version_of(server) == "2", 10, "the new version")
        else:
            shutil.rmtree(folder / "app")
            wait_until(lambda: server.get("/app").status == 404, 10, "its end")
        assert not answers, "the change was quicker"
        for thread in threads:
            thread.join()
        assert answers == [b"slept\n"] * 8
        put_app(folder, "app", [guest("sleep", "/...")])
        wait_until(lambda: server.get("/app").body == b"slept\n", 10, "the sleeper")


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
    """Twenty new versions: no request fails, no connection breaks, nothing answers with the old
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
    with Load(server, has_version) as load, Load(server, lambda body: body == b"VERSION=0\n",
                                                 "/other", clients=1) as other:
        for number in range(1, 21):
            put_version(folder, "app", number)
            wait_until(lambda: server.stdout.count("Reloaded app\n") == number, 10, "the change")
            for _ in range(4):
                assert version_of(server) == str(number)
            if number % 5 == 0:
                status, body, closes = ask_idle()
                assert (status, closes) == (200, False) and f"VERSION={number}\n".encode() in body
    load.check(1000)
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
    with Load(server, has_version) as load:
        for number in range(2, 8):
            put_version(tmp_path, "app", number)
            assert version_of(server, "/") == str(number - 1), "it does not watch"
            hang_up(server)
            wait_until(lambda: version_of(server, "/") == str(number), 10, "the new version")
    load.check(500)
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


# ── killed ──


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


# ── those that behave badly ──


@pytest.mark.parametrize("name, path, status", [
    ("trap", "/bad", 500), ("trap", "/bad?how=stack", 500), ("eater", "/bad?trap", 500),
    ("eater", "/bad", 200), ("loop", "/bad", 504)])
def test_one_behaves_badly(many, folder, name, path, status):
    put_version(folder, "app", 1)
    put_app(folder, "bad", [guest(name, "/...")],
            settings="max_memory = '64M'\ntimeout = '500ms'\nmax_instances = 8\n")
    server = many(workers=1)
    pids = server.workers()
    statuses = []

    def behave_badly():
        while not load.stop.is_set():
            statuses.append(server.get(path).status)

    with Load(server, has_version, clients=2) as load:
        threads = [threading.Thread(target=behave_badly) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(1.5)
    for thread in threads:
        thread.join(20)
    load.check(50)
    assert status in statuses and set(statuses) <= {status, 503}
    assert server.workers() == pids, "no worker died of it"


def test_one_takes_all_its_instances(many, folder):
    """An application that uses up what it may have does not use up the others' share."""
    put_version(folder, "app", 1)
    put_app(folder, "hog", [guest("sleep", "/...")], settings="max_instances = 4\n")
    server = many("--max-instances", "8", workers=1)
    sockets = [server.connect() for _ in range(12)]
    try:
        for sock in sockets:
            sock.sendall(b"GET /hog?ms=3000 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        begin = time.monotonic()
        for _ in range(20):
            assert version_of(server) == "1"
        assert time.monotonic() - begin < 2
    finally:
        for sock in sockets:
            sock.close()
