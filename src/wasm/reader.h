/* A shrinking view of a core Wasm binary.
 *
 * Reads do not return errors: the first fault is kept and everything after it reads as zero and
 * empty, so a decoder reads straight on and asks once, with core_reader_error, whether all was
 * well. Loops must end when core_reader_ok turns false. Source: WebAssembly 3.0, chapter 5. */
#ifndef WASM_READER_H
#define WASM_READER_H

#include <stdbool.h>

#include "base/slice.h"
#include "spin/error.h"

/* Caller's memory; copied freely. Offsets count from the start of the module, also in a part. */
typedef struct core_reader {
    const uint8_t *base; /* the module's first byte */
    const uint8_t *at;
    const uint8_t *end;
    const char *fault; /* a static string; NULL while all is well */
    size_t fault_at;
    bool fault_unknown; /* not broken: a form this reader does not know */
    bool fault_memory;  /* not broken: memory for what was read ran out */
} core_reader_t;

/* Sections, ids as in the binary. */
typedef enum core_section_id {
    CORE_SECTION_CUSTOM = 0,
    CORE_SECTION_TYPE,
    CORE_SECTION_IMPORT,
    CORE_SECTION_FUNCTION,
    CORE_SECTION_TABLE,
    CORE_SECTION_MEMORY,
    CORE_SECTION_GLOBAL,
    CORE_SECTION_EXPORT,
    CORE_SECTION_START,
    CORE_SECTION_ELEMENT,
    CORE_SECTION_CODE,
    CORE_SECTION_DATA,
    CORE_SECTION_DATA_COUNT,
    CORE_SECTION_TAG,
    CORE_SECTION_COUNT,
} core_section_id_t;

typedef struct core_section {
    core_section_id_t id;
    spin_slice_t name;  /* of a custom section */
    core_reader_t body; /* its content; a custom section's begins after the name */
} core_section_t;

void core_reader_init(core_reader_t *reader, spin_slice_t bytes);

static inline bool core_reader_ok(const core_reader_t *reader) {
    return reader->fault == NULL;
}
static inline bool core_reader_done(const core_reader_t *reader) {
    return reader->at == reader->end;
}
static inline size_t core_reader_offset(const core_reader_t *reader) {
    return (size_t)(reader->at - reader->base);
}
static inline size_t core_reader_left(const core_reader_t *reader) {
    return (size_t)(reader->end - reader->at);
}

/* Records a fault at `offset`, unless there is one already, and empties the view. `reason` is a
 * static string that says what was found. */
void core_reader_fail(core_reader_t *reader, size_t offset, const char *reason);
/* The same for input that may be right, but that this reader does not know. */
void core_reader_unknown(core_reader_t *reader, size_t offset, const char *reason);
/* The same where an allocation failed. */
void core_reader_no_memory(core_reader_t *reader);
/* Hands the fault of a part on to the reader it was taken from. */
void core_reader_adopt(core_reader_t *reader, const core_reader_t *part);
/* NULL while all is well, else INVALID (UNSUPPORTED where unknown) with the byte offset, or
 * NO_MEMORY. */
spin_error_t *core_reader_error(const core_reader_t *reader);

/* Each takes a value off the front. LEB128 integers longer than their type allows, or with bits
 * beyond it, are faults (section 5.2.2). */
uint32_t core_read_u32_slow(core_reader_t *reader);
uint64_t core_read_u64(core_reader_t *reader);
int32_t core_read_s32(core_reader_t *reader);
int64_t core_read_s33(core_reader_t *reader);
int64_t core_read_s64(core_reader_t *reader);
spin_slice_t core_read_bytes(core_reader_t *reader, size_t len);
/* A vector of bytes that is valid UTF-8. */
spin_slice_t core_read_name(core_reader_t *reader);
/* The length of a vector whose entries take at least a byte each: at most `limit`, and no more than
 * what is left, so that it may size an allocation. */
uint32_t core_read_count(core_reader_t *reader, uint32_t limit, const char *too_many);
/* A view of the next `len` bytes, which are taken off. */
core_reader_t core_read_part(core_reader_t *reader, size_t len);
/* Faults where bytes are left in a part that should have been read to its end. */
void core_reader_finish(core_reader_t *reader, const char *reason);

static inline uint8_t core_read_u8(core_reader_t *reader) {
    if (reader->at == reader->end) {
        core_reader_fail(reader, core_reader_offset(reader), "unexpected end");
        return 0;
    }
    return *reader->at++;
}

static inline uint32_t core_read_u32(core_reader_t *reader) {
    if (reader->at != reader->end && *reader->at < 0x80)
        return *reader->at++;
    return core_read_u32_slow(reader);
}

/* Magic and version of a core module. */
void core_read_preamble(core_reader_t *reader);
/* The next section; false at the end and on a fault. `*rank` is 0 before the first call: non-custom
 * sections come in a fixed order and once each (section 5.5.2). */
bool core_read_section(core_reader_t *reader, unsigned *rank, core_section_t *out);

#endif
