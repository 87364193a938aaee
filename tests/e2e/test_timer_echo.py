"""The document's example of a trigger of one's own, in both of its forms."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from spinproc import EXAMPLES, GUESTS, HELLO, wait_until

TIMER = EXAMPLES / "spin-timer-echo"
ECHO = TIMER / "guest" / "echo.wasm"
FORMS = ["program", "plugin"]


def manifest(trigger, component=""):
    return f"""spin_version = "1"
name = "timer"
version = "1.0.0"
trigger = {{ type = "timer", {trigger} }}

[[component]]
id = "echo"
source = "echo.wasm"
[component.trigger]
{component}
"""


@pytest.fixture(scope="session")
def trigger_timer(binary):
    path = binary.with_name("trigger-timer")
    if not path.exists():
        pytest.fail(f"no {path}: `make build`")
    return path


@pytest.fixture
def start(binary, trigger_timer, tmp_path):
    """start(form, trigger settings): the example under way, with a temporary folder of its own."""
    running = []
    temp = tmp_path / "temp"
    temp.mkdir()

    def begin(form, trigger=None, component="", wasm=ECHO):
        folder = TIMER
        if trigger is not None:
            folder = tmp_path / "app"
            folder.mkdir(exist_ok=True)
            shutil.copy(wasm, folder / "echo.wasm")
            (folder / "spin.toml").write_text(manifest(trigger, component))
        command = [trigger_timer, "spin.toml"] if form == "program" else [binary, "up"]
        environment = {**os.environ, "PATH": f"{trigger_timer.parent}:{os.environ['PATH']}",
                       "TMPDIR": str(temp), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        process = subprocess.Popen(list(map(str, command)), cwd=folder, env=environment, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        process.temp = temp
        running.append(process)
        return process

    yield begin
    for process in running:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()


def finish(process, timeout=60):
    out, err = process.communicate(timeout=timeout)
    assert list(process.temp.iterdir()) == [], "left behind"
    return out, err


@pytest.mark.parametrize("form", FORMS)
def test_five_ticks(start, form):
    process = start(form, 'interval = "20ms", ticks = 5')
    out, err = finish(process)
    assert process.returncode == 0, err
    assert out == "".join(f"ECHO: tick {n}\n" for n in range(1, 6))
    assert err == ""


@pytest.mark.parametrize("form", FORMS)
def test_as_it_stands_in_the_repository(start, form):
    """Its interval is a second, and it has no end."""
    begin = time.monotonic()
    process = start(form)
    for n in range(1, 4):
        assert process.stdout.readline() == f"ECHO: tick {n}\n"
        assert time.monotonic() - begin > n * 0.99
    process.send_signal(signal.SIGTERM)
    _, err = finish(process)
    assert process.returncode == 0, err


@pytest.mark.parametrize("setting, seconds", [('"100ms"', 0.1), ('"400ms"', 0.4), ("1", 1)])
def test_interval(start, setting, seconds):
    begin = time.monotonic()
    process = start("program", f"interval = {setting}, ticks = 3")
    out, err = finish(process)
    assert process.returncode == 0, err
    assert len(out.splitlines()) == 3
    assert 3 * seconds * 0.99 < time.monotonic() - begin < 3 * seconds + 20  # compiling included


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_when_asked_to(start, form, number):
    process = start(form, 'interval = "20ms"')
    assert process.stdout.readline() == "ECHO: tick 1\n"
    begin = time.monotonic()
    process.send_signal(number)
    _, err = finish(process)
    assert process.returncode == 0, err
    assert time.monotonic() - begin < 10


def signal_group(process, number):
    os.killpg(process.pid, number)


def signal_each(process, number):
    """As systemd does: to all processes of the service."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in [*children, process.pid]:
        os.kill(int(pid), number)


def signal_twice(process, number):
    """As `timeout` does: to its child, and then to the group."""
    process.send_signal(number)
    os.killpg(process.pid, number)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("send", [signal_group, signal_each, signal_twice])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_all_is_one_request(start, form, send, number):
    """The tick that is under way is finished, although the plugin gets the signal twice."""
    process = start(form, 'interval = "20ms"', wasm=GUESTS / "echo-slow.wasm")
    assert process.stdout.readline() == "tick 1\n"
    time.sleep(0.2)  # amid the second one, or in a slow machine's third
    send(process, number)
    out, err = finish(process)
    assert process.returncode == 0, err
    assert out.startswith("tick 2\n")
    assert err == ""


@pytest.mark.parametrize("form", FORMS)
def test_a_second_request_does_not_wait(start, form):
    process = start(form, 'interval = "20ms"', wasm=GUESTS / "echo-slow.wasm")
    assert process.stdout.readline() == "tick 1\n"
    time.sleep(0.1)
    for _ in range(2):
        signal_group(process, signal.SIGTERM)
        time.sleep(0.15)
    out, err = finish(process)
    assert process.returncode == 0, err
    assert out == ""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("trigger, component, message", [
    ('interval = "1x"', "", 'spin.toml:4:40: trigger.interval "1x": must be a time such as'),
    ("interval = -1", "", "spin.toml:4:40: trigger.interval must not be negative"),
    ("interval = 0", "", "spin.toml:4:40: trigger.interval: must be more than zero"),
    ("interval = [1]", "", "spin.toml:4:40: trigger.interval must be a time such as"),
    ("ticks = 0", "", "spin.toml:4:37: trigger.ticks must be at least 1, not 0"),
    ("ticks = 1.5", "", "spin.toml:4:37: trigger.ticks must be a whole number, not a float"),
    ('intervall = "1s"', "", 'spin.toml:4:29: unknown key "intervall" in trigger; did you mean '
                             '"interval"?'),
    ("ticks = 1", "ticks = 1", 'spin.toml:10:1: component "echo": unknown key "ticks" in trigger'),
])
def test_wrong_settings(start, form, trigger, component, message):
    process = start(form, trigger, component)
    out, err = finish(process)
    assert process.returncode == 1
    assert err.startswith(f"Error: {message}")
    assert out == ""


@pytest.mark.parametrize("form", FORMS)
def test_other_modules_are_refused_before_the_first_tick(start, form):
    process = start(form, "ticks = 1", wasm=HELLO)
    out, err = finish(process)
    assert process.returncode == 1
    assert 'component "echo"' in err and '"echo"' in err.split('component "echo"')[1]
    assert out == ""


@pytest.mark.parametrize("form", FORMS)
def test_a_tick_that_fails_is_not_the_last(start, form):
    process = start(form, 'interval = "20ms", ticks = 8', wasm=GUESTS / "echo-odd.wasm")
    out, err = finish(process)
    assert process.returncode == 0, err
    assert out == "tick 2\ntick 4\n"
    errors = err.splitlines()
    assert len([line for line in errors if line.startswith("Error: tick: ")]) == 6
    assert err.count("unreachable") == 4
    assert all('component "echo"' in line for line in errors if line.startswith("Error: "))


def test_spin_is_killed(start):
    """The plugin ends as well, and takes the working directory with it."""
    process = start("plugin", 'interval = "20ms"')
    assert process.stdout.readline() == "ECHO: tick 1\n"
    process.kill()
    process.wait(20)
    wait_until(lambda: list(process.temp.iterdir()) == [], what="an empty folder")


def test_needs_an_application(trigger_timer):
    environment = {k: v for k, v in os.environ.items() if k != "SPIN_LOCKED_URL"}
    result = subprocess.run([trigger_timer], env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert "SPIN_LOCKED_URL" in result.stderr
    result = subprocess.run([trigger_timer, "--listen"], capture_output=True, text=True)
    assert result.returncode == 2
