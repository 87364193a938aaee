/* What the validator says of types, names and aliases, and where it stops. Each case has its text
 * before it; the bytes are what a WebAssembly assembler makes of that. */
#include <stdlib.h>

#include "validate_cases.h"

static const validate_case_t types[] = {
    /* (component (type (record (field "a" u8) (field "b" string)))) */
    {"record", NULL, "0061736d0d000100070901720201617d016273"},
    /* (component (type $u (tuple u8)) (type (variant (case "a" $u) (case "b")))) */
    {"no fields", NULL, "0061736d0d000100070f026f017d7102016101000001620000"},
    /* (component (type (record (field "a" u8) (field "A" u8)))) */
    {"field twice but for case", "field \"A\" is there twice",
     "0061736d0d000100070901720201617d01417d"},
    /* (component (type (enum "a" "b_c"))) */
    {"not kebab", "case \"b_c\" is not in kebab case", "0061736d0d0001000709016d02016103625f63"},
    /* (component (type (list 3))) */
    {"index", "type 3 is not there", "0061736d0d0001000703017003"},
    /* (component (type $f (func)) (type (list $f))) */
    {"function in a list", "type 0 is a function type, not a value's type",
     "0061736d0d000100070702400001007000"},
    /* (component (type $l (list u8)) (type (own $l))) */
    {"own of a value", "type 0 is a value type, not a resource type",
     "0061736d0d000100070502707d6900"},
    /* (component (type $r (resource (rep i32))) (type $b (borrow $r)) (type (func (result $b)))) */
    {"borrowed result", "a result holds a borrowed handle",
     "0061736d0d000100070a033f7f00680040000001"},
    /* (component (type $r (resource (rep i32))) (type $b (borrow $r)) (type $l (list $b)) (type
       (func (result $l)))) */
    {"borrowed inside a result", "a result holds a borrowed handle",
     "0061736d0d000100070c043f7f006800700140000002"},
    /* (component (type (stream char))) */
    {"stream of characters", "a stream of characters", "0061736d0d000100070401660174"},
    /* (component (type (list u8 268435455))) */
    {"largest value", NULL, "0061736d0d000100070701677dffffff7f"},
    /* (component (type (list string 16777216))) */
    {"too large a value", "take more than 268435455 bytes", "0061736d0d000100070701677380808008"},
    /* (component (type (instance (type (resource (rep i32)))))) */
    {"resource in a type", "a type defines a resource type", "0061736d0d0001000707014201013f7f00"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (alias core export $i "g"
       (core func $g)) (type (resource (rep i32) (dtor (func $g))))) */
    {"destructor", "core function 0 has not the type of a destructor",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "010000000607010000010001670705013f7f0100"},
    /* (component (type (func (param "x" u8) (param "X" u8)))) */
    {"parameter twice", "parameter \"X\" is there twice",
     "0061736d0d000100070b01400201787d01587d0100"},
};
static const validate_case_t names[] = {
    /* (component (import "r" (type $r (sub resource))) (import "[constructor]r" (func (result (own
       $r)))) (import "[method]r.m" (func (param "self" (borrow $r)))) (import "[static]r.s"
       (func))) */
    {"constructor", NULL,
     "0061736d0d0001000a060100017203010707026900400000010a1301000e5b636f6e7374727563746f725d7201020"
     "70d02680040010473656c660301000a1001000b5b6d6574686f645d722e6d0104070501400001000a1001000b5b73"
     "74617469635d722e730105"},
    /* (component (import "r" (type $r (sub resource))) (import "s" (type $s (sub resource)))
       (import "[method]r.m" (func (param "self" (borrow $s))))) */
    {"method of another", "the function is of another resource type",
     "0061736d0d0001000a0b0200017203010001730301070d02680140010473656c660201000a1001000b5b6d6574686"
     "f645d722e6d0103"},
    /* (component (import "r" (type $r (sub resource))) (import "[method]r.m" (func (param "me"
       (borrow $r))))) */
    {"method without self", "the first parameter of a method is not \"self\"",
     "0061736d0d0001000a06010001720301070b0268004001026d650101000a1001000b5b6d6574686f645d722e6d010"
     "2"},
    /* (component (import "r" (type $r (sub resource))) (import "[constructor]r" (func))) */
    {"constructor of nothing", "a constructor does not return an owned handle",
     "0061736d0d0001000a06010001720301070501400001000a1301000e5b636f6e7374727563746f725d720101"},
    /* (component (import "[static]r.s" (func))) */
    {"static of nothing", "there is no such resource type here",
     "0061736d0d000100070501400001000a1001000b5b7374617469635d722e730100"},
    /* (component (import "r" (type $r (sub resource))) (import "[method]r.m" (func (param "self"
       (borrow $r)))) (import "[static]r.m" (func))) */
    {"method and static", "differs too little",
     "0061736d0d0001000a06010001720301070d02680040010473656c660101000a1001000b5b6d6574686f645d722e6"
     "d0102070501400001000a1001000b5b7374617469635d722e6d0103"},
    /* (component (import "r" (type $r (sub resource))) (import "[static]r.r" (func)) (import "R"
       (func))) */
    {"member like a plain name", "differs too little",
     "0061736d0d0001000a06010001720301070501400001000a1001000b5b7374617469635d722e72010107050140000"
     "1000a06010001520102"},
    /* (component (import "a-b" (func)) (import "A-B" (func))) */
    {"twice", "differs too little",
     "0061736d0d000100070501400001000a08010003612d620100070501400001000a08010003412d420101"},
    /* (component (import "a:b/c@1.02.3" (instance))) */
    {"version", "begins with a zero",
     "0061736d0d00010007030142000a1101000c613a622f6340312e30322e330500"},
    /* (component (import "f" (func $f)) (export "url=<x>" (func $f))) */
    {"export by URL", "no export may have such a name",
     "0061736d0d000100070501400001000a060100016601000b0d01000775726c3d3c783e010000"},
    /* (component (import "x" (implements "a:b/c@1.0.0") (instance))) */
    {"implements", NULL, "0061736d0d00010007030142000a140102017801000b613a622f6340312e302e300500"},
    /* (component (import "x" (implements "c") (instance))) */
    {"implements a label", "is not an interface",
     "0061736d0d00010007030142000a0a01020178010001630500"},
    /* (component (import "x" (implements "a:b/c") (func))) */
    {"implementing function", "only an instance may implement",
     "0061736d0d000100070501400001000a0e01020178010005613a622f630100"},
};
static const validate_case_t visibility[] = {
    /* (component (type $t (record (field "x" u8))) (import "f" (func (param "p" $t)))) */
    {"unnamed record", "refers to a type that is not itself imported",
     "0061736d0d000100070d02720101787d400101700001000a06010001660101"},
    /* (component (type $t (record (field "x" u8))) (import "t" (type $u (eq $t))) (import "f" (func
       (param "p" $u)))) */
    {"named record", NULL,
     "0061736d0d000100070601720101787d0a0701000174030000070801400101700101000a06010001660102"},
    /* (component (type $t (record (field "x" u8))) (import "t" (type $u (eq $t))) (import "f" (func
       (param "p" $t)))) */
    {"by the wrong name", "refers to a type that is not itself imported",
     "0061736d0d000100070601720101787d0a0701000174030000070801400101700001000a06010001660102"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (type $t (enum "x")) (type $f
       (func (param "p" $t) (result u32))) (func $l (type $f) (canon lift (core func $i "g")))
       (export "f" (func $l))) */
    {"unnamed on export", "refers to a type that is not itself exported",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "01000000070c026d0101784001017000007906070100000100016708060100000000010b0701000166010000"},
    /* (component (core module $m (memory (export "mem") 1) (func (export "f")) (func (export "g")
       (param i32) (result i32) i32.const 0) (func (export "realloc") (param i32 i32 i32 i32)
       (result i32) i32.const 0)) (core instance $i (instantiate $m)) (type $r (resource (rep i32)))
       (type $f (func (param "p" (own $r)) (result u32))) (func $l (type $f) (canon lift (core func
       $i "g"))) (export "r" (type $r)) (export "f" (func $l))) */
    {"resource exported", "refers to a type that is not itself exported",
     "0061736d0d00010001510061736d0100000001110360000060017f017f60047f7f7f7f017f0304030001020503010"
     "001071904036d656d02000166000001670001077265616c6c6f6300020a0e0302000b040041000b040041000b0204"
     "01000000070d033f7f0069004001017001007906070100000100016708060100000000020b0d02000172030000000"
     "166010000"},
    /* (component (import "f" (func (param "p" (tuple u8 (list string)))))) */
    {"tuples need no name", NULL,
     "0061736d0d000100070e0370736f027d00400101700101000a06010001660102"},
};
static const validate_case_t aliases[] = {
    /* (component (type $r (resource (rep i32))) (component (alias outer 1 $r (type $s)))) */
    {"outer resource", "the type refers to resources of an enclosing component",
     "0061736d0d0001000704013f7f00040f0061736d0d00010006050103020100"},
    /* (component (type $r (resource (rep i32))) (type (instance (alias outer 1 $r (type $s))
       (export "f" (func (param "p" (own $s))))))) */
    {"outer resource in a type", NULL,
     "0061736d0d000100071c023f7f00420402030201000169000140010170010100040001660102"},
    /* (component (type $r (list u8)) (component (alias outer 1 $r (type $s)))) */
    {"outer value type", NULL, "0061736d0d000100070301707d040f0061736d0d00010006050103020100"},
    /* (component (alias outer 4 0 (type))) */
    {"too far out", "there is no scope 4 out", "0061736d0d00010006050103020400"},
    /* (component (import "i" (instance $i (export "f" (func)))) (alias export $i "g" (func))) */
    {"no such export", "instance 0 does not export \"g\"",
     "0061736d0d000100070e01420201400001000400016601000a060100016905000606010100000167"},
    /* (component (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (type))) */
    {"export of another kind", "export \"f\" of instance 0 is a function",
     "0061736d0d000100070e01420201400001000400016601000a060100016905000606010300000166"},
    /* (component (type (component (import "i" (instance $i (export "f" (func)))) (alias export $i
       "f" (func))))) */
    {"function in a type", "aliases of types and instances only",
     "0061736d0d000100071d0141030142020140000100040001660100030001690500020100000166"},
};
static void knows_types(void **state) {
    (void)state;
    CHECK_CASES(types);
}

static void knows_names(void **state) {
    (void)state;
    CHECK_CASES(names);
}

static void wants_types_named(void **state) {
    (void)state;
    CHECK_CASES(visibility);
}

static void knows_aliases(void **state) {
    (void)state;
    CHECK_CASES(aliases);
}

/* ── features ──────────────────────────────────────────────────────────────────────────────── */

static const validate_case_t *find(const validate_case_t *cases, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    fail_msg("no case \"%s\"", name);
    return NULL;
}

static void can_be_switched_off(void **state) {
    (void)state;
    component_validate_options_t options = {.features.no_fixed_list = true};
    validate_case_t item = *find(types, sizeof types / sizeof *types, "largest value");
    item.fault = "lists of fixed length: switched off";
    check_case(&item, &options);
    options = (component_validate_options_t){.features.no_implements = true};
    item = *find(names, sizeof names / sizeof *names, "implements");
    item.fault = "attributes of names: switched off";
    check_case(&item, &options);
}

/* ── limits: a few bytes that stand for a great deal ───────────────────────────────────────── */

typedef struct maker {
    uint8_t bytes[64 * 1024];
    size_t len;
} maker_t;

static void put(maker_t *maker, const char *bytes, size_t len) {
    assert_true(maker->len + len <= sizeof maker->bytes);
    memcpy(maker->bytes + maker->len, bytes, len);
    maker->len += len;
}

/* As a signed number too: type indices share their space with the codes of types. */
static void put_number(maker_t *maker, uint32_t value) {
    for (; value >= 0x40; value >>= 7)
        put(maker, (const char[]){(char)(value | 0x80)}, 1);
    put(maker, (const char[]){(char)value}, 1);
}

/* A section of types; `each` writes type `i`. */
static spin_slice_t make_types(maker_t *maker, uint32_t count,
                               void (*each)(maker_t *maker, uint32_t i)) {
    static maker_t body;
    body.len = 0;
    put_number(&body, count);
    for (uint32_t i = 0; i < count; i++)
        each(&body, i);
    maker->len = 0;
    put(maker, "\0asm\x0d\0\x01\0\x07", 9);
    put_number(maker, (uint32_t)body.len);
    put(maker, (const char *)body.bytes, body.len);
    return spin_slice_of(maker->bytes, maker->len);
}

/* A tuple of the one before, twice. */
static void doubled(maker_t *maker, uint32_t i) {
    if (i == 0) {
        put(maker, "\x73", 1);
        return;
    }
    put(maker, "\x6f\x02", 2);
    put_number(maker, i - 1);
    put_number(maker, i - 1);
}

static void chained(maker_t *maker, uint32_t i) {
    if (i == 0) {
        put(maker, "\x73", 1);
        return;
    }
    put(maker, "\x70", 1);
    put_number(maker, i - 1);
}

/* An instance type that exports an instance of the one before. */
static void nested(maker_t *maker, uint32_t i) {
    if (i == 0) {
        put(maker, "\x42\x00", 2);
        return;
    }
    put(maker, "\x42\x02\x02\x03\x02\x01", 6); /* alias outer 1, type */
    put_number(maker, i - 1);
    put(maker, "\x04\x00\x01x\x05\x00", 6);
}

/* An option of the one before: its flattened form grows by one each time. */
static void optional(maker_t *maker, uint32_t i) {
    if (i == 0) {
        put(maker, "\x7d", 1);
        return;
    }
    put(maker, "\x6b", 1);
    put_number(maker, i - 1);
}

static void bounds_types(void **state) {
    (void)state;
    static maker_t maker;
    assert_good(validate_bytes(make_types(&maker, 18, doubled), NULL));
    assert_error(validate_bytes(make_types(&maker, 40, doubled), NULL), SPIN_ERROR_INVALID,
                 "more than 1000000 nodes");
    assert_good(validate_bytes(make_types(&maker, 100, chained), NULL));
    assert_error(validate_bytes(make_types(&maker, 101, chained), NULL), SPIN_ERROR_INVALID,
                 "nested more than 100 deep");
    assert_good(validate_bytes(make_types(&maker, 127, nested), NULL));
    assert_error(validate_bytes(make_types(&maker, 128, nested), NULL), SPIN_ERROR_INVALID,
                 "nested more than 127 deep");
    assert_good(validate_bytes(make_types(&maker, 99, optional), NULL));
}

static spin_error_t *refuse(void *user, spin_slice_t bytes) {
    *(size_t *)user += bytes.len;
    return spin_error_new(SPIN_ERROR_INVALID, "no such module");
}

static void asks_about_core_modules(void **state) {
    (void)state;
    /* (component (core module)) */
    validate_case_t item = {"module", "core module: no such module",
                            "0061736d0d00010001080061736d01000000"};
    size_t seen = 0;
    component_validate_options_t options = {.core_module = refuse, .user = &seen};
    check_case(&item, &options);
    assert_int_equal(seen, 8);
    item.fault = NULL;
    check_case(&item, NULL);
}

static void survives_without_memory(void **state) {
    (void)state;
    check_without_memory(types, sizeof types / sizeof *types);
    check_without_memory(names, sizeof names / sizeof *names);
    check_without_memory(visibility, sizeof visibility / sizeof *visibility);
    check_without_memory(aliases, sizeof aliases / sizeof *aliases);
}

/* ── whole suites ──────────────────────────────────────────────────────────────────────────── */

/* SPIN_TEST_COMPONENTS names a file with lines "valid PATH" and "invalid PATH". */
static void agrees_with_a_list(void **state) {
    (void)state;
    const char *list = getenv("SPIN_TEST_COMPONENTS");
    char verdict[16], path[1024];
    unsigned wrong = 0, count = 0;
    if (list == NULL)
        skip();
    FILE *file = fopen(list, "r");
    assert_non_null(file);
    component_validate_options_t options = {.features.threading = true};
    while (fscanf(file, "%15s %1023s", verdict, path) == 2) {
        static uint8_t bytes[4 << 20];
        FILE *component = fopen(path, "rb");
        assert_non_null(component);
        size_t len = fread(bytes, 1, sizeof bytes, component);
        fclose(component);
        spin_error_t *error = validate_bytes(spin_slice_of(bytes, len), &options);
        if ((error == NULL) != (strcmp(verdict, "valid") == 0)) {
            char text[ASSERT_ERROR_BYTES] = "";
            if (error != NULL)
                spin_error_format(error, text, sizeof text);
            print_message("%s should be %s %s\n", path, verdict, text);
            wrong++;
        }
        spin_error_free(error);
        count++;
    }
    fclose(file);
    print_message("%u of %u components agree\n", count - wrong, count);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_types),
        cmocka_unit_test(knows_names),
        cmocka_unit_test(wants_types_named),
        cmocka_unit_test(knows_aliases),
        cmocka_unit_test(can_be_switched_off),
        cmocka_unit_test(bounds_types),
        cmocka_unit_test(asks_about_core_modules),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(agrees_with_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
