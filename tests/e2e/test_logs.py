"""Where a component's standard output and standard error go."""

import pytest

from spinproc import guest, wait_until


def lines(server, component, stream):
    return server.logs(component, stream).splitlines()


def test_files(spin):
    server = spin([guest("logs"), guest("logs", "/b/...", id="b")])
    assert server.get("/logs?text=one").status == 200
    assert server.get("/logs?text=two").status == 200
    assert server.get("/b?text=three").status == 200
    wait_until(lambda: "out: three" in server.logs("b", "stdout"), 5, "log file")
    assert sorted(lines(server, "logs", "stdout")) == ["out: one", "out: two"]
    assert sorted(lines(server, "logs", "stderr")) == ["err: one", "err: two"]
    assert lines(server, "b", "stderr") == ["err: three"]


def test_files_are_appended_to(spin, tmp_path):
    logs = tmp_path / "logs"
    for text in ("first", "second"):
        server = spin([guest("logs")], "--log-dir", logs)
        server.log_dir = logs
        assert server.get(f"/logs?text={text}").status == 200
        wait_until(lambda: f"out: {text}" in server.logs("logs", "stdout"), 5, "log file")
        assert server.stop() == 0
    assert lines(server, "logs", "stdout") == ["out: first", "out: second"]


def test_follow(spin):
    server = spin([guest("logs"), guest("logs", "/b/...", id="b")], "--follow", "logs")
    server.get("/b?text=unseen")
    server.get("/logs?text=seen")
    wait_until(lambda: "out: seen" in server.stdout + server.stderr, 5, "output")
    wait_until(lambda: "err: seen" in server.stdout + server.stderr, 5, "output")
    assert "out: unseen" not in server.stdout + server.stderr
    assert "out: unseen" in server.logs("b", "stdout")


def test_quiet(spin):
    server = spin([guest("logs")], "--quiet")
    server.get("/logs?text=hush")
    wait_until(lambda: "out: hush" in server.logs("logs", "stdout"), 5, "log file")
    assert "hush" not in server.stdout + server.stderr


def test_follow_of_an_unknown_component(cli, tmp_path):
    from spinproc import write_app

    app = write_app(tmp_path / "app", [guest("logs")])
    result = cli("up", "--file", app, "--listen", "127.0.0.1:0", "--follow", "nobody")
    assert result.returncode in (1, 2) and "nobody" in result.stderr


@pytest.mark.parametrize("size", [100_000])
def test_big_output_is_whole(spin, size):
    server = spin([guest("logs")])
    text = "x" * 4000
    for _ in range(size // 4000):
        assert server.get(f"/logs?text={text}").status == 200
    wait_until(lambda: len(lines(server, "logs", "stdout")) == size // 4000, 5, "log file")
    assert set(lines(server, "logs", "stdout")) == {"out: " + text}


@pytest.mark.parametrize("how", ["move", "remove"])
def test_rotation(spin, how):
    """A file that was taken away is made again, at most a second later."""
    server = spin([guest("logs")], workers=1)
    path = server.log_dir / "logs_stdout.txt"
    server.get("/logs?text=before")
    wait_until(lambda: path.exists() and "before" in path.read_text(), 5, "log file")
    if how == "move":
        path.rename(path.with_suffix(".1"))
    else:
        path.unlink()

    def is_there():
        server.get("/logs?text=after")
        return path.exists() and "after" in path.read_text()

    wait_until(is_there, 5, "new log file")
    assert "before" not in path.read_text()


def test_folder_that_can_not_be_made(spin, tmp_path):
    (tmp_path / "file").write_text("")
    server = spin([guest("logs")], "--log-dir", tmp_path / "file" / "logs", workers=1)
    for _ in range(3):
        assert server.get("/logs?text=lost").status == 200
    wait_until(lambda: "can't be kept" in server.stderr, 5, "warning")
    assert server.stderr.count("can't be kept") == 2, "one for each stream"
    assert "out: lost" in server.stdout


def test_two_workers_tear_no_line(spin):
    import threading

    server = spin([guest("logs")], workers=2)
    texts = [c * 3000 for c in "abcdefgh"]
    threads = [threading.Thread(target=lambda text=text: [
        server.get(f"/logs?text={text}") for _ in range(25)]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(lines(server, "logs", "stdout")) == 200, 5, "log file")
    assert set(lines(server, "logs", "stdout")) == {"out: " + text for text in texts}
