"""The real binary as a child process, applications made of guests, and a small HTTP client."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUESTS = ROOT / "tests" / "e2e" / "guests"
EXAMPLES = ROOT / "examples"
HELLO = EXAMPLES / "hello" / "hello.wasm"
START_TIMEOUT = 60  # generous: a debug build compiles modules with two cores busy elsewhere
STOP_TIMEOUT = 20


def find_binary():
    for name in ("SPIN_BIN", "SPIN"):
        if os.environ.get(name):
            return Path(os.environ[name]).resolve()
    for build in ("release", "debug"):
        path = ROOT / "build" / build / "spin"
        if path.exists():
            return path
    return None


def toml_value(value):
    """TOML for what the tests need; JSON's strings, numbers and booleans are TOML's too."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    return json.dumps(value)


@dataclass
class Component:
    id: str
    wasm: Path
    route: str
    executor: dict | None = None
    extra: dict = field(default_factory=dict)  # files, environment, ...

    def toml(self):
        lines = ["[[component]]", f"id = {json.dumps(self.id)}", f'source = "{self.wasm.name}"']
        lines += [f"{key} = {toml_value(value)}" for key, value in self.extra.items()]
        lines += ["[component.trigger]", f"route = {json.dumps(self.route)}"]
        if self.executor:
            lines.append(f"executor = {toml_value(self.executor)}")
        return "\n".join(lines) + "\n"


def guest(name, route=None, executor=None, id=None, **extra):
    """A component of tests/e2e/guests/<name>.wasm at /<name>/... ."""
    wasm = HELLO if name == "hello" else GUESTS / f"{name}.wasm"
    return Component(id or name, wasm, route or f"/{name}/...", executor, extra)


def wagi(name, route=None, id=None, argv=None, entrypoint=None, wasm=None, **extra):
    executor = {"type": "wagi"}
    if argv is not None:
        executor["argv"] = argv
    if entrypoint is not None:
        executor["entrypoint"] = entrypoint
    component = guest(name, route, executor, id, **extra)
    if wasm is not None:
        component.wasm = wasm
    return component


def write_app(folder, components, base="/", head="", name="test"):
    """Writes a manifest and its modules into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f'spin_version = "1"\nname = "{name}"\nversion = "1.0.0"\n{head}'
    text += f'trigger = {{ type = "http", base = {json.dumps(base)} }}\n\n'
    for component in components:
        text += component.toml() + "\n"
        if not (folder / component.wasm.name).exists():
            shutil.copy(component.wasm, folder)
    (folder / "spin.toml").write_text(text)
    return folder


@dataclass
class Response:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        values = [v for k, v in self.headers if k.lower() == name]
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class Spin:
    """`spin up`, ready to answer; a context manager that never leaves a process behind."""

    def __init__(self, binary, app, work, *args, cache_dir=None, workers=2, logs=True,
                 environment=None):
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.log_dir, self.stopped = work, work / "logs", False
        command = [str(binary), "up", *(["--file", str(app)] if app else []), "--listen",
                   "127.0.0.1:0"]  # no `app`: `args` name them
        if logs and "--log-dir" not in args:
            command += ["--log-dir", str(self.log_dir)]
        if "--workers" not in args and workers is not None:
            command += ["--workers", str(workers)]
        if cache_dir is not None:
            command += ["--cache-dir", str(cache_dir)]
        self.stdout_path, self.stderr_path = work / "stdout", work / "stderr"
        started = time.monotonic()
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                command + [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **(environment or {})}, start_new_session=True)
        try:
            self.url = self._wait_for_url(started + START_TIMEOUT)
            self.host, port = self.url.removeprefix("http://").rsplit(":", 1)
            self.port = int(port)
            self._wait_for_answer(started + START_TIMEOUT)
        except BaseException:
            self.kill()
            raise
        self.start_seconds = time.monotonic() - started

    @property
    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    @property
    def pid(self):
        return self.process.pid

    def _fail(self, why):
        raise AssertionError(f"spin {why}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}")

    def _wait_for_url(self, deadline):
        while time.monotonic() < deadline:
            match = re.search(r"Serving (http://\S+:\d+)", self.stdout + self.stderr)
            if match:
                return match[1]
            if self.process.poll() is not None:
                self._fail(f"left with {self.process.returncode} before it was ready")
            time.sleep(0.005)
        self._fail("printed no URL")

    def _wait_for_answer(self, deadline):
        while time.monotonic() < deadline:
            try:
                if self.request("GET", "/healthz", timeout=5).status == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                self._fail(f"left with {self.process.returncode}")
            time.sleep(0.005)
        self._fail("did not answer")

    # HTTP

    def request(self, method, path, body=None, headers=None, timeout=30):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Response(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None, timeout=30):
        return self.request("GET", path, None, headers, timeout)

    def connect(self, timeout=10):
        return socket.create_connection((self.host, self.port), timeout=timeout)

    def raw(self, request, timeout=10):
        """Sends bytes, returns all that comes until the server closes or is silent."""
        with self.connect(timeout) as sock:
            sock.sendall(request)
            answer = b""
            try:
                while block := sock.recv(65536):
                    answer += block
            except TimeoutError:
                pass
            except ConnectionResetError:
                pass
            return answer

    # processes

    def workers(self):
        """The pids of the supervisor's children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return {int(pid) for pid in children}

    def alive(self):
        return self.process.poll() is None

    def stop(self, sig=signal.SIGTERM, timeout=STOP_TIMEOUT):
        """Asks it to leave; returns its exit code."""
        self.stopped = True
        self.process.send_signal(sig)
        return self.process.wait(timeout)

    def kill(self):
        """Ends it and, through its own session, its workers."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(STOP_TIMEOUT)

    def logs(self, component, stream):
        """What a component's log file holds; `stream` is "stdout" or "stderr"."""
        found = [p for p in self.log_dir.rglob("*")
                 if p.is_file() and p.name.startswith(component) and stream in p.name]
        return "".join(p.read_text(errors="replace") for p in found)

    def show(self):
        """For pytest, which shows it beside a failure."""
        print(f"--- {self.work.name}: stdout\n{self.stdout}--- stderr\n{self.stderr[-8000:]}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Asks it to leave, and sees to it that it is gone."""
        code = None
        try:
            if self.alive() and not self.stopped:
                code = self.stop()
        finally:
            self.kill()
        if kind is None and code is not None:
            assert code == 0, f"spin left with {code}\n{self.stderr}"


def parse_responses(data):
    """Splits a byte stream into responses; each (status, headers, body). Knows content-length and
    chunked."""
    responses = []
    while data:
        head, separator, data = data.partition(b"\r\n\r\n")
        assert separator, f"unfinished head {head!r}"
        lines = head.decode("latin-1").split("\r\n")
        assert lines[0].startswith("HTTP/1."), lines[0]
        status = int(lines[0].split()[1])
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        by_name = {k.lower(): v for k, v in headers}
        body = b""
        if "transfer-encoding" in by_name:
            while True:
                size, _, data = data.partition(b"\r\n")
                body += data[: int(size, 16)]
                data = data[int(size, 16) + 2 :]
                if int(size, 16) == 0:
                    break
        elif status >= 200:
            length = int(by_name.get("content-length", 0))
            body, data = data[:length], data[length:]
            assert len(body) == length, "body cut off"
        responses.append(Response(status, headers, body))
    return responses


def read_response(file):
    """One response with a content-length from a socket's file: (status, body, whether the server
    closes the connection after it); None at the stream's end."""
    line = file.readline()
    if not line:
        return None
    status, length, closes = int(line.split()[1]), 0, False
    while (line := file.readline().lower()) not in (b"\r\n", b""):
        if line.startswith(b"content-length:"):
            length = int(line.split()[1])
        closes = closes or line == b"connection: close\r\n"
    return status, file.read(length), closes


def wait_until(condition, timeout=10, what="condition"):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"{what}: not within {timeout} s")
