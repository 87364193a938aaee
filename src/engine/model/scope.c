#include "base/error.h"
#include "engine/model/model.h"

enum { MOST_SCOPES = 1 << 16 };

static bool grow(model_instance_t *state) {
    uint32_t cap = state->scope_cap == 0 ? 8 : 2 * state->scope_cap;
    model_scope_t *scopes =
        cap > MOST_SCOPES ? NULL : arena_alloc(state->arena, cap * sizeof *scopes);
    if (scopes == NULL)
        return false;
    if (state->scope_len > 0)
        memcpy(scopes, state->scopes, state->scope_len * sizeof *scopes);
    state->scopes = scopes;
    state->scope_cap = cap;
    return true;
}

bool model_scope_open(model_instance_t *state, uint32_t *out) {
    uint32_t number = 0;
    if (state->scope_open < state->scope_len) /* there is one that was closed */
        while (state->scopes[number].is_open)
            number++;
    else
        number = state->scope_len;
    if (number == state->scope_cap && !grow(state))
        return false;
    state->scope_len += number == state->scope_len;
    state->scope_open++;
    state->scopes[number] = (model_scope_t){.is_open = true, .outer = MODEL_NO_SCOPE};
    *out = number;
    return true;
}

void model_scope_close(model_instance_t *state, uint32_t number) {
    model_scope_t *scope = &state->scopes[number];
    model_return_loans(state, &scope->loans);
    scope->is_open = false;
    state->scope_open--;
    while (state->scope_len > 0 && !state->scopes[state->scope_len - 1].is_open)
        state->scope_len--;
}

spin_error_t *model_scope_enter(model_instance_t *state) {
    uint32_t number;
    if (!model_scope_open(state, &number))
        return error_new(SPIN_ERROR_LIMIT, "more than %d calls between components are under way",
                         MOST_SCOPES);
    state->scopes[number].outer = state->scope_now;
    state->scope_now = number;
    return NULL;
}

bool model_scope_leave(model_instance_t *state) {
    const uint32_t number = state->scope_now;
    bool kept = state->scopes[number].borrows > 0;
    state->scope_now = state->scopes[number].outer;
    model_scope_close(state, number);
    return !kept;
}

spin_error_t *model_lend(model_instance_t *state, handle_table_t *table, uint32_t number,
                         model_loan_t **loans) {
    model_loan_t *loan = state->spare;
    if (loan != NULL)
        state->spare = loan->next;
    else
        loan = arena_alloc(state->arena, sizeof *loan);
    if (loan == NULL)
        return error_no_memory();
    *loan = (model_loan_t){*loans, table, number};
    *loans = loan;
    table->items[number].lends++;
    return NULL;
}

void model_return_loans(model_instance_t *state, model_loan_t **loans) {
    while (*loans != NULL) {
        model_loan_t *loan = *loans;
        *loans = loan->next;
        loan->table->items[loan->number].lends--;
        loan->next = state->spare;
        state->spare = loan;
    }
}
