/* Feature gates: WIT.md, "Feature Gates". */
#include "wit/resolve.h"

static bool is_wanted(const spin_wit_options_t *options, spin_slice_t feature) {
    if (options->all_features)
        return true;
    for (size_t i = 0; i < options->features_len; i++)
        if (slice_equal_text(feature, options->features[i]))
            return true;
    return false;
}

/* ── versions (semver.org, 11: precedence) ───────────────────────────────────────────────── */

/* The text up to the next `stop` or the end, which is taken off `*rest` with it. */
static spin_slice_t take_until(spin_slice_t *rest, uint8_t stop) {
    spin_slice_t part = spin_slice_of(rest->ptr, slice_find(*rest, stop));
    *rest = slice_from(*rest, part.len + 1);
    return part;
}

static bool is_number(spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len > 0;
}

/* Numbers have no leading zeros, so the longer one is the larger. They sort before words. */
static int compare_identifiers(spin_slice_t a, spin_slice_t b) {
    bool a_is_number = is_number(a);
    bool b_is_number = is_number(b);
    if (a_is_number != b_is_number)
        return a_is_number ? -1 : 1;
    if (a_is_number && a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return slice_compare(a, b);
}

static int compare_dotted(spin_slice_t a, spin_slice_t b) {
    while (a.len > 0 && b.len > 0) {
        int order = compare_identifiers(take_until(&a, '.'), take_until(&b, '.'));
        if (order != 0)
            return order;
    }
    return (a.len > 0) - (b.len > 0);
}

static int compare_versions(spin_slice_t a, spin_slice_t b) {
    spin_slice_t a_rest = spin_slice_of(a.ptr, slice_find(a, '+')); /* build data does not count */
    spin_slice_t b_rest = spin_slice_of(b.ptr, slice_find(b, '+'));
    int order = compare_dotted(take_until(&a_rest, '-'), take_until(&b_rest, '-'));
    if (order != 0)
        return order;
    if ((a_rest.len == 0) != (b_rest.len == 0)) /* a pre-release comes before the release */
        return a_rest.len == 0 ? 1 : -1;
    return compare_dotted(a_rest, b_rest);
}

/* ── rules ───────────────────────────────────────────────────────────────────────────────── */

static spin_error_t *check_since(const resolve_unit_t *unit, const wit_ast_gate_t *gate) {
    spin_slice_t version = unit->package->version;
    if (version.len == 0)
        return RESOLVE_FAIL(gate->place,
                            "a gate with a version, but package \"%.*s\" has no version",
                            SLICE_ARG(unit->package->id));
    if (compare_versions(gate->value, version) > 0)
        return RESOLVE_FAIL(gate->place, "@since names version %.*s, package \"%.*s\" is older",
                            SLICE_ARG(gate->value), SLICE_ARG(unit->package->id));
    return NULL;
}

spin_error_t *resolve_gate(resolver_t *resolver, const resolve_unit_t *unit,
                           const wit_ast_head_t *head, bool *wanted) {
    const wit_ast_gate_t *since = NULL;
    const wit_ast_gate_t *unstable = NULL;
    const wit_ast_gate_t *deprecated = NULL;
    *wanted = true;
    for (size_t i = 0; i < head->gates_len; i++) {
        const wit_ast_gate_t *gate = &head->gates[i];
        const wit_ast_gate_t **kind = gate->kind == WIT_AST_SINCE        ? &since
                                      : gate->kind == WIT_AST_UNSTABLE   ? &unstable
                                      : gate->kind == WIT_AST_DEPRECATED ? &deprecated
                                                                         : NULL;
        if (kind == NULL)
            continue;
        if (*kind != NULL)
            return RESOLVE_FAIL(gate->place, "the same gate twice");
        *kind = gate;
    }
    if (since != NULL && unstable != NULL)
        return RESOLVE_FAIL(unstable->place, "@since and @unstable exclude each other");
    if (deprecated != NULL && since == NULL && unstable == NULL)
        return RESOLVE_FAIL(deprecated->place, "@deprecated needs @since or @unstable beside it");
    if (since != NULL)
        return check_since(unit, since);
    if (unstable != NULL)
        *wanted = is_wanted(resolver->options, unstable->value);
    return NULL;
}

spin_error_t *resolve_left_out(resolver_t *resolver, const resolve_unit_t *unit,
                               const wit_ast_items_t *items, const char *what) {
    for (size_t i = 0; i < items->len; i++) {
        const wit_ast_item_t *item = &items->items[i];
        bool wanted;
        spin_error_t *error = resolve_gate(resolver, unit, &item->head, &wanted);
        if (error == NULL && wanted)
            error = RESOLVE_FAIL(item->place, "this is not @unstable, but the %s that it is in is",
                                 what);
        if (error != NULL)
            return error;
    }
    return NULL;
}
