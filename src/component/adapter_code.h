/* Writes the body of a function of the fused module: instructions, locals, labels. Values are named
 * by letters: i (i32), I (i64), f (f32), F (f64). */
#ifndef COMPONENT_ADAPTER_CODE_H
#define COMPONENT_ADAPTER_CODE_H

#include "component/fuse_code.h"

/* Opcodes that adapters and transcoders use; 0xfc in bits 16 to 23 is the prefix. Integer ones are
 * those of i32: code_int turns them into those of i64. */
enum {
    OP_UNREACHABLE = 0x00,
    OP_BLOCK = 0x02,
    OP_LOOP = 0x03,
    OP_IF = 0x04,
    OP_ELSE = 0x05,
    OP_END = 0x0b,
    OP_BR = 0x0c,
    OP_BR_IF = 0x0d,
    OP_BR_TABLE = 0x0e,
    OP_RETURN = 0x0f,
    OP_CALL = 0x10,
    OP_DROP = 0x1a,
    OP_LOCAL_GET = 0x20,
    OP_LOCAL_SET = 0x21,
    OP_LOCAL_TEE = 0x22,
    OP_GLOBAL_GET = 0x23,
    OP_GLOBAL_SET = 0x24,
    OP_I32_LOAD = 0x28,
    OP_I64_LOAD = 0x29,
    OP_F32_LOAD = 0x2a,
    OP_F64_LOAD = 0x2b,
    OP_I32_LOAD8_S = 0x2c,
    OP_I32_LOAD8_U = 0x2d,
    OP_I32_LOAD16_S = 0x2e,
    OP_I32_LOAD16_U = 0x2f,
    OP_I32_STORE = 0x36,
    OP_I64_STORE = 0x37,
    OP_F32_STORE = 0x38,
    OP_F64_STORE = 0x39,
    OP_I32_STORE8 = 0x3a,
    OP_I32_STORE16 = 0x3b,
    OP_MEMORY_SIZE = 0x3f,
    OP_I32_CONST = 0x41,
    OP_I64_CONST = 0x42,
    OP_F32_CONST = 0x43,
    OP_F64_CONST = 0x44,
    OP_EQZ = 0x45,
    OP_EQ = 0x46,
    OP_NE = 0x47,
    OP_LT_U = 0x49,
    OP_GT_U = 0x4b,
    OP_GE_U = 0x4f,
    OP_ADD = 0x6a,
    OP_SUB = 0x6b,
    OP_MUL = 0x6c,
    OP_AND = 0x71,
    OP_OR = 0x72,
    OP_XOR = 0x73,
    OP_SHL = 0x74,
    OP_SHR_U = 0x76,
    OP_I32_WRAP_I64 = 0xa7,
    OP_I64_EXTEND_I32_U = 0xad,
    OP_I32_REINTERPRET_F32 = 0xbc,
    OP_I64_REINTERPRET_F64 = 0xbd,
    OP_F32_REINTERPRET_I32 = 0xbe,
    OP_F64_REINTERPRET_I64 = 0xbf,
    OP_I32_EXTEND8_S = 0xc0,
    OP_I32_EXTEND16_S = 0xc1,
    OP_MEMORY_COPY = 0xfc0a,
};

/* One memory of the fused module. */
typedef struct code_memory {
    uint32_t number;
    bool is64;
} code_memory_t;

static inline char code_pointer(code_memory_t memory) {
    return memory.is64 ? 'I' : 'i';
}

typedef struct code {
    fuse_t *fuse;
    buf_t out;
    buf_t locals; /* of each local, parameters included: its letter; FREE is set while nobody has
                     it */
    uint32_t param_count;
    uint32_t depth; /* of open blocks */
    uint32_t fuel;  /* how much more may be written before the rest goes into other functions */
} code_t;

void code_init(code_t *code, fuse_t *fuse, const char *params);
/* Appends locals, instructions and the last `end` to `body`, and lets go of all memory. */
void code_finish(code_t *code, buf_t *body);

/* A local of that type; its value is what the last user left. */
uint32_t code_local(code_t *code, char letter);
void code_release(code_t *code, uint32_t local);

void code_op(code_t *code, uint32_t op);
/* An integer operation of OP_*, on i32 or i64. */
void code_int(code_t *code, char letter, uint32_t op);
void code_get(code_t *code, uint32_t local);
void code_set(code_t *code, uint32_t local);
void code_tee(code_t *code, uint32_t local);
void code_global_get(code_t *code, uint32_t global);
void code_global_set(code_t *code, uint32_t global);
/* A constant of any type; of floats only 0. */
void code_const(code_t *code, char letter, int64_t value);
/* `local` OP `value`, on the stack. */
void code_get_const(code_t *code, char letter, uint32_t local, uint32_t op, int64_t value);
/* local = local + value */
void code_increase(code_t *code, char letter, uint32_t local, int64_t value);
void code_load(code_t *code, uint32_t op, code_memory_t memory, uint64_t offset);
void code_store(code_t *code, uint32_t op, code_memory_t memory, uint64_t offset);
/* memory.copy; the length on the stack is of code_copy_letter's type. */
void code_memory_copy(code_t *code, code_memory_t to, code_memory_t from);
char code_copy_letter(code_memory_t to, code_memory_t from);
void code_memory_size(code_t *code, code_memory_t memory);
void code_call(code_t *code, uint32_t func);
/* What is on the stack becomes a value of another type, bits kept: as values are joined and split
 * in variants (CanonicalABI.md, "Flattening"). Also between pointers of two memories. */
void code_convert(code_t *code, char from, char to);

/* They return a label for code_br… */
uint32_t code_block(code_t *code);
uint32_t code_loop(code_t *code);
/* The condition is on the stack. */
uint32_t code_if(code_t *code);
void code_else(code_t *code);
void code_end(code_t *code);
void code_br(code_t *code, uint32_t label);
void code_br_if(code_t *code, uint32_t label);

void code_trap(code_t *code, fuse_trap_t trap);
/* Traps where what is on the stack is not 0. */
void code_trap_if(code_t *code, fuse_trap_t trap);

#endif
