"""Bindle's reference server as a child process, and things to stand in its way."""

import hashlib
import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from spinproc import ROOT

PEER = Path(os.environ.get("SPIN_BINDLE_PEER", ROOT / "build" / "peers" / "bindle-peer"))
LABEL = "Ann <ann@example.com>"
CLEAN = ("BINDLE_URL", "BINDLE_USERNAME", "BINDLE_PASSWORD", "http_proxy", "https_proxy", "HTTPS_PROXY",
         "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


def need_peer():
    if not PEER.exists():
        pytest.skip(f"no {PEER}: tests/peers/bindle-server/build.sh builds it")


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Publisher:
    """Somebody with folders of their own, and so with a key of their own."""

    def __init__(self, binary, work):
        work.mkdir(parents=True, exist_ok=True)
        self.binary, self.work = str(binary), work
        self.environment = {k: v for k, v in os.environ.items() if k not in CLEAN}
        self.environment.update(XDG_DATA_HOME=str(work / "data"), XDG_CACHE_HOME=str(work / "cache"),
                                HOME=str(work), TERM="dumb")
        self.keyring = work / "keyring.toml"
        self.keyring.write_text(self.run("print-key", "--label", LABEL).stdout)

    def command(self, *args):
        return [self.binary, "bindle", *map(str, args)]

    def run(self, *args, timeout=60, **environment):
        return subprocess.run(self.command(*args), env={**self.environment, **environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout)

    def start(self, *args, **options):
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(self.command(*args), env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)

    def push(self, app, url, *args, **options):
        return self.run("push", "--file", app, "--bindle-server", url, *args, **options)


class Peer:
    """The server. `store` is "file" or "embedded"; further options as in its main.rs."""

    def __init__(self, work, keyring=None, store="file", **options):
        need_peer()
        work.mkdir(parents=True, exist_ok=True)
        self.work, self.folder, self.keyring = work, work / "store", keyring
        self.scheme = "https" if "tls_cert" in options else "http"
        self.options = ["--store", store]
        for name, value in {**options, "keyring": keyring}.items():
            if value is not None:
                self.options += ["--" + name.replace("_", "-"), str(value)]
        self.start()

    def start(self):
        for _ in range(5):  # the port may be taken meanwhile
            self.port = free_port()
            with open(self.work / "peer.log", "ab") as log:
                self.process = subprocess.Popen(
                    [str(PEER), "serve", f"127.0.0.1:{self.port}", str(self.folder), *self.options],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
            if "listening" in self.process.stdout.readline():
                self.url = f"{self.scheme}://127.0.0.1:{self.port}/v1"
                return
            self.stop()
        pytest.fail(f"the Bindle server does not start: {(self.work / 'peer.log').read_text()}")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def has(self, digest):
        """Of a file store."""
        return (self.folder / "parcels" / digest / "parcel.dat").exists()

    def fetch(self, id, folder):
        """With the reference client. Returns the parcels' contents by their digests."""
        run = subprocess.run([str(PEER), "fetch", self.url, str(self.keyring), id, str(folder)],
                             capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
        parcels = Path(run.stdout.split()[1]) / "parcels"
        return {path.stem: path.read_bytes() for path in parcels.iterdir()}


class Relay:
    """A way to the server that can be held up after so many bytes, in either direction."""

    def __init__(self, port):
        self.port_behind = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self.lock, self.sockets = threading.Lock(), set()
        self.hold()
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, up=None, down=None):
        """Lets that many bytes pass from now on; None: all."""
        self.limit = {"up": up, "down": down}
        self.passed = {"up": 0, "down": 0}
        self.held, self.go = threading.Event(), threading.Event()

    def drop(self):
        """Ends all connections."""
        with self.lock:
            sockets, self.sockets = self.sockets, set()
        for sock in sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.go.set()

    def release(self):
        """Lets all pass again."""
        self.limit = {"up": None, "down": None}
        self.go.set()

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # so that nobody waits there any more
        except OSError:
            pass
        self.listener.close()
        self.drop()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.port_behind))
            except OSError:
                return
            with self.lock:
                self.sockets |= {client, server}
            for way, source, target in (("up", client, server), ("down", server, client)):
                threading.Thread(target=self._pump, args=(way, source, target), daemon=True).start()

    def _pump(self, way, source, target):
        held, go = self.held, self.go
        try:
            while data := source.recv(65536):
                with self.lock:
                    limit, passed = self.limit[way], self.passed[way]
                    room = len(data) if limit is None else max(0, min(len(data), limit - passed))
                    self.passed[way] += len(data)
                target.sendall(data[:room])
                if room < len(data):
                    held.set()
                    go.wait()
                    target.sendall(data[room:])
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        finally:
            for sock in (source, target):
                try:
                    sock.shutdown(socket.SHUT_RDWR if sock is source else socket.SHUT_WR)
                except OSError:
                    pass
