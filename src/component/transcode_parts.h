/* Between transcode.c and transcode_utf.c. */
#ifndef COMPONENT_TRANSCODE_PARTS_H
#define COMPONENT_TRANSCODE_PARTS_H

#include "component/transcode.h"

/* The function that is written: its parameters are locals 0 to 2. */
typedef struct transcoder {
    code_t code;
    code_memory_t from, to;
    char s, d;        /* the pointers' types */
    uint32_t at, end; /* what is read: next, and where it ends */
    uint32_t out;     /* where is written next */
    uint32_t seen;    /* i64: TRANSCODE_UTF16 only: the bits of all units */
    uint32_t unit;    /* i32: what was read last */
    uint32_t point;   /* i32: the code point */
    uint32_t bad;     /* the label that broken text branches to */
    uint32_t done;    /* the label of the end */
} transcoder_t;

enum { FROM = 0, LEN = 1, TO = 2 }; /* parameters */

/* `point` = the character that begins with `unit`, a byte that is not ASCII, at `at`, which goes
 * on behind it. */
void transcoder_read_utf8(transcoder_t *coder);
/* The same of a surrogate `unit`, which `at` is behind already. */
void transcoder_read_surrogates(transcoder_t *coder);
/* Stores `point`, above U+007F or U+FFFF, and moves `out`. */
void transcoder_write_utf8(transcoder_t *coder);
void transcoder_write_surrogates(transcoder_t *coder);
/* Branches to `done` at the end of the text; else `unit` = what stands at `at`. */
void transcoder_next_byte(transcoder_t *coder);
void transcoder_next_unit(transcoder_t *coder);
/* Stores the low byte or unit of local `value` and moves `out`. */
void transcoder_put(transcoder_t *coder, uint32_t value, uint32_t size);
/* Copies ASCII as units, four at a time. */
void transcoder_widen_ascii(transcoder_t *coder);
/* Walks over ASCII, sixteen bytes at a time; over units that are no surrogates, four at a time,
 * whose bits `seen` gets. */
void transcoder_skip_ascii(transcoder_t *coder);
void transcoder_skip_plain_units(transcoder_t *coder, uint32_t seen);

#endif
