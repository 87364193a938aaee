"""A real redis-server as a child process, a small client for it, and `spin up` of applications that
it triggers."""

import os
import shutil
import signal
import socket
import subprocess
import time

from spinproc import GUESTS, START_TIMEOUT, Spin, wait_until

PATIENCE = 30


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class RedisError(Exception):
    pass


class Redis:
    """A connection."""

    def __init__(self, port, *login):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.file = self.sock.makefile("rb")
        if login:
            self("AUTH", *login)

    def send(self, *words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.sock.sendall(b"*%d\r\n" % len(parts)
                          + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("redis-server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        size = int(rest)
        if size < 0:
            return None
        if kind == b"*":
            return [self.read() for _ in range(size)]
        return self.file.read(size + 2)[:-2]

    def __call__(self, *words):
        self.send(*words)
        return self.read()

    def close(self):
        self.file.close()
        self.sock.close()


class Server:
    """redis-server on a free port, without persistence; ended by its pid."""

    def __init__(self, folder, *options, login=(), port=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.options, self.login = folder, options, login
        self.port = port or free_port()
        self.process = None
        self.start()

    def start(self):
        with open(self.folder / "redis.log", "ab") as log:
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", str(self.folder), "--enable-debug-command", "yes",
                 *map(str, self.options)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._answers, PATIENCE, "redis-server")

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "redis.log").read_text()
        try:
            self.client().close()
            return True
        except (OSError, RedisError):
            return False

    def client(self):
        return Redis(self.port, *self.login)

    def __call__(self, *words):
        """One command on a connection of its own."""
        client = self.client()
        try:
            return client(*words)
        finally:
            client.close()

    def address(self, user="", database=""):
        return f"redis://{user}127.0.0.1:{self.port}{database}"

    def subscribers(self, channel):
        return self("PUBSUB", "NUMSUB", channel)[1]

    def publish(self, channel, payload):
        return self("PUBLISH", channel, payload)

    def clients(self):
        """The connections that subscribe: a dict of fields each."""
        lines = self("CLIENT", "LIST", "TYPE", "pubsub").decode().splitlines()
        return [dict(field.split("=", 1) for field in line.split()) for line in lines]

    def send_signal(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(PATIENCE)


def component(id, channel, wasm="redis", **trigger):
    return {"id": id, "channel": channel, "wasm": GUESTS / f"{wasm}.wasm", "trigger": trigger}


def write_app(folder, address, components, name="redis"):
    folder.mkdir(parents=True, exist_ok=True)
    text = f'spin_version = "1"\nname = "{name}"\nversion = "1.0.0"\n'
    text += f'trigger = {{ type = "redis", address = "{address}" }}\n'
    for each in components:
        shutil.copy(each["wasm"], folder)
        text += f'[[component]]\nid = "{each["id"]}"\nsource = "{each["wasm"].name}"\n'
        text += f'[component.trigger]\nchannel = "{each["channel"]}"\n'
        text += "".join(f"{key} = {str(value).lower()}\n" for key, value in each["trigger"].items())
    (folder / "spin.toml").write_text(text)
    return folder


class RedisSpin(Spin):
    """`spin up` of a Redis application, when it has said where it subscribes."""

    def __init__(self, binary, app, work, *args, cache_dir=None, workers=2, environment=None):
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.log_dir, self.stopped = work, work / "logs", False
        command = [str(binary), "up", "--file", str(app), "--log-dir", str(self.log_dir),
                   "--workers", str(workers), "--cache-dir", str(cache_dir)]
        self.stdout_path, self.stderr_path = work / "stdout", work / "stderr"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                command + [str(a) for a in args], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env={**os.environ, **(environment or {})}, start_new_session=True)
        try:
            self._wait_until_ready(time.monotonic() + START_TIMEOUT)
        except BaseException:
            self.kill()
            raise

    def _wait_until_ready(self, deadline):
        while "Available Channels" not in self.stdout:
            if self.process.poll() is not None:
                self._fail(f"left with {self.process.returncode} before it was ready")
            if time.monotonic() > deadline:
                self._fail("printed no channels")
            time.sleep(0.005)

    def lines(self, component):
        return self.logs(component, "stdout").splitlines()

    def wait_for_lines(self, component, lines, timeout=PATIENCE):
        """Until the component has written so many; returns them."""
        wait_until(lambda: len(self.lines(component)) >= lines, timeout, f"{lines} lines")
        return self.lines(component)

    def wait_for_log(self, text, count=1, timeout=PATIENCE):
        wait_until(lambda: self.stderr.count(text) >= count, timeout, text)
