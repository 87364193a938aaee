#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "plugin.h"

enum { MOST_WORKERS = 1024 };

typedef struct up {
    const char *file;
    const char *listen;
    option_list_t env;
    const char *temp_dir;
    bool direct_mounts;
    const char *log_dir;
    option_list_t follow;
    bool quiet;
    uint64_t workers;
    uint64_t max_instances;
    uint64_t max_memory_bytes;
    uint64_t timeout_ms;
    const char *cache_dir;
    bool disable_cache;
    const char *log_level;
    const char *log_format;
    char *const *rest;     /* for the program of a custom trigger; NULL: no "--" */
    const char *http_only; /* an option that was given and that only HTTP has; NULL: none */
} up_t;

#define FIELD(field) offsetof(up_t, field)

static const option_t up_options[] = {
    {"file", 'f', "PATH", OPTION_TEXT, FIELD(file),
     "The manifest, or a folder with a spin.toml (default: spin.toml)"},
    {"from", 0, "PATH", OPTION_TEXT, FIELD(file), "The same as --file"},
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
     "How long a request may take, such as 500ms (default: 60s)"},
    {"cache-dir", 0, "DIR", OPTION_TEXT, FIELD(cache_dir),
     "Where compiled modules are kept (default: ~/.cache/spin)"},
    {"disable-cache", 0, NULL, OPTION_FLAG, FIELD(disable_cache), "Compile at every start"},
    {"log-level", 0, "LEVEL", OPTION_TEXT, FIELD(log_level),
     "error, warn, info, debug or trace (default: warn)"},
    {"log-format", 0, "FORM", OPTION_TEXT, FIELD(log_format), "text or json (default: text)"},
    {"", 0, "ARGUMENTS...", OPTION_REST, FIELD(rest),
     "For a trigger other than HTTP: what its program gets (see below)"},
};

/* Every other one is about serving HTTP. */
static const char *const general_options[] = {"file",      "from",       "temp", "direct-mounts",
                                              "log-level", "log-format", NULL};

static const option_set_t up_set = {
    .command = "spin up",
    .summary = "Start an application: load it, listen, and run its components on requests",
    .usage = "[OPTIONS] [PATH] [-- ARGUMENTS...]",
    .options = up_options,
    .options_len = sizeof up_options / sizeof *up_options,
    .operands_max = 1,
    .more =
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
    if (up->quiet && up->follow.len > 0)
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

/* Prints what the Rust command line prints when it is ready. */
static void announce(const char *address, void *user) {
    const spin_application_t *application = user;
    spin_slice_t base = spin_application_http_base(application);
    while (base.len > 0 && base.ptr[base.len - 1] == '/')
        base.len--;
    printf("\nServing http://%s\nAvailable Routes:\n", address);
    for (size_t i = 0; i < spin_application_component_count(application); i++) {
        const spin_component_t *component = spin_application_component(application, i);
        spin_slice_t id = spin_component_id(component);
        spin_slice_t route = spin_component_route(component);
        spin_slice_t description = spin_component_description(component);
        bool wildcard = route.len >= 4 && memcmp(route.ptr + route.len - 4, "/...", 4) == 0;
        printf("  %.*s: http://%s%.*s%.*s%s\n", (int)id.len, (const char *)id.ptr, address,
               (int)base.len, (const char *)base.ptr, (int)(route.len - (wildcard ? 4 : 0)),
               (const char *)route.ptr, wildcard ? " (wildcard)" : "");
        if (description.len > 0)
            printf("    %.*s\n", (int)description.len, (const char *)description.ptr);
    }
    fflush(stdout);
}

/* Misspelt, it would silently print nothing. */
static bool check_followed(const up_t *up, const spin_application_t *application) {
    for (size_t i = 0; i < up->follow.len; i++)
        if (spin_application_component_by_id(application, spin_slice(up->follow.items[i])) ==
            NULL) {
            fprintf(stderr, "Error: --follow: the application has no component \"%s\"\n",
                    up->follow.items[i]);
            return false;
        }
    return true;
}

/* Connections and guests' files are descriptors: the customary 1024 are for programs that use
 * select, and so are left to other triggers' programs. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static spin_error_t *serve(const up_t *up, spin_application_t *application) {
    const spin_engine_options_t engine = {
        .size = sizeof engine,
        .max_instances = (uint32_t)up->max_instances,
        .max_memory_bytes = up->max_memory_bytes,
        .timeout_ms = up->timeout_ms,
        .cache_dir = up->cache_dir,
        .disable_cache = up->disable_cache,
        .environment = up->env.items,
        .environment_len = up->env.len,
    };
    const spin_http_options_t options = {
        .size = sizeof options,
        .listen = up->listen,
        .workers = (unsigned)up->workers,
        .log_dir = up->log_dir,
        .follow = up->follow.items,
        .follow_len = up->follow.len,
        .follow_all = up->follow.len == 0,
        .quiet = up->quiet,
        .engine = &engine,
        .ready = announce,
        .user = application,
    };
    spin_trigger_t *trigger;
    raise_descriptor_limit();
    spin_error_t *error = spin_http_trigger_new(application, &options, &trigger);
    if (error == NULL) {
        error = spin_trigger_run(trigger);
        spin_trigger_free(trigger);
    }
    return error;
}

static int unsupported_trigger(const up_t *up, const spin_application_t *application) {
    spin_slice_t type = spin_application_trigger_type(application);
    fprintf(stderr, "Error: %s: this version has no trigger of type \"%.*s\", only \"http\"\n",
            up->file, (int)type.len, (const char *)type.ptr);
    return 1;
}

static int refuse_rest(void) {
    refuse("the HTTP trigger takes no arguments behind \"--\"");
    return 2;
}

static int run_plugin(const up_t *up, const spin_application_t *application) {
    if (up->http_only != NULL) {
        fprintf(stderr,
                "Error: --%s is an option of the HTTP trigger, and %s has another one; what that "
                "one's program takes goes behind \"--\"\n",
                up->http_only, up->file);
        return 2;
    }
    return plugin_run(application, up->rest);
}

static int run(const up_t *up) {
    const spin_loader_options_t loader = {
        .size = sizeof loader,
        .temp_dir = up->temp_dir,
        .direct_mounts = up->direct_mounts,
        .locked = true,
    };
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(up->file, &loader, &application);
    if (error != NULL)
        return command_report(error);
    int code = 0;
    spin_trigger_kind_t trigger = spin_application_trigger(application);
    if (trigger == SPIN_TRIGGER_CUSTOM)
        code = run_plugin(up, application);
    else if (trigger != SPIN_TRIGGER_HTTP)
        code = unsupported_trigger(up, application);
    else if (up->rest != NULL && up->rest[0] != NULL)
        code = refuse_rest();
    else if (!check_followed(up, application))
        code = 2;
    else
        error = serve(up, application);
    spin_application_unref(application);
    return error == NULL ? code : command_report(error);
}

/* As many workers as this process may use cores, be it by taskset or a container. */
static uint64_t usable_cores(void) {
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < MOST_WORKERS ? (uint64_t)count : MOST_WORKERS;
}

int command_up(int argc, char **argv) {
    up_t up = {
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
    if (result == OPTIONS_OK && operands.len == 1 && up.file != NULL)
        result = refuse("the application is given twice");
    else if (operands.len == 1)
        up.file = operands.items[0];
    else if (up.file == NULL)
        up.file = "spin.toml";
    if (result == OPTIONS_OK)
        result = check_values(&up);
    if (result == OPTIONS_OK)
        up.http_only = options_given_beside(&up_set, argc, argv, general_options);
    int code = result == OPTIONS_HELP ? 0 : 2;
    if (result == OPTIONS_OK) {
        configure_log(&up);
        code = run(&up);
    }
    options_free(&up_set, &up, &operands);
    return code;
}
