import itertools
import subprocess

import pytest

import spinproc
from spinproc import Spin, guest, wagi, write_app


@pytest.fixture(scope="session")
def binary():
    path = spinproc.find_binary()
    if path is None or not path.exists():
        pytest.exit("no spin binary: `make build`, or set SPIN_BIN", returncode=1)
    return path


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory):
    """Shared by all servers of a session, so that each guest is compiled once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def spin(binary, cache_dir, tmp_path):
    """spin(components or folder, *flags): a server of the test's own, stopped at its end."""
    running, count = [], itertools.count()

    def start(app, *args, base="/", cache_dir=cache_dir, **options):
        work = tmp_path / f"spin{next(count)}"
        if isinstance(app, list):
            app = write_app(work / "app", app, base=base)
        server = Spin(binary, app, work, *args, cache_dir=cache_dir, **options)
        running.append(server)
        return server

    yield start
    for server in running:
        server.show()
    for server in running:
        server.__exit__(None)


@pytest.fixture
def cli(binary, tmp_path):
    """cli(*args): runs the binary to its end."""

    def run(*args, cwd=tmp_path, timeout=60, **options):
        return subprocess.run([str(binary), *map(str, args)], cwd=cwd, timeout=timeout, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, **options)

    return run


@pytest.fixture(scope="session")
def zoo(binary, cache_dir, tmp_path_factory):
    """One server for the tests that change nothing: every guest at /<name>/... ."""
    work = tmp_path_factory.mktemp("zoo")
    components = [guest(name) for name in (
        "hello", "hello-slots", "echo", "echo-slots", "bare", "bare-slots", "trap", "eater",
        "nonsense", "realloc", "sleep", "env", "logs")]
    components += [wagi(name) for name in ("cgi", "stream", "upper")]
    components += [wagi("cgi", id="other", route="/other", entrypoint="other")]
    app = write_app(work / "app", components)
    with Spin(binary, app, work, "--max-memory", "64M", cache_dir=cache_dir) as server:
        yield server


# ── many applications ──


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
