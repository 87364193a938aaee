"""From results to tables: text for the terminal, Markdown for docs/performance.md."""

import re

NAMES = {
    "static": "(a) our server, answering from C",
    "nginx": "nginx, `return 200`",
    "hello-c": "(b) hello, Spin executor, C guest",
    "hello-rust": "(b) hello, Spin executor, Rust guest",
    "wagi-c": "(c) hello, Wagi, C guest",
    "wagi-rust": "(c) hello, Wagi, Rust guest",
    "rust-spin": "(d) the Rust spin, Spin executor, Rust guest",
    "rust-spin-wagi": "(d) the Rust spin, Wagi, Rust guest",
    "wasmtime-serve": "(d) wasmtime serve",
}
GUESTS = {"c": "C guest", "rust": "Rust guest"}


def targets(results):
    """What is asked for, as far as it was measured: [{name, value, bound, unit, at_least, met}]."""
    found = []

    def target(name, value, bound, unit="×", at_least=False):
        met = value >= bound if at_least else value <= bound
        found.append({"name": name, "value": value, "bound": bound, "unit": unit,
                      "at_least": at_least, "met": met})

    rates = {k: v["requests_per_second"] for k, v in results.get("throughput", {}).items()}
    for guest, label in GUESTS.items():
        hello, wagi = rates.get(f"hello-{guest}"), rates.get(f"wagi-{guest}")
        for other, bound in (("static", 0.65), ("nginx", 0.55), ("rust-spin", 10)):
            if hello and other in rates:
                target(f"(b) {label} by {NAMES[other]}", hello / rates[other], bound, at_least=True)
        if hello and wagi:
            target(f"(c) Wagi by (b), {label}", wagi / hello, 0.7, at_least=True)
    if "engine" in results:
        engine = results["engine"]
        target("prepare, call, drop: Rust guest", engine["hello-rust"]["engine_us"], 9, "µs")
        for guest, label in GUESTS.items():
            target(f"the same by the bare loop, {label}", engine[f"hello-{guest}"]["ratio"], 1.15)
    if "abi" in results:
        abi = results["abi"]
        target("echo of 1 KiB by the same by hand", abi["echo_ratio"], 1.5)
        # 5 GB/s, or 0.7 of a plain memcpy where that is less
        target("1 MiB of list<u8> into a guest", abi["in_gb_s"],
               round(min(5, 0.7 * abi["memcpy_gb_s"]), 2), "GB/s", at_least=True)
    if "components" in results:
        spin, large = results["components"]["spin"], results["components"]["large"]
        target("1 MiB of list<u8> into a component by memcpy", spin["in_us"] / spin["memcpy_us"],
               1.3)
        target("the same in and out, by two", spin["in_and_out_us"] / spin["memcpy_us"] / 2, 1.3)
        target("decode, validate, link and fuse 10 MB", large["fuse_ms"], 150, "ms")
        wasmtime = results["components"].get("wasmtime")
        if wasmtime:
            for key, label in (("defaults", "its defaults"), ("same", "settings as libspin's")):
                target(f"component: prepare, call, drop by Wasmtime's API, {label}",
                       spin["call_us"] / wasmtime[key]["call_us"], 0.35)
            target("1 MiB by Wasmtime's untyped API",
                   wasmtime["lists"]["untyped_in_and_out_us"] / spin["in_and_out_us"], 20,
                   at_least=True)
    if "workers" in results:
        target("two workers by one", results["workers"]["ratio"], 1.8, at_least=True)
    if "connections" in results:
        target("256 connections: p99 by p50", results["connections"]["p99_by_p50"], 5)
    if "beside_a_loop" in results:
        target("hello's p99 beside an endless loop", results["beside_a_loop"]["p99_ms"], 20, "ms")
    if "memory" in results:
        memory = results["memory"]
        target("memory after 100,000 requests by after 1,000", abs(memory["drift"]) * 100, 2, "%")
        target("memory at rest, C guest", memory["rest_c_kib"] / 1024, 40, "MiB")
        target("memory at rest, Rust guest", memory["rest_rust_kib"] / 1024, 40, "MiB")
    if "start_up" in results:
        target("start from cache to the first answer", results["start_up"]["cached_ms"], 20, "ms")
    if "many" in results:
        many = results["many"]
        target("memory of one more application", many["kib_each"], 300, "KiB")
        target("start of 1,000 applications from cache", many["many_start_ms"] / 1000, 10, "s")
        target("requests to one of 1,000 by one alone", many["ratio"], 0.9, at_least=True)
    if "reload" in results:
        target("requests that failed during reloads", results["reload"]["failures"], 0, "")
    return found


def component_rows(results):
    spin, large, rows = results["spin"], results["large"], []
    columns = [("libspin", spin)]
    if "wasmtime" in results:
        columns += [("Wasmtime's API, its defaults", results["wasmtime"]["defaults"]),
                    ("Wasmtime's API, settings as libspin's", results["wasmtime"]["same"])]
    for label, values in columns:
        rows.append([f"Rust component, {label}: instantiate and drop; with a call",
                     f"{values['instantiate_us']:.2f}; {values['call_us']:.2f} µs"])
    rows.append(["1 MiB of list<u8> into it; in and out; memcpy",
                 f"{spin['in_us']:.1f}; {spin['in_and_out_us']:.1f}; {spin['memcpy_us']:.1f} µs"])
    if "wasmtime" in results:
        lists = results["wasmtime"]["lists"]
        rows.append(["the same, Wasmtime's API, typed: in; in and out",
                     f"{lists['in_us']:.1f}; {lists['in_and_out_us']:.1f} µs"])
        rows.append(["the same, untyped, a value for each byte as in its C API",
                     f"{lists['untyped_in_us']:,.0f}; {lists['untyped_in_and_out_us']:,.0f} µs"])
    rows.append([f"a component of {large['bytes'] / 1e6:.1f} MB: decode, validate, link; and fuse",
                 f"{large['read_ms']:.1f}; {large['fuse_ms']:.1f} ms"])
    return rows


def tables(results):
    """[(title, header, rows)]"""
    made = []
    if "throughput" in results:
        made.append(("Throughput, 64 connections", ["", "req/s", "p50 ms", "p99 ms", "failed"], [
            [NAMES[name], f"{m['requests_per_second']:,.0f}", f"{m['p50_ms']:.2f}",
             f"{m['p99_ms']:.2f}", str(m["failures"])]
            for name, m in results["throughput"].items()]))
    rows = []
    if "engine" in results:
        for guest, label in GUESTS.items():
            engine = results["engine"][f"hello-{guest}"]
            rows.append([f"prepare, call, drop: {label}", f"{engine['engine_us']:.2f} µs"])
            rows.append([f"the same, bare loop over Wasmtime: {label}",
                         f"{engine['bare_us']:.2f} µs"])
    if "abi" in results:
        abi = results["abi"]
        rows += [["echo of 1 KiB by WIT types", f"{abi['echo_ns']:,.0f} ns"],
                 ["the same by hand over Wasmtime", f"{abi['echo_hand_ns']:,.0f} ns"],
                 ["a host function called with 1 KiB, answering 1 KiB",
                  f"{abi['import_ns']:,.0f} ns"],
                 ["1 MiB of list<u8> into a guest", f"{abi['in_gb_s']:.1f} GB/s"],
                 ["the same and out again", f"{abi['in_and_out_gb_s']:.1f} GB/s"],
                 ["a plain memcpy of 1 MiB", f"{abi['memcpy_gb_s']:.1f} GB/s"]]
    if "components" in results:
        rows += component_rows(results["components"])
    if "workers" in results:
        for count, label in (("one", "one worker on one core"),
                             ("two", "two workers on two cores")):
            rows.append([f"{label}, Rust guest", f"{results['workers'][count]:,.0f} req/s"])
    for key, label in (("connections", "256 connections"),
                       ("beside_a_loop", "beside an endless loop")):
        if key in results:
            m = results[key]
            rows.append([f"{label}: p50, p99", f"{m['p50_ms']:.2f} ms, {m['p99_ms']:.2f} ms"
                         + (f", {m['failures']} failed" if m["failures"] else "")])
    if "memory" in results:
        memory = results["memory"]
        for key, label in (("rest_c_kib", "at rest, C guest"),
                           ("rest_rust_kib", "at rest, Rust guest"),
                           ("after_1k_kib", "after 1,000 requests"),
                           ("load_kib", "under load, highest"),
                           ("after_100k_kib", f"after {memory['requests']:,} requests")):
            rows.append([f"memory (PSS, supervisor and workers) {label}",
                         f"{memory[key] / 1024:.1f} MiB"])
    if "start_up" in results:
        start = results["start_up"]
        rows.append(["start to first answer, nothing cached", f"{start['cold_ms']:.1f} ms"])
        rows.append(["start to first answer, from cache", f"{start['cached_ms']:.1f} ms"])
        if "rust_spin_ms" in start:
            rows.append(["the Rust spin: start to first answer", f"{start['rust_spin_ms']:.1f} ms"])
            rows.append(["the Rust spin: memory at rest",
                         f"{start['rust_spin_rest_kib'] / 1024:.1f} MiB"])
    if "contexts" in results:
        each = results["contexts"]["different"]
        rows += [["one more application in an engine: heap, and time to build it from the cache",
                  f"{each['at_rest']['anonymous_kib']:.0f} KiB, {each['ms']:.2f} ms"]]
    if "many" in results:
        many = results["many"]
        rows += [[f"memory of one more application, of {many['applications']:,}",
                  f"{many['kib_each']:.0f} KiB"],
                 ["start of all from cache, to the last one's answer",
                  f"{many['many_start_ms']:,.0f} ms"],
                 ["requests to one of them; to one alone",
                  f"{many['many_rate']:,.0f}; {many['one_rate']:,.0f} req/s"],
                 ["requests to all of them in turn, which finds the caches cold",
                  f"{many['spread_rate']:,.0f} req/s, {many['spread_ratio']:.2f} × one alone"]]
    if "reload" in results:
        reload = results["reload"]
        rows.append([f"{reload['reloads']} reloads during {reload['requests']:,} requests: p99",
                     f"{reload['p99_ms']:.2f} ms, {reload['failures']} failed"])
    if rows:
        made.append(("Other figures", ["", ""], rows))
    if results.get("targets"):
        made.append(("Targets", ["", "measured", "wanted", ""], [
            [t["name"], f"{t['value']:.2f} {t['unit']}",
             f"{'≥' if t['at_least'] else '≤'} {t['bound']} {t['unit']}",
             "pass" if t["met"] else "FAIL"]
            for t in results["targets"]]))
    return made


def text(results):
    machine = results["machine"]
    lines = [f"{machine['spin']}, {machine['cpu']}, {machine['cores']} cores, Linux "
             f"{machine['kernel']}; {results['rounds']} rounds of {results['seconds']} s"]
    for title, header, rows in tables(results):
        widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
        lines += ["", title]
        for row in ([header] if any(header) else []) + rows:
            cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
            lines.append("  " + "  ".join(cells))
    return "\n".join(lines)


def markdown(results):
    machine = results["machine"]
    lines = [f"Measured on {machine['date']}: {machine['spin']}, {machine['cpu']}, "
             f"{machine['cores']} cores, Linux {machine['kernel']}; {results['rounds']} rounds of "
             f"{results['seconds']} s, medians."]
    for title, header, rows in tables(results):
        lines += ["", f"### {title}", "", "| " + " | ".join(header) + " |",
                  "| --- |" + " ---: |" * (len(header) - 1)]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def update_document(path, results):
    """Puts the tables between the two marks in `path`."""
    begin, end = "<!-- bench/run.py --markdown: begin -->", "<!-- bench/run.py --markdown: end -->"
    old = path.read_text()
    pattern = re.escape(begin) + ".*" + re.escape(end)
    new, count = re.subn(pattern, lambda _: f"{begin}\n{markdown(results)}\n{end}", old, flags=re.S)
    if count != 1:
        raise SystemExit(f"{path}: the marks are not there")
    path.write_text(new)
