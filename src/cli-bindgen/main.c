/* spin-bindgen: `spin wit bindgen` as a program of its own, which needs no engine. libspin's own
 * sources are made with it. */
#include <stdio.h>
#include <string.h>

#include <spin/version.h>

#include "bindgen.h"

int main(int argc, char **argv) {
    if (argc == 2 && (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0)) {
        printf("spin-bindgen %s\n", SPIN_VERSION);
        return 0;
    }
    return bindgen_run("spin-bindgen", argc, argv);
}
