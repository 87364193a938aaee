"""Mounted files, as guests see them."""

import os
from urllib.parse import quote

import pytest

from spinproc import guest, write_app


def ask(server, op, path, body=None):
    answer = server.request("POST", f"/files?op={op}&path={quote(path)}", body)
    return answer.status, answer.text


def make_app(folder, files, **extra):
    write_app(folder, [guest("files", files=files, **extra)])
    for name, text in {"top.txt": "top", "data/a.txt": "a", "data/sub/b.txt": "b",
                       "data/c.log": "c", "other/d.txt": "d"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_placement(spin, tmp_path):
    server = spin(make_app(tmp_path / "app", [{"source": "data", "destination": "/mnt"}]))
    assert ask(server, "read", "/mnt/a.txt") == (200, "a")
    assert ask(server, "read", "/mnt/sub/b.txt") == (200, "b")
    assert ask(server, "stat", "/mnt/sub")[1].startswith("dir")
    names = set(ask(server, "list", "/mnt")[1].split())
    assert names - {".", ".."} == {"a.txt", "sub", "c.log"}
    for outside in ("/top.txt", "/mnt/../top.txt", "/mnt/../../top.txt", "/etc/passwd"):
        assert ask(server, "read", outside)[0] == 400


def test_globs(spin, tmp_path):
    app = make_app(tmp_path / "app", ["data/**/*.txt", "top.txt"], exclude_files=["data/sub/*"])
    server = spin(app)
    assert ask(server, "read", "/data/a.txt") == (200, "a")
    assert ask(server, "read", "/top.txt") == (200, "top")
    assert ask(server, "read", "/data/c.log")[0] == 400
    assert ask(server, "read", "/data/sub/b.txt")[0] == 400
    assert ask(server, "read", "/other/d.txt")[0] == 400


def test_copies_are_not_the_originals(spin, tmp_path):
    app = make_app(tmp_path / "app", [{"source": "data", "destination": "/"}])
    server = spin(app)
    (app / "data" / "a.txt").write_text("changed")
    assert ask(server, "read", "/a.txt") == (200, "a")


def test_direct_mounts(spin, tmp_path):
    app = make_app(tmp_path / "app", [{"source": "data", "destination": "/"}])
    server = spin(app, "--direct-mounts")
    assert ask(server, "read", "/a.txt") == (200, "a")
    (app / "data" / "a.txt").write_text("changed")
    assert ask(server, "read", "/a.txt") == (200, "changed")
    assert ask(server, "read", "/../top.txt")[0] == 400


def test_direct_mounts_refuse_globs(cli, tmp_path):
    app = make_app(tmp_path / "app", ["data/*.txt"])
    result = cli("up", "--file", app, "--listen", "127.0.0.1:0", "--direct-mounts")
    assert result.returncode == 1 and "data/*.txt" in result.stderr


def test_temp_is_used_and_kept(spin, tmp_path):
    app = make_app(tmp_path / "app", [{"source": "data", "destination": "/"}])
    temp = tmp_path / "temp"
    temp.mkdir()
    server = spin(app, "--temp", temp)
    assert [p for p in temp.rglob("a.txt")]
    assert ask(server, "read", "/a.txt") == (200, "a")
    assert server.stop() == 0
    assert [p for p in temp.rglob("a.txt")]


def test_own_temp_is_removed(spin, tmp_path):
    app = make_app(tmp_path / "app", [{"source": "data", "destination": "/"}])
    temp = tmp_path / "system-temp"
    temp.mkdir()
    server = spin(app, environment={"TMPDIR": str(temp)})
    assert ask(server, "read", "/a.txt") == (200, "a")
    assert server.stop() == 0
    assert not list(temp.rglob("*"))


@pytest.mark.parametrize("kind", ["inside", "outside", "absolute"])
def test_symbolic_links_stay_inside(spin, cli, tmp_path, kind):
    """A link to elsewhere is refused at load or unreadable at run time; one inside works."""
    app = make_app(tmp_path / "app", [{"source": "data", "destination": "/"}])
    (tmp_path / "secret.txt").write_text("secret")
    target = {"inside": "a.txt", "outside": "../../secret.txt", "absolute": "/etc/passwd"}[kind]
    os.symlink(target, app / "data" / "link")
    if kind == "inside":
        server = spin(app, "--direct-mounts")
        assert ask(server, "read", "/link") == (200, "a")
        return
    server = spin(app, "--direct-mounts")
    assert ask(server, "read", "/link")[0] == 400
    result = cli("up", "--file", app, "--listen", "127.0.0.1:0", timeout=30)
    assert result.returncode == 1 and "link" in result.stderr


def test_no_files_means_no_mounts(spin):
    server = spin([guest("files")])
    assert ask(server, "read", "/etc/passwd")[0] == 400
    assert ask(server, "list", "/")[0] == 400
