/* Calls out as the query says, and answers with what came back.
 *
 *     ?op=http&method=GET&url=URL[&body=TEXT][&header=NAME:VALUE]... -> STATUS, an empty line,
 * headers as name=value lines, an empty line, the body; &size: only its length
 *     ?op=publish|get|set|incr|del|sadd|srem|smembers|execute&address=A[&arg=TEXT]...
 *         an argument of execute that begins with "#" is a number; what comes is a line each
 *         &first=COMMAND: that one before; &payload=N: N bytes instead of the last argument
 *     &times=N: so often, one after the other
 *
 * An error of the interface is a 502 with "error NUMBER". */
#include "spin_http.h"

#include "outbound_imports.h"

enum { ARGS = 16 };

/* ── what came back, as text ── */

static char *said;
static size_t said_len, said_size;

static void say(const char *text, size_t len) {
    if (said_size - said_len < len) {
        said_size = 2 * said_size + len + 256;
        char *larger = spin_alloc(said_size);
        for (size_t i = 0; i < said_len; i++)
            larger[i] = said[i];
        said = larger;
    }
    for (size_t i = 0; i < len; i++)
        said[said_len++] = text[i];
}

static void say_number(int64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0)
        digits[--at] = '-';
    say(digits + at, sizeof digits - at);
}

static int64_t number_of(spin_str_t text) {
    int64_t number = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            number = 10 * number + text.ptr[i] - '0';
    return text.len > 1 && text.ptr[1] == '-' ? -number : number;
}

/* False: it is an error, which is said. */
static bool is_good(uint32_t is_error, uint32_t error) {
    said_len = 0;
    if (!is_error)
        return true;
    say("error ", 6);
    say_number(error);
    return false;
}

/* ── HTTP ── */

static size_t take_headers(const spin_request_t *request, pair_t *headers) {
    size_t len = 0;
    for (size_t i = 0; i < request->params_len && len < ARGS; i++) {
        const spin_field_t *param = &request->params[i];
        size_t colon = 0;
        if (!spin_str_equal(param->name, spin_str("header")))
            continue;
        while (colon < param->value.len && param->value.ptr[colon] != ':')
            colon++;
        size_t rest = colon < param->value.len ? colon + 1 : colon;
        headers[len++] =
            (pair_t){param->value.ptr, colon, param->value.ptr + rest, param->value.len - rest};
    }
    return len;
}

static void say_response(const http_result_t *result, bool only_size) {
    say_number(result->ok.status);
    say("\n\n", 2);
    for (size_t i = 0; i < result->ok.headers_len; i++) {
        const pair_t *pair = &result->ok.headers[i];
        say(pair->name, pair->name_len);
        say("=", 1);
        say(pair->value, pair->value_len);
        say("\n", 1);
    }
    say("\n", 1);
    if (only_size)
        say_number((int64_t)result->ok.body_len);
    else
        say(result->ok.body, result->ok.body_len);
}

static bool call_http(const spin_request_t *request) {
    static http_result_t result;
    static pair_t headers[ARGS];
    spin_str_t method = spin_request_param(request, spin_str("method"));
    spin_str_t url = spin_request_param(request, spin_str("url"));
    spin_str_t body = spin_request_param(request, spin_str("body"));
    spin_method_t number = SPIN_GET;
    while (number < SPIN_OPTIONS && !spin_str_equal(method, spin_method_name(number)))
        number++;
    size_t headers_len = take_headers(request, headers);
    import_request(method.ptr == NULL ? SPIN_GET : number, url.ptr, url.len, headers, headers_len,
                   NULL, 0, body.ptr != NULL, body.ptr, body.len, &result);
    if (!is_good(result.is_error, result.error))
        return false;
    say_response(&result, spin_request_param(request, spin_str("size")).ptr != NULL);
    return true;
}

/* ── Redis ── */

typedef struct args {
    spin_str_t op;
    spin_str_t address;
    spin_str_t first;
    text_t items[ARGS];
    size_t len;
} args_t;

static void take_args(const spin_request_t *request, args_t *args) {
    args->op = spin_request_param(request, spin_str("op"));
    args->address = spin_request_param(request, spin_str("address"));
    args->first = spin_request_param(request, spin_str("first"));
    for (size_t i = 0; i < request->params_len && args->len < ARGS; i++)
        if (spin_str_equal(request->params[i].name, spin_str("arg")))
            args->items[args->len++] =
                (text_t){request->params[i].value.ptr, request->params[i].value.len};
    size_t payload = (size_t)number_of(spin_request_param(request, spin_str("payload")));
    if (payload != 0 && args->len > 0) {
        char *bytes = spin_alloc(payload);
        for (size_t i = 0; i < payload; i++)
            bytes[i] = 'p';
        args->items[args->len - 1] = (text_t){bytes, payload};
    }
}

static bool is_op(const args_t *args, const char *name, size_t len) {
    return spin_str_equal(args->op, (spin_str_t){name, len});
}

#define IS(args, name) is_op(args, name, sizeof(name) - 1)

static bool call_unit(const args_t *args) {
    static unit_result_t result;
    const text_t key = args->items[0], value = args->items[1];
    (IS(args, "set") ? import_set : import_publish)(args->address.ptr, args->address.len, key.ptr,
                                                    key.len, value.ptr, value.len, &result);
    if (!is_good(result.is_error, result.error))
        return false;
    say("ok", 2);
    return true;
}

static bool call_number(const args_t *args) {
    static number_result_t result;
    const text_t key = args->items[0];
    const char *to = args->address.ptr;
    size_t to_len = args->address.len;
    if (IS(args, "incr"))
        import_incr(to, to_len, key.ptr, key.len, &result);
    else if (IS(args, "del"))
        import_del(to, to_len, args->items, args->len, &result);
    else
        (IS(args, "sadd") ? import_sadd : import_srem)(to, to_len, key.ptr, key.len,
                                                       args->items + 1, args->len - 1, &result);
    if (!is_good(result.is_error, result.error))
        return false;
    say_number(result.ok);
    return true;
}

static bool call_get(const args_t *args) {
    static payload_result_t result;
    import_get(args->address.ptr, args->address.len, args->items[0].ptr, args->items[0].len,
               &result);
    if (!is_good(result.is_error, result.error))
        return false;
    say(result.ok.ptr, result.ok.len);
    return true;
}

static bool call_smembers(const args_t *args) {
    static texts_result_t result;
    import_smembers(args->address.ptr, args->address.len, args->items[0].ptr, args->items[0].len,
                    &result);
    if (!is_good(result.is_error, result.error))
        return false;
    for (size_t i = 0; i < result.ok.len; i++) {
        say(result.ok.items[i].ptr, result.ok.items[i].len);
        say("\n", 1);
    }
    return true;
}

static bool call_execute(const args_t *args) {
    static parts_result_t result;
    static parameter_t parameters[ARGS];
    for (size_t i = 1; i < args->len; i++) {
        const text_t text = args->items[i];
        parameter_t *parameter = &parameters[i - 1];
        parameter->tag = !(text.len > 0 && text.ptr[0] == '#');
        if (parameter->tag == 0) {
            parameter->number = number_of((spin_str_t){text.ptr, text.len});
        } else {
            parameter->bytes.ptr = text.ptr;
            parameter->bytes.len = text.len;
        }
    }
    import_execute(args->address.ptr, args->address.len, args->items[0].ptr, args->items[0].len,
                   parameters, args->len - 1, &result);
    if (!is_good(result.is_error, result.error))
        return false;
    for (size_t i = 0; i < result.ok.len; i++) {
        const part_t *part = &result.ok.items[i];
        static const char *const tags[] = {"nil ", "status ", "number ", "bytes "};
        const char *tag = tags[part->tag & 3];
        while (*tag != '\0')
            say(tag++, 1);
        if (part->tag == 2)
            say_number(part->number);
        else
            say(part->bytes.ptr, part->bytes.len);
        say("\n", 1);
    }
    return true;
}

static bool call_redis(const args_t *args) {
    static parts_result_t ignored;
    if (args->len == 0)
        return is_good(1, 99);
    if (args->first.ptr != NULL)
        import_execute(args->address.ptr, args->address.len, args->first.ptr, args->first.len, NULL,
                       0, &ignored);
    if (IS(args, "set") || IS(args, "publish"))
        return call_unit(args);
    if (IS(args, "get"))
        return call_get(args);
    if (IS(args, "smembers"))
        return call_smembers(args);
    if (IS(args, "execute"))
        return call_execute(args);
    return call_number(args);
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    static args_t args;
    spin_str_t times = spin_request_param(request, spin_str("times"));
    int64_t left = times.ptr != NULL ? number_of(times) : 1;
    bool good = true;
    take_args(request, &args);
    for (; good && left > 0; left--)
        good = IS(&args, "http") ? call_http(request) : call_redis(&args);
    spin_response_text(response, good ? 200 : 502, "text/plain", ((spin_str_t){said, said_len}));
}
