"""Compiled modules on disk."""

import threading

import pytest

from spinproc import guest, write_app


def entries(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def test_cold_then_warm(spin, tmp_path):
    cache = tmp_path / "cache"
    components = [guest("hello"), guest("echo")]
    for turn in range(2):
        server = spin(components, cache_dir=cache)
        assert server.get("/hello").status == 200
        assert server.stop() == 0
        if turn == 0:
            first = entries(cache)
            assert len(first) >= 2
    assert set(entries(cache)) == set(first)


def test_changed_module_is_compiled_anew(spin, tmp_path):
    cache = tmp_path / "cache"
    server = spin([guest("hello")], cache_dir=cache)
    server.stop()
    before = entries(cache)
    app = write_app(tmp_path / "app", [guest("hello")])
    custom_section = b"\0\2\1x"
    (app / "hello.wasm").write_bytes((app / "hello.wasm").read_bytes() + custom_section)
    server = spin(app, cache_dir=cache)
    assert server.get("/hello").status == 200
    assert len(entries(cache)) > len(before)


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "text"])
def test_damaged_entry(spin, tmp_path, damage):
    cache = tmp_path / "cache"
    spin([guest("hello")], cache_dir=cache).stop()
    for path in entries(cache):
        data = bytearray(path.read_bytes())
        if damage == "flipped":
            for offset in range(0, len(data), 97):
                data[offset] ^= 0x5A
        path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "flipped": data,
                          "text": b"not a module at all"}[damage])
    for _ in range(2):
        server = spin([guest("hello")], cache_dir=cache)
        assert server.get("/hello").body == b"Hello, Spin in C!\n"
        assert server.stop() == 0


def test_one_flipped_byte_in_the_code(spin, tmp_path):
    cache = tmp_path / "cache"
    spin([guest("hello")], cache_dir=cache).stop()
    for path in entries(cache):
        data = bytearray(path.read_bytes())
        data[len(data) * 2 // 3] ^= 1
        path.write_bytes(data)
    server = spin([guest("hello")], cache_dir=cache)
    for _ in range(20):
        assert server.get("/hello").body == b"Hello, Spin in C!\n"


def test_concurrent_starts(spin, tmp_path):
    cache = tmp_path / "cache"
    servers, failures = [], []

    def start():
        try:
            servers.append(spin([guest("hello"), guest("echo"), guest("files")], cache_dir=cache))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    for server in servers:
        assert server.get("/hello").status == 200
        assert server.get("/echo").status == 200


def test_cache_that_can_not_be_written(spin, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    server = spin([guest("hello")], cache_dir=blocked / "cache")
    assert server.get("/hello").status == 200


def test_disable_cache(spin, tmp_path):
    cache = tmp_path / "cache"
    server = spin([guest("hello")], "--disable-cache", cache_dir=None,
                  environment={"XDG_CACHE_HOME": str(cache), "HOME": str(cache)})
    assert server.get("/hello").status == 200
    assert not cache.exists() or not entries(cache)


def test_default_place(spin, tmp_path):
    server = spin([guest("hello")], cache_dir=None,
                  environment={"XDG_CACHE_HOME": str(tmp_path / "x")})
    assert server.get("/hello").status == 200
    assert entries(tmp_path / "x" / "spin")
