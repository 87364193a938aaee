"""`spin component`: what it prints, where it writes, and how it fails. What is printed of all kinds
of components is tested in tests/unit/test_component_decode.c."""

import subprocess

import pytest

MODULE = b"\0asm\1\0\0\0"
PREAMBLE = b"\0asm\r\0\1\0"


def section(number, *content):
    body = b"".join(bytes([part]) if isinstance(part, int) else part for part in content)
    return bytes([number, len(body)]) + body


def text(content):
    return bytes([len(content)]) + content.encode()


# It exports again the function "f" that it imports, as "g".
COMPONENT = (PREAMBLE + section(7, 1, 0x40, 1, text("x"), 0x79, 0, 0x73)
             + section(10, 1, 0, text("f"), 1, 0)
             + section(11, 1, 0, text("g"), 1, 0, 0))
# The same, lifted from a core module that it has: it imports nothing.
CORE = MODULE + section(1, 1, 0x60, 0, 1, 0x7f) + section(3, 1, 0) \
    + section(7, 1, text("a"), 0, 0) + section(10, 1, 4, 0, 0x41, 7, 0x0b)
LIFTED = (PREAMBLE + section(1, CORE) + section(2, 1, 0, 0, 0)
          + section(6, 1, 0, 0, 1, 0, text("a")) + section(7, 1, 0x40, 0, 0, 0x79)
          + section(8, 1, 0, 0, 0, 0, 0) + section(11, 1, 0, text("seven"), 1, 0, 0))

WIT = """package root:component;

world root {
  import f: func(x: u32) -> string;

  export g: func(x: u32) -> string;
}
"""
TEXT = """(component
  (type (;0;) (func (param "x" u32) (result string)))
  (import "f" (func (;0;) (type 0)))
  (export (;1;) "g" (func 0))
)
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "c.wasm").write_bytes(COMPONENT)
    (tmp_path / "lifted.wasm").write_bytes(LIFTED)
    (tmp_path / "module.wasm").write_bytes(MODULE)
    (tmp_path / "broken.wasm").write_bytes(COMPONENT[:-1])
    (tmp_path / "text.wasm").write_text(WIT)
    return tmp_path


def assert_wrong(result, *parts, code=2):
    assert result.returncode == code, result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr


def test_help(cli):
    result = cli("component", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for name in ("wit", "print", "fuse"):
        assert f"\n  {name} " in result.stdout
        one = cli("component", name, "--help")
        assert (one.returncode, one.stderr) == (0, "")
        assert f"Usage: spin component {name} [OPTIONS] FILE" in one.stdout
        assert "--output" in one.stdout
    assert cli("component").returncode == 2
    assert_wrong(cli("component", "prnt"), 'unknown command "prnt": did you mean "print"?')
    assert "component" in cli("help").stdout


def test_wit_and_print(cli, files):
    for command, expected in (("wit", WIT), ("print", TEXT)):
        result = cli("component", command, files / "c.wasm")
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == expected
        out = files / f"{command}.txt"
        result = cli("component", command, files / "c.wasm", "-o", out)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert out.read_text() == expected


def test_a_printed_world_is_wit(cli, files):
    cli("component", "wit", files / "c.wasm", "-o", files / "world.wit")
    result = cli("wit", "print", files / "world.wit")
    assert (result.returncode, result.stdout) == (0, WIT)


def test_fuse(cli, files):
    out = files / "fused.wasm"
    result = cli("component", "fuse", files / "lifted.wasm", "-o", out)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert out.read_bytes().startswith(MODULE)


def test_what_is_wrong_is_said(cli, files):
    for command in ("wit", "print", "fuse"):
        output = ["-o", files / "out"]
        assert_wrong(cli("component", command), "which file?",
                     f"spin component {command} --help")
        assert_wrong(cli("component", command, "a", "b"))
        assert_wrong(cli("component", command, "missing.wasm", *output), "missing.wasm",
                     "No such file", code=1)
        assert_wrong(cli("component", command, files / "module.wasm", *output), "module.wasm",
                     "a core module, not a component", code=1)
        assert_wrong(cli("component", command, files / "text.wasm", *output),
                     "not a WebAssembly component", code=1)
        assert_wrong(cli("component", command, files / "broken.wasm", *output), "broken.wasm",
                     "at offset 0x", code=1)
        assert_wrong(cli("component", command, files, *output), code=1)
        assert not (files / "out").exists()


def test_output_that_cannot_be_written(cli, files, binary):
    assert_wrong(cli("component", "wit", files / "c.wasm", "-o", files / "no" / "out"), code=1)
    for command in ("wit", "print"):
        full = subprocess.run(
            ["sh", "-c", f'exec "$0" component {command} "$1" >/dev/full', str(binary),
             str(files / "c.wasm")], capture_output=True, text=True, timeout=60)
        assert full.returncode == 1
        assert full.stderr.startswith("Error: ")
