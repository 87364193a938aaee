"""What a user sees when a manifest or a module is wrong: one line with place and reason."""

import pytest

from spinproc import HELLO, guest, write_app

GOOD = '''spin_version = "1"
name = "test"
version = "1.0.0"
trigger = { type = "http", base = "/" }

[[component]]
id = "hello"
source = "hello.wasm"
[component.trigger]
route = "/"
'''


def up(cli, tmp_path, text):
    (tmp_path / "hello.wasm").write_bytes(HELLO.read_bytes())
    (tmp_path / "spin.toml").write_text(text)
    return cli("up", "--file", tmp_path / "spin.toml", "--listen", "127.0.0.1:0")


@pytest.mark.parametrize("old, new, line, words", [
    ('name = "test"', 'name = "test', 2, []),
    ('name = "test"', 'nmae = "test"', 2, ["nmae", "name"]),
    ('name = "test"', "name = 7", 2, ["name", "string"]),
    ('source = "hello.wasm"', 'sourec = "hello.wasm"', 8, ["sourec", "source"]),
    ('id = "hello"', 'id = "hello"\nid = "again"', 8, ["id"]),
    ('type = "http"', 'type = 1', 4, ["type"]),
    ('route = "/"', 'route = "no-slash"', 10, ["no-slash"]),
    ('route = "/"', 'route = "/"\nexecutor = { type = "wagii" }', 11, ["wagii", "wagi"]),
    ('spin_version = "1"', 'spin_version = "9"', 1, ["9"]),
    ('source = "hello.wasm"', 'source = "gone.wasm"', 8, ["gone.wasm", "not found"]),
    ('source = "hello.wasm"', 'source = "../hello.wasm"', 8, ["../hello.wasm"]),
])
def test_errors(cli, tmp_path, old, new, line, words):
    result = up(cli, tmp_path, GOOD.replace(old, new, 1))
    assert result.returncode == 1
    assert f"spin.toml:{line}:" in result.stderr
    for word in words:
        assert word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Serving" not in result.stdout


def test_duplicate_id(cli, tmp_path):
    again = GOOD.partition("[[component]]")
    result = up(cli, tmp_path, GOOD + "\n[[component]]" + again[2])
    assert result.returncode == 1
    assert "spin.toml:13:" in result.stderr and "hello" in result.stderr


def test_missing_fields(cli, tmp_path):
    for field in ("name", "version", "source", "id", "route"):
        text = "".join(each for each in GOOD.splitlines(True) if not each.startswith(field + " ="))
        result = up(cli, tmp_path, text)
        assert result.returncode == 1, field
        assert "spin.toml:" in result.stderr and field in result.stderr


# Modules, by hand: magic and version, then sections.
MAGIC = b"\0asm\1\0\0\0"
UNKNOWN_IMPORT = MAGIC + b"\1\4\1\x60\0\0" + b"\2\x0f\1\3env\7missing\0\0"


@pytest.mark.parametrize("module, words", [
    (b"", []),
    (b"not wasm at all", []),
    (MAGIC[:6], []),
    (MAGIC + b"\1\x80", []),
    (UNKNOWN_IMPORT, ["env", "missing"]),
])
def test_bad_modules(cli, tmp_path, module, words):
    app = write_app(tmp_path / "app", [guest("hello")])
    (app / "hello.wasm").write_bytes(module)
    result = cli("up", "--file", app, "--listen", "127.0.0.1:0", "--cache-dir", tmp_path / "cache")
    assert result.returncode == 1
    assert "hello" in result.stderr
    for word in words:
        assert word in result.stderr


def test_module_without_an_entry_point(spin, tmp_path):
    app = write_app(tmp_path / "app", [guest("hello")])
    (app / "hello.wasm").write_bytes(MAGIC)
    server = spin(app)
    assert server.get("/hello").status == 500
    assert "handle-http-request" in server.stderr
