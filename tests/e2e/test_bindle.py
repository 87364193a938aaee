"""`spin bindle`, with the reference server as the peer: tests/peers/bindle-server/build.sh."""

import itertools
import os
import pty
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from bindleproc import PEER, Peer, Publisher, Relay, free_port, sha256
from spinproc import Spin, guest, write_app

MB = 1000 * 1000
# bcrypt of "word", as `htpasswd -nbB -C 4 ann word` writes it
HTPASSWD = "ann:$2y$04$BadOhKyI7mNnqPUGF2h/r.Ix8UOxrc1o6d/WDo7NLvpHSNWVyQWq.\n"

counter = itertools.count(1)


@pytest.fixture(scope="module")
def ann(binary, tmp_path_factory):
    return Publisher(binary, tmp_path_factory.mktemp("ann"))


@pytest.fixture(scope="module")
def peers(ann, tmp_path_factory):
    """peers(store="file", ...): a server of the module's; one for each set of options."""
    running = {}

    def get(store="file", keyring=None, **options):
        key = (store, *sorted(options.items()))
        if key not in running:
            running[key] = Peer(tmp_path_factory.mktemp("peer"), ann.keyring, store, **options)
        return running[key]

    yield get
    for peer in running.values():
        peer.stop()


@pytest.fixture
def peer(peers):
    return peers()


@pytest.fixture
def relay_to():
    relays = []

    def make(peer):
        relays.append(Relay(peer.port))
        return relays[-1]

    yield make
    for relay in relays:
        relay.close()


@pytest.fixture
def app(tmp_path):
    """app(files, name=...): a folder with an application whose component has these files. Its name
    is a new one where none is given."""

    def make(files=None, name=None, folder="app"):
        name = name or f"app{next(counter)}"
        files = files or {"a.txt": random.randbytes(3000), "b.txt": random.randbytes(5000)}
        for path, content in files.items():
            (tmp_path / folder / "files" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "files" / path).write_bytes(content)
        return write_app(tmp_path / folder, [guest("hello", files=["files/**/*"])], name=name)

    return make


def contents(app):
    paths = [path for path in app.rglob("*") if path.is_file() and path.name != "spin.toml"]
    return {sha256(path.read_bytes()): path.read_bytes() for path in paths}


def assert_there(peer, id, app, tmp_path):
    """That the reference client gets all of it, the manifest's parcel included."""
    parcels = peer.fetch(id, tmp_path / f"fetched{next(counter)}")
    expected = contents(app)
    assert expected.items() <= parcels.items()
    assert len(parcels) == len(expected) + 1
    for digest, content in parcels.items():
        assert sha256(content) == digest


def assert_pushed(run):
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(r"pushed: (\S+)\n", run.stdout)
    return run.stdout.split()[1]


def assert_error(run, *words, code=1):
    assert run.returncode == code, run.stdout + run.stderr
    assert run.stdout == ""
    for word in words:
        assert word in run.stderr
    return run.stderr


# ── push ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("store", ["file", "embedded"])
def test_push(ann, peers, app, tmp_path, store):
    folder = app(name=f"example.com/{store}")
    (folder / "spin.toml").write_text((folder / "spin.toml").read_text() + "# its own\n")
    run = ann.push(folder, peers(store).url)
    assert assert_pushed(run) == f"example.com/{store}/1.0.0"
    assert_there(peers(store), f"example.com/{store}/1.0.0", folder, tmp_path)
    lines = run.stderr.splitlines()
    assert len(lines) == 4  # manifest, module, two files
    assert all(re.fullmatch(r"parcel \d/4: \S+ \(\d+(\.\d)? [KM]?B\)", line) for line in lines)


def test_push_again_moves_nothing(ann, peer, app, relay_to):
    folder, relay = app(), relay_to(peer)
    first = ann.push(folder, relay.url)
    relay.hold()
    second = ann.push(folder, relay.url)
    assert assert_pushed(first) == assert_pushed(second)
    assert second.stderr == ""
    assert relay.passed["up"] < 5000  # the invoice and questions


def test_only_missing_parcels_are_uploaded(ann, peer, app):
    assert_pushed(ann.push(app(), peer.url))
    folder = app({"new.txt": b"new, of this test only: " + random.randbytes(10)})
    run = ann.push(folder, peer.url)
    assert_pushed(run)
    assert [line.split()[2] for line in run.stderr.splitlines()] == ["files/new.txt"]


def test_one_content_in_many_files(ann, peer, app, tmp_path):
    content = random.randbytes(100)
    folder = app({f"{n}.txt": content for n in range(5)})
    run = ann.push(folder, peer.url)
    id = assert_pushed(run)
    assert sha256(content) in peer.fetch(id, tmp_path / "fetched")
    assert run.stderr.count(".txt (") == 1


def test_changed_without_a_new_version(ann, peer, app, tmp_path):
    folder = app()
    id = assert_pushed(ann.push(folder, peer.url))
    (folder / "files" / "a.txt").write_text("changed")
    assert_error(ann.push(folder, peer.url), f'bindle "{id}": ', "raise the version", "--buildinfo")
    run = ann.push(folder, peer.url, "--buildinfo", "r2")
    assert assert_pushed(run) == id + "+r2"
    assert_there(peer, id + "+r2", folder, tmp_path)


def test_folder_as_operand_and_spin_toml_as_default(ann, peer, app):
    folder = app()
    run = ann.run("push", folder, "--bindle-server", peer.url)
    id = assert_pushed(run)
    process = ann.start("push", "--bindle-server", peer.url, cwd=folder)
    assert process.communicate(timeout=60)[0] == f"pushed: {id}\n"


def test_the_environment_names_the_server(ann, peer, app):
    assert_pushed(ann.run("push", "-f", app(), BINDLE_URL=peer.url))


def test_staging_dir_keeps_the_bindle(ann, peer, app, tmp_path):
    folder = app()
    id = assert_pushed(ann.push(folder, peer.url, "-d", tmp_path / "staging"))
    invoice = tmp_path / "staging" / sha256(id.encode()) / "invoice.toml"
    assert "hello.wasm" in invoice.read_text()


def test_quiet(ann, peer, app):
    run = ann.push(app(), peer.url, "--quiet")
    assert_pushed(run)
    assert run.stderr == ""


# ── prepare, print-key ───────────────────────────────────────────────────────────────────────


def test_what_is_prepared_the_reference_client_pushes(ann, peer, app, tmp_path):
    folder, name = app(), f"app{next(counter)}"
    run = ann.run("prepare", "-f", folder, "--staging-dir", tmp_path / "staging")
    assert run.returncode == 0, run.stderr
    id, command = re.fullmatch(r"id:      (\S+)\ncommand: bindle push -p (.+)\n", run.stdout).groups()
    assert command == f"{tmp_path}/staging {id}"
    push = subprocess.run([str(PEER), "push", peer.url, str(peer.keyring), str(tmp_path / "staging"), id],
                          capture_output=True, text=True, timeout=60)
    assert push.returncode == 0, push.stderr
    assert_there(peer, id, folder, tmp_path)
    assert ann.push(folder, peer.url).stderr == ""  # to us it is the same bindle


def test_prepare_wants_a_folder(ann, app):
    assert_error(ann.run("prepare", "-f", app()), "--staging-dir", code=2)


def test_print_key_is_an_entry_of_a_keyring(ann, binary, tmp_path):
    first, again = ann.run("print-key"), ann.run("print-key")
    assert first.stdout == again.stdout != ""
    assert '[[key]]' in first.stdout and 'roles = ["creator"]' in first.stdout
    other = ann.run("print-key", "--key-file", tmp_path / "keys" / "k.toml", "--label", "Bob")
    assert 'label = "Bob"' in other.stdout
    assert other.stdout != first.stdout
    assert (tmp_path / "keys" / "k.toml").stat().st_mode & 0o777 == 0o600


# ── who may ──────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_the_server_does_not_know(binary, peer, app, tmp_path):
    stranger = Publisher(binary, tmp_path / "stranger")
    assert_error(stranger.push(app(), peer.url), "(status 400)", "spin bindle print-key")


@pytest.fixture(scope="module")
def guarded(peers, tmp_path_factory):
    file = tmp_path_factory.mktemp("htpasswd") / "htpasswd"
    file.write_text(HTPASSWD)
    return peers(htpasswd=file)


def test_names_and_passwords(ann, guarded, app):
    folder = app()
    assert_error(ann.push(folder, guarded.url), "gives no user name", "access denied")
    wrong = ann.push(folder, guarded.url, "--bindle-username", "ann", "--bindle-password", "secret")
    assert "secret" not in assert_error(wrong, "does not take that user name and password")
    assert_error(ann.push(folder, guarded.url, "--bindle-username", "ann"),
                 "user name is given without its password", code=2)
    right = ann.push(folder, guarded.url, "--bindle-username", "ann", "--bindle-password", "word")
    id = assert_pushed(right)
    run = ann.run("push", "-f", folder, "--bindle-server", guarded.url, BINDLE_USERNAME="ann",
                  BINDLE_PASSWORD="word")
    assert assert_pushed(run) == id
    url = guarded.url.replace("http://", "http://ann:word@")
    assert assert_pushed(ann.push(folder, url)) == id


@pytest.fixture(scope="module")
def secure(peers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return peers(tls_cert=folder / "cert.pem", tls_key=folder / "key.pem")


def test_certificates(ann, secure, app):
    folder = app({"large.bin": random.randbytes(3 * MB)})
    assert_error(ann.push(folder, secure.url), "certificate is not trusted", "--insecure")
    assert_error(ann.push(folder, secure.url.replace("127.0.0.1", "localhost"), "--timeout", "5s"),
                 "certificate is not trusted")
    cert = secure.options[secure.options.index("--tls-cert") + 1]
    trusting = ann.run("push", "-f", folder, "--bindle-server", secure.url, SSL_CERT_FILE=cert)
    assert assert_pushed(trusting) == assert_pushed(ann.push(folder, secure.url, "-k"))


# ── servers that are none ────────────────────────────────────────────────────────────────────


def test_no_server(ann, app):
    folder = app()
    assert_error(ann.run("push", "-f", folder), "--bindle-server URL, or $BINDLE_URL", code=2)
    assert_error(ann.push(folder, "bindle.example/v1"), "is not a URL such as", code=2)
    assert_error(ann.push(folder, f"http://127.0.0.1:{free_port()}/v1"), "can't connect")
    assert_error(ann.push(folder, "http://bindle.invalid/v1"), "no such server")


def test_another_path_than_the_api_s(ann, peer, app):
    assert_error(ann.push(app(), peer.url.removesuffix("/v1")), "no Bindle API at that URL")


def test_a_server_that_says_nothing(ann, app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        run = ann.push(app(), f"http://127.0.0.1:{listener.getsockname()[1]}/v1", "--timeout", "1s")
        assert time.monotonic() - started < 10
    assert_error(run, "nothing has moved for 1.0 s")


def start_and_hold(ann, relay, folder):
    relay.hold(up=0)
    process = ann.start("push", "-f", folder, "--bindle-server", relay.url)
    assert relay.held.wait(20)
    return process


def test_a_server_that_goes_away(ann, peer, app, relay_to):
    relay = relay_to(peer)
    process = start_and_hold(ann, relay, app())
    relay.close()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1 and out == ""
    assert "once more, as the server has failed" in err
    assert f"Bindle server {relay.url}: can't connect to it" in err


def test_a_connection_that_breaks(ann, peer, app, relay_to):
    relay = relay_to(peer)
    process = start_and_hold(ann, relay, app())
    relay.drop()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "once more, as the server has failed" in err


def test_proxies(ann, peer, app):
    """One that only takes down what it is asked for, and forwards it."""
    asked = []

    def serve(listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            head = client.recv(65536)
            asked.append(head.split(b"\r\n")[0])
            server = socket.create_connection(("127.0.0.1", peer.port))
            server.sendall(head.replace(b"http://bindle.example", b"", 1))
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data.replace(b"http://bindle.example", b"", 1))
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        run = ann.run("push", "-f", app(), "--bindle-server", "http://bindle.example/v1",
                      http_proxy=f"http://127.0.0.1:{listener.getsockname()[1]}")
        assert_pushed(run)
        assert asked[0] == b"POST http://bindle.example/v1/_i HTTP/1.1"
        listener.shutdown(socket.SHUT_RDWR)


# ── interruptions ────────────────────────────────────────────────────────────────────────────


def three_files():
    return {name: random.randbytes(size)
            for name, size in (("small", 5_000), ("middle", 60_000), ("large", 400_000))}


def kill_push_at(ann, relay, folder, args, cut=True, **hold):
    """Holds the transfer up where `hold` says and kills the command there. `cut`: the connection is
    gone too, otherwise it goes on. False: it was done before."""
    relay.hold(**hold)
    process = ann.start("push", "-q", "-f", folder, "--bindle-server", relay.url, *args)
    while not relay.held.wait(0.02) and process.poll() is None:
        pass
    reached = process.poll() is None
    process.kill()
    if cut:
        relay.drop()
    else:
        relay.release()
    process.communicate()  # which waits for what outlives it
    return reached


def steps(relay, ann, app):
    """Places in the whole conversation: (direction, bytes)."""
    relay.hold()
    assert_pushed(ann.push(app(three_files(), folder="measure"), relay.url))
    up, down = relay.passed["up"], relay.passed["down"]
    places = [("up", at) for at in range(0, 6000, 500)]
    places += [("up", at) for at in range(6000, up, up // 25)]
    return places + [("down", at) for at in range(0, down, max(1, down // 20))]


def test_killed_at_every_step(ann, peers, app, relay_to, tmp_path):
    peer = peers("embedded")
    relay, reached = relay_to(peer), 0
    for number, (way, at) in enumerate(steps(relay, ann, app)):
        folder = app(three_files())
        reached += kill_push_at(ann, relay, folder, (), **{way: at})
        run = ann.push(folder, peer.url, "--timeout", "5s")
        id = assert_pushed(run)
        assert_there(peer, id, folder, tmp_path)
    assert reached > 50


def test_killed_at_every_step_with_a_file_store(ann, peers, app, relay_to, tmp_path):
    """The reference server's file store makes a parcel's folder in front of its content, and takes
    no parcel whose folder is there. So the parcel that is under way is finished all the same."""
    peer = peers("file")
    relay, reached = relay_to(peer), 0
    for way, at in steps(relay, ann, app)[::3]:
        folder = app(three_files())
        reached += kill_push_at(ann, relay, folder, (), cut=False, **{way: at})
        assert_there(peer, assert_pushed(ann.push(folder, peer.url)), folder, tmp_path)
    assert reached > 15


def test_cut_off_at_every_step_with_a_file_store(ann, peers, app, relay_to, tmp_path):
    """Where the connection breaks too we can't mend it, but we can say what will."""
    peer = peers("file")
    relay, stuck = relay_to(peer), 0
    for way, at in steps(relay, ann, app)[::4]:
        folder = app(three_files())
        kill_push_at(ann, relay, folder, (), **{way: at})
        run = ann.push(folder, peer.url, "--timeout", "1s")
        if run.returncode != 0:
            error = assert_error(run, "an earlier upload was cut off", "push again")
            digest = re.search(r"remove the folder parcels/(\w{64}) ", error)[1]
            (peer.folder / "parcels" / digest).rmdir()
            stuck += 1
            run = ann.push(folder, peer.url)
        assert_there(peer, assert_pushed(run), folder, tmp_path)
    assert 0 < stuck < 15


def test_killed_at_any_time(ann, peers, app, tmp_path):
    peer = peers("embedded")
    content = {"large.bin": random.randbytes(20 * MB)}
    started = time.monotonic()
    assert_pushed(ann.push(app(content), peer.url, "-q"))
    whole = time.monotonic() - started
    for turn in range(12):
        folder = app({"large.bin": random.randbytes(20 * MB)}, name=f"any{turn}-{next(counter)}")
        process = ann.start("push", "-q", "-f", folder, "--bindle-server", peer.url)
        time.sleep(whole * turn / 10)
        process.kill()
        process.communicate()
        assert_there(peer, assert_pushed(ann.push(folder, peer.url)), folder, tmp_path)


def test_fetch_killed_at_every_step(ann, binary, peer, app, relay_to, cache_dir, tmp_path):
    folder = app(three_files())
    id, relay = assert_pushed(ann.push(folder, peer.url)), relay_to(peer)
    total = sum(len(content) for content in contents(folder).values())
    args = ["--bindle", id, "--bindle-server"]
    for number, at in enumerate([*range(0, 3000, 700), *range(3000, total, total // 8)]):
        cache = {"XDG_CACHE_HOME": str(tmp_path / f"cache{number}")}
        relay.hold(down=at)
        process = subprocess.Popen([binary, "up", *args, relay.url, "--listen", "127.0.0.1:0"],
                                   env={**ann.environment, **cache}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert relay.held.wait(20)
        process.kill()
        process.wait()
        relay.drop()
        relay.hold()
        with Spin(binary, None, tmp_path / f"up{number}", *args, relay.url, cache_dir=cache_dir,
                  environment=cache, workers=1):
            pass  # it has answered
        parcels = tmp_path / f"cache{number}" / "spin" / "bindle" / "parcels"
        kept = {path.name: path.read_bytes() for path in parcels.iterdir()}
        assert contents(folder).items() <= kept.items()
        assert all(sha256(content) == name for name, content in kept.items())  # no ".part" either


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_behind_the_parcel(ann, peer, app, relay_to, number):
    """With a file store, which would never take the parcel again."""
    folder, relay = app({"1.bin": random.randbytes(3 * MB), "2.bin": b"2" + random.randbytes(9)}), relay_to(peer)
    relay.hold(up=MB)
    process = ann.start("push", "-f", folder, "--bindle-server", relay.url)
    assert relay.held.wait(20)
    process.send_signal(number)
    time.sleep(0.2)
    assert process.poll() is None
    relay.limit["up"] = None
    relay.go.set()
    out, err = process.communicate(timeout=20)
    assert process.returncode == -number and out == ""
    assert "Once more stops at once" in err and "1.bin (3.0 MB)" in err and "2.bin" not in err
    run = ann.push(folder, peer.url)
    assert_pushed(run)
    assert "2.bin" in run.stderr and "1.bin" not in run.stderr


def test_a_second_signal_ends_it_at_once(ann, peers, app, relay_to):
    peer = peers("embedded")
    folder, relay = app({"1.bin": random.randbytes(3 * MB)}), relay_to(peer)
    relay.hold(up=MB)
    process = ann.start("push", "-f", folder, "--bindle-server", relay.url)
    assert relay.held.wait(20)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT
    assert_pushed(ann.push(folder, peer.url))


def test_several_push_the_same(ann, peer, app, tmp_path):
    for _ in range(4):
        folder = app({"large.bin": random.randbytes(2 * MB)})
        all = [ann.start("push", "-f", folder, "--bindle-server", peer.url) for _ in range(3)]
        results = [process.communicate(timeout=60) for process in all]
        assert [process.returncode for process in all] == [0, 0, 0], results
        assert_there(peer, results[0][0].split()[1], folder, tmp_path)


# ── what it costs, what it shows ─────────────────────────────────────────────────────────────


def peak_kb(process):
    """The most resident memory that it ever had, as seen until it ended."""
    peak = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                peak = max(peak, *(int(line.split()[1]) for line in status if "VmHWM" in line), 0)
        except (OSError, TypeError):
            pass
        time.sleep(0.002)
    return peak


def sparse(app, size):
    folder = app()
    with open(folder / "files" / "large.bin", "wb") as file:
        file.truncate(size)
    return folder


def test_200_mb_stream_through_little_memory(ann, peer, app):
    peaks = []
    for folder in (app(), sparse(app, 200 * MB + next(counter))):
        process = ann.start("push", "-q", "-f", folder, "--bindle-server", peer.url)
        peaks.append(peak_kb(process))
        assert process.communicate()[0].startswith("pushed: ")
    print("VmHWM in KiB, of little and of 200 MB:", peaks)
    assert peaks[0] > 0 and peaks[1] - peaks[0] < 32 * 1024


def on_terminal(ann, folder, url, columns, **environment):
    """What a push writes to a terminal."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", str(columns)], stdin=follower, check=True)
    process = subprocess.Popen(ann.command("push", "-f", folder, "--bindle-server", url),
                               env={**ann.environment, "TERM": "xterm", **environment},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    written = b""
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:
            break
        if not data:
            break
        written += data
    assert process.wait(20) == 0
    process.stdout.close()
    os.close(leader)
    return written.decode()


@pytest.mark.parametrize("columns", [20, 45, 80, 300])
def test_a_bar_on_a_terminal(ann, peer, app, columns):
    text = on_terminal(ann, sparse(app, 60 * MB + next(counter)), peer.url, columns)
    draws = text.split("\r")[1:]
    assert draws[-1] == "\x1b[K"  # and in the end it is gone
    assert len(draws) > 2
    for draw in draws:
        assert draw.endswith("\x1b[K") and "\n" not in draw
        assert len(draw.removesuffix("\x1b[K")) < columns
    percents = [int(re.search(r"(\d+) %", draw)[1]) for draw in draws if "large.bin" in draw or columns == 20
                if re.search(r"\d+ %", draw)]
    assert percents == sorted(percents) and percents
    assert (columns < 45) or any("[=" in draw for draw in draws)


def test_no_bar_on_a_dumb_terminal(ann, peer, app):
    text = on_terminal(ann, app(), peer.url, 80, TERM="dumb")
    assert "\x1b" not in text
    assert text.count("\r\n") == text.count("\n") == 2


def test_lines_in_a_long_parcel(ann, peer, app, relay_to):
    """Held up for longer than the lines' interval."""
    folder, relay = sparse(app, 30 * MB + next(counter)), relay_to(peer)
    relay.hold(up=10 * MB)
    process = ann.start("push", "-f", folder, "--bindle-server", relay.url)
    assert relay.held.wait(20)
    time.sleep(5.2)
    relay.limit["up"] = None
    relay.go.set()
    err = process.communicate(timeout=20)[1]
    assert re.search(r"large\.bin: \d+ % of 30\.0 MB, \S+ [KM]?B/s\n", err)
    assert len(err.splitlines()) < 8


# ── the command line ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", [[], ["push"], ["prepare"], ["print-key"]])
def test_help(cli, command):
    run = cli("bindle", *command, "--help")
    assert run.returncode == 0 and "Usage: spin bindle" in run.stdout and run.stderr == ""
    assert all(len(line) <= 100 for line in run.stdout.splitlines())


def test_mistakes_in_the_command_line(cli, app):
    assert_error(cli("bindle"), "Usage: spin bindle <COMMAND>", code=2)
    assert_error(cli("bindle", "psh"), 'did you mean "push"?', code=2)
    assert_error(cli("bindle", "push", "--bindle-sever", "x"), 'did you mean "--bindle-server"?', code=2)
    assert_error(cli("bindle", "push", "a", "-f", "b"), "given twice", code=2)
    assert_error(cli("bindle", "print-key", "x"), 'unexpected argument "x"', code=2)
    assert_error(cli("bindle", "push", "-f", "nowhere", "--bindle-server", "http://localhost"),
                 "nowhere", "not found")
