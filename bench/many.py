"""Many applications in one server: what one more costs, and what a reload under load does."""

import shutil
import signal
import subprocess
import time

COUNT = 1000
MANIFEST = """spin_version = "1"
name = "{name}"
version = "1.0.0"
trigger = {{ type = "http", base = "/" }}

[[component]]
id = "hello"
source = "hello.wasm"
[component.trigger]
route = "/..."
"""


def write_apps(folder, module, count=COUNT):
    """`count` applications whose modules differ, so that nothing of them is shared."""
    code = module.read_bytes()
    for number in range(count):
        name = f"app{number:04}"
        app = folder / name
        app.mkdir(parents=True)
        mark = bytes([len(name)]) + name.encode()  # a custom section: its name, and no content
        (app / "hello.wasm").write_bytes(code + bytes([0, len(mark)]) + mark)
        (app / "spin.toml").write_text(MANIFEST.format(name=name))
    return folder


SPREAD = """local n = 0
request = function()
  n = (n + 389) % {count}
  return wrk.format("GET", string.format("/app%04d", n))
end
"""


def at_rest(server):
    time.sleep(1)
    return server.pss_kib()


def measure(bench, module):
    """Memory per application, start, and requests to one of them, and to all in turn, beside requests
    to one alone."""
    apps = write_apps(bench.work / f"many-{module.stem}", module)
    one = bench.work / f"one-{module.stem}"
    shutil.copytree(apps / "app0000", one / "app0000")
    with bench.spin_apps(apps):  # into the cache
        pass
    result, rates = {"applications": COUNT}, {"one": [], "many": [], "spread": []}
    spread = bench.work / "spread.lua"
    spread.write_text(SPREAD.format(count=COUNT))
    for _ in range(bench.args.rounds):
        for kind, folder in (("one", one), ("many", apps)):
            with bench.spin_apps(folder) as server:
                result[f"{kind}_start_ms"] = server.start_ms
                result[f"{kind}_rest_kib"] = at_rest(server)
                path = "/app0000" if kind == "one" else f"/app{COUNT // 2:04}"
                url = f"http://127.0.0.1:{server.port}"
                rates[kind].append(bench.wrk(url + path))
                if kind == "many":
                    rates["spread"].append(bench.wrk(url, script=spread))
    result["kib_each"] = (result["many_rest_kib"] - result["one_rest_kib"]) / (COUNT - 1)
    for kind, measured in rates.items():
        ordered = sorted(m["requests_per_second"] for m in measured)
        result[f"{kind}_rate"] = ordered[len(ordered) // 2]
    result["spread_ratio"] = result["spread_rate"] / result["one_rate"]
    result["ratio"] = result["many_rate"] / result["one_rate"]
    shutil.rmtree(apps)
    return result


def reload(bench):
    """SIGHUP ten times a second, under load."""
    with bench.spin("hello-c") as server:
        load = subprocess.Popen(["wrk", "-t1", "-c64", f"-d{bench.args.seconds}s", "--latency",
                                 server.url], stdout=subprocess.PIPE, text=True)
        count = 0
        while load.poll() is None:
            server.process.send_signal(signal.SIGHUP)
            count += 1
            time.sleep(0.1)
        measured = bench.parse(load.stdout.read())
    return {"reloads": count, "requests": measured["requests"], "failures": measured["failures"],
            "p99_ms": measured["p99_ms"]}
