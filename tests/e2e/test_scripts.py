"""The scripts that keep headers and documents honest: what they must see, and must not miss."""

import sys

import pytest

from spinproc import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
import docs  # noqa: E402
import headers  # noqa: E402
import libspin_map  # noqa: E402

HEADER = """/* A header. */
#ifndef IT_H
#define IT_H
#ifdef __cplusplus
extern "C" {
#endif
#define LIMIT 3
/* ── section ── */

/* Above. */
SPIN_API int spin_one(void (*call)(void), int n);
SPIN_API const char *
spin_two(void);

SPIN_API int spin_bare(void) __attribute__((format(printf, 1, 2)));
/* A pair. */
typedef struct spin_pair {
    int first; /* own */
    /* Told of <spin/it.h> & 100%. */
    void (*second)(int n);

    int third[4];
} spin_pair_t;
typedef enum spin_kind {
    SPIN_A = 1, /* own */
    SPIN_B,
} spin_kind_t;
static inline int spin_three(int n) {
    return n; /* not documentation */
}
typedef void (*spin_fn)(int n);
#ifdef __cplusplus
}
#endif
#endif
"""


@pytest.fixture
def header(tmp_path):
    path = tmp_path / "it.h"
    path.write_text(HEADER)
    return headers.Header(path)


def test_functions(header):
    assert headers.functions([header]) == ["spin_bare", "spin_one", "spin_two"]


def test_definitions(header):
    assert headers.definitions([header]) == [
        "SPIN_API int spin_bare(void) { __builtin_trap(); }",
        "SPIN_API int spin_one(void (*call)(void), int n) { __builtin_trap(); }",
        "SPIN_API const char * spin_two(void) { __builtin_trap(); }"]


def test_what_documents_what(header):
    how = {".".join([each.name for each in path] + [symbol.name]): symbol.how
           for symbol, path in header.walk()}
    assert how == {
        "LIMIT": None, "spin_one": "above", "spin_two": "group", "spin_bare": None,
        "spin_pair_t": "above", "spin_pair_t.first": "trailing", "spin_pair_t.second": "above",
        "spin_pair_t.third": "type", "spin_kind_t": "group", "spin_kind_t.SPIN_A": "trailing",
        "spin_kind_t.SPIN_B": "type", "spin_three": "group", "spin_fn": "group"}
    assert [line.split(": ", 1)[1] for line in headers.undocumented([header])] == [
        "macro LIMIT has no documentation", "function spin_bare has no documentation"]


def test_filter_keeps_lines(header):
    text = headers.marked_up(header)
    assert text.count("\n") == HEADER.count("\n")
    assert "/** Above. */\n" in text and "/** Above. */ SPIN_API const char *" in text
    assert "int first; /**< own */" in text and "/** See spin_pair_t. */ int third" in text
    assert r"Told of `<spin/it.h>` \& 100\%." in text
    assert "/* not documentation */" in text and "/* ── section ── */" in text


SOURCE = """/* File. */
#include <x.h>

typedef struct thing {
    int member;
} thing_t;

static void helper(void);
static spin_error_t *long_one(thing_t *thing,
                              int number);

/* What it does. */
static spin_error_t *
long_one(thing_t *thing) {
    /* doc: inner */
    return use(thing);
    /* doc: end */
}

static const table_t table = {
    .name = "it",
};

static void helper(void) {
    long_one(NULL);
}
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "it.c").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize("names, begin, end, lines", [
    ("thing_t", "typedef struct thing {", "} thing_t;", 3),
    ("thing", "typedef struct thing {", "} thing_t;", 3),
    ("long_one", "/* What it does. */", "}", 5),
    ("inner", "return use(thing);", "return use(thing);", 1),
    ("table", "static const table_t table = {", "};", 3),
    ("helper", "static void helper(void) {", "}", 3),
    ("table,inner", "static const table_t table = {", "return use(thing);", 5),
])
def test_pieces(tree, names, begin, end, lines):
    piece = docs.content("it.c", names).rstrip("\n").split("\n")
    assert (piece[0], piece[-1], len(piece)) == (begin, end, lines)
    assert not any("doc: " in line for line in piece)


def test_documents(tree, capsys):
    page = tree / "docs" / "page.md"
    page.write_text("# It\n\n<!-- include it.c#table -->\n```\nold\n```\n\nend\n")
    assert docs.main(["--check"]) == 1
    assert "docs/page.md:3: differs from it.c" in capsys.readouterr().err
    assert docs.main([]) == 0
    assert page.read_text() == ("# It\n\n<!-- include it.c#table -->\n```c\nstatic const table_t table "
                                '= {\n    .name = "it",\n};\n```\n\nend\n')
    assert docs.main(["--check"]) == 0
    (tree / "it.c").write_text(SOURCE.replace('"it"', '"that"'))
    assert docs.main(["--check"]) == 1


@pytest.mark.parametrize("text, problem", [
    ("<!-- include it.c#gone -->\n```c\n```\n", "it.c has no gone"),
    ("<!-- include gone.c -->\n```c\n```\n", "gone.c: No such file"),
    ("<!-- include it.c#table -->\n\n```c\n```\n", "1 includes without a fenced block"),
    ("# A b\nsee [that](gone.md)\n", "docs/page.md:2: gone.md does not exist"),
    ("# A `b`, c\n[x](#a-b-c)\n```\n# d\n[y](gone)\n```\n[z](page.md#d) [w](http://x/y)\n",
     "page.md:7: page.md has no heading #d"),
])
def test_documents_that_are_wrong(tree, capsys, text, problem):
    (tree / "docs" / "page.md").write_text(text)
    assert docs.main(["--check"]) == 1
    said = capsys.readouterr().err
    assert problem in said and said.count("\n") == 1


MAP = """LIBSPIN_0.1 {
global:
    spin_old;
local:
    *;
};
LIBSPIN_0.2 {
global:
    spin_gone;
    spin_kept;
} LIBSPIN_0.1;
/* The engine. */
LIBSPIN_WASMTIME_1 {
global:
    wasm_*;
};
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(libspin_map, "ROOT", tmp_path)
    monkeypatch.setattr(libspin_map, "MAP", tmp_path / "libspin.map")
    include = tmp_path / "include" / "spin"
    include.mkdir(parents=True)
    (include / "version.h").write_text(
        "#define SPIN_VERSION_MAJOR 0\n#define SPIN_VERSION_MINOR 2\n")
    (tmp_path / "libspin.map").write_text(MAP)

    def declare(*names):
        (include / "it.h").write_text("".join(f"SPIN_API int {name}(void);\n" for name in names))
        return tmp_path / "libspin.map"

    return declare


def test_map_is_brought_up_to_date(project, capsys):
    path = project("spin_old", "spin_kept", "spin_new")
    assert libspin_map.main("check") == 1
    said = capsys.readouterr().err
    assert "spin_new is public, but not in the map" in said
    assert "spin_gone is in the map, but not in include/spin" in said
    assert libspin_map.main("update") == 0
    assert path.read_text() == MAP.replace("spin_gone;\n    spin_kept", "spin_kept;\n    spin_new")
    assert libspin_map.main("check") == 0


def test_map_keeps_what_was_promised(project, capsys):
    path = project("spin_kept", "spin_gone")
    for mode in ("check", "update"):
        assert libspin_map.main(mode) == 1
        assert "spin_old is of an older version and may not go" in capsys.readouterr().err
    assert path.read_text() == MAP
