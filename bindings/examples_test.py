#!/usr/bin/env python3
"""Runs the two examples that each language has:

    examples_test.py HTTP-COMMAND… -- TIMER-ECHO-COMMAND…

The first one serves examples/hello, prints where, and ends on SIGINT. The second one calls echo five
times and prints the answers.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
SECONDS = 60


def serve(command, home):
    with subprocess.Popen([*command, str(ROOT / "examples/hello"), "127.0.0.1:0"],
                          stdout=subprocess.PIPE, text=True, env={**os.environ, "HOME": home}) as it:
        timer = threading.Timer(SECONDS, it.kill)
        timer.start()
        try:
            line = it.stdout.readline()
            url = re.search(r"http://[\d.:]+", line)
            assert url, f"no address in {line!r}"
            with urllib.request.urlopen(url[0] + "/", timeout=SECONDS) as answer:
                body = answer.read()
            assert b"Hello" in body, body
            it.send_signal(signal.SIGINT)
            assert it.wait(SECONDS) == 0, f"ended with {it.returncode}"
        finally:
            timer.cancel()
            if it.poll() is None:
                it.kill()


def tick(command, folder):
    shutil.copytree(ROOT / "examples/spin-timer-echo", folder, dirs_exist_ok=True)
    manifest = pathlib.Path(folder) / "spin.toml"
    manifest.write_text(manifest.read_text().replace('"1s"', '"20ms"'))
    run = subprocess.run([*command, "--ticks", "5", str(manifest)], capture_output=True, text=True,
                         timeout=SECONDS, check=False)
    wanted = "".join(f"ECHO: tick {n}\n" for n in range(1, 6))
    assert (run.stdout, run.returncode) == (wanted, 0), run


def main():
    at = sys.argv.index("--")
    with tempfile.TemporaryDirectory() as home:
        serve(sys.argv[1:at], home)
        tick(sys.argv[at + 1:], os.path.join(home, "timer"))


main()
