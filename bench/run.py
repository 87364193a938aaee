#!/usr/bin/env python3
"""Measures Spin with wrk on loopback, beside nginx and other runtimes where they are on PATH.

Prints a table and writes bench/results/latest.json. docs/performance.md says what is measured and
how. `run.py --markdown` measures nothing: it writes the last results into docs/performance.md.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import many
import report

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
SPIN = Path(os.environ.get("SPIN_BIN") or ROOT / "build" / "release" / "spin").resolve()
BUILD = ROOT / "build" / "bench"
RESULTS = BENCH / "results" / "latest.json"
BODY = b"Hello, Spin in C!\n"
WORKERS = 2
APPS = {  # name -> (module, executor)
    "hello-c": (ROOT / "examples" / "hello" / "hello.wasm", None),
    "hello-rust": (BENCH / "guests" / "hello-rust.wasm", None),
    "wagi-c": (BENCH / "guests" / "hello-wagi.wasm", "wagi"),
    "wagi-rust": (BENCH / "guests" / "hello-wagi-rust.wasm", "wagi"),
    "loop": (ROOT / "tests" / "e2e" / "guests" / "loop.wasm", None),
}


def progress(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def pin_to(cores):
    return (lambda: os.sched_setaffinity(0, cores)) if cores else None


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def write_app(folder, names):
    """An application of `names` at /<name>."""
    folder.mkdir(parents=True, exist_ok=True)
    text = 'spin_version = "1"\nname = "bench"\nversion = "1.0.0"\n'
    text += 'trigger = { type = "http", base = "/" }\n'
    for name in names:
        module, executor = APPS[name]
        shutil.copy(module, folder / f"{name}.wasm")
        text += f'\n[[component]]\nid = "{name}"\nsource = "{name}.wasm"\n'
        text += f'[component.trigger]\nroute = "/{name}"\n'
        if executor:
            text += f'executor = {{ type = "{executor}" }}\n'
    (folder / "spin.toml").write_text(text)
    return folder / "spin.toml"


def answers(port, path):
    """Whether GET `path` gives 200 and our bytes; False while the server is not there yet."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            data = b""
            while BODY not in data:
                block = sock.recv(65536)
                if not block:
                    return False
                data += block
            return data.startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Server:
    """A server process, ready when the constructor returns."""

    def __init__(self, command, port, path, work, environment=None, cores=None):
        self.port, self.path = port, path
        self.log = open(work / f"server-{port}.log", "wb")
        begin = time.monotonic()
        self.process = subprocess.Popen(
            [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True, env={**os.environ, **(environment or {})},
            preexec_fn=pin_to(cores))
        while not answers(port, path):
            if self.process.poll() is not None or time.monotonic() - begin > 120:
                self.stop()
                raise RuntimeError(f"{command[0]} does not serve {path}:\n"
                                   + Path(self.log.name).read_text(errors="replace")[-2000:])
            time.sleep(0.0005)
        self.start_ms = (time.monotonic() - begin) * 1000

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def pids(self):
        found, queue = [], [self.process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                queue += [int(child) for child in task.read_text().split()]
        return found

    def pss_kib(self):
        """Proportional set size of all its processes together."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        try:  # its own session: nothing but its own processes
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Bench:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.cache = work / "cache"
        self.apps = {name: write_app(work / name, [name]) for name in APPS}
        self.apps["hello-and-loop"] = write_app(work / "hello-and-loop", ["hello-c", "loop"])

    # servers

    def spin(self, app="hello-c", workers=WORKERS, path=None, cache=None, extra=(), cores=None):
        port = free_port()
        command = [SPIN, "up", "--file", self.apps[app], "--listen", f"127.0.0.1:{port}",
                   "--workers", workers, "--log-dir", self.work / "logs", "--quiet",
                   "--cache-dir", cache or self.cache, *extra]
        return Server(command, port, path or f"/{app}", self.work, cores=cores)

    def spin_apps(self, folder, workers=WORKERS):
        """A folder of applications; ready when the last of them answers."""
        port = free_port()
        last = sorted(app.name for app in folder.iterdir())[-1]
        return Server([SPIN, "up", "--apps", folder, "--listen", f"127.0.0.1:{port}", "--workers",
                       workers, "--log-dir", self.work / "logs", "--quiet", "--cache-dir",
                       self.cache], port, f"/{last}", self.work)

    def static(self):
        port = free_port()
        return Server([BUILD / "static_server", "--listen", f"127.0.0.1:{port}", "--workers",
                       WORKERS], port, "/", self.work)

    def nginx(self):
        port, folder = free_port(), self.work / "nginx"
        folder.mkdir(exist_ok=True)
        temps = "\n".join(f"  {name}_temp_path {folder}/{name};"
                          for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"""
daemon off; pid {folder}/pid; worker_processes {WORKERS}; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type text/plain; server_tokens off;
{temps}
  server {{
    listen 127.0.0.1:{port} reuseport;
    location / {{ return 200 "Hello, Spin in C!\\n"; }}
  }}
}}
""")
        return Server(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"], port,
                      "/", self.work)

    def rust_spin(self, app):
        port, home = free_port(), self.work / "rust-spin"
        home.mkdir(exist_ok=True)
        return Server([rust_spin_path(), "up", "--quiet", "--file", self.apps[app], "--listen",
                       f"127.0.0.1:{port}"], port, f"/{app}", self.work, {"HOME": str(home)})

    def wasmtime_serve(self):
        port = free_port()
        return Server(["wasmtime", "serve", "-Scli", "--addr", f"127.0.0.1:{port}",
                       self.args.wasi_http_component], port, "/", self.work)

    # measuring

    def wrk(self, url, seconds=None, connections=64, threads=2, cores=None, script=None):
        command = ["wrk", f"-t{threads}", f"-c{connections}",
                   f"-d{seconds or self.args.seconds}s", "--latency", "--timeout", "10s",
                   *(["-s", script] if script else []), url]
        return parse_wrk(subprocess.run(command, check=True, capture_output=True, text=True,
                                        preexec_fn=pin_to(cores)).stdout)

    def throughput(self):
        """Every server in turn, `rounds` times; what is kept are the medians."""
        targets = {"static": self.static}
        for app in ("hello-c", "hello-rust", "wagi-c", "wagi-rust"):
            targets[app] = lambda app=app: self.spin(app)
        if not (BUILD / "static_server").exists():
            del targets["static"]
        if shutil.which("nginx"):
            targets["nginx"] = self.nginx
        if rust_spin_path():
            targets["rust-spin"] = lambda: self.rust_spin("hello-rust")
            targets["rust-spin-wagi"] = lambda: self.rust_spin("wagi-rust")
        if shutil.which("wasmtime") and self.args.wasi_http_component:
            targets["wasmtime-serve"] = self.wasmtime_serve
        rounds = {name: [] for name in targets}
        for number in range(self.args.rounds):
            for name, start in targets.items():
                progress(f"round {number + 1}/{self.args.rounds}: {name}")
                with start() as server:
                    self.wrk(server.url, 1)
                    rounds[name].append(self.wrk(server.url))
        return {name: medians(measured) for name, measured in rounds.items()}

    def workers(self):
        """One worker and half of the client on one core, two workers and all of it on two: so the
        client, which needs as much of a core as a worker does, grows alike."""
        progress("one worker, two workers")
        cores = sorted(os.sched_getaffinity(0))[:2]
        rates = {1: [], 2: []}
        for _ in range(self.args.rounds):
            for count in rates:
                own = set(cores[:count])
                load = {"connections": 32 * count, "threads": count, "cores": own}
                with self.spin("hello-rust", workers=count, cores=own) as server:
                    self.wrk(server.url, 1, **load)
                    rates[count].append(self.wrk(server.url, **load)["requests_per_second"])
        one, two = statistics.median(rates[1]), statistics.median(rates[2])
        return {"one": one, "two": two, "ratio": two / one}

    def connections(self):
        progress("256 connections")
        with self.spin("hello-rust") as server:
            self.wrk(server.url, 1, 256)
            measured = medians([self.wrk(server.url, connections=256)
                                for _ in range(self.args.rounds)])
        measured["p99_by_p50"] = measured["p99_ms"] / measured["p50_ms"]
        return measured

    def beside_a_loop(self):
        """hello while one guest spins in each worker's stead it landed on."""
        progress("hello beside an endless loop")
        with self.spin("hello-and-loop", path="/hello-c", extra=["--timeout", "10m"]) as server:
            self.wrk(server.url, 1)
            with socket.create_connection(("127.0.0.1", server.port)) as loop:
                loop.sendall(b"GET /loop HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.3)
                measured = medians([self.wrk(server.url) for _ in range(self.args.rounds)])
                loop.settimeout(0)
                try:
                    loop.recv(1)
                    raise RuntimeError("the endless loop ended")
                except BlockingIOError:
                    pass
        return measured

    def memory(self):
        progress("memory")
        result = {}
        with self.spin("hello-c") as server:
            time.sleep(0.5)
            result["rest_c_kib"] = server.pss_kib()
        with self.spin("hello-rust") as server:
            time.sleep(0.5)
            result["rest_rust_kib"] = server.pss_kib()
            first_thousand(server)
            time.sleep(1)
            result["after_1k_kib"] = server.pss_kib()
            total, peak = 0, 0
            while total < 100_000:
                wrk = subprocess.Popen(["wrk", "-t2", "-c64", "-d2s", "--latency", server.url],
                                       stdout=subprocess.PIPE, text=True)
                while wrk.poll() is None:
                    peak = max(peak, server.pss_kib())
                    time.sleep(0.2)
                total += parse_wrk(wrk.stdout.read())["requests"]
            result["load_kib"], result["requests"] = peak, total
            time.sleep(1)
            result["after_100k_kib"] = server.pss_kib()
        result["drift"] = result["after_100k_kib"] / result["after_1k_kib"] - 1
        return result

    def start_up(self):
        progress("start-up")
        cold, cached = [], []
        for number in range(3):
            with self.spin("hello-c", cache=self.work / f"cold{number}") as server:
                cold.append(server.start_ms)
        for _ in range(15):
            with self.spin("hello-c") as server:
                cached.append(server.start_ms)
        result = {"cold_ms": statistics.median(cold), "cached_ms": statistics.median(cached)}
        if rust_spin_path():
            with self.rust_spin("hello-rust"):
                pass
            times = []
            for _ in range(5):
                with self.rust_spin("hello-rust") as server:
                    times.append(server.start_ms)
                    time.sleep(0.3)
                    result["rust_spin_rest_kib"] = server.pss_kib()
            result["rust_spin_ms"] = statistics.median(times)
        return result

    def engine(self):
        progress("the engine's own path")
        result = {}
        for name in ("hello-c", "hello-rust"):
            output = subprocess.run([BUILD / "engine_path", self.apps[name], APPS[name][0]],
                                    check=True, stdout=subprocess.PIPE, text=True).stdout
            result[name] = json.loads(output)
        return result

    def abi(self):
        progress("calls by the types of WIT")
        output = subprocess.run([BUILD / "abi_call", ROOT / "bench" / "guests" / "echo.wasm"],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(output)


    def components(self):
        progress("components")

        def program(*command):
            return json.loads(subprocess.run([str(each) for each in command], check=True,
                                             stdout=subprocess.PIPE, text=True).stdout)

        guest = BENCH / "guests" / "component.wasm"
        result = {"spin": program(BUILD / "component", guest)}
        with tempfile.TemporaryDirectory() as folder:
            large = Path(folder) / "large.wasm"
            subprocess.run([sys.executable, BENCH / "large_component.py", large], check=True)
            result["large"] = {"bytes": large.stat().st_size,
                               **program(BUILD / "component", "--fuse", large)}
        wasmtime = BUILD / "cargo" / "release" / "wasmtime_component"
        if wasmtime.exists():
            result["wasmtime"] = program(wasmtime, guest)
        return result

    def contexts(self):
        progress("applications in one engine")
        output = subprocess.run([BUILD / "contexts", APPS["hello-c"][0]],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
        return json.loads(output)

    def many(self):
        progress("many applications")
        return many.measure(self, APPS["hello-c"][0])

    def reload(self):
        progress("reloads under load")
        return many.reload(self)

    parse = staticmethod(lambda text: parse_wrk(text))


def rust_spin_path():
    """The original Spin on PATH, if it is not this one."""
    path = shutil.which("spin")
    if path is None or Path(path).resolve() == SPIN:
        return None
    version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20).stdout
    return None if "(wasmtime " in version else path  # ours names its engine


def parse_wrk(text):
    units = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}

    def percentile(which):
        number, unit = re.search(rf"^\s+{which}%\s+([\d.]+)(\w+)", text, re.M).groups()
        return float(number) * units[unit]

    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: (.*)", text)
    return {
        "requests": int(re.search(r"(\d+) requests in", text)[1]),
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "p50_ms": percentile(50), "p99_ms": percentile(99),
        "failures": (int(bad[1]) if bad else 0)
        + sum(map(int, re.findall(r"\d+", errors[1] if errors else ""))),
    }


def medians(measured):
    result = {key: statistics.median(m[key] for m in measured)
              for key in ("requests_per_second", "p50_ms", "p99_ms")}
    result["failures"] = sum(m["failures"] for m in measured)
    return result


def first_thousand(server):
    """1,024 requests over 64 connections at a time, as wrk's load comes."""
    request = f"GET {server.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(64)]
    for _ in range(16):
        for sock in sockets:
            sock.sendall(request)
        for sock in sockets:
            data = b""
            while BODY not in data:
                data += sock.recv(65536)
    for sock in sockets:
        sock.close()


def machine():
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    version = subprocess.run([SPIN, "--version"], capture_output=True, text=True).stdout.strip()
    return {"cpu": cpu[1] if cpu else platform.machine(), "cores": len(os.sched_getaffinity(0)),
            "kernel": platform.release().split("-")[0], "spin": version,
            "date": time.strftime("%Y-%m-%d", time.gmtime())}


SECTIONS = ["memory", "start_up", "engine", "abi", "components", "contexts", "many", "reload", "throughput",
            "workers", "connections", "beside_a_loop"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=4, help="length of a measurement (4)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is repeated (3)")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="just this section")
    parser.add_argument("--wasi-http-component", metavar="WASM",
                        help="a hello component for `wasmtime serve`, where that is on PATH")
    parser.add_argument("--markdown", action="store_true",
                        help="write the last results into docs/performance.md and leave")
    args = parser.parse_args()
    if args.markdown:
        report.update_document(ROOT / "docs" / "performance.md", json.loads(RESULTS.read_text()))
        return 0
    if not SPIN.exists():
        parser.error(f"{SPIN} is not there: make build")
    results = {"machine": machine(), "seconds": args.seconds, "rounds": args.rounds}
    with tempfile.TemporaryDirectory(prefix="spin-bench-") as work:
        bench = Bench(args, Path(work))
        for section in args.only or SECTIONS:
            results[section] = getattr(bench, section)()
    results["targets"] = report.targets(results)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(report.text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
