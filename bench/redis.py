#!/usr/bin/env python3
"""Messages per second through the Redis trigger, with a redis-server of the bench's own.

    bench/redis.py [--messages N] [--payload BYTES] [--workers N] [--rate N] [--cores 0,1]
                   [--json FILE]

In messages a second, on loopback; redis-server, the publisher and Spin share the cores that are
given (all, where none are):

    publisher  the publisher alone, with nobody subscribed, and with a subscriber that only reads
    handled    published as fast as it goes, until the last one is handled: a new instance for each
    logged     the same with a guest that writes each message to its log; every line is looked for
    steady     --rate messages a second for ten seconds, to the same guest: how long after the last
               one was published it was handled, in milliseconds

More messages at once than wait in 64 MiB, about 140,000 that are not handled yet, are kept by
Redis, and past its own limit lost with the connection: the bench says so then.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
SPIN = Path(os.environ.get("SPIN_BIN") or ROOT / "build" / "release" / "spin").resolve()
SILENT = BENCH / "redis.wasm"
LOGGING = ROOT / "tests" / "e2e" / "guests" / "redis.wasm"
BLOCK = 1000  # messages of one write
AHEAD = 20  # blocks that are not answered yet
PATIENCE = 120


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def command(*words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


class Server:
    """redis-server without persistence, ended by its pid."""

    def __init__(self, folder):
        self.port = free_port()
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(folder)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.connect().close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def subscribers(self, channel):
        with self.connect() as sock:
            sock.sendall(command("PUBSUB", "NUMSUB", channel))
            return int(sock.recv(4096).split(b":")[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def publish(server, channel, payloads):
    """Publishes in a pipeline, at most AHEAD blocks ahead of the answers; the seconds it took."""
    blocks = [b"".join(command("PUBLISH", channel, p) for p in payloads[at:at + BLOCK])
              for at in range(0, len(payloads), BLOCK)]
    room = threading.Semaphore(AHEAD)
    begin = time.perf_counter()
    with server.connect() as sock:

        def read_answers():
            lines = 0
            while lines < len(payloads):
                data = sock.recv(1 << 16)
                assert data, "redis-server closed the connection"
                before = lines // BLOCK
                lines += data.count(b"\n")
                for _ in range(lines // BLOCK - before):
                    room.release()

        reader = threading.Thread(target=read_answers)
        reader.start()
        for block in blocks:
            room.acquire()
            sock.sendall(block)
        reader.join()
    return time.perf_counter() - begin


def publish_steadily(server, channel, rate, seconds):
    """Publishes numbers; how many."""
    total, step = rate * seconds, rate // 100
    begin = time.perf_counter()
    with server.connect() as sock:

        def read_answers():
            lines = 0
            while lines < total:
                lines += sock.recv(1 << 16).count(b"\n")

        reader = threading.Thread(target=read_answers)
        reader.start()
        for turn in range(total // step):
            sock.sendall(b"".join(command("PUBLISH", channel, number)
                                  for number in range(turn * step, (turn + 1) * step)))
            time.sleep(max(0, begin + (turn + 1) / 100 - time.perf_counter()))
        reader.join()
    return total


class Spin:
    def __init__(self, server, wasm, folder, workers):
        folder.mkdir()
        shutil.copy(wasm, folder)
        self.log = folder / "logs" / "bench_stdout.txt"
        (folder / "spin.toml").write_text(
            'spin_version = "1"\nname = "bench"\nversion = "1.0.0"\n'
            f'trigger = {{ type = "redis", address = "redis://127.0.0.1:{server.port}" }}\n'
            f'[[component]]\nid = "bench"\nsource = "{wasm.name}"\n'
            '[component.trigger]\nchannel = "bench"\n')
        self.process = subprocess.Popen(
            [str(SPIN), "up", "-f", str(folder), "--quiet", "--workers", str(workers),
             "--log-dir", str(folder / "logs"), "--cache-dir", str(folder / "cache")],
            stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while server.subscribers("bench") == 0:
            assert self.process.poll() is None, "spin left"
            assert time.monotonic() < deadline, "spin does not subscribe"
            time.sleep(0.01)

    def lines(self):
        return self.log.read_bytes().splitlines() if self.log.exists() else []

    def wait(self, done):
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, "not all messages were handled"
            time.sleep(0.002)
        return time.perf_counter()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0


def read_only(server, expected):
    """A subscriber that does nothing: what Redis itself gives away."""
    sock = server.connect()
    sock.sendall(command("SUBSCRIBE", "bench"))
    sock.recv(4096)

    def read():
        size = 0
        while size < expected:
            size += len(sock.recv(1 << 20))

    thread = threading.Thread(target=read)
    thread.start()
    return sock, thread


def numbered(count, size):
    return [str(i).encode().ljust(size, b".") for i in range(count)]


def measure(args, folder):
    server = Server(folder)
    results = {"messages": args.messages, "payload_bytes": args.payload, "workers": args.workers}
    payloads = numbered(args.messages, args.payload)
    try:
        results["publisher"] = round(args.messages / publish(server, "nobody", payloads))
        answer = sum(len(command("message", "bench", p)) for p in payloads)
        sock, thread = read_only(server, answer)
        begin = time.perf_counter()
        publish(server, "bench", payloads)
        thread.join()
        results["publisher_and_reader"] = round(args.messages / (time.perf_counter() - begin))
        sock.close()

        spin = Spin(server, SILENT, folder / "silent", args.workers)
        begin = time.perf_counter()
        published = publish(server, "bench", payloads + [b"!"] * args.workers)
        end = spin.wait(lambda: len(spin.lines()) >= args.workers)
        spin.stop()
        results["handled"] = round(args.messages / (end - begin))
        results["published_meanwhile"] = round(args.messages / published)

        spin = Spin(server, LOGGING, folder / "logging", args.workers)
        begin = time.perf_counter()
        publish(server, "bench", payloads)
        size = sum(len(p) + 1 for p in payloads)
        end = spin.wait(lambda: spin.log.exists() and spin.log.stat().st_size >= size)
        spin.stop()
        results["logged"] = round(args.messages / (end - begin))
        assert sorted(spin.lines()) == sorted(payloads), "not each message exactly once"

        spin = Spin(server, LOGGING, folder / "steady", args.workers)
        count = publish_steadily(server, "bench", args.rate, 10)
        size = sum(len(str(number)) + 1 for number in range(count))
        begin = time.perf_counter()
        end = spin.wait(lambda: spin.log.exists() and spin.log.stat().st_size >= size)
        spin.stop()
        results["rate"] = args.rate
        results["steady_ms"] = round((end - begin) * 1000)
        assert sorted(map(int, spin.lines())) == list(range(count)), "not each exactly once"
    finally:
        server.stop()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--payload", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rate", type=int, default=20_000, help="a multiple of 100")
    parser.add_argument("--cores", help="such as 0,1")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if args.cores:
        os.sched_setaffinity(0, {int(core) for core in args.cores.split(",")})
    with tempfile.TemporaryDirectory() as folder:
        results = measure(args, Path(folder))
    for name, value in results.items():
        print(f"{name:22} {value:>12,}")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
