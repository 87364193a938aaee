#include "wasm/reader.h"

#include "base/error.h"

/* Of the embedders' agreement (JavaScript API, "Implementation Limitations"). */
enum { NAME_LIMIT = 100000 };

void core_reader_init(core_reader_t *reader, spin_slice_t bytes) {
    static const uint8_t nothing[1] = {0};
    const uint8_t *ptr = bytes.len == 0 ? nothing : bytes.ptr;
    *reader = (core_reader_t){.base = ptr, .at = ptr, .end = ptr + bytes.len};
}

void core_reader_fail(core_reader_t *reader, size_t offset, const char *reason) {
    if (reader->fault == NULL) {
        reader->fault = reason;
        reader->fault_at = offset;
    }
    reader->at = reader->end;
}

void core_reader_unknown(core_reader_t *reader, size_t offset, const char *reason) {
    if (reader->fault == NULL)
        reader->fault_unknown = true;
    core_reader_fail(reader, offset, reason);
}

void core_reader_no_memory(core_reader_t *reader) {
    if (reader->fault == NULL)
        reader->fault_memory = true;
    core_reader_fail(reader, core_reader_offset(reader), "out of memory");
}

void core_reader_adopt(core_reader_t *reader, const core_reader_t *part) {
    if (part->fault == NULL)
        return;
    if (reader->fault == NULL) {
        reader->fault_unknown = part->fault_unknown;
        reader->fault_memory = part->fault_memory;
    }
    core_reader_fail(reader, part->fault_at, part->fault);
}

spin_error_t *core_reader_error(const core_reader_t *reader) {
    if (reader->fault == NULL)
        return NULL;
    if (reader->fault_memory)
        return error_no_memory();
    spin_error_kind_t kind = reader->fault_unknown ? SPIN_ERROR_UNSUPPORTED : SPIN_ERROR_INVALID;
    return error_at_offset(error_new(kind, "%s", reader->fault), NULL, reader->fault_at);
}

/* One LEB128 integer of `bits` bits, at most ceil(bits / 7) bytes; sign-extended to 64 bits where
 * `is_signed`. The unused bits of the longest form repeat the sign, or are zero. */
static uint64_t read_leb(core_reader_t *reader, unsigned bits, bool is_signed) {
    const uint8_t *at = reader->at;
    uint64_t value = 0;
    for (unsigned shift = 0; at != reader->end; shift += 7) {
        uint8_t byte = *at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        bool last_allowed = shift + 7 >= bits;
        if (last_allowed) {
            unsigned used = bits - shift;
            uint8_t unused = (uint8_t)(0x7f << (is_signed ? used - 1 : used)) & 0x7f;
            bool fits = (byte & unused) == 0 || (is_signed && (byte & unused) == unused);
            if ((byte & 0x80) != 0 || !fits) {
                core_reader_fail(reader, core_reader_offset(reader),
                                 (byte & 0x80) != 0 ? "integer representation too long"
                                                    : "integer too large");
                return 0;
            }
        }
        if ((byte & 0x80) == 0) {
            reader->at = at;
            if (is_signed && (byte & 0x40) != 0 && shift + 7 < 64)
                value |= ~(uint64_t)0 << (shift + 7);
            return value;
        }
    }
    core_reader_fail(reader, (size_t)(reader->end - reader->base), "unexpected end of an integer");
    return 0;
}

uint32_t core_read_u32_slow(core_reader_t *reader) {
    return (uint32_t)read_leb(reader, 32, false);
}
uint64_t core_read_u64(core_reader_t *reader) {
    return read_leb(reader, 64, false);
}
int32_t core_read_s32(core_reader_t *reader) {
    return (int32_t)(uint32_t)read_leb(reader, 32, true);
}
int64_t core_read_s33(core_reader_t *reader) {
    return (int64_t)read_leb(reader, 33, true);
}
int64_t core_read_s64(core_reader_t *reader) {
    return (int64_t)read_leb(reader, 64, true);
}

spin_slice_t core_read_bytes(core_reader_t *reader, size_t len) {
    if (len > core_reader_left(reader)) {
        core_reader_fail(reader, core_reader_offset(reader), "length out of bounds");
        return (spin_slice_t){reader->end, 0};
    }
    spin_slice_t bytes = {reader->at, len};
    reader->at += len;
    return bytes;
}

spin_slice_t core_read_name(core_reader_t *reader) {
    size_t bad, start = core_reader_offset(reader);
    uint32_t len = core_read_u32(reader);
    if (len > NAME_LIMIT)
        core_reader_fail(reader, start, "name too long");
    spin_slice_t name = core_read_bytes(reader, core_reader_ok(reader) ? len : 0);
    if (!slice_is_utf8(name, &bad)) {
        core_reader_fail(reader, (size_t)(name.ptr - reader->base) + bad, "name is not UTF-8");
        name.len = 0;
    }
    return name;
}

uint32_t core_read_count(core_reader_t *reader, uint32_t limit, const char *too_many) {
    size_t start = core_reader_offset(reader);
    uint32_t count = core_read_u32(reader);
    if (count > limit)
        core_reader_fail(reader, start, too_many);
    else if (count > core_reader_left(reader))
        core_reader_fail(reader, start, "more entries than bytes");
    return core_reader_ok(reader) ? count : 0;
}

core_reader_t core_read_part(core_reader_t *reader, size_t len) {
    core_reader_t part = *reader;
    spin_slice_t bytes = core_read_bytes(reader, len);
    part.at = bytes.ptr;
    part.end = bytes.ptr + bytes.len;
    core_reader_adopt(&part, reader);
    return part;
}

void core_reader_finish(core_reader_t *reader, const char *reason) {
    if (!core_reader_done(reader))
        core_reader_fail(reader, core_reader_offset(reader), reason);
}

void core_read_preamble(core_reader_t *reader) {
    static const uint8_t magic[4] = {0, 'a', 's', 'm'};
    static const uint8_t version[4] = {1, 0, 0, 0};
    size_t start = core_reader_offset(reader);
    spin_slice_t bytes = core_read_bytes(reader, sizeof magic);
    if (bytes.len != sizeof magic || memcmp(bytes.ptr, magic, sizeof magic) != 0) {
        *reader = (core_reader_t){.base = reader->base, .at = reader->end, .end = reader->end};
        core_reader_fail(reader, start, "not a WebAssembly module");
        return;
    }
    bytes = core_read_bytes(reader, sizeof version);
    if (core_reader_ok(reader) && memcmp(bytes.ptr, version, sizeof version) != 0)
        core_reader_fail(reader, start + sizeof magic, "unknown binary version");
}

bool core_read_section(core_reader_t *reader, unsigned *rank, core_section_t *out) {
    static const uint8_t ranks[CORE_SECTION_COUNT] = {
        [CORE_SECTION_TYPE] = 1,     [CORE_SECTION_IMPORT] = 2,      [CORE_SECTION_FUNCTION] = 3,
        [CORE_SECTION_TABLE] = 4,    [CORE_SECTION_MEMORY] = 5,      [CORE_SECTION_TAG] = 6,
        [CORE_SECTION_GLOBAL] = 7,   [CORE_SECTION_EXPORT] = 8,      [CORE_SECTION_START] = 9,
        [CORE_SECTION_ELEMENT] = 10, [CORE_SECTION_DATA_COUNT] = 11, [CORE_SECTION_CODE] = 12,
        [CORE_SECTION_DATA] = 13,
    };
    if (core_reader_done(reader))
        return false;
    size_t start = core_reader_offset(reader);
    uint8_t id = core_read_u8(reader);
    if (id >= CORE_SECTION_COUNT) {
        core_reader_fail(reader, start, "malformed section id");
        return false;
    }
    if (id != CORE_SECTION_CUSTOM) {
        if (ranks[id] <= *rank)
            core_reader_fail(reader, start, "section out of order or twice");
        *rank = ranks[id];
    }
    uint32_t size = core_read_u32(reader);
    *out = (core_section_t){.id = (core_section_id_t)id, .body = core_read_part(reader, size)};
    if (id == CORE_SECTION_CUSTOM)
        out->name = core_read_name(&out->body);
    core_reader_adopt(reader, &out->body);
    return core_reader_ok(reader);
}
