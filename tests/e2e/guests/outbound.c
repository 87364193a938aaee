/* Calls Spin's interfaces of 2022 as it is told, and says what came back.
 *
 *     probe: func(command: string) -> string     words set apart by spaces:
 *         config KEY | http METHOD URI [BODY] | publish ADDRESS CHANNEL PAYLOAD | get ADDRESS KEY |
 *         set ADDRESS KEY VALUE | incr ADDRESS KEY | bad-text | bad-pointer | bad-list | bad-method
 * | bad-area | odd-area handle-redis-message: func(message: list<u8>) -> expected<unit, error>
 *         "fail": an error; "case": one that there is not; "away": an area outside of the memory;
 *         "relay": publishes it; else ok */
#include "outbound_imports.h"

#define EXPORT(name) __attribute__((export_name(name)))

/* ── memory ── */

static _Alignas(8) char heap[32768];
static size_t heap_len;

/* clang turns loops into calls of it. */
void *memcpy(void *restrict to, const void *restrict from, size_t len) {
    for (size_t i = 0; i < len; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

EXPORT("canonical_abi_realloc")
void *canonical_abi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    size_t at = (heap_len + align - 1) & ~(align - 1);
    if (at > sizeof heap || size > sizeof heap - at)
        __builtin_trap();
    heap_len = at + size;
    for (size_t i = 0; i < old_size && i < size; i++)
        heap[at + i] = ((char *)old)[i];
    return heap + at;
}

EXPORT("canonical_abi_free")
void canonical_abi_free(void *block, size_t size, size_t align) {
    (void)block, (void)size, (void)align;
}

/* ── what came back, as text ── */

static char said[4096];
static size_t said_len;

static void say(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        said[said_len++] = text[i];
}

static void say_text(const char *text) {
    while (*text != '\0')
        said[said_len++] = *text++;
}

static void say_number(int64_t number) {
    char digits[20];
    size_t len = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[len++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        say_text("-");
    while (len > 0)
        said[said_len++] = digits[--len];
}

static void say_error(uint32_t error) {
    say_text("error ");
    say_number(error);
}

static void say_http(const http_result_t *result) {
    if (result->is_error) {
        say_error(result->error);
        return;
    }
    say_number(result->ok.status);
    say_text(result->ok.has_headers ? " [" : " no headers");
    for (size_t i = 0; result->ok.has_headers && i < result->ok.headers_len; i++) {
        const pair_t *pair = &result->ok.headers[i];
        say(pair->name, pair->name_len);
        say_text("=");
        say(pair->value, pair->value_len);
        say_text(";");
    }
    say_text(result->ok.has_headers ? "]" : "");
    say_text(result->ok.has_body ? " body " : " no body");
    if (result->ok.has_body)
        say(result->ok.body, result->ok.body_len);
}

static void say_unit(const unit_result_t *result) {
    if (result->is_error)
        say_error(result->error);
    else
        say_text("ok");
}

/* ── commands ── */

typedef struct word {
    const char *ptr;
    size_t len;
} word_t;

enum { WORDS = 4 };

static void split(const char *text, size_t len, word_t *words) {
    size_t at = 0;
    for (size_t i = 0; i < WORDS; i++) {
        words[i].ptr = text + at;
        while (at < len && text[at] != ' ') {
            at++;
            words[i].len++;
        }
        at += at < len;
    }
}

static int is(word_t word, const char *text) {
    size_t i = 0;
    while (i < word.len && text[i] != '\0' && word.ptr[i] == text[i])
        i++;
    return i == word.len && text[i] == '\0';
}

static uint32_t method_of(word_t word) {
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"};
    uint32_t method = 0;
    while (method < 7 && !is(word, names[method]))
        method++;
    return method;
}

static void run_config(const char *key, size_t len) {
    static config_result_t result;
    import_get_config(key, len, &result);
    if (result.is_error) {
        say_error(result.error.tag);
        say_text(" ");
        say(result.error.text.ptr, result.error.text.len);
    } else {
        say_text("ok ");
        say(result.ok.ptr, result.ok.len);
    }
}

static void run_http(uint32_t method, word_t uri, word_t body) {
    static const pair_t headers[] = {{"x-one", 5, "1", 1}, {"x-empty", 7, "", 0}};
    static const pair_t params[] = {{"q", 1, "v w", 3}};
    static http_result_t result;
    import_request(method, uri.ptr, uri.len, headers, 2, params, 1, body.len != 0, body.ptr,
                   body.len, &result);
    say_http(&result);
}

static void run_redis(const word_t *words) {
    static unit_result_t unit;
    static payload_result_t payload;
    static number_result_t number;
    const word_t to = words[1], key = words[2], value = words[3];
    if (is(words[0], "publish")) {
        import_publish(to.ptr, to.len, key.ptr, key.len, value.ptr, value.len, &unit);
        say_unit(&unit);
    } else if (is(words[0], "set")) {
        import_set(to.ptr, to.len, key.ptr, key.len, value.ptr, value.len, &unit);
        say_unit(&unit);
    } else if (is(words[0], "get")) {
        import_get(to.ptr, to.len, key.ptr, key.len, &payload);
        say_text(payload.is_error ? "" : "ok ");
        if (payload.is_error)
            say_error(payload.error);
        else
            say(payload.ok.ptr, payload.ok.len);
    } else if (is(words[0], "incr")) {
        import_incr(to.ptr, to.len, key.ptr, key.len, &number);
        say_text(number.is_error ? "" : "ok ");
        if (number.is_error)
            say_error(number.error);
        else
            say_number(number.ok);
    } else {
        say_text("what?");
    }
}

static void *address(uintptr_t at) {
    return (void *)at;
}

static int run_bad(word_t what) {
    const char *away = address(0xfffffff0u);
    const word_t uri = {"u", 1};
    if (is(what, "bad-text"))
        run_config("a\xff", 2);
    else if (is(what, "bad-pointer"))
        run_config(away, 32);
    else if (is(what, "bad-list"))
        import_request(0, uri.ptr, uri.len, address(16), 0x10000001u, 0, 0, 0, 0, 0, address(64));
    else if (is(what, "bad-method"))
        run_http(7, uri, (word_t){0});
    else if (is(what, "bad-area"))
        import_get_config("a", 1, address(0xfffffff0u));
    else if (is(what, "odd-area"))
        import_get_config("a", 1, address(66));
    else
        return 0;
    return 1;
}

EXPORT("probe") const view_t *probe(const char *command, size_t len) {
    static view_t area;
    word_t words[WORDS] = {{0}};
    split(command, len, words);
    said_len = 0;
    if (is(words[0], "config"))
        run_config(words[1].ptr, words[1].len);
    else if (is(words[0], "http"))
        run_http(method_of(words[1]), words[2], words[3]);
    else if (!run_bad(words[0]))
        run_redis(words);
    area.ptr = said;
    area.len = said_len;
    return &area;
}

EXPORT("handle-redis-message")
const unit_result_t *handle_redis_message(const char *message, size_t len) {
    static unit_result_t area;
    const word_t word = {message, len};
    unsigned error = is(word, "fail") ? 1 : is(word, "case") ? 7 : 0;
    if (is(word, "away"))
        return address(0xfffffff0u);
    if (is(word, "relay")) {
        static unit_result_t result;
        import_publish("redis://relay", 13, "out", 3, message, len, &result);
        error = result.is_error ? result.error : 0;
    }
    area.is_error = error != 0;
    area.error = (case_t)error;
    return &area;
}
