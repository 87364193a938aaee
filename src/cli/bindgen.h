/* Writing C bindings: `spin wit bindgen`, and the program spin-bindgen, which is the same without
 * the runtime. */
#ifndef CLI_BINDGEN_H
#define CLI_BINDGEN_H

/* argv[0] is the subcommand's name. Returns the exit code. */
int command_wit_bindgen(int argc, char **argv);
/* The same; `command` is what help and errors call it. */
int bindgen_run(const char *command, int argc, char **argv);

#endif
