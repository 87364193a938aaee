/* Answers with the configuration that the query's `key` names: 200 and the value, or 404 and the
 * error's case with its text. */
#include "spin_http.h"

#include "imports.h"

static const char *const cases[] = {"provider", "invalid-key", "invalid-schema", "other"};

static size_t length(const char *text) {
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    return len;
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    static config_result_t result;
    spin_str_t key = spin_request_param(request, spin_str("key"));
    import_get_config(key.ptr, key.len, &result);
    if (!result.is_error) {
        spin_response_text(response, 200, "text/plain",
                           ((spin_str_t){result.ok.ptr, result.ok.len}));
        return;
    }
    const char *name = cases[result.error.tag & 3];
    size_t name_len = length(name);
    char *text = spin_alloc(name_len + 2 + result.error.text.len);
    for (size_t i = 0; i < name_len; i++)
        text[i] = name[i];
    text[name_len] = ':';
    text[name_len + 1] = ' ';
    for (size_t i = 0; i < result.error.text.len; i++)
        text[name_len + 2 + i] = result.error.text.ptr[i];
    spin_response_text(response, 404, "text/plain",
                       ((spin_str_t){text, name_len + 2 + result.error.text.len}));
}
