#!/usr/bin/env python3
"""Runs .wast files through component_suite, which sees libspin's public API only.

    run.py RUNNER [-v] [--wasm-tools PATH] [FOLDER-OR-WAST]…
    run.py --pack [--wasm-tools PATH] [--check]

Without a name it runs the project's own cases, tests/component/cases: what `wasm-tools
json-from-wast` makes of NAME.wast is kept beside it as NAME.json, so that these need no wasm-tools;
--pack writes them anew, --check only says which are out of date; and tests/component/guests, what
real toolchains made. Any other file is converted each time, by $WASM_TOOLS or the wasm-tools on PATH.

A process and a time limit for each file: one that crashes ends nobody else. Prints a line for each
file, the failures, a table of the reasons why something was skipped, and the totals.
"""
import argparse
import base64
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
GUESTS = HERE / "guests" / "suite.json"
TIMEOUT_S = 120

# Whole files of public suites that can't be run: end of the path -> reason.
SKIPPED_FILES = {
    "component-model/implements-disabled.wast": "a feature is off there that is always on here",
    "async/cancellable.wast": "text that today's wasm-tools does not read",
    "async/stackful.wast": "text that today's wasm-tools does not read",
    "async/task-deletion.wast": "text that today's wasm-tools does not read",
}
# Assertions of public suites that can't hold: part of the expected text -> reason.
SKIPPED_TEXTS = {
    "exporting a component from the root component is not supported": "a limit of Wasmtime's",
    "is a reexport of an imported function which is not implemented": "a limit of Wasmtime's",
}


def find_wasm_tools(given):
    found = given or os.environ.get("WASM_TOOLS") or shutil.which("wasm-tools")
    return str(found) if found else None


# ── from .wast to JSON and binaries ──


def convert(wasm_tools, wast, folder):
    """Writes suite.json and the binaries into `folder`; the reason why it can't, or None."""
    # Run beside the file, so that no path of this machine gets into the JSON.
    done = subprocess.run([wasm_tools, "json-from-wast", wast.name, "-o", str(folder / "suite.json"),
                           "--wasm-dir", str(folder)], cwd=wast.parent, capture_output=True, text=True,
                          env={"WAST_STRICT_COMPONENT_INDICES": "0", **os.environ})
    return done.stderr.strip()[-300:] or "wasm-tools failed" if done.returncode else None


def pack(folder):
    """All of a converted file in one JSON document."""
    suite = json.loads((folder / "suite.json").read_text())
    files = {path.name: base64.b64encode(path.read_bytes()).decode()
             for path in sorted(folder.iterdir()) if path.name != "suite.json"}
    names = {old: old.replace("suite.", "") for old in files}
    for command in suite["commands"]:
        if "filename" in command:
            command["filename"] = names[command["filename"]]
        command.pop("binary_filename", None)
    return {"source_filename": suite["source_filename"], "commands": suite["commands"],
            "files": {names[name]: data for name, data in files.items()}}


def packed_text(document):
    """One line for each command and file, so that changes can be read."""
    lines = ["{", f'"source_filename": {json.dumps(document["source_filename"])},', '"commands": [']
    lines.append(",\n".join(json.dumps(command, ensure_ascii=False)
                            for command in document["commands"]))
    lines.append('],\n"files": {')
    lines.append(",\n".join(f"{json.dumps(name)}: {json.dumps(data)}"
                            for name, data in document["files"].items()))
    return "\n".join(lines) + "\n}\n}\n"


def unpack(packed, folder):
    document = json.loads(packed.read_text())
    for name, data in document.pop("files").items():
        (folder / name).write_bytes(base64.b64decode(data))
    (folder / "suite.json").write_text(json.dumps(document, ensure_ascii=False))


def pack_all(wasm_tools, check):
    """Writes the cases' JSON files, or says which are out of date. Exit status."""
    stale = 0
    for wast in sorted(CASES.glob("*.wast")):
        with tempfile.TemporaryDirectory() as scratch:
            problem = convert(wasm_tools, wast, Path(scratch))
            if problem:
                print(f"{wast.name}: {problem}")
                stale += 1
                continue
            text = packed_text(pack(Path(scratch)))
        kept = wast.with_suffix(".json")
        if kept.exists() and kept.read_text() == text:
            continue
        if check:
            print(f"{kept.name} is not what {wast.name} gives: tests/component/run.py --pack")
            stale += 1
        else:
            kept.write_text(text)
    return 1 if stale else 0


# ── running ──


class Result:
    def __init__(self, name):
        self.name = name
        self.passed = self.failed = self.skipped = 0
        self.failures, self.reasons, self.said = [], Counter(), []

    def skip_all(self, count, reason):
        self.skipped += count
        self.reasons[reason] += count

    def fail(self, line, what, why, count=1):
        self.failed += count
        self.failures.append(f"{self.name}:{line}: {what}: {why}")


def take_line(result, fields, texts):
    """One line of what component_suite prints."""
    word, line, what, why = fields
    if word == "PASS":
        result.passed += 1
        result.said.append(f"{result.name}:{line}: {what}: {why}")
        return
    known = next((reason for part, reason in SKIPPED_TEXTS.items() if part in texts.get(line, "")),
                 None) if word == "FAIL" else None
    if word == "SKIP" or known:
        result.skip_all(1, known or why)
    else:
        result.fail(line, what, why)


def skipped_file(path):
    return next((why for end, why in SKIPPED_FILES.items() if str(path).endswith(end)), None)


def run_json(runner, path, name, folder, timeout_s, *flags):
    result = Result(name)
    commands = json.loads((folder / "suite.json").read_text())["commands"]
    known = skipped_file(path)
    if known:
        result.skip_all(len(commands), known)
        return result
    texts = {str(command["line"]): command.get("text", "") for command in commands}
    try:
        done = subprocess.run([runner, "-v", *flags, str(folder / "suite.json")], capture_output=True,
                              timeout=timeout_s)
        output, status = done.stdout, done.returncode
        end = f"exit status {status}: " + done.stderr.decode(errors="replace").strip()[-1500:]
    except subprocess.TimeoutExpired as late:
        output, status, end = late.stdout or b"", None, f"still runs after {timeout_s} s"
    finished = False
    for line in output.decode(errors="replace").splitlines():
        fields = line.split("\t", 3)
        if fields[0] == "DONE":
            finished = True
        elif len(fields) == 4:
            take_line(result, fields, texts)
    seen = result.passed + result.failed + result.skipped
    if not finished or status not in (0, 1):  # a sanitizer speaks up after the last command
        at = commands[seen]["line"] if seen < len(commands) else 0
        result.fail(at, "process", end, max(1, len(commands) - seen))
    return result


def run_file(options, wast, name):
    if wast == GUESTS:  # which import of WASI what no call here reaches
        return run_json(options.runner, wast, name, wast.parent, options.timeout, "--stub-imports")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        kept = wast.with_suffix(".json")
        if wast.parent == CASES and kept.exists():
            unpack(kept, folder)
        else:
            problem = convert(options.wasm_tools, wast, folder) if options.wasm_tools else \
                "no wasm-tools ($WASM_TOOLS, or on PATH)"
            if problem:
                result = Result(name)
                known = skipped_file(wast)
                if known:
                    result.skip_all(1, known)
                    return result
                result.fail(0, "wasm-tools", problem)
                return result
        return run_json(options.runner, wast, name, folder, options.timeout)


def find_files(names):
    """[(path, name to show)]"""
    found = []
    for name in names:
        path = Path(name).resolve()
        if path.is_dir():
            found += [(each, str(each.relative_to(path))) for each in sorted(path.rglob("*.wast"))]
        else:
            found.append((path, path.name))
    return found


def report(results, verbose):
    for result in results:
        print(f"{result.name}: {result.passed} passed, {result.failed} failed, "
              f"{result.skipped} skipped")
        for line in result.said if verbose else []:
            print(f"  pass {line}")
    for result in results:
        for line in result.failures:
            print(f"FAIL {line}")
    reasons = sum((result.reasons for result in results), Counter())
    if reasons:
        print("\nskipped, because:")
        for reason, count in reasons.most_common():
            print(f"  {count:5}  {reason}")
    failed = sum(result.failed for result in results)
    print(f"component-suite: {sum(result.passed for result in results)} passed, {failed} failed, "
          f"{sum(result.skipped for result in results)} skipped")
    return 1 if failed or not results else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("runner", nargs="?")
    parser.add_argument("suites", nargs="*")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--wasm-tools")
    parser.add_argument("--pack", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S)
    options = parser.parse_intermixed_args()
    options.wasm_tools = find_wasm_tools(options.wasm_tools)
    if options.pack or options.check:
        if not options.wasm_tools:
            print("no wasm-tools ($WASM_TOOLS, or on PATH)")
            return 0 if options.check else 1
        return pack_all(options.wasm_tools, options.check)
    if not options.runner:
        parser.error("which component_suite?")
    options.runner = str(Path(options.runner).resolve())
    files = find_files(options.suites or [CASES])
    if not options.suites:
        files.append((GUESTS, "guests"))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda each: run_file(options, *each), files))
    return report(results, options.verbose)


if __name__ == "__main__":
    sys.exit(main())
