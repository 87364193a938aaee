/* Signatures, keyrings and key files: what the crate `bindle` 0.9.1 has made is understood, and
 * made alike; what is not as it should be is refused in words. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assert_error.h"
#include "base/error.h"
#include "base/slice.h"
#include "bindle/key_file.h"
#include "bindle/sign.h"
#include "cmocka_all.h"
#include "failing_alloc.h"
#include "spin/bindle.h"
#include "spin/manifest.h"

#define GOLDEN SPIN_SOURCE_DIR "/tests/golden/bindle"
#define ANN    "Ann <ann@example.com>"

#define assert_text(slice, text) assert_true(slice_equal_text(slice, text))

static arena_t test_arena;
static char folder[64];

static int setup(void **state) {
    (void)state;
    strcpy(folder, "/tmp/spin-sign-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    char command[128];
    arena_deinit(&test_arena);
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static const char *path_in(const char *name) {
    return (const char *)arena_printf(&test_arena, "%s/%s", folder, name).ptr;
}

static spin_slice_t read_text(const char *path) {
    spin_slice_t text = {0};
    assert_null(key_file_read(path, "file", &test_arena, KEY_FILE_ANYBODY, &text));
    return text;
}

static void write_text(const char *path, spin_slice_t text, mode_t mode) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* ── Ed25519 and base64 ──────────────────────────────────────────────────────────────────── */

/* RFC 8032, section 7.1. */
static const struct {
    const char *seed, *public_key, *message, *signature;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

static size_t from_hex(const char *hex, uint8_t *out) {
    size_t len = 0;
    for (unsigned byte; sscanf(hex + 2 * len, "%2x", &byte) == 1; len++)
        out[len] = (uint8_t)byte;
    return len;
}

static void signs_as_the_standard_says(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t seed[32], expected[32], public_key[32], wanted[64], signature[64], text[8];
        from_hex(vectors[i].seed, seed);
        from_hex(vectors[i].public_key, expected);
        from_hex(vectors[i].signature, wanted);
        spin_slice_t message = spin_slice_of(text, from_hex(vectors[i].message, text));
        bool good;
        assert_good(ed25519_public(seed, public_key));
        assert_memory_equal(public_key, expected, sizeof expected);
        assert_good(ed25519_sign(seed, message, signature));
        assert_memory_equal(signature, wanted, sizeof wanted);
        assert_good(ed25519_verify(public_key, message, signature, &good));
        assert_true(good);
        for (size_t bit = 0; bit < 512; bit += 7) {
            signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_good(ed25519_verify(public_key, message, signature, &good));
            assert_false(good);
            signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        memset(public_key, 0xFF, sizeof public_key); /* no point of the curve */
        assert_good(ed25519_verify(public_key, message, signature, &good));
        assert_false(good);
    }
}

static void base64_is_taken_strictly(void **state) {
    (void)state;
    static const char *const bad[] = {"",         "AQI",  "AQI=\n", " AQI=", "AQJ=", "AQ==",
                                      "AQIDBA==", "A=I=", "AQ-_",   "AQI*",  "====", "AQID"};
    uint8_t out[64];
    char text[96];
    assert_true(base64_read(SLICE_LITERAL("AQI="), out, 2));
    assert_true(out[0] == 1 && out[1] == 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (base64_read(spin_slice(bad[i]), out, 2))
            fail_msg("%s", bad[i]);
    for (size_t len = 1; len <= sizeof out; len++) {
        uint8_t bytes[64];
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(i * 37 + len);
        base64_write(bytes, len, text);
        assert_true(base64_read(spin_slice(text), out, len));
        assert_memory_equal(out, bytes, len);
    }
}

/* ── invoices ────────────────────────────────────────────────────────────────────────────── */

static void load_invoice(bindle_invoice_t *invoice) {
    assert_good(bindle_invoice_parse(invoice, &test_arena, read_text(GOLDEN "/crate_invoice.toml"),
                                     "invoice.toml"));
}

static void load_keyring(bindle_keyring_t *keyring, const char *name) {
    const char *path = (const char *)arena_printf(&test_arena, "%s/%s", GOLDEN, name).ptr;
    assert_good(bindle_keyring_load(keyring, &test_arena, path));
}

static void load_key(bindle_key_t *key) {
    assert_good(bindle_key_parse(key, &test_arena, read_text(GOLDEN "/crate_secret_keys.toml"),
                                 "secret_keys.toml", SLICE_LITERAL("")));
}

static void signs_what_the_crate_signs(void **state) {
    (void)state;
    bindle_invoice_t invoice;
    spin_slice_t text;
    load_invoice(&invoice);
    assert_good(bindle_cleartext(&invoice, &test_arena, SLICE_LITERAL(ANN),
                                 SLICE_LITERAL("creator"), &text));
    assert_text(text, ANN "\nexample.com/weather/käse\n1.2.3-rc.1+build.5\ncreator\n~\n"
                          "23f310b54076878fd4c36f0c60ec92011a8b406349b98dd37d08577d17397de5\n"
                          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
}

static void a_signature_is_that_of_the_crate(void **state) {
    (void)state;
    bindle_invoice_t invoice;
    bindle_key_t key;
    load_invoice(&invoice);
    load_key(&key);
    bindle_signature_t theirs = invoice.signatures.items[0];
    invoice.signatures = (bindle_signatures_t){0};
    assert_good(bindle_sign(&invoice, &test_arena, &key, SLICE_LITERAL(ANN), theirs.at));
    const bindle_signature_t *ours = &invoice.signatures.items[0];
    assert_true(slice_equal(ours->by, theirs.by) && slice_equal(ours->key, theirs.key) &&
                slice_equal(ours->role, theirs.role) && ours->at == theirs.at &&
                slice_equal(ours->signature, theirs.signature));
    assert_error_text(bindle_sign(&invoice, &test_arena, &key, SLICE_LITERAL("Bob"), 1),
                      SPIN_ERROR_EXISTS, "this key has signed the invoice already");
    assert_int_equal(invoice.signatures.len, 1);
}

#define SUBJECT  "the invoice of \"example.com/weather/käse/1.2.3-rc.1+build.5\" can't be trusted: "
#define ANNS_KEY "5CIkXcMYT/Pkfn9dGUSIs/sAdKe1k3bLPdhG/tlyjQw="
#define NOBODY                                                                                     \
    SUBJECT "no creator or approver whom the keyring knows as such has signed it, only \"" ANN     \
            "\" (creator, key \"" ANNS_KEY "\"), \"Host <host@example.com>\" (host, key "          \
            "\"AfqcDZZtnmDf01W1w1/JFhVzY+uszhMDX5F2H7S3abM=\"); add the key of one whom you "      \
            "trust to the keyring"
#define MISFIT                                                                                     \
    SUBJECT "the signature of \"" ANN "\" (creator, key \"" ANNS_KEY "\") does not fit: the "      \
            "invoice's name, version or parcels, or the signer's name or role, are not what was "  \
            "signed"

static void whom_the_keyring_knows_is_trusted(void **state) {
    (void)state;
    bindle_invoice_t invoice;
    bindle_keyring_t ann, host, none = {0};
    load_invoice(&invoice);
    load_keyring(&ann, "crate_keyring.toml");
    load_keyring(&host, "crate_host_keyring.toml");
    assert_good(bindle_verify(&invoice, &ann));
    assert_error_text(bindle_verify(&invoice, &none), SPIN_ERROR_DENIED, NOBODY);
    assert_error_text(bindle_verify(&invoice, &host), SPIN_ERROR_DENIED, NOBODY);
    ann.items[0].roles = BINDLE_ROLE_APPROVER | BINDLE_ROLE_HOST | BINDLE_ROLE_PROXY;
    assert_error_text(bindle_verify(&invoice, &ann), SPIN_ERROR_DENIED, NOBODY);
    /* A key may have several entries. */
    bindle_public_key_t entries[2] = {ann.items[0], ann.items[0]};
    entries[1].roles = BINDLE_ROLE_CREATOR;
    assert_good(bindle_verify(&invoice, &(bindle_keyring_t){entries, 2}));
    invoice.signatures = (bindle_signatures_t){0};
    assert_error_text(bindle_verify(&invoice, &ann), SPIN_ERROR_DENIED, SUBJECT "it is not signed");
}

static void what_was_changed_after_signing_is_refused(void **state) {
    (void)state;
    bindle_keyring_t ann;
    load_keyring(&ann, "crate_keyring.toml");
    for (int change = 0; change < 7; change++) {
        bindle_invoice_t invoice;
        load_invoice(&invoice);
        bindle_signature_t *signature = &invoice.signatures.items[0];
        spin_error_t *error;
        switch (change) {
        case 0: invoice.parcels[1].sha256[63] = '0'; break;
        case 1: invoice.parcels_len--; break;
        case 2: memcpy(invoice.parcels[0].sha256, invoice.parcels[1].sha256, 64); break;
        case 3: signature->signature = invoice.signatures.items[1].signature; break;
        case 4: signature->signature = SLICE_LITERAL("none"); break;
        case 5: signature->by = SLICE_LITERAL("Eve"); break;
        case 6: signature->role = SLICE_LITERAL("approver"); break;
        }
        error = bindle_verify(&invoice, &ann);
        assert_non_null(error);
        assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
        if (change < 5)
            assert_error_text(error, SPIN_ERROR_INVALID, MISFIT);
        else
            spin_error_free(error);
    }
}

static void what_a_signature_does_not_cover_may_change(void **state) {
    (void)state;
    bindle_invoice_t invoice;
    bindle_keyring_t ann;
    load_invoice(&invoice);
    load_keyring(&ann, "crate_keyring.toml");
    invoice.signatures.items[0].at++;
    invoice.parcels[0].name = SLICE_LITERAL("other");
    invoice.groups_len = 0;
    assert_good(bindle_verify(&invoice, &ann));
}

/* Else anybody could make a bindle useless by adding one. */
static void a_stranger_s_bad_signature_is_no_harm(void **state) {
    (void)state;
    bindle_invoice_t invoice;
    bindle_keyring_t ann;
    load_invoice(&invoice);
    load_keyring(&ann, "crate_keyring.toml");
    invoice.signatures.items[1].signature = SLICE_LITERAL("AAAA");
    assert_good(bindle_verify(&invoice, &ann));
    invoice.signatures.items[1].key = SLICE_LITERAL("no key");
    assert_good(bindle_verify(&invoice, &ann));
    invoice.signatures.items[1] = invoice.signatures.items[0];
    assert_error_text(bindle_verify(&invoice, &ann), SPIN_ERROR_INVALID,
                      SUBJECT "the signature of \"" ANN "\" (creator, key \"" ANNS_KEY
                              "\") stands twice in the invoice");
}

static void what_is_signed_here_is_trusted_here(void **state) {
    (void)state;
    bindle_invoice_t invoice, again;
    bindle_key_t key;
    spin_slice_t text;
    load_invoice(&invoice);
    assert_good(bindle_key_load(&key, &test_arena, path_in("key.toml"), SLICE_LITERAL("Bob")));
    assert_good(bindle_sign(&invoice, &test_arena, &key, SLICE_LITERAL("Bob \"B\""), 7));
    assert_good(bindle_invoice_write(&invoice, &test_arena, &text));
    assert_good(bindle_invoice_parse(&again, &test_arena, text, NULL));
    assert_int_equal(again.signatures.len, 3);
    assert_good(bindle_verify(&again, &(bindle_keyring_t){&key.public_key, 1}));
    bindle_key_clear(&key);
}

/* ── keyrings ────────────────────────────────────────────────────────────────────────────── */

#define KEY "key = \"" ANNS_KEY "\"\n"

static const struct {
    const char *text;
    const char *error;
} keyring_mistakes[] = {
    {"version = \"2.0\"\n",
     "keyring.toml:1:11: version is another one of the format; only 1.0 is known"},
    {"version = 1\n", "keyring.toml:1:11: version must be a string, not an integer"},
    {"[key]\n", "keyring.toml:1:1: key must be a list of tables, each below [[...]], not a table"},
    {"[[key]]\n", "keyring.toml:1:1: key 1: label is missing"},
    {"[[key]]\nlabel = \"a\"\n", "keyring.toml:1:1: key 1: roles is missing"},
    {"[[key]]\nlabel = \"a\"\nroles = [\"creator\", \"king\"]\n",
     "keyring.toml:3:21: key 1: roles must be of creator, approver, host and proxy"},
    {"[[key]]\nlabel = \"a\"\nroles = []\n", "keyring.toml:1:1: key 1: key is missing"},
    {"[[key]]\nlabel = \"a\"\nroles = []\n" KEY
     "[[key]]\nlabel = \"a\"\nroles = []\nkey = \"aa\"\n",
     "keyring.toml:8:7: key 2: key must be 32 bytes in base64"},
    {"[[key]]\nlabel = \"a\"\nroles = []\n" KEY "labelSignature = 1\n",
     "keyring.toml:5:18: key 1: labelSignature must be a string, not an integer"},
};

static void keyrings_with_mistakes_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof keyring_mistakes / sizeof *keyring_mistakes; i++) {
        bindle_keyring_t keyring;
        assert_error_text(bindle_keyring_parse(&keyring, &test_arena,
                                               spin_slice(keyring_mistakes[i].text),
                                               "keyring.toml"),
                          SPIN_ERROR_INVALID, keyring_mistakes[i].error);
    }
    bindle_keyring_t keyring;
    const char *missing = path_in("missing.toml");
    spin_error_t *error = bindle_keyring_load(&keyring, &test_arena, missing);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_NOT_FOUND);
    spin_error_free(error);
    error = bindle_keyring_load(&keyring, &test_arena, folder);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_INVALID);
    spin_error_free(error);
}

/* Such as `print-key` appended to it more than once. */
static void keyrings_may_hold_more(void **state) {
    (void)state;
    static const char text[] = "[[key]]\nlabel = \"a\"\nroles = [\"host\", \"proxy\"]\n" KEY
                               "version = \"1.0\"\nlabelSignature = \"edited since\"\n"
                               "[[key]]\nlabel = \"b\"\nroles = []\n" KEY;
    bindle_keyring_t keyring;
    assert_good(bindle_keyring_parse(&keyring, &test_arena, spin_slice(text), NULL));
    assert_int_equal(keyring.len, 2);
    assert_int_equal(keyring.items[0].roles, BINDLE_ROLE_HOST | BINDLE_ROLE_PROXY);
    assert_good(bindle_keyring_parse(&keyring, &test_arena, SLICE_LITERAL(""), NULL));
    assert_int_equal(keyring.len, 0);
}

/* ── the key file ────────────────────────────────────────────────────────────────────────── */

static void the_key_file_is_made_once(void **state) {
    (void)state;
    struct stat info;
    bindle_key_t first, second;
    const char *path = path_in("new/folder/key.toml");
    assert_good(bindle_key_load(&first, &test_arena, path, SLICE_LITERAL("Ann \"A\"")));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(stat(path_in("new"), &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_good(bindle_key_load(&second, &test_arena, path, SLICE_LITERAL("Bob")));
    assert_memory_equal(first.seed, second.seed, sizeof first.seed);
    assert_text(second.public_key.label, "Ann \"A\"");
    bindle_key_clear(&first);
    assert_true(first.seed[0] == 0 && first.seed[31] == 0);
}

static void a_key_file_that_others_may_read_is_refused(void **state) {
    (void)state;
    bindle_key_t key;
    char expected[512];
    const char *path = path_in("open.toml");
    write_text(path, read_text(GOLDEN "/crate_secret_keys.toml"), 0640);
    snprintf(expected, sizeof expected,
             "the key file \"%s\" is open to others (mode 640); if nobody else has had it, close "
             "it with \"chmod 600 %s\", else make a new one",
             path, path);
    assert_error_text(bindle_key_load(&key, &test_arena, path, SLICE_LITERAL("")),
                      SPIN_ERROR_DENIED, expected);
    assert_int_equal(chmod(path, 0400), 0);
    assert_good(bindle_key_load(&key, &test_arena, path, SLICE_LITERAL("")));
    assert_text(key.public_key.label, ANN);
}

#define PAIR                                                                                       \
    "A106/E/edhn5yXKX0MCcKE5J+vHM1yyTlnkPbj82YWzkIiRdwxhP8+R+f10ZRIiz+wB0p7WTdss92Eb+2XKNDA=="

static const struct {
    const char *text;
    const char *error;
} key_mistakes[] = {
    {"version = \"0.9\"\n",
     "key.toml:1:11: version is another one of the format; only 1.0 is known"},
    {"[[key]]\nroles = []\n", "key.toml:1:1: key 1: label is missing"},
    {"[[key]]\nlabel = \"a\"\nroles = []\nkeypair = \"" PAIR "=\"\n",
     "key.toml:4:11: key 1: keypair must be 64 bytes in base64"},
    {"[[key]]\nlabel = \"a\"\nroles = []\nkeypair = \"B" PAIR "\"\n",
     "key.toml:4:11: key 1: keypair must be 64 bytes in base64"},
    {"[[key]]\nlabel = \"a\"\nroles = []\nkeypair = "
     "\"B106/E/edhn5yXKX0MCcKE5J+vHM1yyTlnkPbj82YWzkIiRdwxhP8+R+f10ZRIiz+wB0p7WTdss92Eb+2XKNDA==\""
     "\n",
     "key.toml:4:11: key 1: keypair holds two halves that don't belong together"},
    {"[[key]]\nlabel = \"a\"\nroles = [\"host\"]\nkeypair = \"" PAIR "\"\n",
     "key.toml: there is no key in it that has the role \"creator\""},
    {"", "key.toml: there is no key in it that has the role \"creator\""},
};

static void key_files_with_mistakes_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof key_mistakes / sizeof *key_mistakes; i++) {
        bindle_key_t key;
        assert_error_text(bindle_key_parse(&key, &test_arena, spin_slice(key_mistakes[i].text),
                                           "key.toml", SLICE_LITERAL("a")),
                          SPIN_ERROR_INVALID, key_mistakes[i].error);
    }
}

static void the_key_of_a_label_comes_first(void **state) {
    (void)state;
    static const char text[] =
        "[[key]]\nlabel = \"a\"\nroles = [\"host\"]\nkeypair = \"" PAIR "\"\n"
        "[[key]]\nlabel = \"b\"\nroles = [\"creator\"]\nkeypair = \"" PAIR "\"\n"
        "[[key]]\nlabel = \"c\"\nroles = [\"proxy\", \"creator\"]\nkeypair = \"" PAIR "\"\n";
    static const char *const cases[][2] = {{"c", "c"}, {"b", "b"}, {"a", "b"}, {"", "b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bindle_key_t key;
        assert_good(
            bindle_key_parse(&key, &test_arena, spin_slice(text), NULL, spin_slice(cases[i][0])));
        assert_text(key.public_key.label, cases[i][1]);
    }
}

/* ── several processes ───────────────────────────────────────────────────────────────────── */

enum { PROCESSES = 8, ROUNDS = 10 };

static size_t count_files(const char *path) {
    size_t count = 0;
    DIR *open_folder = opendir(path);
    assert_non_null(open_folder);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(open_folder);
    return count;
}

/* Writes the seed that it got to a pipe. */
static void load_in_child(const char *path, int out) {
    bindle_key_t key;
    arena_t arena = {0};
    spin_error_t *error = bindle_key_load(&key, &arena, path, SLICE_LITERAL("race"));
    _exit(error == NULL && write(out, key.seed, 32) == 32 ? 0 : 1);
}

static void processes_agree_on_a_key(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int pipes[2], status;
        uint8_t seeds[PROCESSES][32];
        const char *path =
            (const char *)arena_printf(&test_arena, "%s/race%d/key.toml", folder, round).ptr;
        assert_int_equal(pipe(pipes), 0);
        for (int i = 0; i < PROCESSES; i++) {
            pid_t pid = fork();
            assert_true(pid >= 0);
            if (pid == 0)
                load_in_child(path, pipes[1]);
        }
        for (int i = 0; i < PROCESSES; i++) {
            assert_true(wait(&status) > 0);
            assert_int_equal(status, 0);
            assert_int_equal(read(pipes[0], seeds[i], 32), 32);
            assert_memory_equal(seeds[i], seeds[0], 32);
        }
        close(pipes[0]);
        close(pipes[1]);
        assert_int_equal(
            count_files((const char *)arena_printf(&test_arena, "%s/race%d", folder, round).ptr),
            1);
    }
}

static void a_killed_process_leaves_no_half_key(void **state) {
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int status;
        bindle_key_t key;
        const char *path =
            (const char *)arena_printf(&test_arena, "%s/kill%d/key.toml", folder, round).ptr;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            bindle_key_load(&key, &test_arena, path, SLICE_LITERAL("killed"));
            _exit(0);
        }
        usleep((useconds_t)(round * 200));
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_good(bindle_key_load(&key, &test_arena, path, SLICE_LITERAL("alive")));
    }
}

static void a_folder_that_takes_no_file_is_an_error(void **state) {
    (void)state;
    bindle_key_t key;
    write_text(path_in("file"), SLICE_LITERAL("x"), 0600);
    spin_error_t *error =
        bindle_key_load(&key, &test_arena, path_in("file/key.toml"), SLICE_LITERAL("x"));
    assert_non_null(error);
    spin_error_free(error);
    error = bindle_key_load(&key, &test_arena, "/proc/key.toml", SLICE_LITERAL("x"));
    assert_non_null(error);
    spin_error_free(error);
}

/* ── the public half ─────────────────────────────────────────────────────────────────────── */

static void the_public_half_is_a_keyring(void **state) {
    (void)state;
    char *text;
    const char *path = path_in("theirs.toml");
    write_text(path, read_text(GOLDEN "/crate_secret_keys.toml"), 0600);
    spin_bindle_options_t options = {.size = sizeof options, .key_file = path};
    assert_good(spin_bindle_public_key(&options, &text));
    assert_true(slice_equal(spin_slice(text), read_text(GOLDEN "/crate_keyring.toml")));
    spin_string_free(text);
    options.key_file = path_in("ours.toml");
    options.label = "Zoë <zoe@example.com>";
    assert_good(spin_bindle_public_key(&options, &text));
    bindle_keyring_t keyring;
    assert_good(bindle_keyring_parse(&keyring, &test_arena, spin_slice(text), NULL));
    assert_int_equal(keyring.len, 1);
    assert_text(keyring.items[0].label, "Zoë <zoe@example.com>");
    assert_int_equal(keyring.items[0].roles, BINDLE_ROLE_CREATOR);
    uint8_t signature[64];
    bool good;
    assert_true(base64_read(keyring.items[0].label_signature, signature, 64));
    assert_good(ed25519_verify(keyring.items[0].key, keyring.items[0].label, signature, &good));
    assert_true(good);
    spin_string_free(text);
    options.size = 0;
    spin_error_t *error = spin_bindle_public_key(&options, &text);
    assert_int_equal(spin_error_kind(error), SPIN_ERROR_USAGE);
    spin_error_free(error);
}

/* ── no memory ───────────────────────────────────────────────────────────────────────────── */

static spin_error_t *sign_and_verify(spin_slice_t invoice_text, spin_slice_t key_text,
                                     const char *key_file) {
    arena_t arena = {.block_size = 64};
    bindle_invoice_t invoice;
    bindle_key_t key = {0};
    bindle_keyring_t keyring;
    buf_t ring = {0};
    spin_error_t *error = bindle_invoice_parse(&invoice, &arena, invoice_text, NULL);
    if (error == NULL)
        error = bindle_key_parse(&key, &arena, key_text, "key.toml", SLICE_LITERAL(""));
    if (error == NULL)
        bindle_keyring_write(&ring, &(bindle_keyring_t){&key.public_key, 1});
    if (error == NULL)
        error = ring.failed ? error_no_memory()
                            : bindle_keyring_parse(&keyring, &arena, buf_slice(&ring), NULL);
    if (error == NULL)
        error = bindle_verify(&invoice, &keyring);
    if (error == NULL)
        error = bindle_key_load(&key, &arena, key_file, SLICE_LITERAL("x"));
    if (error == NULL)
        error = bindle_sign(&invoice, &arena, &key, SLICE_LITERAL("x"), 1);
    buf_deinit(&ring);
    arena_deinit(&arena);
    return error;
}

static void running_out_of_memory_is_an_error(void **state) {
    (void)state;
    const char *path = path_in("memory/key.toml");
    spin_slice_t invoice = read_text(GOLDEN "/crate_invoice.toml");
    spin_slice_t keys = read_text(GOLDEN "/crate_secret_keys.toml");
    failing_alloc_install(SIZE_MAX);
    assert_good(sign_and_verify(invoice, keys, path));
    size_t calls = failing_alloc_calls(), unnoticed = 0;
    assert_true(calls > 50);
    for (size_t at = 1; at <= calls; at++) {
        unlink(path);
        failing_alloc_install(at);
        spin_error_t *error = sign_and_verify(invoice, keys, path);
        /* That there was no key file yet is told in two links, of which one may be missing. */
        unnoticed += error == NULL;
        if (error != NULL)
            assert_int_equal(spin_error_kind(error), SPIN_ERROR_NO_MEMORY);
        spin_error_free(error);
        assert_int_equal(failing_alloc_live(), 0);
    }
    failing_alloc_remove();
    assert_in_range(unnoticed, 0, 2);
    failing_alloc_install(SIZE_MAX);
    unlink(path);
    assert_good(sign_and_verify(invoice, keys, path));
    failing_alloc_remove();
    assert_int_equal(count_files(path_in("memory")), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_standard_says),
        cmocka_unit_test(base64_is_taken_strictly),
        cmocka_unit_test(signs_what_the_crate_signs),
        cmocka_unit_test(a_signature_is_that_of_the_crate),
        cmocka_unit_test(whom_the_keyring_knows_is_trusted),
        cmocka_unit_test(what_was_changed_after_signing_is_refused),
        cmocka_unit_test(what_a_signature_does_not_cover_may_change),
        cmocka_unit_test(a_stranger_s_bad_signature_is_no_harm),
        cmocka_unit_test(what_is_signed_here_is_trusted_here),
        cmocka_unit_test(keyrings_with_mistakes_are_refused),
        cmocka_unit_test(keyrings_may_hold_more),
        cmocka_unit_test(the_key_file_is_made_once),
        cmocka_unit_test(a_key_file_that_others_may_read_is_refused),
        cmocka_unit_test(key_files_with_mistakes_are_refused),
        cmocka_unit_test(the_key_of_a_label_comes_first),
        cmocka_unit_test(processes_agree_on_a_key),
        cmocka_unit_test(a_killed_process_leaves_no_half_key),
        cmocka_unit_test(a_folder_that_takes_no_file_is_an_error),
        cmocka_unit_test(the_public_half_is_a_keyring),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
