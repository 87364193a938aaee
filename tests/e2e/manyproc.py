"""Applications in one server: what makes, changes and breaks them, and clients that ask on."""

import re
import shutil
import threading
import time

from spinproc import guest, read_response, write_app

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


def read_all(path):
    return path.read_text() if path.exists() else ""


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


# ── load ──


class Load:
    """Clients that ask one after the other over connections that stay, and note what is not
    answered as it should be. All of them have been answered before the load is entered, and `least`
    requests before it is left, however busy the machine is."""

    def __init__(self, server, wanted, path="/app", clients=4, least=20):
        self.server, self.wanted, self.least = server, wanted, least
        self.request = f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.answered, self.closed, self.failures = 0, 0, []
        self.threads = [threading.Thread(target=self._client) for _ in range(clients)]

    def _connection(self):
        closes = False
        with self.server.connect() as sock:
            file = sock.makefile("rb")
            while not closes and not self.stop.is_set():
                try:
                    sock.sendall(self.request)
                    response = read_response(file)
                except OSError as error:
                    response = (repr(error), b"", True)
                good = response is not None and response[0] == 200 and self.wanted(response[1])
                with self.lock:
                    if not good:
                        self.failures.append((time.monotonic(), self.answered, response))
                        return
                    self.answered += 1
                    closes = response[2]
                    self.closed += closes

    def _client(self):
        while not self.stop.is_set():
            try:
                self._connection()
            except OSError as error:
                with self.lock:
                    self.failures.append((time.monotonic(), self.answered, repr(error)))
                time.sleep(0.05)

    def _wait_for(self, count):
        deadline = time.monotonic() + 20
        while self.answered < count and not self.failures and time.monotonic() < deadline:
            time.sleep(0.005)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self._wait_for(len(self.threads))
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self._wait_for(self.least)
        self.stop.set()
        for thread in self.threads:
            thread.join(20)

    def check(self):
        assert not self.failures, f"{len(self.failures)}, as {self.failures[:3]}"
        assert self.answered >= self.least


def has_version(body):
    return body.startswith(b"VERSION=")
