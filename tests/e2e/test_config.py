"""Configuration that guests read through `spin-config`, in both layouts of 2022."""

import pytest

from spinproc import guest, write_app

GUESTS = ["config", "config-slots"]
VARIABLES = """
[variables]
api_host = { default = "api.example.com" }
port = { default = "80" }
address = { default = "{{ api_host }}:{{port}}" }
token = { required = true, secret = true }
"""
CONFIG = {
    "plain": "a value, é",
    "empty": "",
    "url": "https://{{ api_host }}/v1",
    "nested": "<{{ address }}|{{ .url }}|{{..port}}>",
    "token": "{{ token }}",
    "braces": "{ }} }",
    "unknown": "{{ nobody }}",
    "circle": "{{ .circle }}",
}


@pytest.fixture
def serve(spin, tmp_path):
    def start(environment=None, config=CONFIG):
        app = write_app(tmp_path / "app", [guest(name, config=config) for name in GUESTS])
        manifest = app / "spin.toml"
        head, components = manifest.read_text().split("[[component]]", 1)
        manifest.write_text(head + VARIABLES + "\n[[component]]" + components)
        return spin(app, environment=environment)

    return start


def ask(server, name, key):
    answer = server.get(f"/{name}?key={key}")
    return answer.status, answer.text


def test_values(serve):
    server = serve()
    for name in GUESTS:
        assert ask(server, name, "plain") == (200, "a value, é")
        assert ask(server, name, "empty") == (200, "")
        assert ask(server, name, "url") == (200, "https://api.example.com/v1")
        assert ask(server, name, "nested") == (
            200, "<api.example.com:80|https://api.example.com/v1|80>")
        assert ask(server, name, "braces") == (200, "{ }} }")


def test_errors(serve):
    server = serve()
    for name in GUESTS:
        assert ask(server, name, "missing") == (
            404, f'other: component "{name}" has no config "missing"')
        assert ask(server, name, "") == (404, "invalid-key: must not be empty")
        for key in ["Plain", "a__b", "a_", "1a", "a-b"]:
            status, text = ask(server, name, key)
            assert (status, text.split(":")[0]) == (404, "invalid-key")
        assert ask(server, name, "a" * 1000)[1].startswith("other: ")
        assert ask(server, name, "a" * 1001) == (404, "invalid-key: is too long")
        status, text = ask(server, name, "token")
        assert status == 404 and text.startswith("provider: ") and '"token"' in text
        assert ask(server, name, "unknown") == (404, 'other: there is no such variable: "nobody"')
        assert ask(server, name, "circle")[1].startswith("other: it leads to itself")
        assert ask(server, name, "api_host")[0] == 404  # variables are no keys of a component


def test_the_environment_comes_first(serve):
    server = serve({"SPIN_APP_API_HOST": "localhost", "SPIN_APP_TOKEN": "{{ s3cret }}",
                    "SPIN_APP_PLAIN": "no", "SPIN_APP_PORT": ""})
    for name in GUESTS:
        assert ask(server, name, "url") == (200, "https://localhost/v1")
        assert ask(server, name, "nested") == (200, "<localhost:|https://localhost/v1|>")
        assert ask(server, name, "token") == (200, "{{ s3cret }}")  # no template
        assert ask(server, name, "plain") == (200, "a value, é")  # a key is no variable
    assert "s3cret" not in server.stdout + server.stderr


def test_an_open_brace_is_found_at_the_start(cli, tmp_path):
    app = write_app(tmp_path / "app", [guest("config", config={"odd": "a {{ b"})])
    result = cli("up", "--file", app, "--listen", "127.0.0.1:0")
    assert result.returncode == 1
    assert 'component "config": config "odd": "{{" has no end' in result.stderr
