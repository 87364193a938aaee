/* What a library promises, in miniature: see run.sh. */
#include <stddef.h>
typedef enum spin_kind {
    SPIN_KIND_A,
    SPIN_KIND_B,
    SPIN_KIND_C,
} spin_kind_t;
typedef enum spin_way {
    SPIN_WAY_A,
    SPIN_WAY_B,
} spin_way_t;
typedef struct spin_place {
    int line;
    char kind;
    int offset;
} spin_place_t;
typedef struct spin_thing_options {
    size_t size;
    const char *name;
    spin_way_t way;
    unsigned way_count;
} spin_thing_options_t;
int spin_thing_one(const spin_thing_options_t *options, spin_kind_t kind);
int spin_thing_two(int number, spin_place_t place);
