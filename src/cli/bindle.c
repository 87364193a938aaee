/* `spin bindle`: applications on Bindle servers, a table of commands of its own. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "outlive.h"
#include "progress.h"

typedef struct bindle {
    const char *file;
    const char *build_info;
    const char *staging_dir;
    const char *server;
    const char *username;
    const char *password;
    bool insecure;
    const char *key_file;
    const char *label;
    uint64_t timeout_ms;
    bool quiet;
} bindle_t;

#define FIELD(field) offsetof(bindle_t, field)

/* clang-format off */
#define OPTION_FILE                                                                                \
    {"file", 'f', "PATH", OPTION_TEXT, FIELD(file),                                                \
     "The manifest, or a folder with a spin.toml (default: spin.toml)"}
#define OPTION_BUILD_INFO                                                                          \
    {"buildinfo", 0, "TEXT", OPTION_TEXT, FIELD(build_info),                                       \
     "What to add to the version, behind a \"+\""}
#define OPTION_KEY_FILE                                                                            \
    {"key-file", 0, "FILE", OPTION_TEXT, FIELD(key_file),                                          \
     "The key to sign with (default: ~/.local/share/spin/bindle-key.toml)"}
#define OPTION_LABEL                                                                               \
    {"label", 0, "TEXT", OPTION_TEXT, FIELD(label),                                                \
     "Whose signature it is, such as \"Ann <ann@example.com>\""}
/* clang-format on */

/* Prints what is wrong with the command line. Returns the exit code. */
static int refuse(const option_set_t *set, const char *reason) {
    fprintf(stderr, "Error: %s\n\nFor all options: %s --help\n", reason, set->command);
    return 2;
}

/* One operand may stand for --file. */
static const char *take_file(bindle_t *bindle, const option_list_t *operands) {
    if (operands->len == 1 && bindle->file != NULL)
        return "the application is given twice";
    if (operands->len == 1)
        bindle->file = operands->items[0];
    else if (bindle->file == NULL)
        bindle->file = "spin.toml";
    return NULL;
}

static spin_bindle_options_t library_options(const bindle_t *bindle) {
    return (spin_bindle_options_t){
        .size = sizeof(spin_bindle_options_t),
        .server = bindle->server,
        .insecure = bindle->insecure,
        .username = bindle->username,
        .password = bindle->password,
        .key_file = bindle->key_file,
        .label = bindle->label,
        .stall_timeout_ms = bindle->timeout_ms,
    };
}

/* The log says what an error can't: that a pattern has matched nothing, for one. */
static void configure_log(void) {
    static int log_fd = STDERR_FILENO;
    spin_log_configure(spin_log_sink_fd, &log_fd, SPIN_LOG_WARN, SPIN_LOG_TEXT);
}

/* ── spin bindle push ────────────────────────────────────────────────────────────────────── */

static const option_t push_options[] = {
    OPTION_FILE,
    OPTION_BUILD_INFO,
    {"bindle-server", 0, "URL", OPTION_TEXT, FIELD(server),
     "Its API, such as https://bindle.example/v1 (default: $BINDLE_URL)"},
    {"bindle-username", 0, "NAME", OPTION_TEXT, FIELD(username),
     "Who we are, for HTTP basic authentication (default: $BINDLE_USERNAME)"},
    {"bindle-password", 0, "TEXT", OPTION_TEXT, FIELD(password),
     "Their password (default: $BINDLE_PASSWORD, which others don't see)"},
    {"insecure", 'k', NULL, OPTION_FLAG, FIELD(insecure), "Take any certificate"},
    OPTION_KEY_FILE,
    OPTION_LABEL,
    {"timeout", 0, "TIME", OPTION_DURATION, FIELD(timeout_ms),
     "Give up when nothing has moved for so long (default: 30s)"},
    {"staging-dir", 'd', "DIR", OPTION_TEXT, FIELD(staging_dir),
     "Leave the bindle in this folder, too, as spin bindle prepare does"},
    {"quiet", 'q', NULL, OPTION_FLAG, FIELD(quiet), "Show no progress"},
};

static const option_set_t push_set = {
    .command = "spin bindle push",
    .summary = "Put an application onto a Bindle server",
    .usage = "[OPTIONS] [PATH]",
    .options = push_options,
    .options_len = sizeof push_options / sizeof *push_options,
    .operands_max = 1,
    .more =
        "What the server has already is not uploaded. After an interruption the same command\n"
        "finishes what it has begun. The bindle is signed with a key that is made on first use;\n"
        "servers of Bindle 0.9 take only what is signed by keys that they know: give them what\n"
        "spin bindle print-key prints.",
};

static spin_error_t *prepare(const bindle_t *bindle, char **id) {
    spin_bindle_options_t options = library_options(bindle);
    return spin_bindle_prepare(bindle->file, bindle->build_info, bindle->staging_dir, &options, id);
}

/* The file store of Bindle servers never takes a parcel of which an upload was cut off. So the
 * first signal ends the command behind the parcel that is under way, and the second one at once;
 * and what uploads outlives the command (outlive.h), for which a `kill -9` is such a signal. */
static struct {
    progress_t progress;
    bool quiet;
    volatile sig_atomic_t uploading;
    volatile sig_atomic_t signal; /* 0: none */
} pushing;

static void on_signal(int number) { /* the next one finds the default action */
    static const char words[] =
        "\nOnly this parcel yet, as not every server takes one that was cut off. "
        "Once more stops at once.\n";
    if (!pushing.uploading) {
        raise(number);
        return;
    }
    pushing.signal = number;
    ssize_t put = write(STDERR_FILENO, words, sizeof words - 1);
    (void)put;
}

static void catch_signal(int number) {
    struct sigaction before,
        action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

static void on_progress(const spin_bindle_progress_t *bindle, void *user) {
    (void)user;
    pushing.uploading = bindle->done_bytes < bindle->total_bytes;
    if (!pushing.quiet)
        progress_show(bindle, &pushing.progress);
    if (pushing.signal == 0 || pushing.uploading)
        return;
    progress_end(&pushing.progress);
    raise(pushing.signal);
}

/* What is logged does not stand behind the bar. */
static void log_beside_bar(spin_log_level_t level, spin_slice_t record, void *user) {
    progress_end(&pushing.progress);
    spin_log_sink_fd(level, record, user);
}

static int push(void *user) {
    const bindle_t *bindle = user;
    static int log_fd = STDERR_FILENO;
    char *id = NULL;
    spin_error_t *error = NULL;
    spin_bindle_options_t options = library_options(bindle);
    progress_init(&pushing.progress);
    pushing.quiet = bindle->quiet;
    options.progress = on_progress;
    spin_log_configure(log_beside_bar, &log_fd, SPIN_LOG_WARN, SPIN_LOG_TEXT);
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    if (bindle->staging_dir != NULL)
        error = prepare(bindle, &id);
    spin_string_free(id);
    if (error == NULL)
        error = spin_bindle_push(bindle->file, bindle->build_info, &options, &id);
    progress_end(&pushing.progress);
    if (error != NULL)
        return command_report(error);
    printf("pushed: %s\n", id);
    spin_string_free(id);
    return 0;
}

static int command_push(int argc, char **argv) {
    bindle_t bindle = {0};
    option_list_t operands = {0};
    options_result_t result = options_parse(&push_set, argc, argv, &bindle, &operands);
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK) {
        const char *wrong = take_file(&bindle, &operands);
        code = wrong != NULL ? refuse(&push_set, wrong) : outlive(push, &bindle);
    }
    options_free(&push_set, &bindle, &operands);
    return code;
}

/* ── spin bindle prepare ─────────────────────────────────────────────────────────────────── */

static const option_t prepare_options[] = {
    OPTION_FILE,
    OPTION_BUILD_INFO,
    {"staging-dir", 'd', "DIR", OPTION_TEXT, FIELD(staging_dir), "Where to put it"},
    OPTION_KEY_FILE,
    OPTION_LABEL,
};

static const option_set_t prepare_set = {
    .command = "spin bindle prepare",
    .summary = "Make a standalone bindle of an application, in a folder",
    .usage = "[OPTIONS] --staging-dir DIR [PATH]",
    .options = prepare_options,
    .options_len = sizeof prepare_options / sizeof *prepare_options,
    .operands_max = 1,
};

/* What the Rust command line prints: the identity, and how to push it with Bindle's own client. */
static int print_prepared(const bindle_t *bindle, const char *id) {
    char *full = realpath(bindle->staging_dir, NULL);
    printf("id:      %s\ncommand: bindle push -p %s %s\n", id,
           full != NULL ? full : bindle->staging_dir, id);
    free(full);
    return 0;
}

static int command_prepare(int argc, char **argv) {
    bindle_t bindle = {0};
    char *id = NULL;
    option_list_t operands = {0};
    options_result_t result = options_parse(&prepare_set, argc, argv, &bindle, &operands);
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK) {
        const char *wrong = take_file(&bindle, &operands);
        if (wrong == NULL && bindle.staging_dir == NULL)
            wrong = "which folder? (--staging-dir)";
        spin_error_t *error = wrong == NULL ? prepare(&bindle, &id) : NULL;
        code = wrong != NULL   ? refuse(&prepare_set, wrong)
               : error != NULL ? command_report(error)
                               : print_prepared(&bindle, id);
        spin_string_free(id);
    }
    options_free(&prepare_set, &bindle, &operands);
    return code;
}

/* ── spin bindle print-key ───────────────────────────────────────────────────────────────── */

static const option_t print_key_options[] = {OPTION_KEY_FILE, OPTION_LABEL};

static const option_set_t print_key_set = {
    .command = "spin bindle print-key",
    .summary = "Print the public key that goes with our signatures, for a keyring",
    .usage = "[OPTIONS]",
    .options = print_key_options,
    .options_len = sizeof print_key_options / sizeof *print_key_options,
};

static int print_key(const bindle_t *bindle) {
    char *text;
    spin_bindle_options_t options = library_options(bindle);
    spin_error_t *error = spin_bindle_public_key(&options, &text);
    if (error != NULL)
        return command_report(error);
    fputs(text, stdout);
    spin_string_free(text);
    return 0;
}

static int command_print_key(int argc, char **argv) {
    bindle_t bindle = {0};
    option_list_t operands = {0};
    options_result_t result = options_parse(&print_key_set, argc, argv, &bindle, &operands);
    int code = result == OPTIONS_OK ? print_key(&bindle) : result == OPTIONS_HELP ? 0 : 2;
    options_free(&print_key_set, &bindle, &operands);
    return code;
}

/* ── spin bindle ─────────────────────────────────────────────────────────────────────────── */

static const command_t bindle_commands[] = {
    {"push", "Put an application onto a Bindle server", command_push},
    {"prepare", "Make a standalone bindle, in a folder", command_prepare},
    {"print-key", "Print the public key that goes with our signatures", command_print_key},
    {NULL, NULL, NULL},
};

int command_bindle(int argc, char **argv) {
    static const command_group_t group = {
        .name = "spin bindle",
        .summary = "Publish applications as bindles",
        .commands = bindle_commands,
    };
    configure_log();
    return command_run_group(&group, argc, argv);
}
