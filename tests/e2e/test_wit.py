"""`spin wit` and spin-bindgen as commands: what they print, where they write, and how they fail.
What they make of WIT is tested in tests/unit/test_wit_*.c and tests/bindgen."""

import os
import resource
import signal
import stat
import subprocess

import pytest

from spinproc import EXAMPLES

ECHO = EXAMPLES / "spin-timer-echo" / "echo.wit"

UGLY = """package a:b@1.0.0;
interface i{echo:func(msg:string)->string;}
/// Of all.
world w{export i;import j:interface{f:func();}}
world v{export i;}
"""
PRETTY = """package a:b@1.0.0;

interface i {
  echo: func(msg: string) -> string;
}

/// Of all.
world w {
  export i;

  import j: interface {
    f: func();
  }
}

world v {
  export i;
}
"""


@pytest.fixture
def ugly(tmp_path):
    path = tmp_path / "x.wit"
    path.write_text(UGLY)
    return path


@pytest.fixture(params=["spin wit bindgen", "spin-bindgen"])
def bindgen(request, binary, tmp_path):
    """bindgen(*args): each of the two programs, which are to be the same."""
    command = [str(binary), "wit", "bindgen"]
    if request.param == "spin-bindgen":
        command = [str(binary.with_name("spin-bindgen"))]

    def run(*args, **options):
        return subprocess.run([*command, *map(str, args)], cwd=tmp_path, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, **options)

    run.name = request.param
    return run


def no_space():
    """In the child: no file may grow, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))


def assert_wrong(result, *parts, code=2):
    assert result.returncode == code, result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr


# spin wit

def test_help(cli, bindgen):
    for args in (["--help"], ["-h"]):
        result = cli("wit", *args)
        assert (result.returncode, result.stderr) == (0, "")
        assert "\n  print " in result.stdout and "\n  bindgen " in result.stdout
    result = cli("wit", "print", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Usage: spin wit print [OPTIONS] PATH" in result.stdout
    result = bindgen("--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"Usage: {bindgen.name} [OPTIONS] PATH" in result.stdout
    for option in ("--world", "--interface", "--import", "--export", "--prefix", "--output",
                   "--feature"):
        assert option in result.stdout


def test_no_command(cli):
    result = cli("wit")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Usage: spin wit <COMMAND>" in result.stderr


def test_unknown_commands(cli):
    assert_wrong(cli("wit", "prnt"), 'unknown command "prnt": did you mean "print"?',
                 "spin wit --help")
    assert_wrong(cli("wit", "--print"), 'unknown option "--print"')
    assert_wrong(cli("wit", "zzzzzz"), 'unknown command "zzzzzz"\n')


# spin wit print

def test_print(cli, ugly, tmp_path):
    result = cli("wit", "print", ugly)
    assert (result.returncode, result.stdout, result.stderr) == (0, PRETTY, "")
    for args in (["-o", "y.wit"], ["--output=z.wit"]):
        result = cli("wit", "print", *args, ugly)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "y.wit").read_text() == (tmp_path / "z.wit").read_text() == PRETTY
    assert ugly.read_text() == UGLY


def test_print_a_folder(cli, tmp_path):
    folder = tmp_path / "wit"
    folder.mkdir()
    (folder / "b.wit").write_text("package a:b; interface two { f: func(); }")
    (folder / "a.wit").write_text("interface one { g: func(); }")
    result = cli("wit", "print", folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("package a:b;") == 1
    assert result.stdout.index("interface one") < result.stdout.index("interface two")


def test_print_in_place(cli, ugly, tmp_path):
    ugly.chmod(0o640)
    for _ in range(2):
        result = cli("wit", "print", "-o", ugly, ugly)
        assert result.returncode == 0, result.stderr
        assert ugly.read_text() == PRETTY
    assert stat.S_IMODE(ugly.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["x.wit"]


def test_print_through_a_link(cli, ugly, tmp_path):
    link = tmp_path / "link.wit"
    link.symlink_to(ugly)
    assert cli("wit", "print", "-o", link, link).returncode == 0
    assert link.is_symlink()
    assert ugly.read_text() == PRETTY


def test_a_full_disk_costs_no_file(cli, ugly, tmp_path):
    result = cli("wit", "print", "-o", ugly, ugly, preexec_fn=no_space)
    assert_wrong(result, f"can't write {ugly}: File too large", code=1)
    assert ugly.read_text() == UGLY
    assert os.listdir(tmp_path) == ["x.wit"]


def test_print_where_nothing_can_be_written(cli, ugly, tmp_path):
    assert_wrong(cli("wit", "print", "-o", "/dev/full", ugly),
                 "can't write /dev/full: No space left on device", code=1)
    assert_wrong(cli("wit", "print", "-o", tmp_path / "no" / "x", ugly),
                 f"can't write {tmp_path}/no/x: No such file or directory", code=1)
    assert_wrong(cli("wit", "print", "-o", tmp_path, ugly), "Is a directory", code=1)


def test_print_to_a_full_standard_output(binary, ugly):
    with open("/dev/full", "w") as full:
        result = subprocess.run([binary, "wit", "print", ugly], stdout=full, text=True,
                                stderr=subprocess.PIPE, timeout=60)
    assert result.returncode == 1
    assert result.stderr == "Error: can't write standard output: No space left on device\n"


def test_print_usage(cli, ugly):
    assert_wrong(cli("wit", "print"), "which file or folder?", "spin wit print --help")
    assert_wrong(cli("wit", "print", ugly, "b"), 'unexpected argument "b"')
    assert_wrong(cli("wit", "print", "--outptu=x", ugly), 'did you mean "--output"?')
    assert_wrong(cli("wit", "print", ugly, "-o"), "--output needs a value: FILE")


@pytest.mark.parametrize("text, message", [
    ("interface x {\n  foo: fnc();\n}\n", ':2:8: expected "func", found "fnc": did you mean'),
    ("interface x {", ":1:14: "),
    (b"\xff\xfe", ":1:1: byte 0xFF is not valid UTF-8"),
])
def test_print_errors_have_a_position(cli, tmp_path, text, message):
    path = tmp_path / "bad.wit"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    result = cli("wit", "print", "-o", "out.wit", path)
    assert_wrong(result, f"Error: {path}{message}", code=1)
    assert not (tmp_path / "out.wit").exists()


def test_print_what_is_not_there(cli, tmp_path):
    assert_wrong(cli("wit", "print", "no.wit"), "no.wit: No such file", code=1)
    (tmp_path / "empty").mkdir()
    assert_wrong(cli("wit", "print", "empty"), "empty: there is no .wit file", code=1)


# bindings

def test_bindings_of_a_world(bindgen, ugly, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    result = bindgen("-w", "w", "-o", out, ugly)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert sorted(os.listdir(out)) == ["w.c", "w.h"]
    first = (out / "w.c").read_bytes(), (out / "w.h").read_bytes()
    assert b'#include "w.h"' in first[0]
    assert bindgen("--world=a:b/w@1.0.0", f"--output={out}", "-p", "w", ugly).returncode == 0
    assert ((out / "w.c").read_bytes(), (out / "w.h").read_bytes()) == first


def test_bindings_here(bindgen, tmp_path):
    result = bindgen(ECHO, "-p", "own")
    assert result.returncode == 0, result.stderr
    assert sorted(os.listdir(tmp_path)) == ["own.c", "own.h"]
    assert "own_echo" in (tmp_path / "own.h").read_text()


def test_one_side_of_an_interface(bindgen, tmp_path):
    texts = {}
    for sides in ([], ["--import"], ["--export"], ["--import", "--export"]):
        result = bindgen(*sides, ECHO)
        assert result.returncode == 0, result.stderr
        texts["".join(sides)] = (tmp_path / "echo.h").read_text()
    assert "echo_echo_start" in texts["--import"]
    assert "echo_echo_start" not in texts["--export"]
    assert "spin_engine_builder_t" in texts["--export"]
    assert "spin_engine_builder_t" not in texts["--import"]
    assert texts[""] == texts["--import--export"]


@pytest.mark.parametrize("args, part, code", [
    ([], "which file or folder?", 2),
    (["a", "b"], 'unexpected argument "b"', 2),
    (["x.wit", "--wrld=w"], 'unknown option "--wrld": did you mean "--world"?', 2),
    (["x.wit", "--imprt"], 'unknown option "--imprt": did you mean "--import"?', 2),
    (["x.wit", "--import=yes"], "--import takes no value", 2),
    (["x.wit", "-w", "w", "-i", "i"], "exclude each other", 2),
    (["x.wit", "-w", "w", "--import"], "bindings alone are for an interface: a world says", 2),
    (["x.wit", "--export"], "bindings alone are for an interface: a world says", 2),
    (["x.wit", "-w", "w", "-p", "../x"], 'prefix "../x" can\'t begin a name in C', 2),
    (["x.wit"], 'there are 2 worlds: one must be chosen, such as "w"', 1),
    (["x.wit", "-w", "ww"], 'there is no world "ww": did you mean "w"?', 1),
    (["x.wit", "-i", "ii"], 'there is no interface "ii": did you mean "i"?', 1),
    (["no.wit"], "no.wit: No such file", 1),
    (["x.wit", "-w", "w", "-o", "no"], "can't write no/w.h: No such file or directory", 1),
    (["x.wit", "-w", "w", "-o", "x.wit"], "can't write x.wit/w.h: Not a directory", 1),
])
def test_bindings_that_are_not_written(bindgen, ugly, tmp_path, args, part, code):
    assert_wrong(bindgen(*args), part, code=code)
    assert os.listdir(tmp_path) == ["x.wit"]


def test_bindgen_errors_have_a_position(bindgen, tmp_path):
    path = tmp_path / "bad.wit"
    path.write_text("package a:b;\ninterface x {\n  foo: func(a: strng);\n}\nworld w { export x; }\n")
    assert_wrong(bindgen(path), f'Error: {path}:3:16: no type "strng"', code=1)
    assert os.listdir(tmp_path) == ["bad.wit"]


def test_bindgen_on_a_full_disk(bindgen, ugly, tmp_path):
    assert bindgen("-w", "w", ugly).returncode == 0
    before = (tmp_path / "w.h").read_bytes()
    assert_wrong(bindgen("-w", "w", ugly, preexec_fn=no_space), "can't write ./w.h: ", code=1)
    assert (tmp_path / "w.h").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["w.c", "w.h", "x.wit"]
    for name in ("w.c", "w.h"):
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to("/dev/full")
        assert_wrong(bindgen("-w", "w", ugly), f"can't write ./{name}: No space left", code=1)
        (tmp_path / name).unlink()
