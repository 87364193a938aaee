#include "net/http_output.h"

uint8_t *http_output_reserve(http_output_t *output, size_t len) {
    http_block_t *last = output->last;
    if (last == NULL || last->cap - last->end < len) {
        http_block_t *block = http_pool_take_block(output->pool, len);
        if (block == NULL)
            return NULL;
        if (last == NULL)
            output->first = block;
        else
            last->next = block;
        output->last = last = block;
    }
    return last->data + last->end;
}

void http_output_commit(http_output_t *output, size_t len) {
    output->last->end += len;
    output->bytes += len;
}

bool http_output_append(http_output_t *output, spin_slice_t bytes) {
    if (bytes.len == 0)
        return true;
    uint8_t *at = http_output_reserve(output, bytes.len);
    if (at == NULL)
        return false;
    memcpy(at, bytes.ptr, bytes.len);
    http_output_commit(output, bytes.len);
    return true;
}

size_t http_output_peek(const http_output_t *output, struct iovec *pieces, size_t cap) {
    size_t count = 0;
    for (http_block_t *block = output->first; block != NULL && count < cap; block = block->next)
        if (block->end > block->start)
            pieces[count++] = (struct iovec){block->data + block->start, block->end - block->start};
    return count;
}

void http_output_consume(http_output_t *output, size_t len) {
    output->bytes -= len;
    while (output->first != NULL) {
        http_block_t *block = output->first;
        size_t have = block->end - block->start;
        if (len < have) {
            block->start += len;
            return;
        }
        len -= have;
        output->first = block->next;
        http_pool_give_block(output->pool, block);
    }
    output->last = NULL;
}

void http_output_deinit(http_output_t *output) {
    http_output_consume(output, output->bytes);
}
