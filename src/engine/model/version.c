/* Interfaces of compatible versions: 1.x satisfies any 1.y, 0.2.x any 0.2.y. */
#include "base/slice.h"
#include "engine/model/model.h"

/* Reads "1.2.3" and nothing behind it. */
static bool parse(spin_slice_t text, uint64_t number[3]) {
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t start = at;
        number[i] = 0;
        for (; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++) {
            if (number[i] > UINT32_MAX)
                return false;
            number[i] = 10 * number[i] + (uint64_t)(text.ptr[at] - '0');
        }
        if (at == start || (i < 2 && (at == text.len || text.ptr[at++] != '.')))
            return false;
    }
    return at == text.len;
}

model_version_t model_version_of(spin_slice_t name, spin_slice_t *rest) {
    size_t hash = slice_find(name, '#');
    spin_slice_t interface = spin_slice_of(name.ptr, hash);
    *rest = slice_from(name, hash);
    size_t at = slice_find(interface, '@');
    model_version_t version = {.base = spin_slice_of(interface.ptr, at), .is_exact = true};
    if (at < interface.len && parse(slice_from(interface, at + 1), version.number))
        version.is_exact = version.number[0] == 0 && version.number[1] == 0;
    if (version.is_exact)
        version.base = interface;
    return version;
}

bool model_version_fits(const model_version_t *want, const model_version_t *have) {
    if (want->is_exact != have->is_exact || !slice_equal(want->base, have->base))
        return false;
    return want->is_exact || (want->number[0] == have->number[0] &&
                              (want->number[0] > 0 || want->number[1] == have->number[1]));
}

bool model_version_is_higher(const model_version_t *left, const model_version_t *right) {
    for (int i = 0; i < 3; i++)
        if (left->number[i] != right->number[i])
            return left->number[i] > right->number[i];
    return false;
}
