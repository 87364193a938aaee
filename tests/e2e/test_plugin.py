"""Triggers that are programs: `spin up` finds trigger-TYPE, hands it the application, and is there
until it ends."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from spinproc import HELLO, wait_until

MANIFEST = """spin_version = "1"
name = "plugged"
version = "1.0.0"
trigger = {{ type = "{type}", every = "1s" }}

[[component]]
id = "one"
source = "one.wasm"
files = ["data/*"]
[component.trigger]
speed = 2
"""


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "app"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "x.txt").write_text("hello")
    (folder / "one.wasm").write_bytes(HELLO.read_bytes())
    (folder / "spin.toml").write_text(MANIFEST.format(type="fake"))
    return folder


@pytest.fixture
def world(tmp_path):
    """Folders of the test's own: where plugins are looked for, and where copies are made."""
    class World:
        temp, data, path = tmp_path / "temp", tmp_path / "data", tmp_path / "bin"
        environment = {"HOME": str(tmp_path), "TMPDIR": str(temp), "XDG_DATA_HOME": str(data),
                       "PATH": f"{path}:/usr/bin:/bin"}

        @property
        def left(self):
            return sorted(p.name for p in self.temp.iterdir())

    for folder in (World.temp, World.data, World.path):
        folder.mkdir()
    return World()


@pytest.fixture
def up(binary, app, world):
    def run(*args, environment=None, timeout=60, app=app):
        return subprocess.run([str(binary), "up", "-f", str(app), *map(str, args)], text=True,
                              env={**world.environment, **(environment or {})}, cwd=app.parent,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout)
    return run


def write_program(path, body, interpreter=sys.executable):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{interpreter}\n{body}")
    path.chmod(0o755)
    return path


# what it is handed

def test_hands_over_the_application(up, app, world):
    write_program(world.path / "trigger-fake", """
import json, os, stat, sys, urllib.parse
url = os.environ["SPIN_LOCKED_URL"]
path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
print(json.dumps({"url": url, "working": os.environ["SPIN_WORKING_DIR"], "args": sys.argv,
                  "mode": stat.S_IMODE(os.stat(path).st_mode), "locked": json.load(open(path)),
                  "copy": open(os.environ["SPIN_WORKING_DIR"] + "/assets/0-one/data/x.txt").read()}))
""")
    result = up("--", "--foo", "a b", "--", "-x")
    assert result.returncode == 0, result.stderr
    got = json.loads(result.stdout)
    assert got["args"][1:] == ["--foo", "a b", "--", "-x"]
    assert got["url"].startswith("file:///")
    assert unquote(urlsplit(got["url"]).path) == got["working"] + "/locked.json"
    assert Path(got["working"]).parent == world.temp
    assert got["mode"] == 0o600
    assert got["copy"] == "hello"
    locked = got["locked"]
    assert locked["manifest"]["trigger"] == {"type": "fake", "every": "1s"}
    assert locked["components"][0]["source"]["source"] == (app / "one.wasm").as_uri()
    assert locked["components"][0]["files"][0]["path"] == "/"
    assert world.left == []


def test_paths_that_need_quoting(up, world, tmp_path):
    world.temp.joinpath("a b%41é").mkdir()
    write_program(world.path / "trigger-fake", 'cat "$SPIN_WORKING_DIR/locked.json" >/dev/null && '
                  'echo "$SPIN_LOCKED_URL"', "/bin/sh")
    result = up(environment={"TMPDIR": str(world.temp / "a b%41é")})
    assert result.returncode == 0, result.stderr
    assert "/a%20b%2541%C3%A9/spin-" in result.stdout
    assert list(world.temp.joinpath("a b%41é").iterdir()) == []


def test_temp_is_kept(up, world, tmp_path):
    write_program(world.path / "trigger-fake", "exit 0", "/bin/sh")
    result = up("--temp", tmp_path / "kept")
    assert result.returncode == 0, result.stderr
    locked = list((tmp_path / "kept").glob("*/locked.json"))
    assert len(locked) == 1
    assert stat.S_IMODE(locked[0].stat().st_mode) == 0o600
    assert world.left == []


def test_inherits_nothing_but_the_usual(up, world):
    """No descriptors, no signals blocked or ignored, and not the limit that HTTP wants."""
    write_program(world.path / "trigger-fake", """
import json, os, resource, signal
ignored = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD)
           if signal.getsignal(n) == signal.SIG_IGN]
print(json.dumps({"fds": [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                          if int(n) > 2 and os.path.exists(f"/proc/self/fd/{n}")],
                  "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
                  "ignored": ignored, "limit": resource.getrlimit(resource.RLIMIT_NOFILE)}))
""")
    result = up()
    assert result.returncode == 0, result.stderr
    got = json.loads(result.stdout)
    assert [path for path in got["fds"] if not path.endswith("trigger-fake")] == []
    assert got["blocked"] == []
    here = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT,
                                  signal.SIGCHLD) if signal.getsignal(number) == signal.SIG_IGN]
    assert got["ignored"] == here  # a job in the background begins with some
    assert tuple(got["limit"]) == resource.getrlimit(resource.RLIMIT_NOFILE)


# where it is found

@pytest.mark.parametrize("place, environment", [
    ("data/spin/plugins/trigger-fake", {}),
    ("data/spin/plugins/trigger-fake/trigger-fake", {}),
    ("own/plugins/trigger-fake", {"SPIN_DATA_DIR": "own"}),
    (".local/share/spin/plugins/trigger-fake", {"XDG_DATA_HOME": ""}),
    ("bin/trigger-fake", {}),
])
def test_is_found(up, world, tmp_path, place, environment):
    write_program(tmp_path / place, "echo found $0", "/bin/sh")
    environment = {k: str(tmp_path / v) if v else v for k, v in environment.items()}
    result = up(environment=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"found {tmp_path / place}\n"


def test_plugin_folder_comes_before_the_path(up, world):
    write_program(world.path / "trigger-fake", "echo path", "/bin/sh")
    write_program(world.data / "spin/plugins/trigger-fake", "echo folder", "/bin/sh")
    assert up().stdout == "folder\n"


def test_is_missing(up, world):
    (world.path / "trigger-fake").write_text("no program")
    result = up(environment={"PATH": f"{world.path}:/nowhere::.:{world.path}"})
    assert result.returncode == 1
    places = result.stderr.splitlines()
    assert places[0].startswith('Error: no trigger of type "fake"')
    plugins = f"  {world.data}/spin/plugins/trigger-fake"
    assert places[1:] == [plugins, f"{plugins}/trigger-fake",
                          f"  {world.path}/trigger-fake (there, but not a program)",
                          "  /nowhere/trigger-fake"]
    assert world.left == []


@pytest.mark.parametrize("name", ["../x", "a/b", ".", "-x", "a b", "x" * 65, "\\u001b[31m", "ü"])
def test_bad_type_names(up, app, world, name):
    (app / "spin.toml").write_text(MANIFEST.format(type=name))
    result = up()
    assert result.returncode == 1
    assert "is not the name of a program" in result.stderr
    assert "\x1b" not in result.stderr
    assert world.left == []


def test_cannot_be_executed(up, world):
    program = write_program(world.path / "trigger-fake", "", "/no/such/interpreter")
    result = up()
    assert result.returncode == 1
    assert f"can't start \"{program}\": No such file" in result.stderr
    assert world.left == []


def test_redis_is_not_asked_of_programs(up, app, world):
    write_program(world.path / "trigger-redis", "echo ran", "/bin/sh")
    (app / "spin.toml").write_text(
        MANIFEST.format(type="redis").replace("every =", "address =").replace("speed = 2",
                                                                              'channel = "c"'))
    result = up()
    assert result.returncode == 1
    assert 'spin.toml:4:39: trigger.address' in result.stderr  # what our own trigger says of "1s"
    assert result.stdout == ""


# options

@pytest.mark.parametrize("option", [["--listen", "127.0.0.1:0"], ["--listen=127.0.0.1:3000"],
                                    ["-q"], ["--workers", "2"], ["-eA=b"], ["-L", "x"],
                                    ["--timeout", "60s"]])
def test_http_options_are_refused(up, world, option):
    write_program(world.path / "trigger-fake", "echo ran", "/bin/sh")
    result = up(*option)
    assert result.returncode == 2
    assert "is an option of the HTTP trigger" in result.stderr
    assert result.stdout == ""
    assert world.left == []


def test_general_options_are_taken(up, world):
    write_program(world.path / "trigger-fake", "echo $#", "/bin/sh")
    result = up("--log-level", "info", "--log-format=json", "--", "--listen", "x")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "2\n"


def test_http_takes_no_further_arguments(up, world):
    result = up("--", "x", app=HELLO.parent)
    assert result.returncode == 2
    assert 'no arguments behind "--"' in result.stderr


# its end

@pytest.mark.parametrize("body, code", [("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137),
                                        ("kill -TERM $$", 143)])
def test_exit_code(up, world, body, code):
    write_program(world.path / "trigger-fake", body, "/bin/sh")
    assert up().returncode == code
    assert world.left == []


SLEEPER = """
import os, signal, sys, time
got = []
def note(number, frame):
    got.append(number)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, note)
print(os.getpid(), flush=True)
while not got:
    time.sleep(0.01)
time.sleep(0.3)
print(got, flush=True)
sys.exit(5)
"""


@pytest.fixture
def running(binary, app, world):
    """`spin up` with the sleeper, and the sleeper's pid."""
    write_program(world.path / "trigger-fake", SLEEPER)
    process = subprocess.Popen([str(binary), "up", "-f", str(app)], env=world.environment,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               stdin=subprocess.DEVNULL, start_new_session=True)
    pid = int(process.stdout.readline())
    yield process, pid
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_go_on(running, world, number):
    process, pid = running
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 5, err
    assert out == f"[{int(number)}]\n"
    assert not is_alive(pid)
    assert world.left == []


def test_both_signals_go_on(running, world):
    process, pid = running
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert out == f"[{int(signal.SIGINT)}, {int(signal.SIGTERM)}]\n"
    assert process.returncode == 5


def test_program_is_killed(running, world):
    process, pid = running
    os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=20)
    assert process.returncode == 137
    assert world.left == []


def test_spin_is_killed(running, up, world):
    process, pid = running
    process.kill()
    process.wait(20)
    wait_until(lambda: not is_alive(pid), what="the program's end")
    # A program that does not know libspin leaves the copies; the next start finds them.
    assert len(world.left) == 1
    write_program(world.path / "trigger-fake", "exit 0", "/bin/sh")
    assert up().returncode == 0
    assert world.left == []


def test_terminal_signal_arrives_once(binary, app, world):
    """Ctrl-C reaches both processes: spin must not send it again."""
    pty = pytest.importorskip("pty")
    write_program(world.path / "trigger-fake", SLEEPER)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(str(binary), ["spin", "up", "-f", str(app)], world.environment)
    seen = b""
    while b"\n" not in seen:
        seen += os.read(terminal, 100)
    os.write(terminal, b"\x03")
    try:
        while block := os.read(terminal, 1000):
            seen += block
    except OSError:  # the other end is closed
        pass
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 5
    assert seen.replace(b"^C", b"").split(b"\r\n")[1] == b"[2]"
    assert world.left == []
