"""`spin up --bindle`, and modules that local manifests take from bindles, with the reference server
as the peer: tests/peers/bindle-server/build.sh builds it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bindleproc import Peer, Publisher, sha256
from spinproc import EXAMPLES, GUESTS, HELLO, guest, wagi, wait_until, write_app
from test_files import ask

ENV = EXAMPLES / "wagi" / "env.wasm"  # tells its arguments and environment
MANIFEST_TYPE = "application/vnd.fermyon.spin+toml"


class Registry:
    """A server, and somebody who publishes there."""

    def __init__(self, binary, work):
        self.ann = Publisher(binary, work / "ann")
        self.keyring = self.ann.keyring
        self.peer = Peer(work / "peer", self.keyring)
        self.url, self.stop = self.peer.url, self.peer.stop

    def push(self, app, *args):
        done = self.ann.push(app, self.url, *args)
        assert done.returncode == 0, done.stderr
        return done.stdout.removeprefix("pushed: ").strip()

    def put(self, name, version, invoice, parcels):
        """Into the server's store, as if it had been there for years."""
        folder = self.peer.folder / "invoices" / sha256(f"{name}/{version}".encode())
        folder.mkdir(parents=True)
        (folder / "invoice.toml").write_text(invoice)
        for content in parcels:
            folder = self.peer.folder / "parcels" / sha256(content)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "parcel.dat").write_bytes(content)
        return f"{name}/{version}"


@pytest.fixture(scope="module")
def registry(binary, tmp_path_factory):
    registry = Registry(binary, tmp_path_factory.mktemp("registry"))
    yield registry
    registry.stop()


@pytest.fixture
def world(registry, tmp_path):
    """Who runs what others have published: a cache and a temporary folder of the test's own."""
    class World:
        cache, temp = tmp_path / "user" / "cache", tmp_path / "user" / "tmp"
        parcels = cache / "spin" / "bindle" / "parcels"
        environment = {"XDG_CACHE_HOME": str(cache), "TMPDIR": str(temp),
                       "BINDLE_URL": registry.url}

        @property
        def left(self):
            return sorted(p.name for p in self.temp.iterdir())

    World.temp.mkdir(parents=True)
    return World()


@pytest.fixture
def up(spin, world):
    """up(id, *flags): a server of the bindle."""
    def start(id, *args, **options):
        return spin(None, "--bindle", id, *args, environment=world.environment, **options)

    return start


@pytest.fixture
def fails(cli, world):
    """fails(*flags): what spin up says on standard error, and that it left with 1."""
    def run(*args):
        before = world.left
        done = cli("up", *args, env={**os.environ, **world.environment})
        assert done.returncode == 1, done.stderr
        assert world.left == before
        return done.stderr

    return run


def make_app(folder, name, components, files=None):
    write_app(folder, components, name=name, head='authors = ["Ann <ann@example.com>"]\n')
    for path, text in (files or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


# what was pushed here


def test_what_was_pushed_runs(registry, up, world, tmp_path):
    app = make_app(
        tmp_path / "app", "shop",
        [guest("hello"), guest("files", files=["top.txt", "data/**/*", {"source": "data",
                                                                       "destination": "/mnt"}]),
         wagi("env", "/cgi/...", wasm=ENV, environment={"LEVEL": "5"})],
        {"top.txt": "top", "data/a.txt": "a", "data/sub/ü b.txt": "b", "data/empty": ""})
    id = registry.push(app)
    assert id == "shop/1.0.0"
    server = up(id)
    assert server.get("/hello").status == 200
    assert ask(server, "read", "/top.txt") == (200, "top")
    assert ask(server, "read", "/data/sub/ü b.txt") == (200, "b")
    assert ask(server, "read", "/mnt/a.txt") == (200, "a")
    assert ask(server, "read", "/data/empty") == (200, "")
    assert ask(server, "write", "/data/a.txt", "changed")[0] == 400
    assert ask(server, "read", "/files.wasm")[0] == 400
    assert "LEVEL=5" in server.get("/cgi/x?y=z").text
    assert len(world.left) == 1
    assert server.stop() == 0
    assert world.left == []


def test_only_missing_parcels_are_fetched(registry, up, world, tmp_path):
    app = make_app(tmp_path / "app", "twice", [guest("files", files=["a.txt"])], {"a.txt": "1"})
    assert up(registry.push(app)).stop() == 0
    before = {p.name: p.stat().st_ino for p in world.parcels.iterdir()}
    (app / "a.txt").write_text("2")
    text = (app / "spin.toml").read_text()
    (app / "spin.toml").write_text(text.replace("1.0.0", "1.0.1"))
    server = up(registry.push(app))
    assert ask(server, "read", "/a.txt") == (200, "2")
    after = {p.name: p.stat().st_ino for p in world.parcels.iterdir()}
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1  # the manifest is the same


def test_a_build_is_a_version(registry, up, tmp_path):
    app = make_app(tmp_path / "app", "built", [guest("hello")])
    assert registry.push(app, "--buildinfo", "r7.x") == "built/1.0.0+r7.x"
    assert up("built/1.0.0+r7.x").get("/hello").status == 200


# what Spin in Rust has pushed


def rust_manifest(*components):
    return ("[trigger]\ntype = 'http'\nbase = '/'\n" + "".join(components)).encode()


def rust_invoice(name, version, groups, parcels):
    """As Spin 0.6 wrote it: (content, name, media type, group) for each parcel."""
    text = (f'bindleVersion = "1.0.0"\n\n[bindle]\nname = "{name}"\nversion = "{version}"\n'
            'description = "Made long ago"\nauthors = ["Ann"]\n')
    for content, path, media_type, group in parcels:
        text += (f'\n[[parcel]]\n[parcel.label]\nsha256 = "{sha256(content)}"\n'
                 f'mediaType = "{media_type}"\nname = "{path}"\nsize = {len(content)}\n')
        if media_type == MANIFEST_TYPE:
            text += '[parcel.label.annotations]\ndelete_after_copy = "true"\n'
        else:
            text += "[parcel.conditions]\n"
        if group is not None:
            text += f'memberOf = ["{group}"]\n'
    for group in groups:
        text += f'\n[[group]]\nname = "{group}"\n'
    return text


def test_a_bindle_of_rust_spin(registry, up):
    files, cgi = (GUESTS / "files.wasm").read_bytes(), ENV.read_bytes()
    manifest = rust_manifest(
        f"\n[[component]]\nsource = '{sha256(files)}'\nid = 'files'\n"
        "description = 'Reads'\nfiles = 'files-files'\n"
        "allowedHttpHosts = [\n    'https://example.com',\n    'example.org:8080',\n]\n"
        "\n[component.environment]\nA = '1'\n"
        "\n[component.trigger]\nroute = '/files'\n\n[component.trigger.executor]\ntype = 'spin'\n"
        "\n[component.config]\nmessage = '{{ greeting }}'\n",
        f"\n[[component]]\nsource = '{sha256(cgi)}'\nid = 'cgi'\n"
        "files = 'files-cgi'\n\n[component.trigger]\nroute = '/cgi/...'\n"
        "\n[component.trigger.executor]\ntype = 'wagi'\nentrypoint = '_start'\n"
        "argv = '${SCRIPT_NAME} ${ARGS}'\n",
    ).replace(b"\n[[component]]", b"\n[variables.greeting]\nrequired = false\n"
              b"default = 'hi'\nsecret = false\n\n[[component]]", 1)
    name = f"spin.{sha256(manifest)}.toml"
    parcels = [(manifest, name, MANIFEST_TYPE, None),
               (files, "target/files.wasm", "application/wasm", None),
               (cgi, "target/cgi.wasm", "application/wasm", None),
               (b"deep", "static/a/b.txt", "text/plain", "files-files"),
               (b"other", "other.txt", "text/plain", "files-cgi")]
    id = registry.put("rusty", "0.1.0", rust_invoice("rusty", "0.1.0", ["files-files", "files-cgi"],
                                                 parcels), [parcel[0] for parcel in parcels])
    server = up(id)
    assert ask(server, "read", "/static/a/b.txt") == (200, "deep")
    assert ask(server, "read", "/other.txt")[0] == 400
    assert "SCRIPT_NAME=/cgi" in server.get("/cgi/x").text


def put_one(registry, name, path="a.txt", manifest=None, extra=()):
    """A bindle of one component with one file; what is wrong with it the caller says."""
    module = HELLO.read_bytes()
    if manifest is None:
        manifest = rust_manifest(
            f"\n[[component]]\nsource = '{sha256(module)}'\nid = 'hello'\n"
            "files = 'files-hello'\n\n[component.trigger]\nroute = '/hello'\n")
    parcels = [(manifest, "spin.toml", MANIFEST_TYPE, None),
               (module, "hello.wasm", "application/wasm", None),
               (b"content", path, "text/plain", "files-hello"), *extra]
    return registry.put(name, "1.0.0", rust_invoice(name, "1.0.0", ["files-hello"], parcels),
                    [parcel[0] for parcel in parcels])


# what is refused


@pytest.mark.parametrize("name, path, reason", [
    ("absolute", "/etc/cron.d/x", "must not be absolute"),
    ("up", "../../x", 'must not have ".." in it'),
    ("back", "..\\\\x", "backslashes"),
])
def test_names_that_leave_the_folder(registry, fails, name, path, reason):
    message = fails("--bindle", put_one(registry, f"evil-{name}", path))
    assert f"bindle:evil-{name}/1.0.0/spin.toml:8:9: component \"hello\": files: parcel" in message
    assert sha256(b"content") in message
    assert reason in message


def test_two_files_of_one_name(registry, fails):
    id = put_one(registry, "collision", extra=[(b"other", "a.txt", "text/plain", "files-hello")])
    assert "has that name as well" in fails("--bindle", id)
    id = put_one(registry, "nested", extra=[(b"other", "a.txt/b", "text/plain", "files-hello")])
    assert "a file and a folder would have the same name" in fails("--bindle", id)


def test_a_manifest_with_mistakes(registry, fails):
    id = put_one(registry, "mistake",
                 manifest=rust_manifest("\n[[component]]\nid = 'x'\nsouce = ''\n"))
    assert ('bindle:mistake/1.0.0/spin.toml:7:1: component "x": unknown key "souce"; did you mean '
            '"source"?') in fails("--bindle", id)


def test_a_damaged_parcel(registry, fails, world):
    id = put_one(registry, "damaged", "b.txt",
                 extra=[(b"good", "c.txt", "text/plain", "files-hello")])
    digest = sha256(b"good")
    (registry.peer.folder / "parcels" / digest / "parcel.dat").write_bytes(b"evil")
    message = fails("--bindle", id)
    assert f'bindle "damaged/1.0.0": parcel "c.txt" ({digest})' in message
    assert sha256(b"evil") in message
    assert not (world.parcels / digest).exists()


def test_what_is_not_there(registry, fails, cli, world):
    assert 'bindle "lost/1.0.0"' in fails("--bindle", "lost/1.0.0")
    assert 'bindle "1.0.0"' in fails("--bindle", "1.0.0")
    message = fails("--bindle", "lost/1.0.0", "--bindle-server", "http://127.0.0.1:1/v1")
    assert "http://127.0.0.1:1/v1" in message and "connect" in message
    environment = {k: v for k, v in {**os.environ, **world.environment}.items()
                   if k != "BINDLE_URL"}
    done = cli("up", "--bindle", "lost/1.0.0", env=environment)
    assert done.returncode == 2
    assert "--bindle-server" in done.stderr and "BINDLE_URL" in done.stderr


def test_signatures(registry, up, fails, tmp_path):
    id = registry.push(make_app(tmp_path / "app", "signed", [guest("hello")]))
    assert up(id, "--keyring", registry.keyring).get("/hello").status == 200
    other = tmp_path / "other.toml"
    other.write_text('version = "1.0"\n')
    assert "sign" in fails("--bindle", id, "--keyring", other)
    unsigned = put_one(registry, "unsigned")
    assert "sign" in fails("--bindle", unsigned, "--keyring", registry.keyring)
    assert "missing.toml" in fails("--bindle", id, "--keyring", tmp_path / "missing.toml")


def test_direct_mounts(registry, fails):
    assert "a bindle has none" in fails("--bindle", put_one(registry, "direct"), "--direct-mounts")


# modules from bindles


def write_local(folder, reference, digest):
    folder.mkdir()
    (folder / "spin.toml").write_text(
        'spin_version = "1"\nname = "local"\nversion = "1.0.0"\ntrigger = { type = "http" }\n'
        f'[[component]]\nid = "x"\nsource = {{ reference = "{reference}", parcel = "{digest}" }}\n'
        '[component.trigger]\nroute = "/hello"\n')
    return folder


def test_a_module_from_a_bindle(registry, spin, fails, world, tmp_path):
    id = put_one(registry, "library")
    digest = sha256(HELLO.read_bytes())
    app = write_local(tmp_path / "local", id, digest)
    server = spin(app, environment=world.environment)
    assert server.get("/hello").status == 200
    assert [p.name for p in world.parcels.iterdir()] == [digest]  # nothing else was fetched
    wrong = sha256(b"nowhere")
    message = fails("-f", write_local(tmp_path / "wrong", id, wrong))
    assert 'spin.toml:7:10: component "x": source: bindle "library/1.0.0"' in message
    assert wrong in message


# the server comes and goes


@pytest.fixture
def own_registry(binary, tmp_path):
    registry = Registry(binary, tmp_path / "registry")
    yield registry
    registry.stop()


def test_without_the_server(own_registry, spin, world, tmp_path):
    app = make_app(tmp_path / "app", "offline", [guest("files", files=["a.txt"])], {"a.txt": "a"})
    id = own_registry.push(app)
    options = ["--bindle", id, "--bindle-server", own_registry.url]
    assert spin(None, *options, environment=world.environment).stop() == 0
    own_registry.stop()
    server = spin(None, *options, environment=world.environment)
    assert ask(server, "read", "/a.txt") == (200, "a")
    assert "can't be reached" in server.stderr


def test_emptied_caches_do_no_harm(registry, up, world, tmp_path):
    app = make_app(tmp_path / "app", "emptied", [guest("files", files=["a.txt"])], {"a.txt": "a"})
    server = up(registry.push(app), workers=1)
    for parcel in world.parcels.iterdir():
        parcel.unlink()
    assert ask(server, "read", "/a.txt") == (200, "a")
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)

    def answers():
        try:
            return ask(server, "read", "/a.txt") == (200, "a")
        except OSError:
            return False

    wait_until(answers)


def test_reload(registry, up, world, tmp_path):
    """On SIGHUP the same bindle is loaded anew; the copies of before go."""
    app = make_app(tmp_path / "app", "again", [guest("files", files=["a.txt"])], {"a.txt": "a"})
    server = up(registry.push(app))
    before = world.left
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(world.left) == 1 and world.left != before)
    assert ask(server, "read", "/a.txt") == (200, "a")
    assert server.stop() == 0
    assert world.left == []


def test_killed_at_any_moment(registry, up, binary, world, cache_dir, tmp_path):
    """The next start succeeds, and leaves nothing of the ones before."""
    files = {f"d{i % 5}/f{i}.txt": f"content {i}" * 3000 for i in range(60)}
    app = make_app(tmp_path / "app", "killed", [guest("files", files=["d*/**/*"])], files)
    id = registry.push(app)
    command = [str(binary), "up", "--bindle", id, "--listen", "127.0.0.1:0", "--workers", "1",
               "--cache-dir", str(cache_dir), "--log-dir", str(tmp_path / "logs")]
    for step in range(12):
        process = subprocess.Popen(command, env={**os.environ, **world.environment},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   stdin=subprocess.DEVNULL, start_new_session=True)
        time.sleep(0.004 * step)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    server = up(id)
    assert ask(server, "read", "/d4/f59.txt") == (200, files["d4/f59.txt"])
    assert len(world.left) == 1
    assert [p.name for p in world.parcels.iterdir() if p.name.endswith(".part")] == []
    assert server.stop() == 0
    assert world.left == []


def test_size_costs_no_memory(registry, up, tmp_path):
    """A large bindle takes what a small one takes: nothing is held as a whole."""
    def peak(name, size):
        app = make_app(tmp_path / name, name, [guest("files", files=["blob"])])
        with open(app / "blob", "wb") as blob:
            blob.truncate(size)
        server = up(registry.push(app), workers=1)
        status = Path(f"/proc/{server.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if "VmHWM" in line).split()[1])

    assert peak("large", 96 << 20) - peak("small", 1) < 16 << 10  # KiB


# other triggers


def test_a_custom_trigger(registry, cli, world, tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    (app / "one.wasm").write_bytes(HELLO.read_bytes())
    (app / "x.txt").write_text("hello")
    (app / "spin.toml").write_text(
        'spin_version = "1"\nname = "ticking"\nversion = "1.0.0"\n'
        'trigger = { type = "fake", everySecond = true }\n'
        '[[component]]\nid = "one"\nsource = "one.wasm"\nfiles = ["x.txt"]\n'
        "[component.trigger]\nspeed = 2\n")
    id = registry.push(app)
    plugins = tmp_path / "data" / "plugins"
    plugins.mkdir(parents=True)
    plugin = plugins / "trigger-fake"
    plugin.write_text('#!/bin/sh\ncat "${SPIN_LOCKED_URL#file://}"\n')
    plugin.chmod(0o755)
    done = cli("up", "--bindle", id, env={**os.environ, **world.environment,
                                          "SPIN_DATA_DIR": str(tmp_path / "data")})
    assert done.returncode == 0, done.stderr
    locked = json.loads(done.stdout)
    assert locked["metadata"]["origin"] == f"bindle+{registry.url}?id={id}"
    assert locked["manifest"]["trigger"] == {"type": "fake", "everySecond": True}
    assert locked["components"][0]["files"][0]["path"] == "/"
    assert world.left == []
