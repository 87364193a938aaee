/* Text between two memories, as functions of the fused module. They check what they read; lengths
 * and pointers are checked by who calls. S is the pointer's type of the memory that is read, D that
 * of the one that is written; lengths are in code units. */
#ifndef COMPONENT_TRANSCODE_H
#define COMPONENT_TRANSCODE_H

#include "component/adapter_code.h"

typedef enum transcode {
    TRANSCODE_UTF8,            /* (S from, S len, D to): a copy */
    TRANSCODE_UTF16,           /* (S from, S len, D to) -> i32: a copy; not 0 where a unit is above
                                  U+00FF */
    TRANSCODE_LATIN1_TO_UTF16, /* (S from, S len, D to) */
    TRANSCODE_LATIN1_ASCII,    /* (S from, S len, D to) -> S: how many of the first are ASCII; those
                                  are copied, one byte each */
    TRANSCODE_UTF16_ASCII,
    TRANSCODE_LATIN1_TO_UTF8, /* (S from, S len, D to) -> D: bytes written */
    TRANSCODE_UTF16_TO_UTF8,
    TRANSCODE_UTF8_TO_UTF16,   /* (S from, S len, D to) -> D: units written */
    TRANSCODE_UTF8_TO_LATIN1,  /* (S from, S len, D to) -> S read, D written: up to the first beyond
                                  U+00FF */
    TRANSCODE_UTF16_TO_LATIN1, /* (S from, S len, D to) -> S read, D written */
    TRANSCODE_WIDEN,           /* (D at, D len): Latin-1 becomes UTF-16 in place */
    TRANSCODE_NARROW,          /* (D at, D len): the other way */
    TRANSCODE_COUNT,
} transcode_t;

/* Its number in the fused module. */
uint32_t transcode_number(fuse_t *fuse, transcode_t what, code_memory_t from, code_memory_t to);

#endif
