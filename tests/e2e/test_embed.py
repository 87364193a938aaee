"""The programs of examples/embed: Spin inside a loop that is somebody else's."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

import pytest

from spinproc import EXAMPLES, GUESTS

ECHO = EXAMPLES / "spin-timer-echo" / "guest" / "echo.wasm"


@pytest.fixture
def embed(binary, cache_dir, tmp_path):
    """embed(name, *args): starts a program that was built beside the binary."""
    started = []

    def start(name, *args):
        program = binary.parent / "examples" / "embed" / name
        assert program.exists(), f"{program} is not built"
        process = subprocess.Popen(
            [str(program), *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=tmp_path,
            env={**os.environ, "XDG_CACHE_HOME": str(cache_dir)})
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


class Output:
    """The lines that a program has printed so far."""

    def __init__(self, stream):
        self.lines, self.news = [], threading.Condition()
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()

    def match(self, pattern, timeout=60):
        def find():
            return next(filter(None, (re.fullmatch(pattern, line) for line in self.lines)), None)

        with self.news:
            assert self.news.wait_for(find, timeout), f"no {pattern} in {self.lines}"
            return find()

    def ticks(self):
        with self.news:
            return sum(line.startswith("tick ") for line in self.lines)


def test_http_beside_the_programs_own_timer(embed):
    program = embed("serve", EXAMPLES / "hello", "127.0.0.1:0")
    output = Output(program.stdout)
    url = output.match(r"serving (http://127\.0\.0\.1:\d+)")[1]
    before = output.ticks()
    deadline = time.monotonic() + 20
    answers = 0
    while answers < 20 or output.ticks() < before + 3:
        assert time.monotonic() < deadline
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == b"Hello, Spin in C!\n"
        answers += 1
    program.send_signal(signal.SIGTERM)
    assert program.wait(20) == 0
    output.match(r"ended after \d+ ticks")


def test_an_application_that_is_not_there(embed, tmp_path):
    program = embed("serve", tmp_path / "nowhere")
    assert program.wait(20) == 1
    assert "nowhere" in program.stderr.read()


@pytest.fixture
def lines_app(tmp_path):
    folder = tmp_path / "lines"
    folder.mkdir()
    shutil.copy(ECHO, folder)
    (folder / "spin.toml").write_text(
        'spin_version = "1"\nname = "lines"\nversion = "1.0.0"\ntrigger = { type = "lines" }\n'
        '[[component]]\nid = "echo"\nsource = "echo.wasm"\n[component.trigger]\n')
    return folder


def test_lines_by_epoll(embed, lines_app):
    program = embed("lines", lines_app)
    output = Output(program.stdout)
    for word in ("one", "two", "zwölf"):  # each is answered before the next one comes
        program.stdin.write(word + "\n")
        program.stdin.flush()
        output.match(f"ECHO: {word}")
    program.stdin.close()
    assert program.wait(20) == 0
    assert output.lines == ["ECHO: one", "ECHO: two", "ECHO: zwölf"]


def test_lines_under_way_are_answered_at_the_end(embed, lines_app):
    program = embed("lines", lines_app)
    out, err = program.communicate("".join(f"line {i}\n" for i in range(50)), timeout=60)
    assert (program.returncode, err) == (0, "")
    assert sorted(out.splitlines()) == sorted(f"ECHO: line {i}" for i in range(50))


def test_lines_without_a_newline(embed, lines_app):
    out, err = embed("lines", lines_app).communicate("one\ntwo", timeout=60)
    assert (out, err) == ("ECHO: one\nECHO: two\n", "")
    program = embed("lines", lines_app)
    out, err = program.communicate("one\n" + "x" * 5000, timeout=60)
    assert (program.returncode, out) == (0, "ECHO: one\n")
    assert err == "lines: a line is longer than 4095 bytes\n"


def test_lines_of_a_file(binary, lines_app):
    with open(lines_app / "spin.toml") as file:
        result = subprocess.run([binary.parent / "examples" / "embed" / "lines", lines_app],
                                stdin=file, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert "a pipe or terminal" in result.stderr


def test_lines_of_a_component_without_the_entry_point(embed, lines_app):
    shutil.copy(GUESTS / "env.wasm", lines_app / "echo.wasm")
    program = embed("lines", lines_app)
    out, err = program.communicate("hello\n", timeout=60)
    assert (program.returncode, out) == (0, "")
    assert "a line was" in err and err.count("echo") >= 2  # the component and the function
