#include "bindle/options.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/options.h"

enum {
    CONNECT_TIMEOUT_MS = 10 * 1000,
    STALL_TIMEOUT_MS = 30 * 1000,
};

/* ── texts ───────────────────────────────────────────────────────────────────────────────── */

/* An empty variable is as good as none. */
static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Copies `text`, or the variable's value where it is NULL, if there is one at all. */
static spin_error_t *take_text(arena_t *arena, const char *text, const char *variable,
                               const char **out) {
    if (text == NULL && variable != NULL)
        text = environment(variable);
    *out = text == NULL ? NULL : arena_copy_text(arena, spin_slice(text));
    return text != NULL && *out == NULL ? error_no_memory() : NULL;
}

spin_error_t *bindle_user_path(arena_t *arena, const char *variable, const char *fallback,
                               const char *name, const char **out) {
    const char *base = environment(variable);
    const char *home = environment("HOME");
    spin_slice_t path;
    if (base != NULL && base[0] == '/') /* a relative one is to be ignored, says XDG */
        path = arena_printf(arena, "%s/spin/%s", base, name);
    else if (home != NULL)
        path = arena_printf(arena, "%s/%s/spin/%s", home, fallback, name);
    else
        return error_new(SPIN_ERROR_USAGE,
                         "neither $%s nor $HOME is set: there is no place for \"%s\"", variable,
                         name);
    *out = (const char *)path.ptr;
    return path.ptr == NULL ? error_no_memory() : NULL;
}

static spin_error_t *take_path(arena_t *arena, const char *path, const char *variable,
                               const char *fallback, const char *name, const char **out) {
    return path != NULL ? take_text(arena, path, NULL, out)
                        : bindle_user_path(arena, variable, fallback, name, out);
}

/* ── the server ──────────────────────────────────────────────────────────────────────────── */

/* A part of the URL, into the arena; NULL where it has none. False: no memory. */
static bool url_part(CURLU *url, CURLUPart part, unsigned flags, arena_t *arena, const char **out) {
    char *text = NULL;
    *out = NULL;
    CURLUcode code = curl_url_get(url, part, &text, flags);
    if (code == CURLUE_OK)
        *out = arena_copy_text(arena, spin_slice(text));
    curl_free(text);
    return code == CURLUE_OK ? *out != NULL : code != CURLUE_OUT_OF_MEMORY;
}

static bool is_http(CURLU *url) {
    char *scheme = NULL;
    bool good = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    return good;
}

/* Takes name and password out of the URL, as it will stand in errors and in the log. */
static spin_error_t *take_server(bindle_settings_t *settings, arena_t *arena, const char *given) {
    spin_error_t *error = NULL;
    const char *username, *password, *whole;
    CURLU *url = curl_url();
    if (url == NULL)
        return error_no_memory();
    CURLUcode code = curl_url_set(url, CURLUPART_URL, given, 0);
    if (code == CURLUE_OUT_OF_MEMORY) {
        error = error_no_memory();
        goto out;
    }
    if (code != CURLUE_OK || !is_http(url)) {
        error = error_new(SPIN_ERROR_USAGE,
                          "the Bindle server \"%s\" is not a URL such as "
                          "https://bindle.example/v1",
                          strchr(given, '@') == NULL ? given : "(with a password)");
        goto out;
    }
    bool good = url_part(url, CURLUPART_USER, CURLU_URLDECODE, arena, &username) &&
                url_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE, arena, &password);
    static const CURLUPart unwanted[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
                                         CURLUPART_FRAGMENT};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        good = good && curl_url_set(url, unwanted[i], NULL, 0) == CURLUE_OK;
    if (!good || !url_part(url, CURLUPART_URL, 0, arena, &whole)) {
        error = error_no_memory();
        goto out;
    }
    size_t len = strlen(whole);
    while (len > 0 && whole[len - 1] == '/')
        len--;
    settings->server = arena_copy_text(arena, spin_slice_of(whole, len));
    if (settings->server == NULL)
        error = error_no_memory();
    if (settings->username == NULL && username != NULL && username[0] != '\0') {
        settings->username = username;
        settings->password = password != NULL ? password : "";
    }
out:
    curl_url_cleanup(url);
    return error;
}

static spin_error_t *check_user(const bindle_settings_t *settings) {
    if ((settings->username == NULL) == (settings->password == NULL))
        return NULL;
    return error_new(SPIN_ERROR_USAGE,
                     "the Bindle server's %s is given without its %s ($BINDLE_USERNAME and "
                     "$BINDLE_PASSWORD, or the options)",
                     settings->username == NULL ? "password" : "user name",
                     settings->username == NULL ? "user name" : "password");
}

spin_error_t *bindle_settings_take(bindle_settings_t *settings, arena_t *arena,
                                   const spin_bindle_options_t *options) {
    spin_bindle_options_t given = {0};
    const char *server;
    *settings = (bindle_settings_t){0};
    spin_error_t *error = options_take(&given, sizeof given, options, "spin_bindle_options_t");
    if (error == NULL)
        error = take_text(arena, given.server, "BINDLE_URL", &server);
    if (error == NULL)
        error = take_text(arena, given.username, "BINDLE_USERNAME", &settings->username);
    if (error == NULL)
        error = take_text(arena, given.password, "BINDLE_PASSWORD", &settings->password);
    if (error == NULL)
        error = check_user(settings);
    if (error == NULL)
        error = take_text(arena, given.keyring, NULL, &settings->keyring);
    if (error == NULL)
        error = take_text(arena, given.label, NULL, &settings->label);
    if (error == NULL)
        error = take_path(arena, given.key_file, "XDG_DATA_HOME", ".local/share", "bindle-key.toml",
                          &settings->key_file);
    if (error == NULL)
        error = take_path(arena, given.cache_dir, "XDG_CACHE_HOME", ".cache", "bindle",
                          &settings->cache_dir);
    if (error == NULL && server != NULL)
        error = take_server(settings, arena, server);
    settings->insecure = given.insecure;
    settings->connect_timeout_ms =
        given.connect_timeout_ms != 0 ? given.connect_timeout_ms : CONNECT_TIMEOUT_MS;
    settings->stall_timeout_ms =
        given.stall_timeout_ms != 0 ? given.stall_timeout_ms : STALL_TIMEOUT_MS;
    settings->progress = given.progress;
    settings->user = given.user;
    return error;
}

spin_error_t *bindle_settings_need_server(const bindle_settings_t *settings) {
    return settings->server != NULL
               ? NULL
               : error_new(SPIN_ERROR_USAGE,
                           "no Bindle server is named: --bindle-server URL, or $BINDLE_URL");
}
