/* A doubly linked list through its members; a link that is alone points to itself. */
#ifndef NET_HTTP_LIST_H
#define NET_HTTP_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct http_link {
    struct http_link *prev;
    struct http_link *next;
} http_link_t;

#define HTTP_LIST_ITEM(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void http_list_init(http_link_t *list) {
    list->prev = list->next = list;
}

static inline bool http_list_is_empty(const http_link_t *list) {
    return list->next == list;
}

/* Also for a link that is in no list. */
static inline void http_list_remove(http_link_t *link) {
    link->prev->next = link->next;
    link->next->prev = link->prev;
    http_list_init(link);
}

static inline void http_list_append(http_link_t *list, http_link_t *link) {
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* Moves all of `list` to `taken`, which needs no init. */
static inline void http_list_take(http_link_t *list, http_link_t *taken) {
    http_list_init(taken);
    if (http_list_is_empty(list))
        return;
    *taken = *list;
    taken->prev->next = taken->next->prev = taken;
    http_list_init(list);
}

#endif
