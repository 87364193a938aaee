/* Invoices: what the crate `bindle` writes is read, what is written is read as the same, and what
 * is wrong is told with its position. */
#include <stdio.h>
#include <stdlib.h>

#include "assert_error.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "bindle/invoice.h"
#include "bindle/key_file.h"
#include "bindle/reference.h"
#include "bindle/same.h"
#include "bindle/toml_write.h"
#include "cmocka_all.h"
#include "failing_alloc.h"

#define GOLDEN SPIN_SOURCE_DIR "/tests/golden/bindle"

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD   "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\nversion = \"1.0.0\"\n"
#define LABEL                                                                                      \
    "[[parcel]]\n[parcel.label]\nsha256 = \"" DIGEST "\"\nmediaType = \"text/plain\"\n"            \
    "name = \"a\"\nsize = 1\n"

#define assert_text(slice, text) assert_true(slice_equal_text(slice, text))

static void read_file(arena_t *arena, const char *path, spin_slice_t *text) {
    assert_null(key_file_read(path, "file", arena, KEY_FILE_ANYBODY, text));
}

static void parse(arena_t *arena, spin_slice_t text, bindle_invoice_t *invoice) {
    spin_error_t *error = bindle_invoice_parse(invoice, arena, text, "invoice.toml");
    if (error == NULL)
        return;
    char message[1024];
    spin_error_format(error, message, sizeof message);
    spin_error_free(error);
    fail_msg("%s", message);
}

/* ── the crate's ─────────────────────────────────────────────────────────────────────────── */

static void assert_parcels(const bindle_invoice_t *invoice) {
    assert_int_equal(invoice->parcels_len, 3);
    const bindle_parcel_t *chip = &invoice->parcels[0], *big = &invoice->parcels[2];
    assert_string_equal(chip->sha256,
                        "23f310b54076878fd4c36f0c60ec92011a8b406349b98dd37d08577d17397de5");
    assert_text(chip->media_type, "text/plain");
    assert_text(chip->name, "isolinear_chip.txt");
    assert_int_equal(chip->size_bytes, 9);
    assert_null(chip->origin.ptr);
    assert_int_equal(chip->annotations.len, 1);
    assert_text(chip->annotations.items[0].key, "bindle.dev/readme");
    assert_int_equal(chip->features_len, 2);
    assert_text(chip->features[0].name, "odd name");
    assert_text(chip->features[0].values.items[1].value, "2");
    assert_int_equal(chip->member_of.len, 2);
    assert_text(chip->member_of.items[1], "cli");
    assert_text(chip->requires.items[0], "utility");
    assert_int_equal(invoice->parcels[1].size_bytes, 0);
    assert_true(big->size_bytes == INT64_MAX);
    assert_text(big->origin, "other/2.0.0");
    assert_int_equal(big->member_of.len, 0);
    assert_ptr_equal(bindle_invoice_parcel(invoice, spin_slice(DIGEST)), &invoice->parcels[1]);
    assert_null(bindle_invoice_parcel(invoice, SLICE_LITERAL("00")));
}

static void reads_what_the_crate_writes(void **state) {
    (void)state;
    arena_t arena = {0};
    spin_slice_t text;
    bindle_invoice_t invoice;
    read_file(&arena, GOLDEN "/crate_invoice.toml", &text);
    parse(&arena, text, &invoice);
    assert_text(invoice.bindle_version, "1.0.0");
    assert_true(invoice.yanked);
    assert_text(invoice.name, "example.com/weather/käse");
    assert_text(invoice.version, "1.2.3-rc.1+build.5");
    assert_text(invoice.description, "Rain,\nor \"shine\" \\ \a ☂");
    assert_int_equal(invoice.authors.len, 2);
    assert_text(invoice.annotations.items[0].key, "example.com/key");
    assert_text(invoice.annotations.items[1].value, "");
    assert_parcels(&invoice);
    assert_int_equal(invoice.groups_len, 4);
    assert_true(invoice.groups[0].required);
    assert_int_equal(invoice.groups[1].satisfied_by, BINDLE_ONE_OF);
    assert_int_equal(invoice.groups[2].satisfied_by, BINDLE_OPTIONAL);
    assert_int_equal(invoice.groups[3].satisfied_by, BINDLE_ALL_OF);
    assert_int_equal(invoice.signatures.len, 2);
    assert_text(invoice.signatures.items[1].by, "Host <host@example.com>");
    assert_text(invoice.signatures.items[1].role, "host");
    assert_true(invoice.signatures.items[1].at == 1795274882);
    assert_int_equal(invoice.yanked_signatures.len, 1);
    assert_text(invoice.yanked_signatures.items[0].key, "a2V5");
    arena_deinit(&arena);
}

/* Equal as a whole, signatures included, if the texts are. */
static void assert_written_alike(arena_t *arena, const bindle_invoice_t *invoice) {
    bindle_invoice_t again;
    spin_slice_t first, second;
    assert_null(bindle_invoice_write(invoice, arena, &first));
    parse(arena, first, &again);
    assert_true(bindle_invoice_same(invoice, &again));
    assert_null(bindle_invoice_write(&again, arena, &second));
    assert_true(slice_equal(first, second));
}

static void what_is_written_is_read_as_the_same(void **state) {
    (void)state;
    static const char *const minimal[] = {
        HEAD,
        HEAD LABEL,
        HEAD "description = \"\"\nauthors = []\n",
        HEAD LABEL "[parcel.label.feature]\n[parcel.label.feature.\"\"]\n[parcel.conditions]\n",
        "bindleVersion = \"v1.0.0\"\nbindle = { version = \"0.0.0\", name = \"a/b\" }\nparcel = "
        "[]\n",
    };
    arena_t arena = {0};
    bindle_invoice_t invoice;
    spin_slice_t text;
    read_file(&arena, GOLDEN "/crate_invoice.toml", &text);
    parse(&arena, text, &invoice);
    assert_written_alike(&arena, &invoice);
    for (size_t i = 0; i < sizeof minimal / sizeof *minimal; i++) {
        parse(&arena, spin_slice(minimal[i]), &invoice);
        assert_written_alike(&arena, &invoice);
    }
    arena_deinit(&arena);
}

static void every_character_survives(void **state) {
    (void)state;
    arena_t arena = {0};
    char all[128 + sizeof "ä☂" - 1];
    for (size_t i = 0; i < 128; i++)
        all[i] = (char)i;
    memcpy(all + 128, "ä☂", sizeof "ä☂" - 1);
    spin_slice_t text = spin_slice_of(all, sizeof all);
    bindle_pair_t pairs[] = {{text, text}, {SLICE_LITERAL(""), SLICE_LITERAL("")}};
    bindle_invoice_t invoice = {.bindle_version = SLICE_LITERAL("1.0.0"),
                                .name = SLICE_LITERAL("a"),
                                .version = SLICE_LITERAL("1.0.0"),
                                .description = text,
                                .authors = {&text, 1},
                                .annotations = {pairs, 2}};
    assert_written_alike(&arena, &invoice);
    arena_deinit(&arena);
}

static void values_of_all_types_survive(void **state) {
    (void)state;
    static const char source[] =
        "a = [1, -9223372036854775808, true, 1.5, 1e300, 0.1, -0.0, 100.0, inf, -inf, nan, "
        "5e-324, 1979-05-27T07:32:00Z, 1979-05-27, 07:32:00, { x = { }, \"y.z\" = [] }, \"\"]\n";
    arena_t arena = {0};
    toml_value_t *first, *second;
    buf_t one = {0}, two = {0};
    assert_null(toml_parse(&arena, spin_slice(source), NULL, &first));
    buf_append_text(&one, "a = ");
    toml_write_value(&one, &first->of.table.pairs[0].value);
    assert_null(toml_parse(&arena, buf_slice(&one), NULL, &second));
    buf_append_text(&two, "a = ");
    toml_write_value(&two, &second->of.table.pairs[0].value);
    assert_true(slice_equal(buf_slice(&one), buf_slice(&two)));
    const toml_value_t *items = second->of.table.pairs[0].value.of.array.items;
    assert_true(items[1].of.integer == INT64_MIN);
    assert_int_equal(items[7].type, TOML_FLOAT);
    assert_true(items[5].of.number == 0.1 && items[11].of.number > 0);
    buf_deinit(&one);
    buf_deinit(&two);
    arena_deinit(&arena);
}

/* ── mistakes ────────────────────────────────────────────────────────────────────────────── */

static const struct {
    const char *text;
    const char *error;
} mistakes[] = {
    {"", "invoice.toml:1:1: bindleVersion is missing"},
    {"bindleVersion = 1\n", "invoice.toml:1:17: bindleVersion must be a string, not an integer"},
    {"bindleVersion = \"2.0.0\"\n",
     "invoice.toml:1:17: bindleVersion \"2.0.0\" is another version of the format; only 1.0.0 is "
     "known"},
    {"bindleVersion = \"1.0.0\"\n", "invoice.toml:1:1: bindle is missing"},
    {"bindleVersion = \"1.0.0\"\nbindel = 1\n",
     "invoice.toml:2:1: bindel is not a key of Bindle 1.0; did you mean \"bindle\"?"},
    {"bindleVersion = \"1.0.0\"\nbindle = \"a\"\n",
     "invoice.toml:2:10: bindle must be a table, not a string"},
    {"bindleVersion = \"1.0.0\"\n\n[bindle]\nversion = \"1.0.0\"\n",
     "invoice.toml:3:1: bindle.name is missing"},
    {"bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a b\"\nversion = \"1.0.0\"\n",
     "invoice.toml:3:8: bindle.name \"a b\" may contain only letters, digits and \"_-.~+/\""},
    {"bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\nversion = \"1.0\"\n",
     "invoice.toml:4:11: bindle.version \"1.0\" is not a semantic version such as 1.2.3"},
    {HEAD "authors = \"me\"\n",
     "invoice.toml:5:11: bindle.authors must be an array of strings, not a string"},
    {HEAD "authors = [\"me\",\n 7]\n",
     "invoice.toml:6:2: bindle.authors must be an array of strings, not an integer"},
    {"yanked = 1\n" HEAD, "invoice.toml:1:10: yanked must be true or false, not an integer"},
    {HEAD "[annotations]\nx = 1\n",
     "invoice.toml:6:1: annotations.x must be a string, not an integer"},
    {HEAD "[annotations]\n\"a\\u001bb\" = 1\n",
     "invoice.toml:6:1: annotations.\"a\\u001bb\" must be a string, not an integer"},
    {"parcel = 1\n" HEAD,
     "invoice.toml:1:10: parcel must be a list of tables, each below [[...]], not an integer"},
    {"parcel = [1]\n" HEAD,
     "invoice.toml:1:11: parcel must be a list of tables, each below [[...]], not an integer"},
    {HEAD "[[parcel]]\n", "invoice.toml:5:1: parcel 1: label is missing"},
    {HEAD LABEL "[[parcel]]\nlabel.sha256 = \"" DIGEST "\"\n",
     "invoice.toml:12:1: parcel 2: label.mediaType is missing"},
    {HEAD "[[parcel]]\nlabel.sha256 = \"E3\"\n",
     "invoice.toml:6:16: parcel 1: label.sha256 \"E3\" must be 64 lower-case hexadecimal digits"},
    {HEAD LABEL "colour = \"red\"\n",
     "invoice.toml:11:1: parcel 1: label.colour is not a key of Bindle 1.0"},
    {HEAD LABEL "feature = 1\n",
     "invoice.toml:11:11: parcel 1: label.feature must be a table, not an integer"},
    {HEAD LABEL "feature.wasm = 1\n",
     "invoice.toml:11:16: parcel 1: label.feature must hold tables, not an integer"},
    {HEAD LABEL "[parcel.label.feature.wasm]\nasset = true\n",
     "invoice.toml:12:1: parcel 1: label.feature.wasm.asset must be a string, not a boolean"},
    {HEAD LABEL "[parcel.conditions]\nmemberof = []\n",
     "invoice.toml:12:1: parcel 1: conditions.memberof is not a key of Bindle 1.0; did you mean "
     "\"memberOf\"?"},
    {HEAD "[[group]]\n", "invoice.toml:5:1: group 1: name is missing"},
    {HEAD "[[group]]\nname = \"\"\n", "invoice.toml:6:8: group 1: name \"\" must not be empty"},
    {HEAD "[[group]]\nname = \"x\"\nsatisfiedBy = \"none\"\n",
     "invoice.toml:7:15: group 1: satisfiedBy must be allOf, oneOf or optional"},
    {HEAD "[[signature]]\nby = \"\"\nsignature = \"\"\nkey = \"\"\nrole = \"boss\"\nat = 1\n",
     "invoice.toml:9:8: signature 1: role \"boss\" must be creator, proxy, host or approver"},
    {HEAD
     "[[yankedSignature]]\nby = \"\"\nsignature = \"\"\nkey = \"\"\nrole = \"host\"\nat = -1\n",
     "invoice.toml:10:6: yankedSignature 1: at must not be negative"},
    {HEAD "[[signature]]\nby = \"\"\nsignature = \"\"\nkey = \"\"\nrole = \"host\"\nat = \"now\"\n",
     "invoice.toml:10:6: signature 1: at must be a whole number, not a string"},
};

static void mistakes_are_told_with_their_position(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        arena_t arena = {0};
        bindle_invoice_t invoice;
        assert_error_text(
            bindle_invoice_parse(&invoice, &arena, spin_slice(mistakes[i].text), "invoice.toml"),
            SPIN_ERROR_INVALID, mistakes[i].error);
        arena_deinit(&arena);
    }
}

static void a_cut_invoice_is_an_invoice_or_an_error(void **state) {
    (void)state;
    arena_t file = {0};
    spin_slice_t text;
    size_t good = 0;
    read_file(&file, GOLDEN "/crate_invoice.toml", &text);
    for (size_t len = 0; len < text.len; len++) {
        arena_t arena = {0};
        bindle_invoice_t invoice;
        char *copy = malloc(len + 1); /* of just that size, for the sanitizer */
        memcpy(copy, text.ptr, len);
        spin_error_t *error =
            bindle_invoice_parse(&invoice, &arena, spin_slice_of(copy, len), NULL);
        assert_true(error == NULL || spin_error_kind(error) == SPIN_ERROR_INVALID);
        good += error == NULL;
        spin_error_free(error);
        arena_deinit(&arena);
        free(copy);
    }
    assert_in_range(good, 1, text.len / 10);
    arena_deinit(&file);
}

static void nesting_has_a_limit(void **state) {
    (void)state;
    arena_t arena = {0};
    bindle_invoice_t invoice;
    buf_t text = {0};
    buf_append_text(&text, "a = ");
    for (int i = 0; i < 200; i++)
        buf_append_byte(&text, '[');
    spin_error_t *error = bindle_invoice_parse(&invoice, &arena, buf_slice(&text), NULL);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_LIMIT);
    spin_error_free(error);
    buf_deinit(&text);
    arena_deinit(&arena);
}

/* ── references ──────────────────────────────────────────────────────────────────────────── */

static void versions_are_semantic(void **state) {
    (void)state;
    static const char *const good[] = {
        "0.0.0",   "1.2.3",          "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7",
        "1.0.0--", "1.0.0+20130313", "1.0.0+001",   "1.0.0-a+b.c",   "18446744073709551615.0.0",
        "1.0.0-0a"};
    static const char *const bad[] = {
        "",       "1",        "1.0",        "1.0.0.0", "01.0.0",    "1.0.0-",
        "1.0.0+", "1.0.0-01", "1.0.0-a..b", "v1.0.0",  "1.0.0+a+b", "18446744073709551616.0.0",
        "1.0.0 ", "1.0.x",    "-1.0.0",     "1.0.0-ä", "1..0"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (bindle_version_check(spin_slice(good[i])) != NULL)
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (bindle_version_check(spin_slice(bad[i])) == NULL)
            fail_msg("%s", bad[i]);
}

static void names_fit_into_urls(void **state) {
    (void)state;
    static const char *const good[] = {"a",           "1_b", "käse", "example.com/hello/world",
                                       "hello-world", "..a"};
    static const char *const bad[] = {"",    "/",   "/a",  "a/",  "a//b",  ".",   "a/../b",
                                      "a b", "a@b", "a?b", "a#b", "a%20b", "a:b", "a\nb"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (bindle_name_check(spin_slice(good[i])) != NULL)
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (bindle_name_check(spin_slice(bad[i])) == NULL)
            fail_msg("%s", bad[i]);
    assert_non_null(bindle_name_check(spin_slice_of("a\0b", 3)));
}

static void references_are_names_with_versions(void **state) {
    (void)state;
    spin_slice_t name, version;
    assert_null(bindle_reference_parse(SLICE_LITERAL("example.com/a/1.0.0+x"), &name, &version));
    assert_text(name, "example.com/a");
    assert_text(version, "1.0.0+x");
    assert_error_text(bindle_reference_parse(SLICE_LITERAL("hello"), &name, &version),
                      SPIN_ERROR_INVALID,
                      "\"hello\" is not a bindle: it must be NAME/VERSION, such as hello/1.0.0");
    assert_error_text(
        bindle_reference_parse(SLICE_LITERAL("hello/1.0"), &name, &version), SPIN_ERROR_INVALID,
        "\"hello/1.0\" is not a bindle: \"1.0\" is not a semantic version such as 1.2.3");
    assert_error_text(bindle_reference_parse(SLICE_LITERAL("/1.0.0"), &name, &version),
                      SPIN_ERROR_INVALID, "\"/1.0.0\" is not a bindle: its name must not be empty");
    assert_error_text(bindle_reference_parse(SLICE_LITERAL(""), &name, &version),
                      SPIN_ERROR_INVALID,
                      "\"\" is not a bindle: it must be NAME/VERSION, such as hello/1.0.0");
}

/* The folder of the crate's own example. */
static void a_folder_is_named_by_the_digest_of_the_reference(void **state) {
    (void)state;
    char digest[DIGEST_HEX + 1];
    bindle_reference_digest(SLICE_LITERAL("enterprise.com/warpcore"), SLICE_LITERAL("1.0.0"),
                            digest);
    assert_string_equal(digest, "1927aefa8fdc8327499e918300e2e49ecb271321530cc5881fcd069ca8372dcd");
}

/* ── no memory ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *parse_and_write(void *user) {
    const spin_slice_t *text = user;
    arena_t arena = {.block_size = 64}; /* many small ones */
    bindle_invoice_t invoice;
    spin_slice_t written;
    spin_error_t *error = bindle_invoice_parse(&invoice, &arena, *text, "invoice.toml");
    if (error == NULL)
        error = bindle_invoice_write(&invoice, &arena, &written);
    arena_deinit(&arena);
    return error;
}

static void running_out_of_memory_is_an_error(void **state) {
    (void)state;
    arena_t arena = {0};
    spin_slice_t text;
    read_file(&arena, GOLDEN "/crate_invoice.toml", &text);
    assert_int_equal(failing_alloc_each(parse_and_write, &text, 20), 0);
    arena_deinit(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_crate_writes),
        cmocka_unit_test(what_is_written_is_read_as_the_same),
        cmocka_unit_test(every_character_survives),
        cmocka_unit_test(values_of_all_types_survive),
        cmocka_unit_test(mistakes_are_told_with_their_position),
        cmocka_unit_test(a_cut_invoice_is_an_invoice_or_an_error),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(versions_are_semantic),
        cmocka_unit_test(names_fit_into_urls),
        cmocka_unit_test(references_are_names_with_versions),
        cmocka_unit_test(a_folder_is_named_by_the_digest_of_the_reference),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
