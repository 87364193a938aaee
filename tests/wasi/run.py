#!/usr/bin/env python3
"""Runs the wasm32-wasip1 tests of the public wasi-testsuite through wasi-driver.

    run.py DRIVER [SUITE] [--walk]

SUITE, or $SPIN_WASI_TESTSUITE, is a checkout of that suite with its built .wasm files; without one
there is nothing to run, which is no failure. --walk hides openat2 from the driver.
What the suite's .json files mean: its doc/specification.md.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT_S = 20

# Tests that are known to fail here, with the reason: name -> reason.
KNOWN_FAILURES = {}


def read_spec(wasm):
    path = wasm.with_suffix(".json")
    spec = json.loads(path.read_text()) if path.exists() else {}
    for key in spec:
        if key not in ("args", "env", "root", "dirs", "stdin", "stdout", "stderr", "exit_code"):
            raise ValueError(f"{path}: unknown key {key!r}")
    return spec


def copy_folder(source, target):
    """Each test gets its own folder, without what an earlier run of the suite left behind."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.cleanup"))
    return target


def command(driver, walk, wasm, spec, scratch):
    line = [driver] + (["--no-openat2"] if walk else [])
    if spec.get("root"):
        line += ["--dir", f"{copy_folder(wasm.parent / spec['root'], scratch / 'root')}::/"]
    for index, name in enumerate(spec.get("dirs", [])):
        line += ["--dir", f"{copy_folder(wasm.parent / name, scratch / f'dir{index}')}::{name}"]
    for key, value in spec.get("env", {}).items():
        line += ["--env", f"{key}={value}"]
    return line + [str(wasm)] + spec.get("args", [])


def run(driver, walk, wasm):
    """The reason why it failed, or None."""
    spec = read_spec(wasm)
    with tempfile.TemporaryDirectory() as scratch:
        line = command(driver, walk, wasm, spec, Path(scratch))
        try:
            done = subprocess.run(line, input=spec.get("stdin", "").encode(), capture_output=True,
                                  timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return f"still runs after {TIMEOUT_S} s"
    stdout, stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if done.returncode != spec.get("exit_code", 0):
        return f"exit code {done.returncode}: {stderr.strip()[-600:]}"
    if "stdout" in spec and stdout != spec["stdout"]:
        return f"stdout {stdout!r}, not {spec['stdout']!r}"
    if spec.get("stderr") and stderr != spec["stderr"]:
        return f"stderr {stderr!r}, not {spec['stderr']!r}"
    return None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("driver")
    parser.add_argument("suite", nargs="?", default=os.environ.get("SPIN_WASI_TESTSUITE"))
    parser.add_argument("--walk", action="store_true")
    options = parser.parse_args()
    if not options.suite:
        print("wasi-testsuite: skipped: no checkout is named (SPIN_WASI_TESTSUITE)")
        return 0
    tests = sorted(Path(options.suite).glob("tests/*/testsuite/wasm32-wasip1/*.wasm"))
    if not tests:
        print(f"wasi-testsuite: {options.suite} holds no built wasm32-wasip1 tests")
        return 1
    results = {wasm: run(options.driver, options.walk, wasm) for wasm in tests}
    failed = {wasm: why for wasm, why in results.items() if why}
    for wasm, why in failed.items():
        known = KNOWN_FAILURES.get(wasm.stem)
        print(f"FAIL {wasm.stem}: {f'known: {known}' if known else why}")
    for wasm in tests:
        if wasm.stem in KNOWN_FAILURES and wasm not in failed:
            print(f"PASS {wasm.stem}, which is listed as a known failure: take it off the list")
    print(f"wasi-testsuite: {len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if any(wasm.stem not in KNOWN_FAILURES for wasm in failed) else 0


if __name__ == "__main__":
    sys.exit(main())
