#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "plugin.h"
#include "up_serve.h"

enum { MOST_WORKERS = 1024 };

#define FIELD(field) offsetof(up_t, field)

static const option_t up_options[] = {
    {"file", 'f', "PATH", OPTION_LIST, FIELD(files),
     "The manifest, or a folder with a spin.toml (default: spin.toml); may be repeated"},
    {"from", 0, "PATH", OPTION_LIST, FIELD(files), "The same as --file"},
    {"host", 0, "HOST=PATH", OPTION_LIST, FIELD(hosts),
     "Serve the application at PATH to requests for HOST; may be repeated"},
    {"base", 0, "/BASE=PATH", OPTION_LIST, FIELD(bases),
     "Serve the application at PATH below /BASE; may be repeated"},
    {"apps", 0, "DIR", OPTION_TEXT, FIELD(apps), "Serve every application in DIR (see below)"},
    {"watch-apps", 0, "DIR", OPTION_TEXT, FIELD(watch_apps),
     "The same, and add, replace and remove applications as DIR changes"},
    {"bindle", 'b', "NAME/VERSION", OPTION_TEXT, FIELD(bindle),
     "Serve the application of a bindle"},
    {"bindle-server", 0, "URL", OPTION_TEXT, FIELD(registry.server),
     "The Bindle server (default: $BINDLE_URL)"},
    {"bindle-username", 0, "NAME", OPTION_TEXT, FIELD(registry.username),
     "Who we are to that server (default: $BINDLE_USERNAME)"},
    {"bindle-password", 0, "PASSWORD", OPTION_TEXT, FIELD(registry.password),
     "Its password (default: $BINDLE_PASSWORD, which is not seen by others)"},
    {"insecure", 'k', NULL, OPTION_FLAG, FIELD(registry.insecure),
     "Take any certificate of that server"},
    {"keyring", 0, "FILE", OPTION_TEXT, FIELD(registry.keyring),
     "Only run bindles that are signed by a key in FILE"},
    {"listen", 0, "ADDRESS", OPTION_TEXT, FIELD(listen),
     "Where to listen (default: 127.0.0.1:3000; port 0 takes a free one)"},
    {"env", 'e', "KEY=VALUE", OPTION_LIST, FIELD(env),
     "An environment variable for every component; may be repeated"},
    {"temp", 0, "DIR", OPTION_TEXT, FIELD(temp_dir),
     "Where the components' files are copied to, and left"},
    {"direct-mounts", 0, NULL, OPTION_FLAG, FIELD(direct_mounts),
     "Mount folders in place instead of copying them"},
    {"log-dir", 'L', "DIR", OPTION_TEXT, FIELD(log_dir),
     "Where the components' output is kept (default: ~/.spin/APPLICATION/logs)"},
    {"follow", 0, "ID", OPTION_LIST, FIELD(follow),
     "Print the output of this component only; may be repeated"},
    {"quiet", 'q', NULL, OPTION_FLAG, FIELD(quiet), "Print no component's output"},
    {"workers", 0, "N", OPTION_NUMBER, FIELD(workers),
     "Processes that serve (default: one a core; 0: this process, without a supervisor)"},
    {"max-instances", 0, "N", OPTION_NUMBER, FIELD(max_instances),
     "Instances alive at a time in each worker (default: 1000)"},
    {"max-memory", 0, "SIZE", OPTION_SIZE, FIELD(max_memory_bytes),
     "Linear memory of one instance, such as 64M (default: 256M)"},
    {"timeout", 0, "TIME", OPTION_DURATION, FIELD(timeout_ms),
     "How long a request or a message may take, such as 500ms (default: 60s)"},
    {"cache-dir", 0, "DIR", OPTION_TEXT, FIELD(cache_dir),
     "Where compiled modules are kept (default: ~/.cache/spin)"},
    {"disable-cache", 0, NULL, OPTION_FLAG, FIELD(disable_cache), "Compile at every start"},
    {"log-level", 0, "LEVEL", OPTION_TEXT, FIELD(log_level),
     "error, warn, info, debug or trace (default: warn)"},
    {"log-format", 0, "FORM", OPTION_TEXT, FIELD(log_format), "text or json (default: text)"},
    {"", 0, "ARGUMENTS...", OPTION_REST, FIELD(rest),
     "For a custom trigger: what its program gets (see below)"},
};

/* Those that say nothing about how components are run; the program of a custom trigger takes its
 * own. */
static const char *const general_options[] = {"file",
                                              "from",
                                              "bindle",
                                              "bindle-server",
                                              "temp",
                                              "insecure",
                                              "keyring",
                                              "bindle-username",
                                              "bindle-password",
                                              "direct-mounts",
                                              "log-level",
                                              "log-format",
                                              NULL};
/* Those that are about HTTP. */
static const char *const http_options[] = {"listen", "host", "base", NULL};

static const option_set_t up_set = {
    .command = "spin up",
    .summary = "Start applications: load them, listen, and run their components on events",
    .usage = "[OPTIONS] [PATH] [-- ARGUMENTS...]",
    .options = up_options,
    .options_len = sizeof up_options / sizeof *up_options,
    .operands_max = 1,
    .more =
        "With several applications each one is served at the host (--host) or below the path "
        "(--base,\n"
        "or the base of its manifest) that is its own; one that fails does not stop the others. In "
        "a\n"
        "folder of applications (--apps) these are the folders with a spin.toml in them: NAME is\n"
        "served below /NAME, or, where it has a dot in it, at that host. A spin-server.toml "
        "beside\n"
        "the spin.toml says otherwise, and sets limits and variables. SIGHUP loads all again.\n"
        "\n"
        "A manifest whose trigger is of type T, neither http nor redis, is run by the program\n"
        "trigger-T. It is looked for in the plugin folder, as trigger-T or trigger-T/trigger-T,\n"
        "and then on the PATH. The plugin folder is $SPIN_DATA_DIR/plugins, or else spin/plugins\n"
        "in $XDG_DATA_HOME (~/.local/share).",
};

static options_result_t refuse(const char *reason) {
    fprintf(stderr, "Error: %s\n\nFor all options: spin up --help\n", reason);
    return OPTIONS_WRONG;
}

/* What needs a look at the values themselves. */
static options_result_t check_values(const up_t *up) {
    spin_log_level_t level;
    const char *wrong = NULL;
    if (up->apps != NULL && up->watch_apps != NULL)
        wrong = "--apps and --watch-apps exclude each other";
    else if (up->quiet && up->follow.len > 0)
        wrong = "--quiet and --follow exclude each other";
    else if (up->disable_cache && up->cache_dir != NULL)
        wrong = "--disable-cache and --cache-dir exclude each other";
    else if (!spin_log_level_parse(up->log_level, &level))
        wrong = "--log-level is error, warn, info, debug or trace";
    else if (strcmp(up->log_format, "text") != 0 && strcmp(up->log_format, "json") != 0)
        wrong = "--log-format is text or json";
    else if (up->workers > MOST_WORKERS)
        wrong = "--workers is at most 1024";
    else if (up->max_instances == 0 || up->max_instances > SPIN_ENGINE_MOST_INSTANCES)
        wrong = "--max-instances is between 1 and 100000";
    else if (up->max_memory_bytes < 64 * 1024 || up->max_memory_bytes > 4ull << 30)
        wrong = "--max-memory is between 64K, one page, and 4G";
    else if (up->timeout_ms == 0)
        wrong = "--timeout is more than zero";
    for (size_t i = 0; i < up->env.len && wrong == NULL; i++)
        if (up->env.items[i][0] == '=' || strchr(up->env.items[i], '=') == NULL)
            wrong = "--env takes KEY=VALUE";
    return wrong == NULL ? OPTIONS_OK : refuse(wrong);
}

static void configure_log(const up_t *up) {
    static int log_fd = STDERR_FILENO;
    spin_log_level_t level = SPIN_LOG_WARN;
    spin_log_level_parse(up->log_level, &level);
    spin_log_configure(spin_log_sink_fd, &log_fd, level,
                       strcmp(up->log_format, "json") == 0 ? SPIN_LOG_JSON : SPIN_LOG_TEXT);
}

/* SIGHUP is for loading again: before there is anything to load it waits, and does not end us. */
static void hold_hang_up(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(how, &set, NULL);
}

static int refuse_rest(const char *whose) {
    fprintf(stderr,
            "Error: %s no arguments behind \"--\"\n\nFor all options: spin up "
            "--help\n",
            whose);
    return 2;
}

static int refuse_option(const char *option, const char *kind, const char *file) {
    fprintf(stderr, "Error: --%s is an option of the %s, and %s has another one\n", option, kind,
            file);
    return 2;
}

static int run_plugin(const up_t *up, const app_t *app, spin_application_t *application) {
    if (up->not_general != NULL) {
        fprintf(stderr,
                "Error: --%s is an option of the HTTP trigger, and %s has another one; what that "
                "one's program takes goes behind \"--\"\n",
                up->not_general, app->path);
        spin_application_unref(application);
        return 2;
    }
    hold_hang_up(SIG_UNBLOCK);
    int code = plugin_run(application, up->rest);
    spin_application_unref(application);
    return code;
}

/* What is said of a single application is checked against it, and said before anything starts. */
static int run_one(const up_t *up, apps_t *apps) {
    app_t *app = apps->items[0];
    spin_application_t *application = NULL;
    spin_server_settings_t *settings = NULL;
    spin_error_t *error = app_load(app, up, &application, &settings);
    if (error != NULL)
        return command_report(error);
    spin_trigger_kind_t trigger = spin_application_trigger(application);
    int code = 0;
    if (trigger == SPIN_TRIGGER_CUSTOM) {
        spin_server_settings_free(settings);
        return run_plugin(up, app, application);
    }
    if (up->rest != NULL && up->rest[0] != NULL)
        code = refuse_rest("its trigger takes");
    else if (trigger != SPIN_TRIGGER_HTTP && up->for_http != NULL)
        code = refuse_option(up->for_http, "HTTP trigger", app->path);
    else
        return up_serve(up, apps, application, settings);
    spin_server_settings_free(settings);
    spin_application_unref(application);
    return code;
}

static int run(const up_t *up) {
    apps_t apps = {0};
    int code = 2;
    if (apps_collect(&apps, up, &code)) {
        if (apps.len == 1 && apps.items[0]->entry == NULL && up->watch_apps == NULL)
            code = run_one(up, &apps);
        else if (up->rest != NULL && up->rest[0] != NULL)
            code = refuse_rest("several applications take");
        else
            code = up_serve(up, &apps, NULL, NULL);
    }
    apps_free(&apps);
    return code;
}

/* As many workers as this process may use cores, be it by taskset or a container. */
static uint64_t usable_cores(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < MOST_WORKERS ? (uint64_t)count : MOST_WORKERS;
}

int command_up(int argc, char **argv) {
    up_t up = {
        .registry = {.size = sizeof up.registry},
        .listen = "127.0.0.1:3000",
        .workers = usable_cores(),
        .max_instances = SPIN_ENGINE_DEFAULT_INSTANCES,
        .max_memory_bytes = SPIN_ENGINE_DEFAULT_MEMORY_BYTES,
        .timeout_ms = SPIN_ENGINE_DEFAULT_TIMEOUT_MS,
        .log_level = "warn",
        .log_format = "text",
    };
    option_list_t operands = {0};
    options_result_t result = options_parse(&up_set, argc, argv, &up, &operands);
    if (result == OPTIONS_OK && operands.len == 1 && up.files.len + (up.bindle != NULL) > 0)
        result = refuse("name several applications by --file each");
    if (result == OPTIONS_OK)
        result = check_values(&up);
    if (result == OPTIONS_OK) {
        up.not_general = options_given_beside(&up_set, argc, argv, general_options);
        up.for_http = options_given_among(&up_set, argc, argv, http_options);
    }
    up.operand = operands.len == 1 ? operands.items[0] : NULL;
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK) {
        configure_log(&up);
        hold_hang_up(SIG_BLOCK);
        code = run(&up);
    }
    options_free(&up_set, &up, &operands);
    return code;
}
