#include "net/http_pool.h"

#include "base/alloc.h"
#include "net/http_request.h"

http_block_t *http_pool_take_block(http_pool_t *pool, size_t cap) {
    http_block_t *block = pool->blocks;
    if (cap <= HTTP_BLOCK_CAP && block != NULL) {
        pool->blocks = block->next;
        pool->blocks_len--;
    } else {
        if (cap < HTTP_BLOCK_CAP)
            cap = HTTP_BLOCK_CAP;
        block = cap > SIZE_MAX - sizeof *block ? NULL : mem_alloc(sizeof *block + cap);
        if (block == NULL)
            return NULL;
        block->cap = cap;
    }
    block->next = NULL;
    block->start = block->end = 0;
    return block;
}

void http_pool_give_block(http_pool_t *pool, http_block_t *block) {
    if (block == NULL)
        return;
    if (block->cap != HTTP_BLOCK_CAP || pool->blocks_len >= HTTP_POOL_BLOCKS) {
        mem_free(block);
        return;
    }
    block->next = pool->blocks;
    pool->blocks = block;
    pool->blocks_len++;
}

void http_pool_deinit(http_pool_t *pool) {
    while (pool->blocks != NULL) {
        http_block_t *block = pool->blocks;
        pool->blocks = block->next;
        mem_free(block);
    }
    while (pool->requests != NULL) {
        http_request_t *request = pool->requests;
        pool->requests = request->next;
        http_request_free(request);
    }
    *pool = (http_pool_t){0};
}
