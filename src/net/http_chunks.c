#include "net/http_chunks.h"

#include "net/http_chars.h"

static int hex_digit(uint8_t byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static http_chunks_state_t expect(uint8_t byte, char wanted, http_chunks_state_t next) {
    return byte == (uint8_t)wanted ? next : CHUNKS_BAD;
}

static http_chunks_state_t on_size(http_chunks_t *chunks, uint8_t byte) {
    int digit = hex_digit(byte);
    if (digit >= 0) {
        if (chunks->left >> 59 != 0) /* no room for four bits, and far from any limit */
            return CHUNKS_BAD;
        chunks->left = chunks->left << 4 | (unsigned)digit;
        return CHUNKS_SIZE;
    }
    if (chunks->state == CHUNKS_SIZE_FIRST)
        return CHUNKS_BAD;
    return byte == ';' ? CHUNKS_EXTENSION : expect(byte, '\r', CHUNKS_SIZE_LF);
}

/* Text up to the end of its line. */
static http_chunks_state_t on_text(http_chunks_t *chunks, uint8_t byte, http_chunks_state_t end) {
    if (byte == '\r')
        return end;
    return http_is_value_byte(byte) && ++chunks->extra <= chunks->extra_limit ? chunks->state
                                                                              : CHUNKS_BAD;
}

static http_chunks_state_t on_trailer_name(http_chunks_t *chunks, uint8_t byte) {
    if (chunks->state == CHUNKS_TRAILER_FIRST && byte == '\r')
        return CHUNKS_END_LF;
    if (byte == ':' && chunks->state == CHUNKS_TRAILER_NAME)
        return CHUNKS_TRAILER_VALUE;
    return http_token_lower[byte] != 0 && ++chunks->extra <= chunks->extra_limit
               ? CHUNKS_TRAILER_NAME
               : CHUNKS_BAD;
}

static http_chunks_state_t step(http_chunks_t *chunks, uint8_t byte) {
    switch (chunks->state) {
    case CHUNKS_SIZE_FIRST:
    case CHUNKS_SIZE: return on_size(chunks, byte);
    case CHUNKS_EXTENSION: return on_text(chunks, byte, CHUNKS_SIZE_LF);
    case CHUNKS_SIZE_LF:
        return expect(byte, '\n', chunks->left == 0 ? CHUNKS_TRAILER_FIRST : CHUNKS_DATA);
    case CHUNKS_DATA_CR: return expect(byte, '\r', CHUNKS_DATA_LF);
    case CHUNKS_DATA_LF: return expect(byte, '\n', CHUNKS_SIZE_FIRST);
    case CHUNKS_TRAILER_FIRST:
    case CHUNKS_TRAILER_NAME: return on_trailer_name(chunks, byte);
    case CHUNKS_TRAILER_VALUE: return on_text(chunks, byte, CHUNKS_TRAILER_LF);
    case CHUNKS_TRAILER_LF: return expect(byte, '\n', CHUNKS_TRAILER_FIRST);
    default: return CHUNKS_BAD;
    }
}

http_chunks_event_t http_chunks_next(http_chunks_t *chunks, spin_slice_t *input,
                                     spin_slice_t *data) {
    while (input->len > 0) {
        if (chunks->state == CHUNKS_DATA) {
            size_t len = chunks->left < input->len ? (size_t)chunks->left : input->len;
            *data = (spin_slice_t){input->ptr, len};
            *input = (spin_slice_t){input->ptr + len, input->len - len};
            chunks->left -= len;
            if (chunks->left == 0)
                chunks->state = CHUNKS_DATA_CR;
            return CHUNKS_BODY;
        }
        uint8_t byte = *input->ptr;
        *input = (spin_slice_t){input->ptr + 1, input->len - 1};
        if (chunks->state == CHUNKS_END_LF && byte == '\n')
            return CHUNKS_DONE;
        chunks->state = step(chunks, byte);
        if (chunks->state == CHUNKS_BAD)
            return CHUNKS_ERROR;
    }
    return CHUNKS_MORE;
}
