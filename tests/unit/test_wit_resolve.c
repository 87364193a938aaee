#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "wit_model_dump.h"

static void must(spin_error_t *error) {
    if (error == NULL)
        return;
    char message[512];
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    fail_msg("%s", message);
}

static void assert_dump(const spin_wit_t *wit, const char *expected) {
    buf_t out = {0};
    dump(&out, wit);
    assert_string_equal((const char *)out.ptr, expected);
    buf_deinit(&out);
}

static spin_wit_t *parse(const char *text) {
    spin_wit_t *wit = NULL;
    must(spin_wit_parse(spin_slice(text), "t.wit", NULL, &wit));
    return wit;
}

static void assert_model(const char *text, const char *expected) {
    spin_wit_t *wit = parse(text);
    assert_dump(wit, expected);
    spin_wit_free(wit);
}

static void assert_error(spin_error_t *error, spin_error_kind_t kind, const char *expected) {
    assert_non_null(error);
    char message[512];
    spin_error_format(error, message, sizeof message);
    assert_string_equal(message, expected);
    assert_int_equal(spin_error_kind(error), kind);
    spin_error_free(error);
}

static void assert_refused(const char *text, const char *expected) {
    spin_wit_t *wit = NULL;
    spin_error_t *error = spin_wit_parse(spin_slice(text), "t.wit", NULL, &wit);
    assert_null(wit);
    assert_error(error, SPIN_ERROR_INVALID, expected);
}

/* ── folders ─────────────────────────────────────────────────────────────────────────────── */

static char root[64];

static int set_up_folder(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/spin-wit-XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int tear_down_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static const char *at(const char *path) {
    static char text[256];
    snprintf(text, sizeof text, "%s/%s", root, path);
    return text;
}

/* Makes the folders of `path`, too. */
static void put(const char *path, const char *content) {
    char folder[256];
    snprintf(folder, sizeof folder, "%s", at(path));
    for (char *slash = folder + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(folder, 0777);
        *slash = '/';
    }
    FILE *file = fopen(at(path), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void assert_load_refused(const char *path, spin_error_kind_t kind, const char *expected) {
    spin_wit_t *wit = NULL;
    char message[512];
    snprintf(message, sizeof message, expected, root);
    spin_error_t *error = spin_wit_load(at(path), NULL, &wit);
    assert_null(wit);
    assert_error(error, kind, message);
}

/* ── interfaces ──────────────────────────────────────────────────────────────────────────── */

static void resolves_types(void **state) {
    (void)state;
    assert_model("package a:b@1.2.3-rc.1;\n"
                 "interface i {\n"
                 "  f: func(p: p2, o: option<e>) -> result<_, string>;\n"
                 "  type p2 = point;\n"
                 "  record point { x: u32, %type: list<list<f32>, 2> }\n"
                 "  enum e { a, b }\n"
                 "  variant v { a, b(point) }\n"
                 "  flags g { r, w }\n"
                 "  type t = tuple<u8, map<string, v>>;\n"
                 "  g2: async func() -> stream<future>;\n"
                 "}\n",
                 "package a:b@1.2.3-rc.1\n"
                 "interface a:b/i@1.2.3-rc.1\n"
                 "  type p2 = point\n"
                 "  type point = point x:u32 type:list<list<f32>, 2>\n"
                 "  type e = e a:_ b:_\n"
                 "  type v = v a:_ b:point\n"
                 "  type g = g r:_ w:_\n"
                 "  type t = tuple<u8, map<string, v>>\n"
                 "  f(p: point=p2, o: option<e>) -> result<_, string>\n"
                 "  async g2() -> stream<future>\n");
}

static void resolves_resources(void **state) {
    (void)state;
    assert_model("package a:b;\n"
                 "interface i {\n"
                 "  resource file {\n"
                 "    constructor(path: string);\n"
                 "    read: async func(len: u32) -> list<u8>;\n"
                 "    merge: static func(a: borrow<file>, b: fd) -> file;\n"
                 "  }\n"
                 "  resource lock { constructor() -> result<lock, string>; }\n"
                 "  type fd = file;\n"
                 "  close: func(f: file, g: borrow<fd>);\n"
                 "}\n",
                 "package a:b\n"
                 "interface a:b/i\n"
                 "  resource file = _\n"
                 "    [constructor]file(path: string) -> file\n"
                 "    async [method]file.read(self: borrow<file>, len: u32) -> list<u8>\n"
                 "    [static]file.merge(a: borrow<file>, b: file=fd) -> file\n"
                 "  resource lock = _\n"
                 "    [constructor]lock() -> result<lock, string>\n"
                 "  resource fd = _=file\n"
                 "  close(f: file, g: borrow<file>=fd) -> _\n");
}

static void uses_types_of_others(void **state) {
    (void)state;
    assert_model("package a:b;\n"
                 "use c as d;\n"
                 "interface e { use d.{y}; f: func(a: y, b: list<y>); }\n"
                 "interface c { use x.{r, p as y}; g: func(r: borrow<r>); }\n"
                 "interface x { resource r; record p { r: borrow<r> } }\n",
                 "package a:b\n"
                 "interface a:b/e\n"
                 "  type y = a:b/x.p\n"
                 "  f(a: p=y, b: list<p>) -> _\n"
                 "interface a:b/c\n"
                 "  resource r = a:b/x.r\n"
                 "  type y = a:b/x.p\n"
                 "  g(r: borrow<r>=r) -> _\n"
                 "interface a:b/x\n"
                 "  resource r = _\n"
                 "  type p = p r:borrow<r>\n");
}

static void equal_types_are_one(void **state) {
    (void)state;
    spin_wit_t *wit = parse("package a:b;\n"
                            "interface x { record p { a: u8 } type l = list<p>; }\n"
                            "interface y { record p { a: u8 } use x.{p as q}; type n = u8;\n"
                            "  f: func(a: list<q>, b: list<p>, c: tuple<n, u8>, d: tuple<u8, n>);\n"
                            "}\n");
    const wit_interface_t *x = wit->packages[0]->interfaces[0];
    const wit_part_t *params = wit->packages[0]->interfaces[1]->functions[0]->params;
    assert_ptr_equal(params[0].ref.type, x->types[1]->ref.type);
    assert_ptr_not_equal(params[1].ref.type, x->types[1]->ref.type);
    assert_ptr_equal(params[2].ref.type, params[3].ref.type);
    assert_null(params[2].ref.type->parts[0].ref.alias);
    spin_wit_free(wit);
}

static void keeps_docs_and_places(void **state) {
    (void)state;
    spin_wit_t *wit = parse("/// Of the package.\n"
                            "package a:b;\n"
                            "/// Of i.\n"
                            "interface i {\n"
                            "  /// Of r.\n"
                            "  record r {\n"
                            "    /// Of x.\n"
                            "    x: u8,\n"
                            "  }\n"
                            "  /// Of f,\n"
                            "  /// twice.\n"
                            "  f: func();\n"
                            "}\n");
    const wit_package_t *package = wit->packages[0];
    const wit_interface_t *interface = package->interfaces[0];
    assert_true(slice_equal_text(package->docs, "Of the package."));
    assert_true(slice_equal_text(interface->docs, "Of i."));
    assert_int_equal(interface->place.line, 4);
    assert_int_equal(interface->place.column, 11);
    assert_true(slice_equal_text(interface->types[0]->docs, "Of r."));
    assert_true(slice_equal_text(interface->types[0]->ref.type->parts[0].docs, "Of x."));
    assert_true(slice_equal_text(interface->functions[0]->docs, "Of f,\ntwice."));
    assert_int_equal(interface->functions[0]->place.line, 12);
    assert_string_equal(interface->functions[0]->place.file, "t.wit");
    spin_wit_free(wit);
}

/* ── worlds ──────────────────────────────────────────────────────────────────────────────── */

static void completes_worlds(void **state) {
    (void)state;
    assert_model("package a:b;\n"
                 "interface x { type t = u8; }\n"
                 "interface y { use x.{t}; f: func() -> t; }\n"
                 "interface z { use y.{t}; g: func() -> t; }\n"
                 "world imports { import z; import log: func(m: string); }\n"
                 "world exports { export z; export y; }\n"
                 "world used { use y.{t}; export run: func(a: t); resource r { m: func(); } }\n"
                 "world nested { export api: interface { use z.{t}; h: func() -> t; } }\n"
                 "world named { import first: y; import second: y; }\n",
                 "package a:b\n"
                 "interface a:b/x\n"
                 "  type t = u8\n"
                 "interface a:b/y\n"
                 "  type t = a:b/x.t\n"
                 "  f() -> u8=t\n"
                 "interface a:b/z\n"
                 "  type t = a:b/x.t\n"
                 "  g() -> u8=t\n"
                 "world imports\n"
                 "  import a:b/x\n"
                 "  import a:b/y\n"
                 "  import a:b/z\n"
                 "  import log: log(m: string) -> _\n"
                 "world exports\n"
                 "  import a:b/x\n"
                 "  export a:b/y\n"
                 "  export a:b/z\n"
                 "world used\n"
                 "  import a:b/x\n"
                 "  import a:b/y\n"
                 "  import t: type t = a:b/x.t\n"
                 "  import r: resource r = _\n"
                 "    [method]r.m(self: borrow<r>) -> _\n"
                 "  export run: run(a: u8=t) -> _\n"
                 "world nested\n"
                 "  import a:b/x\n"
                 "  import a:b/y\n"
                 "  import a:b/z\n"
                 "  export api: interface api\n"
                 "  type t = a:b/x.t\n"
                 "  h() -> u8=t\n"
                 "world named\n"
                 "  import a:b/x\n"
                 "  import first: a:b/y\n"
                 "  import second: a:b/y\n");
}

static void includes_worlds(void **state) {
    (void)state;
    assert_model("package a:b;\n"
                 "interface x {}\n"
                 "world all { include two with { a as c }; include one; import x; }\n"
                 "world one { import x; import a: func(); export e: func(); }\n"
                 "world two { import x; import a: func(n: u8); resource r { constructor(); } }\n"
                 "world three { include two with { r as s }; }\n",
                 "package a:b\n"
                 "interface a:b/x\n"
                 "world all\n"
                 "  import a:b/x\n"
                 "  import c: c(n: u8) -> _\n"
                 "  import r: resource r = _\n"
                 "    [constructor]r() -> r\n"
                 "  import a: a() -> _\n"
                 "  export e: e() -> _\n"
                 "world one\n"
                 "  import a:b/x\n"
                 "  import a: a() -> _\n"
                 "  export e: e() -> _\n"
                 "world two\n"
                 "  import a:b/x\n"
                 "  import a: a(n: u8) -> _\n"
                 "  import r: resource r = _\n"
                 "    [constructor]r() -> r\n"
                 "world three\n"
                 "  import a:b/x\n"
                 "  import a: a(n: u8) -> _\n"
                 "  import s: resource s = _\n"
                 "    [constructor]s() -> r\n");
}

/* ── packages ────────────────────────────────────────────────────────────────────────────── */

static void nested_packages_come_first(void **state) {
    (void)state;
    assert_model("package a:b;\n"
                 "interface i { use c:d/j@1.0.0.{t}; }\n"
                 "package c:d@2.0.0 { interface j {} }\n"
                 "package c:d@1.0.0 { use e:f/k; interface j { use k.{t}; } }\n"
                 "package e:f { interface k { type t = u8; } }\n",
                 "package c:d@2.0.0\n"
                 "interface c:d/j@2.0.0\n"
                 "package e:f\n"
                 "interface e:f/k\n"
                 "  type t = u8\n"
                 "package c:d@1.0.0\n"
                 "interface c:d/j@1.0.0\n"
                 "  type t = e:f/k.t\n"
                 "package a:b\n"
                 "interface a:b/i\n"
                 "  type t = e:f/k.t\n");
}

static void loads_folders(void **state) {
    (void)state;
    put("wit/world.wit", "world w { import i; import dep:two/j@0.1.0; }");
    put("wit/types.wit", "package my:app;\nuse dep:one/k;\ninterface i { use k.{t}; }");
    put("wit/notes.txt", "not WIT {");
    put("wit/deps/two/a.wit", "package dep:two@0.1.0; interface j { use dep:one/k.{t}; }");
    put("wit/deps/two/b.wit", "interface more {}");
    put("wit/deps/zone.wit", "package dep:one; interface k { type t = string; }");
    spin_wit_t *wit = NULL;
    must(spin_wit_load(at("wit"), NULL, &wit));
    assert_dump(wit, "package dep:one\n"
                     "interface dep:one/k\n"
                     "  type t = string\n"
                     "package dep:two@0.1.0\n"
                     "interface dep:two/j@0.1.0\n"
                     "  type t = dep:one/k.t\n"
                     "interface dep:two/more@0.1.0\n"
                     "package my:app\n"
                     "interface my:app/i\n"
                     "  type t = dep:one/k.t\n"
                     "world w\n"
                     "  import dep:one/k\n"
                     "  import my:app/i\n"
                     "  import dep:two/j@0.1.0\n");
    spin_wit_free(wit);
}

static void refuses_folders(void **state) {
    (void)state;
    put("two/a.wit", "package a:b;");
    put("two/b.wit", "\n package a:c;");
    assert_load_refused("two", SPIN_ERROR_INVALID,
                        "%1$s/two/b.wit:2:10: this is package \"a:c\", and %1$s/two/a.wit is of "
                        "\"a:b\"");
    spin_wit_t *wit = NULL;
    put("ring/a.wit", "package a:b; interface i { use c:d/j.{t}; }");
    put("ring/deps/d.wit", "package c:d;\ninterface j { use a:b/i.{t}; }");
    assert_load_refused("ring", SPIN_ERROR_INVALID,
                        "%1$s/ring/a.wit:1:32: package \"c:d\" depends on itself");
    put("again/a.wit", "package a:b;");
    put("again/deps/a.wit", "package a:b;");
    assert_load_refused("again", SPIN_ERROR_INVALID,
                        "%1$s/again/a.wit:1:9: package \"a:b\" is there twice, also in "
                        "%1$s/again/deps/a.wit:1");
    put("mixed/a.wit", "f: function()");
    put("mixed/b.wit", "package a:b; interface i {}");
    assert_load_refused("mixed", SPIN_ERROR_INVALID,
                        "%1$s/mixed/b.wit:1:1: one of this file and %1$s/mixed/a.wit is in the "
                        "dialect of 2022, and the other is not");
    put("empty/a.txt", "");
    assert_load_refused("empty", SPIN_ERROR_NOT_FOUND, "no .wit file in %1$s/empty");
    assert_load_refused("nowhere", SPIN_ERROR_NOT_FOUND,
                        "can't open %1$s/nowhere: No such file or directory");
    assert_int_equal(mkdir(at("odd"), 0777), 0);
    assert_int_equal(mkdir(at("odd/a.wit"), 0777), 0);
    assert_load_refused("odd", SPIN_ERROR_NOT_FOUND, "no .wit file in %1$s/odd");
    assert_error(spin_wit_load(NULL, NULL, &wit), SPIN_ERROR_USAGE, "spin_wit_load needs a path");
}

/* ── 2022 ────────────────────────────────────────────────────────────────────────────────── */

static void loads_files_of_2022(void **state) {
    (void)state;
    put("old/http-types.wit", "enum method { get, post }\n"
                              "record request { method: method, body: option<list<u8>> }\n"
                              "union either { string, u32 }\n");
    put("old/outbound.wit", "use * from http-types\n"
                            "use { request as req } from http-types\n"
                            "request: function(r: request, q: req) -> expected<unit, method>\n"
                            "both: function() -> tuple<u8, unit>\n");
    put("old/alone.wit", "use * from missing\nf: function()\n");
    put("old/loop.wit", "use * from pool\n");
    put("old/pool.wit", "use * from loop\nf: function()\n");
    spin_wit_t *wit = NULL;
    must(spin_wit_load(at("old/outbound.wit"), NULL, &wit));
    assert_int_equal(wit->dialect, WIT_DIALECT_2022);
    assert_dump(wit, "package \n"
                     "interface http-types\n"
                     "  type method = method get:_ post:_\n"
                     "  type request = request method:method body:option<list<u8>>\n"
                     "  type either = either 0:string 1:u32\n"
                     "package \n"
                     "interface outbound\n"
                     "  type method = http-types.method\n"
                     "  type request = http-types.request\n"
                     "  type either = http-types.either\n"
                     "  type req = http-types.request\n"
                     "  request(r: request=request, q: request=req) -> result<_, method>\n"
                     "  both() -> tuple<u8, tuple>\n");
    const spin_function_t *function = NULL;
    must(spin_wit_function(wit, spin_slice("outbound#request"), &function));
    assert_int_equal(function->dialect, WIT_DIALECT_2022);
    spin_wit_free(wit);
    assert_load_refused("old/alone.wit", SPIN_ERROR_INVALID,
                        "%1$s/old/alone.wit:1:12: \"missing\" not found: no file missing.wit "
                        "beside this one");
    assert_load_refused("old/pool.wit", SPIN_ERROR_INVALID,
                        "%1$s/old/pool.wit:1:12: file \"loop\" depends on itself");
}

/* ── gates ───────────────────────────────────────────────────────────────────────────────── */

static const char gated[] = "package a:b@0.2.1;\n"
                            "interface i {\n"
                            "  @since(version = 0.2.0)\n"
                            "  a: func();\n"
                            "  @unstable(feature = x)\n"
                            "  b: func(t: t);\n"
                            "  @unstable(feature = x)\n"
                            "  type t = u8;\n"
                            "  @since(version = 0.2.0)\n"
                            "  @deprecated(version = 0.2.1)\n"
                            "  c: func();\n"
                            "  resource r {\n"
                            "    @unstable(feature = y)\n"
                            "    m: func();\n"
                            "  }\n"
                            "}\n"
                            "@unstable(feature = x)\n"
                            "world w {\n"
                            "  @unstable(feature = x)\n"
                            "  import i;\n"
                            "}\n";

static void leaves_out_what_is_unstable(void **state) {
    (void)state;
    assert_model(gated, "package a:b@0.2.1\n"
                        "interface a:b/i@0.2.1\n"
                        "  resource r = _\n"
                        "  a() -> _\n"
                        "  c() -> _\n");
    const char *features[] = {"z", "x"};
    spin_wit_options_t options = {.size = sizeof options, .features = features, .features_len = 2};
    spin_wit_t *wit = NULL;
    must(spin_wit_parse(spin_slice(gated), "t.wit", &options, &wit));
    assert_dump(wit, "package a:b@0.2.1\n"
                     "interface a:b/i@0.2.1\n"
                     "  type t = u8\n"
                     "  resource r = _\n"
                     "  a() -> _\n"
                     "  b(t: u8=t) -> _\n"
                     "  c() -> _\n"
                     "world w\n"
                     "  import a:b/i@0.2.1\n");
    spin_wit_free(wit);
    options = (spin_wit_options_t){.size = sizeof options, .all_features = true};
    must(spin_wit_parse(spin_slice(gated), "t.wit", &options, &wit));
    assert_int_equal(wit->packages[0]->interfaces[0]->types[1]->functions_len, 1);
    spin_wit_free(wit);
    options.size = 0;
    assert_error(spin_wit_parse(spin_slice(gated), "t.wit", &options, &wit), SPIN_ERROR_USAGE,
                 "spin_wit_options_t.size is not set");
}

/* ── errors ──────────────────────────────────────────────────────────────────────────────── */

#define IN(items) "package a:b@1.0.0;\ninterface i {\n" items "\n}\n"
#define WORLD(items)                                                                               \
    "package a:b;\ninterface i { type t = u8; f: func(); }\nworld w {\n" items "\n}\n"

static void refuses(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"interface i {}", "t.wit:1:1: no \"package ns:name;\" at the head of any file"},
        {IN("record point { x: u8 } f: func(p: piont);"),
         "t.wit:3:35: no type \"piont\", did you mean \"point\"?"},
        {IN("f: func(p: POINT); type point = u8;"), "t.wit:3:12: no type \"POINT\""},
        {IN("f: func(); g: func(p: f);"), "t.wit:3:23: \"f\" is not a type"},
        {IN("type f = u8; F: func();"), "t.wit:3:14: name \"F\" is there twice"},
        {IN("f: func(a: u8, A: u8);"), "t.wit:3:16: parameter \"A\" is there twice"},
        {IN("record r { a: u8, b: u8, a: u8 }"), "t.wit:3:26: field \"a\" is there twice"},
        {IN("enum e { a, a }"), "t.wit:3:13: case \"a\" is there twice"},
        {IN("flags e { a, a }"), "t.wit:3:14: flag \"a\" is there twice"},
        {IN("variant v { }"), "t.wit:3:9: \"v\" has no cases"},
        {IN("type a = b; type b = list<c>; record c { a: a }"),
         "t.wit:3:45: type \"a\" contains itself"},
        {IN("type a = a;"), "t.wit:3:10: type \"a\" contains itself"},
        {IN("record r { a: list<r> }"), "t.wit:3:20: type \"r\" contains itself"},
        {IN("type t = u8; f: func(b: borrow<t>);"),
         "t.wit:3:32: \"t\" is not a resource, which a handle is of"},
        {IN("resource r; f: func() -> borrow<r>;"),
         "t.wit:3:26: a borrow can't be returned: it ends with the call"},
        {IN("resource r; record p { r: borrow<r> } f: func() -> option<p>;"),
         "t.wit:3:52: a borrow can't be returned: it ends with the call"},
        {IN("resource r { constructor() -> u8; }"),
         "t.wit:3:31: a constructor returns nothing else than result<r, ...>"},
        {IN("resource r { a: func(); a: static func(); }"),
         "t.wit:3:25: function \"a\" is there twice"},
        {IN("f: func(m: map<f32, u8>);"), "t.wit:3:16: \"f32\" can't be the key of a map"},
        {IN("use j.{t};"), "t.wit:3:5: no interface or world \"j\" in package \"a:b@1.0.0\", did "
                           "you mean \"i\"?"},
        {IN("use i.{t};"), "t.wit:3:5: interface \"i\" depends on itself"},
        {IN("use c:d/j.{t};"), "t.wit:3:5: package \"c:d\" not found"},
        {IN("use a:b/j.{t};"), "t.wit:3:5: package \"a:b\" not found, there is \"a:b@1.0.0\""},
        {IN("use j.{u}; } interface j { type t = u8;"), "t.wit:3:8: no type \"u\", did you mean "
                                                        "\"t\"?"},
        {IN("use j.{t}; } interface j { use i.{u};"),
         "t.wit:3:32: interface \"i\" depends on itself"},
        {IN("} use i as k; interface k {"), "t.wit:3:25: name \"k\" is there twice"},
        {IN("} use x as y; use y as x; interface z {"), "t.wit:3:7: this \"use\" leads back to "
                                                        "itself"},
        {IN("} interface i {"), "t.wit:3:13: interface \"i\" is there twice"},
        {IN("@since(version = 1.0.1)\nf: func();"),
         "t.wit:3:1: @since names version 1.0.1, package \"a:b@1.0.0\" is older"},
        {"package a:b;\ninterface i {\n@since(version = 1.0.1)\nf: func();\n}\n",
         "t.wit:3:1: a gate with a version, but package \"a:b\" has no version"},
        {IN("@unstable(feature = x)\ntype t = u8;\nf: func(t: t);"),
         "t.wit:5:12: \"t\" is left out: it is @unstable and its feature is not wanted"},
        {IN("@unstable(feature = x) @since(version = 0.1.0)\nf: func();"),
         "t.wit:3:1: @since and @unstable exclude each other"},
        {IN("} @unstable(feature = x) interface j {\nf: func();"),
         "t.wit:4:1: this is not @unstable, but the interface that it is in is"},
        {WORLD("import i; import i;"), "t.wit:4:18: world \"w\" imports \"a:b/i\" twice"},
        {WORLD("export a: func(); export A: func();"),
         "t.wit:4:26: world \"w\" exports \"A\" twice"},
        {WORLD("import w;"), "t.wit:4:8: \"w\" is a world, not an interface"},
        {WORLD("include w;"), "t.wit:4:9: world \"w\" depends on itself"},
        {WORLD("include i;"), "t.wit:4:9: \"i\" is an interface, a world includes worlds"},
        {WORLD("include v with { a as b }; } world v { import i;"),
         "t.wit:4:18: world \"v\" has no \"a\" to rename"},
        {WORLD("import a: func(); include v; } world v { import a: func();"),
         "t.wit:4:27: world \"w\" imports \"a\" twice"},
        {WORLD("use v.{t}; } world v {"),
         "t.wit:4:5: \"v\" is a world, types are used from interfaces"},
        {WORLD("} interface x { use i.{t}; } interface y { use x.{t}; } world v { export i; "
               "export y;"),
         "t.wit:4:84: the export needs \"a:b/x\", which is imported and needs \"a:b/i\", which is "
         "exported: export both or neither"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, cases[i].error);
}

/* ── hostile texts ───────────────────────────────────────────────────────────────────────── */

static char large[4 << 20];

static void assert_limit(void) {
    spin_wit_t *wit = NULL;
    spin_error_t *error = spin_wit_parse(spin_slice(large), "t.wit", NULL, &wit);
    assert_non_null(error);
    assert_null(wit);
    if (spin_error_kind(error) != SPIN_ERROR_LIMIT)
        must(error);
    assert_true(spin_error_position(error).line > 0);
    spin_error_free(error);
}

/* `first`, then `format` with i + 1 and i for each i below `count`, from the last to the first or
 * the other way round, then "}". */
static void chain(const char *first, const char *format, size_t count, bool backwards) {
    size_t used = (size_t)snprintf(large, sizeof large, "package a:b;\n%s", first);
    for (size_t i = 0; i < count; i++) {
        size_t n = backwards ? count - 1 - i : i;
        char line[128];
        size_t from = 0;
        for (const char *c = format; *c != '\0'; c++) /* "+" is n + 1, "$" is n */
            from += (size_t)(*c == '+'   ? snprintf(line + from, sizeof line - from, "%zu", n + 1)
                             : *c == '$' ? snprintf(line + from, sizeof line - from, "%zu", n)
                                         : snprintf(line + from, sizeof line - from, "%c", *c));
        assert_true(used + from + 2 < sizeof large);
        memcpy(large + used, line, from);
        used += from;
    }
    memcpy(large + used, "}", 2);
}

static void refuses_what_grows(void **state) {
    (void)state;
    /* Written out, each type is twice as long as the one before. */
    chain("interface i { type t0 = u8;\n", "type t+ = list<tuple<t$, t$>>;\n", 60, false);
    assert_limit();
    /* Deeper than anything may recurse over a value. */
    chain("interface i { type t0 = u8;\n", "type t+ = list<t$>;\n", 101, false);
    assert_limit();
    chain("interface i { type t0 = u8;\n", "record t+ { a: list<t$>, b: list<t$> }\n", 101, false);
    assert_limit();
    /* Names that lead to names, last to first. */
    chain("interface i { type t0 = u8;\n", "type t+ = t$;\n", 20000, true);
    assert_limit();
    chain("interface i0 { type t = u8; }\n", "interface i+ { use i$.{t}; }\n", 20000, true);
    large[strlen(large) - 1] = '\0';
    assert_limit();
    /* Worlds whose items add up: a half of n * n. */
    chain("world w0 {}\n", "world w+ { include w$; import m$: func(); }\n", 5000, false);
    large[strlen(large) - 1] = '\0';
    assert_limit();
}

static void takes_what_is_only_long(void **state) {
    (void)state;
    chain("interface i { type t0 = u8;\n", "type t+ = t$;\n", 20000, false);
    spin_wit_free(parse(large));
    chain("interface i { type t0 = u8;\n", "record t+ { a: list<t$>, b: list<t$> }\n", 49, false);
    spin_wit_free(parse(large));
    chain("interface i {\n", "F$: func(a: u8) -> list<u8>;\n", 50000, false);
    spin_wit_free(parse(large));
}

/* ── functions by name ───────────────────────────────────────────────────────────────────── */

static void finds_functions(void **state) {
    (void)state;
    spin_wit_t *wit =
        parse("package a:b@1.0.0;\n"
              "interface clock { now: func() -> u64; get: func(); }\n"
              "interface store { resource r { get: func(); constructor(); } get: func(); }\n"
              "world w { import log: func(); export log: func(a: u8); import clock;\n"
              "  export api: interface { run: func(); } }\n"
              "package c:d { interface deep { dive: func(); } }\n");
    static const struct {
        const char *name;
        const char *core_name;
        size_t params;
    } found[] = {
        {"now", "now", 0},
        {"a:b/clock@1.0.0#now", "now", 0},
        {"a:b/clock#now", "now", 0},
        {"clock#get", "get", 0},
        {"store#r.get", "[method]r.get", 1},
        {"[constructor]r", "[constructor]r", 0},
        {"log", "log", 1}, /* an export goes before an import */
        {"run", "run", 0},
        {"api#run", "run", 0},
    };
    const spin_function_t *function = NULL;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        must(spin_wit_function(wit, spin_slice(found[i].name), &function));
        assert_true(slice_equal_text(function->core_name, found[i].core_name));
        assert_int_equal(spin_function_param_count(function), found[i].params);
    }
    must(spin_wit_function(wit, spin_slice("dive"), &function));
    assert_true(slice_equal_text(function->interface->id, "c:d/deep"));
    assert_true(slice_equal_text(spin_function_name(function), "dive"));
    assert_null(spin_function_result_type(function));
    assert_null(spin_function_param_type(function, 0));
    assert_error(spin_wit_function(wit, spin_slice("get"), &function), SPIN_ERROR_INVALID,
                 "function \"get\" is ambiguous: it is in a:b/clock@1.0.0 and in a:b/store@1.0.0");
    assert_error(spin_wit_function(wit, spin_slice("nwo"), &function), SPIN_ERROR_NOT_FOUND,
                 "no function \"nwo\", did you mean \"now\"?");
    assert_error(spin_wit_function(wit, spin_slice("none#get"), &function), SPIN_ERROR_NOT_FOUND,
                 "no interface \"none\" for function \"get\"");
    spin_wit_free(wit);
}

static void finds_functions_only_where_it_is_clear(void **state) {
    (void)state;
    spin_wit_t *wit = parse("package a:b;\n"
                            "interface p { log: func(); }\ninterface q { log: func(); }\n"
                            "world w { export log: func(a: u8); }\n"
                            "package x:y@1.0.0 { interface i { f: func(); } }\n"
                            "package x:y@2.0.0 { interface i { f: func(a: u8); } }\n");
    const spin_function_t *function = NULL;
    must(spin_wit_function(wit, spin_slice("x:y/i@2.0.0#f"), &function));
    assert_int_equal(spin_function_param_count(function), 1);
    assert_error(spin_wit_function(wit, spin_slice("x:y/i#f"), &function), SPIN_ERROR_INVALID,
                 "function \"x:y/i#f\" is ambiguous: it is in x:y/i@1.0.0 and in x:y/i@2.0.0");
    assert_null(function);
    must(spin_wit_function(wit, spin_slice("log"), &function)); /* the export */
    assert_int_equal(spin_function_param_count(function), 1);
    spin_wit_free(wit);
}

/* ── out of memory ───────────────────────────────────────────────────────────────────────── */

static void runs_out_of_memory(void **state) {
    (void)state;
    put("oom/a.wit", "package a:b@1.0.0;\n"
                     "use c:d/x as y;\n"
                     "interface i { use y.{r as s, t}; f: func(a: t, b: borrow<s>) -> list<t>; }\n"
                     "world w { include v with { a as b }; export i; import j: interface {\n"
                     "  enum e { a, b } g: func() -> e; } }\n"
                     "world v { import a: func(); resource q { m: func(); } }\n");
    put("oom/deps/d.wit", "package c:d; interface x { resource r { constructor(); }\n"
                          "  record t { a: u8, b: tuple<string, option<u8>> } }\n");
    char path[128];
    snprintf(path, sizeof path, "%s", at("oom"));
    spin_wit_t *wit = NULL;
    failing_alloc_install(SIZE_MAX);
    must(spin_wit_load(path, NULL, &wit));
    size_t calls = failing_alloc_calls();
    spin_wit_free(wit);
    assert_int_equal(failing_alloc_live(), 0);
    assert_true(calls > 50);
    for (size_t n = 1; n <= calls; n++) {
        failing_alloc_install(n);
        spin_error_t *error = spin_wit_load(path, NULL, &wit);
        assert_non_null(error);
        assert_null(wit);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_types),
        cmocka_unit_test(resolves_resources),
        cmocka_unit_test(uses_types_of_others),
        cmocka_unit_test(equal_types_are_one),
        cmocka_unit_test(keeps_docs_and_places),
        cmocka_unit_test(completes_worlds),
        cmocka_unit_test(includes_worlds),
        cmocka_unit_test(nested_packages_come_first),
        cmocka_unit_test(loads_folders),
        cmocka_unit_test(refuses_folders),
        cmocka_unit_test(loads_files_of_2022),
        cmocka_unit_test(leaves_out_what_is_unstable),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_what_grows),
        cmocka_unit_test(takes_what_is_only_long),
        cmocka_unit_test(finds_functions),
        cmocka_unit_test(finds_functions_only_where_it_is_clear),
        cmocka_unit_test(runs_out_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up_folder, tear_down_folder);
}
