/* Handles as they go from one table to another (CanonicalABI.md, "Lifting", "Lowering",
 * `resource.drop`). */
#include "base/error.h"
#include "engine/abi/value.h"
#include "engine/async/async.h"
#include "engine/context.h"
#include "engine/model/model.h"
#include "wit/model.h"

/* ── what there is under a number ── */

static spin_error_t *wrong_type(const model_instance_t *state, uint32_t number, uint32_t expected,
                                const handle_t *found) {
    const model_resource_t *resources = state->model->resources;
    if (found->kind >= HANDLE_OTHER)
        return error_new(SPIN_ERROR_TRAP, "handle index %u used with the wrong type", number);
    const char *wanted = resources[expected].linked->is_host ? "host" : "guest";
    const char *there = resources[found->type].linked->is_host ? "host" : "guest";
    return error_new(SPIN_ERROR_TRAP,
                     "handle index %u used with the wrong type, expected %s-defined resource but "
                     "found a different %s-defined resource",
                     number, wanted, there);
}

spin_error_t *model_handle_any(model_instance_t *state, uint32_t component, uint32_t type,
                               uint32_t number, handle_t **out) {
    handle_t *entry = handle_table_get(model_table(state, component), number);
    if (entry == NULL)
        return error_new(SPIN_ERROR_TRAP, "unknown handle index %u", number);
    *out = entry;
    bool fits = entry->kind < HANDLE_OTHER && entry->type == type;
    return fits ? NULL : wrong_type(state, number, type, entry);
}

spin_error_t *model_handle_own(model_instance_t *state, uint32_t component, uint32_t type,
                               uint32_t number, handle_t **out) {
    handle_t *entry = NULL;
    spin_error_t *error = model_handle_any(state, component, type, number, &entry);
    if (error != NULL || entry == NULL)
        return error;
    *out = entry;
    if (entry->lends > 0)
        return error_new(SPIN_ERROR_TRAP, "cannot remove owned resource while borrowed");
    if (entry->kind != HANDLE_OWN)
        return error_new(SPIN_ERROR_TRAP, "cannot lift own resource from a borrow");
    return NULL;
}

spin_error_t *model_handle_add_own(model_instance_t *state, uint32_t component, uint32_t type,
                                   uint64_t rep, uint32_t *out) {
    const handle_t entry = {.kind = HANDLE_OWN, .type = type, .of.rep = rep};
    return handle_table_add(model_table(state, component), state->arena, entry, out);
}

spin_error_t *model_handle_add_borrow(model_instance_t *state, uint32_t component, uint32_t type,
                                      uint64_t rep, uint32_t *out) {
    const uint32_t scope = state->scope_now;
    const handle_t entry = {.kind = HANDLE_BORROW, .type = type, .scope = scope, .of.rep = rep};
    if (scope == MODEL_NO_SCOPE)
        return error_new(SPIN_ERROR_INTERNAL, "a borrow outside of any call");
    spin_error_t *error = handle_table_add(model_table(state, component), state->arena, entry, out);
    if (error == NULL)
        state->scopes[scope].borrows++;
    return error;
}

static void drop_host(const model_instance_t *state, uint32_t type, uint64_t rep) {
    const abi_resource_t *host = state->model->resources[type].host;
    if (host == NULL)
        return;
    if (host->drop_value != NULL)
        host->drop_value(state->instance, rep, host->user);
    else if (host->drop != NULL)
        host->drop(host, state->instance, (void *)(uintptr_t)rep);
}

spin_error_t *model_handle_drop(model_instance_t *state, uint32_t component, uint32_t type,
                                uint32_t number, bool *destroys, uint64_t *rep) {
    handle_t *entry = NULL;
    *destroys = false;
    spin_error_t *error = model_handle_any(state, component, type, number, &entry);
    if (error != NULL || entry == NULL)
        return error;
    if (entry->lends > 0)
        return error_new(SPIN_ERROR_TRAP, "cannot remove owned resource while borrowed");
    const handle_t old = *entry;
    handle_table_remove(model_table(state, component), number);
    if (old.kind == HANDLE_BORROW) {
        if (old.scope < state->scope_len)
            state->scopes[old.scope].borrows--;
        return NULL;
    }
    const model_resource_t *resource = &state->model->resources[type];
    *rep = old.of.rep;
    *destroys = !resource->linked->is_host && resource->linked->dtor.kind != LINKED_NOTHING;
    if (resource->linked->is_host)
        drop_host(state, type, old.of.rep);
    return NULL;
}

/* ── lowering: to the guest ── */

static void lower_stop(spin_lower_t *lower, spin_error_t *error) {
    if (lower->failed) {
        spin_error_free(error);
        return;
    }
    lower->failed = true;
    lower->error = error;
}

static spin_error_t *check_number(uint64_t value) {
    if (value <= UINT32_MAX)
        return NULL;
    return error_new(SPIN_ERROR_INVALID, "unknown handle index %llu", (unsigned long long)value);
}

/* The host's handle of a guest's resource becomes the guest's. */
static spin_error_t *give_own(spin_lower_t *lower, const model_resource_t *resource, uint64_t value,
                              uint32_t *out) {
    model_instance_t *state = lower->model;
    const linked_component_t *linked = state->model->module->linked;
    uint64_t rep = value;
    handle_t *entry = NULL;
    if (!resource->linked->is_host) {
        spin_error_t *error = check_number(value);
        if (error == NULL)
            error = model_handle_own(state, linked->component_count, resource->id, (uint32_t)value,
                                     &entry);
        if (error != NULL || entry == NULL)
            return error;
        rep = entry->of.rep;
        handle_table_remove(model_host_table(state), (uint32_t)value);
    }
    return model_handle_add_own(state, lower->component, resource->id, rep, out);
}

static spin_error_t *give_borrow(spin_lower_t *lower, const model_resource_t *resource,
                                 uint64_t value, uint32_t *out) {
    model_instance_t *state = lower->model;
    const linked_component_t *linked = state->model->module->linked;
    uint64_t rep = value;
    handle_t *entry = NULL;
    if (!resource->linked->is_host) {
        spin_error_t *error = check_number(value);
        if (error == NULL)
            error = model_handle_any(state, linked->component_count, resource->id, (uint32_t)value,
                                     &entry);
        if (error == NULL && lower->loans != NULL)
            error = model_lend(state, model_host_table(state), (uint32_t)value, lower->loans);
        if (error != NULL || entry == NULL)
            return error;
        rep = entry->of.rep;
        if (resource->linked->component == lower->component) {
            *out = (uint32_t)rep;
            return NULL;
        }
    }
    return model_handle_add_borrow(state, lower->component, resource->id, rep, out);
}

/* A resource of the host that nobody gets any more. */
static void discard(model_instance_t *state, const spin_type_t *type, uint64_t value) {
    const model_resource_t *resource =
        type->kind == SPIN_TYPE_OWN ? model_resource_of(state->model, type) : NULL;
    if (resource != NULL && resource->linked->is_host &&
        (value != 0 || resource->host->drop_value != NULL)) /* no object: what was not made yet */
        drop_host(state, resource->id, value);
}

/* As deep as types nest. */
void model_drop_value(model_instance_t *state, const spin_type_t *type, const spin_value_t *value) {
    const bool is_same = type->kind == SPIN_TYPE_LIST || type->kind == SPIN_TYPE_FIXED_LIST;
    const spin_type_t *payload;
    switch (value->kind) { /* 0: there is none */
    case SPIN_TYPE_OWN: discard(state, type, value->of.natural); break;
    case SPIN_TYPE_LIST:
    case SPIN_TYPE_FIXED_LIST:
    case SPIN_TYPE_TUPLE:
    case SPIN_TYPE_RECORD:
        for (size_t i = 0; i < value->of.list.len; i++)
            model_drop_value(state, type->parts[is_same ? 0 : i].ref.type,
                             &value->of.list.items[i]);
        break;
    case SPIN_TYPE_MAP:
        for (size_t i = 0; i < 2 * value->of.list.len; i++)
            model_drop_value(state, type->parts[i % 2].ref.type,
                             &value->of.list.items[i / 2].of.list.items[i % 2]);
        break;
    case SPIN_TYPE_VARIANT:
    case SPIN_TYPE_OPTION:
    case SPIN_TYPE_RESULT:
        payload = abi_case_type(type, value->of.variant.index);
        if (payload != NULL && value->of.variant.payload != NULL)
            model_drop_value(state, payload, value->of.variant.payload);
        break;
    default: break;
    }
}

uint32_t model_lower_handle(spin_lower_t *lower, const spin_type_t *type, uint64_t value) {
    uint32_t number = 0;
    if (lower->failed) {
        if (lower->discards)
            discard(lower->model, type, value);
        return 0;
    }
    if (type->kind != SPIN_TYPE_OWN && type->kind != SPIN_TYPE_BORROW) {
        async_state_t *state = async_state_of(lower->model);
        spin_error_t *error =
            state == NULL ? error_no_memory()
                          : async_lower_value(state, lower->component, type, value, &number);
        if (error != NULL)
            lower_stop(lower, error);
        return number;
    }
    const model_resource_t *resource = model_resource_of(lower->model->model, type);
    spin_error_t *error = resource == NULL ? error_new(SPIN_ERROR_INTERNAL, "an unknown resource")
                          : type->kind == SPIN_TYPE_OWN
                              ? give_own(lower, resource, value, &number)
                              : give_borrow(lower, resource, value, &number);
    if (error != NULL) {
        lower_stop(lower, error);
        if (lower->discards)
            discard(lower->model, type, value);
    }
    return number;
}

/* ── lifting: from the guest ── */

/* The entry goes when all else is lifted as well. */
static spin_error_t *leave(spin_lift_t *lift, handle_t *entry, uint32_t number) {
    leaving_handle_t *leaving = arena_alloc(lift->arena, sizeof *leaving);
    if (leaving == NULL)
        return error_no_memory();
    *leaving = (leaving_handle_t){lift->leaving, number};
    lift->leaving = leaving;
    entry->is_leaving = true;
    return NULL;
}

static spin_error_t *take_own(spin_lift_t *lift, const model_resource_t *resource, uint32_t number,
                              uint64_t *out) {
    model_instance_t *state = lift->model;
    const linked_component_t *linked = state->model->module->linked;
    uint32_t own = 0;
    handle_t *entry = NULL;
    spin_error_t *error = model_handle_own(state, lift->component, resource->id, number, &entry);
    if (error == NULL && entry != NULL)
        error = leave(lift, entry, number);
    if (error != NULL || entry == NULL)
        return error;
    *out = entry->of.rep;
    if (resource->linked->is_host)
        return NULL;
    error = model_handle_add_own(state, linked->component_count, resource->id, *out, &own);
    *out = own;
    return error;
}

static spin_error_t *take_borrow(spin_lift_t *lift, const model_resource_t *resource,
                                 uint32_t number, uint64_t *out) {
    model_instance_t *state = lift->model;
    const linked_component_t *linked = state->model->module->linked;
    uint32_t own = 0;
    handle_t *entry = NULL;
    spin_error_t *error = model_handle_any(state, lift->component, resource->id, number, &entry);
    if (error == NULL && lift->loans != NULL)
        error = model_lend(state, model_table(state, lift->component), number, lift->loans);
    if (error != NULL || entry == NULL)
        return error;
    *out = entry->of.rep;
    if (resource->linked->is_host)
        return NULL;
    /* What a guest's representation is to the host: a handle, for as long as the call. */
    const handle_t lent = {
        .kind = HANDLE_BORROW, .type = resource->id, .scope = UINT32_MAX, .of.rep = entry->of.rep};
    error = handle_table_add(model_table(state, linked->component_count), state->arena, lent, &own);
    if (error == NULL && lift->temps != NULL)
        error = model_lend(state, model_host_table(state), own, lift->temps);
    *out = own;
    return error;
}

uint64_t model_lift_handle(spin_lift_t *lift, const spin_type_t *type, uint32_t number) {
    uint64_t value = 0;
    if (lift->failed)
        return 0;
    if (type->kind != SPIN_TYPE_OWN && type->kind != SPIN_TYPE_BORROW) {
        async_state_t *state = async_state_of(lift->model);
        spin_error_t *error = state == NULL
                                  ? error_no_memory()
                                  : async_lift_value(state, lift->component, type, number, &value);
        if (error != NULL)
            abi_lift_stop(lift, error);
        return value;
    }
    const model_resource_t *resource = model_resource_of(lift->model->model, type);
    spin_error_t *error = resource == NULL ? error_new(SPIN_ERROR_INTERNAL, "an unknown resource")
                          : type->kind == SPIN_TYPE_OWN
                              ? take_own(lift, resource, number, &value)
                              : take_borrow(lift, resource, number, &value);
    if (error != NULL)
        abi_lift_stop(lift, error);
    return value;
}

/* own<> or borrow<> of a resource that generated code knows by name. */
static spin_error_t *guest_type(const model_instance_t *state, spin_type_kind_t kind,
                                const spin_abi_guest_resource_t *resource, spin_type_t *out) {
    const linked_resource_t *linked = model_module_resource(
        state->model->module, spin_slice(resource->module), spin_slice(resource->name));
    if (linked == NULL || linked->is_host)
        return error_new(SPIN_ERROR_NOT_FOUND, "resource \"%s\" of \"%s\": it does not %s it",
                         resource->name, resource->module, linked == NULL ? "export" : "implement");
    *out = (spin_type_t){.kind = kind, .resource = linked->type};
    return NULL;
}

uint32_t model_lower_guest(spin_lower_t *lower, spin_type_kind_t kind,
                           const spin_abi_guest_resource_t *resource, uint32_t handle) {
    spin_type_t type;
    if (lower->failed)
        return 0;
    spin_error_t *error = guest_type(lower->model, kind, resource, &type);
    if (error == NULL)
        return model_lower_handle(lower, &type, handle);
    lower_stop(lower, error);
    return 0;
}

uint32_t model_lift_guest(spin_lift_t *lift, const spin_abi_guest_resource_t *resource,
                          uint32_t number) {
    spin_type_t type;
    if (lift->failed)
        return 0;
    spin_error_t *error = guest_type(lift->model, SPIN_TYPE_OWN, resource, &type);
    if (error == NULL)
        return (uint32_t)model_lift_handle(lift, &type, number);
    abi_lift_stop(lift, error);
    return 0;
}

void model_settle(spin_lift_t *lift, bool leaves) {
    handle_table_t *table = model_table(lift->model, lift->component);
    leaving_handle_t *first = NULL;
    while (lift->leaving != NULL) { /* numbers are free in the order in which they were lifted */
        leaving_handle_t *at = lift->leaving;
        lift->leaving = at->next;
        at->next = first;
        first = at;
    }
    for (; first != NULL; first = first->next) {
        table->items[first->number].is_leaving = false;
        if (leaves)
            handle_table_remove(table, first->number);
    }
}

void model_end_temps(model_instance_t *state, model_loan_t **temps) {
    for (model_loan_t *at = *temps; at != NULL; at = at->next) {
        at->table->items[at->number].lends--;
        handle_table_remove(at->table, at->number);
    }
    while (*temps != NULL) {
        model_loan_t *loan = *temps;
        *temps = loan->next;
        loan->next = state->spare;
        state->spare = loan;
    }
}

/* Objects of the host that are left in a table. */
void model_drop_hosts(model_instance_t *state, handle_table_t *table) {
    for (uint32_t i = 1; i < table->len; i++) {
        const handle_t entry = table->items[i];
        table->items[i] = (handle_t){0};
        if (entry.kind == HANDLE_OWN && state->model->resources[entry.type].linked->is_host)
            drop_host(state, entry.type, entry.of.rep);
    }
    table->len = 0;
}
