/* An HTTP application served from a program's own libuv loop, beside a timer of the program's own:
 *
 *     serve examples/hello [ADDRESS]
 *
 * Ends on SIGINT or SIGTERM, when what was under way is answered. */
#include <signal.h>
#include <spin/spin.h>
#include <stdio.h>
#include <uv.h>

typedef struct program {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    unsigned ticks;
    spin_engine_options_t engine; /* the trigger keeps a pointer to it */
    spin_trigger_t *trigger;
} program_t;

/* What the program does all day; Spin is its guest. */
static void on_tick(uv_timer_t *timer) {
    program_t *program = (program_t *)timer->data;
    printf("tick %u\n", ++program->ticks);
}

/* The second signal does not wait for anything. */
static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    program_t *program = (program_t *)handle->data;
    spin_trigger_stop(program->trigger);
}

static void on_ready(const char *address, void *user) {
    (void)user;
    printf("serving http://%s\n", address);
}

static void start_own_work(program_t *program) {
    uv_loop_init(&program->loop);
    uv_timer_init(&program->loop, &program->timer);
    uv_signal_init(&program->loop, &program->interrupt);
    uv_signal_init(&program->loop, &program->terminate);
    program->timer.data = program->interrupt.data = program->terminate.data = program;
    uv_timer_start(&program->timer, on_tick, 100, 100);
    uv_signal_start(&program->interrupt, on_signal, SIGINT);
    uv_signal_start(&program->terminate, on_signal, SIGTERM);
}

static void end_own_work(program_t *program) {
    uv_close((uv_handle_t *)&program->timer, NULL);
    uv_close((uv_handle_t *)&program->interrupt, NULL);
    uv_close((uv_handle_t *)&program->terminate, NULL);
}

/* Spin has left the loop. This program has nothing else to live for. */
static void on_ended(spin_trigger_t *trigger, void *user) {
    (void)trigger;
    end_own_work((program_t *)user);
}

/* Starts serving on the program's loop and returns; whoever turns the loop serves. */
static spin_error_t *start_serving(program_t *program, const char *manifest, const char *address) {
    spin_application_t *application = NULL;
    spin_error_t *error = spin_loader_load_file(manifest, NULL, &application);
    if (error != NULL)
        return error;

    program->engine = (spin_engine_options_t){.size = sizeof program->engine};
    program->engine.loop = &program->loop;
    spin_http_options_t options = {
        .size = sizeof options,
        .listen = address,
        .engine = &program->engine,
        .ready = on_ready,
    };
    error = spin_http_trigger_new(application, &options, &program->trigger);
    if (error == NULL)
        error = spin_trigger_start(program->trigger, on_ended, program);
    spin_application_unref(application); /* the trigger has its own reference */
    return error;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: serve MANIFEST [ADDRESS]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    program_t program = {0};
    start_own_work(&program);
    spin_error_t *error = start_serving(&program, argv[1], argc > 2 ? argv[2] : NULL);
    if (error != NULL)
        end_own_work(&program);
    uv_run(&program.loop, UV_RUN_DEFAULT);
    spin_trigger_free(program.trigger);

    int status = 0;
    if (error != NULL) {
        char text[512];
        spin_error_format(error, text, sizeof text);
        fprintf(stderr, "serve: %s\n", text);
        status = spin_error_exit_code(spin_error_kind(error));
        spin_error_free(error);
    }
    uv_run(&program.loop, UV_RUN_DEFAULT); /* what the trigger closed last */
    uv_loop_close(&program.loop);
    printf("ended after %u ticks\n", program.ticks);
    return status;
}
