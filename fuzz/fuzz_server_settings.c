/* Any bytes are settings that keep their rules, or an error with a message and a position inside of
 * the text. */
#include <stdlib.h>

#include "base/error.h"
#include "base/slice.h"
#include "manifest/check.h"
#include "server/settings.h"
#include "spin/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

/* A column may be one past the end of its line. */
static void check_error(const spin_error_t *error, spin_slice_t text) {
    spin_error_kind_t kind = spin_error_kind(error);
    require(kind == SPIN_ERROR_INVALID || kind == SPIN_ERROR_LIMIT);
    require(*spin_error_message(error) != '\0');
    spin_position_t at = spin_error_position(error);
    require(at.line >= 1 && at.column >= 1);
    for (uint32_t line = 1; line < at.line; line++) {
        size_t len = slice_find(text, '\n');
        require(len < text.len);
        text = slice_from(text, len + 1);
    }
    require(at.column <= slice_find(text, '\n') + 1);
}

static void check_pairs(const char *const *pairs, size_t len,
                        const char *(*check)(spin_slice_t text)) {
    for (size_t i = 0; i < len; i++) {
        spin_slice_t pair = spin_slice(pairs[i]);
        size_t name_len = slice_find(pair, '=');
        require(name_len < pair.len && check(spin_slice_of(pair.ptr, name_len)) == NULL);
    }
}

static void check_settings(const spin_server_application_t *got) {
    require(got->size == sizeof *got);
    for (size_t i = 0; i < got->hosts_len; i++)
        require(*got->hosts[i] != '\0' && strpbrk(got->hosts[i], "/ @?#") == NULL);
    require(got->base == NULL || *got->base == '\0' || *got->base == '/');
    require(got->max_instances <= SPIN_ENGINE_MOST_INSTANCES);
    require(got->max_memory_bytes == 0 ||
            (got->max_memory_bytes >= 64 << 10 && got->max_memory_bytes <= 4ull << 30));
    require(got->timeout_ms <= INT64_MAX / 1000000);
    check_pairs(got->environment, got->environment_len, check_environment_name);
    check_pairs(got->variables, got->variables_len, check_variable_name);
    /* Relative to the file's folder. */
    require(got->state_dir == NULL || *got->state_dir == '/' ||
            slice_starts_with(spin_slice(got->state_dir), SLICE_LITERAL("d/")));
    require(got->log_dir == NULL || *got->log_dir == '/' ||
            slice_starts_with(spin_slice(got->log_dir), SLICE_LITERAL("d/")));
    require(!got->follow_all && !got->quiet && got->follow_len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    spin_slice_t text = spin_slice_of(data, size);
    spin_server_settings_t *settings = NULL;
    spin_error_t *error = server_settings_parse(text, "d/f", &settings);
    if (error == NULL)
        check_settings(spin_server_settings_application(settings));
    else
        check_error(error, text);
    spin_error_free(error);
    spin_server_settings_free(settings);
    return 0;
}
