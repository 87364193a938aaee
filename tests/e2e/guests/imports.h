/* Interfaces of 2022 as a guest sees them: imported functions whose last parameter points to an
 * area for the result, in either layout (docs/abi-2022.md). */
#ifndef GUESTS_IMPORTS_H
#define GUESTS_IMPORTS_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name))) extern void

/* In slots every value takes eight bytes and has at least 32 bits. */
#ifdef SPIN_LAYOUT_SLOTS
#define SLOT _Alignas(8)
typedef uint32_t case_t;
typedef uint32_t status_t;
#else
#define SLOT
typedef uint8_t case_t;
typedef uint16_t status_t;
#endif

typedef struct view {
    SLOT const char *ptr;
    SLOT size_t len;
} view_t;

/* expected<string, error>, where error is a variant of texts */
typedef struct config_result {
    SLOT case_t is_error;
    union {
        view_t ok;
        struct {
            SLOT case_t tag;
            view_t text;
        } error;
    };
} config_result_t;

IMPORT("spin-config", "get-config")
import_get_config(const char *key, size_t key_len, config_result_t *result);

#endif
