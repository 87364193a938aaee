/* Decodes instructions, one at a time, from a table of all opcodes. */
#ifndef WASM_INSTR_H
#define WASM_INSTR_H

#include "wasm/reader.h"

/* Prefix in bits 16 to 23 (0 for none), code below. */
enum {
    CORE_OP_UNREACHABLE = 0x00,
    CORE_OP_BLOCK = 0x02,
    CORE_OP_LOOP = 0x03,
    CORE_OP_IF = 0x04,
    CORE_OP_ELSE = 0x05,
    CORE_OP_TRY = 0x06,
    CORE_OP_CATCH = 0x07,
    CORE_OP_THROW = 0x08,
    CORE_OP_RETHROW = 0x09,
    CORE_OP_THROW_REF = 0x0a,
    CORE_OP_END = 0x0b,
    CORE_OP_BR = 0x0c,
    CORE_OP_BR_IF = 0x0d,
    CORE_OP_BR_TABLE = 0x0e,
    CORE_OP_RETURN = 0x0f,
    CORE_OP_CALL = 0x10,
    CORE_OP_CALL_INDIRECT = 0x11,
    CORE_OP_RETURN_CALL = 0x12,
    CORE_OP_RETURN_CALL_INDIRECT = 0x13,
    CORE_OP_CALL_REF = 0x14,
    CORE_OP_RETURN_CALL_REF = 0x15,
    CORE_OP_DELEGATE = 0x18,
    CORE_OP_CATCH_ALL = 0x19,
    CORE_OP_SELECT = 0x1b,
    CORE_OP_SELECT_TYPED = 0x1c,
    CORE_OP_TRY_TABLE = 0x1f,
    CORE_OP_LOCAL_GET = 0x20,
    CORE_OP_LOCAL_SET = 0x21,
    CORE_OP_LOCAL_TEE = 0x22,
    CORE_OP_GLOBAL_GET = 0x23,
    CORE_OP_GLOBAL_SET = 0x24,
    CORE_OP_I32_LOAD = 0x28,
    CORE_OP_I32_STORE = 0x36,
    CORE_OP_I64_STORE32 = 0x3e,
    CORE_OP_I32_CONST = 0x41,
    CORE_OP_I32_EQ = 0x46,
    CORE_OP_I32_GT_U = 0x4b,
    CORE_OP_I32_ADD = 0x6a,
    CORE_OP_I32_SUB = 0x6b,
    CORE_OP_I32_SHL = 0x74,
    CORE_OP_REF_FUNC = 0xd2,
};

/* The index space that an immediate points into. */
typedef enum core_space {
    CORE_SPACE_TYPE,
    CORE_SPACE_FUNC,
    CORE_SPACE_TABLE,
    CORE_SPACE_MEMORY,
    CORE_SPACE_GLOBAL,
    CORE_SPACE_TAG,
    CORE_SPACE_ELEMENT,
    CORE_SPACE_DATA,
    CORE_SPACE_LOCAL,
    CORE_SPACE_LABEL,
} core_space_t;

/* One index among the immediates: its value, and where its bytes stand in the module. */
typedef struct core_index {
    core_space_t space;
    bool is_signed; /* written as s33: a type's index in a heap or block type */
    uint32_t value;
    size_t start;
    size_t end;
} core_index_t;

typedef struct core_instr {
    uint32_t opcode;
    size_t start; /* of the opcode's first byte */
    size_t end;   /* after the last immediate */

    core_index_t indices[3]; /* in the order of the binary; those of vectors are not here */
    uint32_t index_count;

    int64_t value;    /* i32.const and i64.const; a block's type as the binary has it (s33) */
    uint64_t offset;  /* of a memory access */
    uint32_t align;   /* log2 */
    bool has_memory;  /* the access names its memory: then it is an index, else memory 0 */
    size_t access_at; /* of a memory access: where its flags stand; else 0 */
    size_t vector_at; /* of br_table, select with types and try_table: where their vector's count
                         stands; else 0 */
    uint8_t pops;     /* operands taken and results given; CORE_EFFECT_VARIES for both where types
                         or labels decide */
    uint8_t pushes;
} core_instr_t;

#define CORE_EFFECT_VARIES 0xff
#define CORE_BLOCK_EMPTY   (-64)

/* Takes one instruction off the front. A broken one is a fault of the reader; one with an opcode
 * that is in no table is a fault too, with `fault_unknown`. False on either. */
bool core_read_instr(core_reader_t *reader, core_instr_t *out);

/* How nested constructs open and close: +1 for block, loop, if, try, try_table; -1 for end and
 * delegate; else 0. */
static inline int core_instr_nesting(uint32_t opcode) {
    switch (opcode) {
    case CORE_OP_BLOCK:
    case CORE_OP_LOOP:
    case CORE_OP_IF:
    case CORE_OP_TRY:
    case CORE_OP_TRY_TABLE: return 1;
    case CORE_OP_END:
    case CORE_OP_DELEGATE: return -1;
    default: return 0;
    }
}

#endif
