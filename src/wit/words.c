#include "wit/words.h"

/* In which dialect a word is reserved. */
enum {
    TODAY = 1,
    OLD = 2,
    BOTH = TODAY | OLD,
    TODAY_SOME = 4, /* until 2024 */
    OLD_SOME = 8,   /* in some months of 2022 */
};

/* WIT.md of the component model, "Keywords"; wit-bindgen's WIT.md of 2022 and its lexer. */
static const struct {
    const char *word;
    unsigned reserved;
    unsigned type; /* the kind of the type that it begins, in those dialects */
} words[] = {
    {"_", BOTH, WIT_AST_TYPE_UNIT},
    {"as", BOTH, 0},
    {"async", BOTH, 0},
    {"bool", BOTH, SPIN_TYPE_BOOL},
    {"borrow", TODAY, SPIN_TYPE_BORROW},
    {"char", BOTH, SPIN_TYPE_CHAR},
    {"constructor", TODAY, 0},
    {"enum", BOTH, 0},
    {"error-context", TODAY, SPIN_TYPE_ERROR_CONTEXT},
    {"expected", OLD, SPIN_TYPE_RESULT},
    {"export", TODAY, 0},
    {"f32", TODAY | OLD_SOME, SPIN_TYPE_F32},
    {"f64", TODAY | OLD_SOME, SPIN_TYPE_F64},
    {"flags", BOTH, 0},
    {"float32", TODAY_SOME | OLD_SOME, SPIN_TYPE_F32},
    {"float64", TODAY_SOME | OLD_SOME, SPIN_TYPE_F64},
    {"from", BOTH, 0},
    {"func", TODAY | OLD_SOME, 0},
    {"function", OLD_SOME, 0},
    {"future", TODAY | OLD_SOME, SPIN_TYPE_FUTURE},
    {"handle", OLD_SOME, SPIN_TYPE_OWN},
    {"import", TODAY, 0},
    {"include", TODAY, 0},
    {"interface", BOTH, 0},
    {"list", BOTH, SPIN_TYPE_LIST},
    {"map", TODAY, SPIN_TYPE_MAP},
    {"option", BOTH, SPIN_TYPE_OPTION},
    {"own", TODAY, SPIN_TYPE_OWN},
    {"package", TODAY, 0},
    {"record", BOTH, 0},
    {"resource", BOTH, 0},
    {"result", TODAY, SPIN_TYPE_RESULT},
    {"s16", BOTH, SPIN_TYPE_S16},
    {"s32", BOTH, SPIN_TYPE_S32},
    {"s64", BOTH, SPIN_TYPE_S64},
    {"s8", BOTH, SPIN_TYPE_S8},
    {"static", BOTH, 0},
    {"stream", TODAY | OLD_SOME, SPIN_TYPE_STREAM},
    {"string", BOTH, SPIN_TYPE_STRING},
    {"tuple", BOTH, SPIN_TYPE_TUPLE},
    {"type", BOTH, 0},
    {"u16", BOTH, SPIN_TYPE_U16},
    {"u32", BOTH, SPIN_TYPE_U32},
    {"u64", BOTH, SPIN_TYPE_U64},
    {"u8", BOTH, SPIN_TYPE_U8},
    {"union", OLD, 0},
    {"unit", OLD_SOME, WIT_AST_TYPE_UNIT},
    {"use", BOTH, 0},
    {"variant", BOTH, 0},
    {"with", TODAY, 0},
    {"world", TODAY, 0},
};

static size_t find(spin_slice_t word, unsigned reserved) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((words[i].reserved & reserved) != 0 && slice_equal_text(word, words[i].word))
            return i;
    return SIZE_MAX;
}

bool wit_word_is_reserved(spin_slice_t word, wit_dialect_t dialect, bool as_name) {
    bool today = dialect == WIT_DIALECT_TODAY;
    unsigned some = as_name ? 0 : TODAY_SOME | OLD_SOME;
    return find(word, today ? TODAY | (some & TODAY_SOME) : OLD | (some & OLD_SOME)) != SIZE_MAX;
}

unsigned wit_word_type(spin_slice_t word, wit_dialect_t dialect) {
    bool today = dialect == WIT_DIALECT_TODAY;
    size_t at = find(word, today ? TODAY | TODAY_SOME : OLD | OLD_SOME);
    if (at == SIZE_MAX || (today && words[at].type == WIT_AST_TYPE_UNIT))
        return 0;
    return words[at].type;
}
