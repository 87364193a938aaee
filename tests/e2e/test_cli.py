"""The command line: help, versions, and how it says no."""

import re

import pytest

from spinproc import ROOT, guest, write_app


def version():
    text = (ROOT / "include" / "spin" / "version.h").read_text()
    return re.search(r'SPIN_VERSION\s+"([^"]+)"', text)[1]


def test_version(cli):
    result = cli("--version")
    assert result.returncode == 0
    assert result.stdout.startswith(f"spin {version()}")
    assert result.stderr == ""


@pytest.mark.parametrize("args", [["help"], ["--help"], ["-h"]])
def test_help(cli, args):
    result = cli(*args)
    assert result.returncode == 0
    assert re.search(r"^\s+up\b", result.stdout, re.M)
    assert result.stderr == ""


@pytest.mark.parametrize("args", [["up", "--help"], ["help", "up"], ["up", "-h"]])
def test_up_help(cli, args):
    result = cli(*args)
    assert result.returncode == 0
    for flag in ("--file", "--listen", "--env", "--temp", "--direct-mounts", "--log-dir",
                 "--follow", "--quiet", "--workers", "--max-instances", "--max-memory",
                 "--timeout", "--cache-dir", "--disable-cache"):
        assert flag in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_no_subcommand(cli):
    result = cli()
    assert result.returncode == 2
    assert "up" in result.stdout + result.stderr


@pytest.mark.parametrize("args, words", [
    (["upp"], ["upp", "up"]),
    (["hlep"], ["hlep", "help"]),
    (["up", "--lissten", "x"], ["--lissten", "--listen"]),
    (["up", "--listen"], ["--listen"]),
    (["up", "--workers", "many"], ["--workers", "many"]),
    (["up", "--workers", "-1"], ["--workers"]),
    (["up", "--max-memory", "0x"], ["--max-memory"]),
    (["up", "--timeout", "soon"], ["--timeout", "soon"]),
    (["up", "--env", "NOEQUALS"], ["--env", "KEY=VALUE"]),
    (["up", "--env", "=x"], ["--env"]),
    (["up", "one", "two"], ["two"]),
    (["up", "--quiet=yes"], ["--quiet"]),
    (["up", "--quiet", "--follow", "x"], ["--quiet", "--follow"]),
    (["up", "--disable-cache", "--cache-dir", "x"], ["--disable-cache", "--cache-dir"]),
    (["up", "--max-instances", "0"], ["--max-instances"]),
    (["up", "--log-level", "loud"], ["--log-level"]),
])
def test_usage_errors(cli, args, words):
    result = cli(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    for word in words:
        assert word in result.stderr
    assert "help" in result.stderr  # the hint


def test_suggestion_is_one(cli):
    assert re.search(r"(did you mean|meant).*\bup\b", cli("upp").stderr, re.I | re.S)


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:99999", "127.0.0.1", "[::1:3000"])
def test_bad_address(cli, tmp_path, listen):
    app = write_app(tmp_path / "app", [guest("hello")])
    result = cli("up", "--file", app, "--listen", listen)
    assert result.returncode in (1, 2)
    assert listen in result.stderr


def test_missing_manifest(cli, tmp_path):
    result = cli("up")
    assert result.returncode == 1
    assert "spin.toml" in result.stderr
    result = cli("up", "--file", tmp_path / "nowhere.toml")
    assert result.returncode == 1
    assert "nowhere.toml" in result.stderr and "not found" in result.stderr


def test_manifest_of_the_working_folder(spin, binary, cache_dir, tmp_path):
    import subprocess
    import time

    app = write_app(tmp_path / "app", [guest("hello")])
    process = subprocess.Popen([binary, "up", "--listen", "127.0.0.1:0", "--cache-dir", cache_dir],
                               cwd=app, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        for line in process.stdout:
            if "Serving http" in line:
                break
            assert time.monotonic() < deadline
        else:
            raise AssertionError(process.stderr.read())
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_equals_and_short_forms(spin, binary, cache_dir, tmp_path):
    import signal
    import subprocess

    app = write_app(tmp_path / "app", [guest("hello")])
    process = subprocess.Popen(
        [binary, "up", "-f", app / "spin.toml", "--listen=127.0.0.1:0", f"--cache-dir={cache_dir}",
         "--workers=1"], stdout=subprocess.PIPE, text=True)
    try:
        assert any("Serving http" in line for line in process.stdout)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
