"""Many applications in one server: where each is served and how, and what one that is broken or
behaves badly does to the others (nothing)."""

import threading
import time

import pytest

from manyproc import (BREAKS, GREETING, Load, environment, error_lines, has_version, put_app,
                      put_version, read_all, version, version_of)
from spinproc import EXAMPLES, guest, read_response, wait_until, write_app

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
        assert server.get(f"/{name}?ms=900").status == status
    assert server.get("/default?ms=350").status == 200


# ── what is broken ──


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

    with Load(server, has_version, clients=2, least=50) as load:
        threads = [threading.Thread(target=behave_badly) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(1)
    for thread in threads:
        thread.join(20)
    load.check()
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
