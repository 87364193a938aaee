#include "loader/parcels.h"

#include "base/error.h"
#include "base/log.h"
#include "loader/copy.h"
#include "manifest/schema.h"

static spin_error_t *need_client(loading_t *loading) {
    return loading->bindle != NULL ? NULL
                                   : bindle_client_new(loading->options.bindle, &loading->bindle);
}

spin_error_t *parcels_invoice(loading_t *loading, spin_slice_t reference,
                              const bindle_invoice_t **out) {
    bindle_invoice_t *invoice = map_get(&loading->invoices, reference);
    if (invoice == NULL) {
        invoice = arena_calloc(&loading->scratch, 1, sizeof *invoice);
        if (invoice == NULL)
            return error_no_memory();
        spin_error_t *error = need_client(loading);
        if (error == NULL)
            error =
                bindle_client_get_invoice(loading->bindle, reference, &loading->scratch, invoice);
        if (error != NULL)
            return error;
        if (!map_set(&loading->invoices, reference, invoice))
            return error_no_memory();
        if (invoice->yanked)
            LOG_WARN("this bindle has been withdrawn by who published it: it is yanked",
                     LOG_SLICE("bindle", reference));
    }
    *out = invoice;
    return NULL;
}

spin_error_t *parcels_fetch(loading_t *loading, spin_slice_t reference,
                            const bindle_parcel_t *const *parcels, size_t len, const char **paths) {
    spin_error_t *error = need_client(loading);
    if (error == NULL)
        error = bindle_client_fetch_parcels(loading->bindle, reference, parcels, len,
                                            &loading->scratch, paths);
    return error;
}

spin_error_t *parcels_place(const loading_t *loading, const char *cached, const char *target) {
    return copy_link(cached, target, loading->options.temp_dir == NULL);
}

const char *parcels_quote(loading_t *loading, spin_slice_t text) {
    return schema_quote(&(schema_reader_t){.arena = &loading->scratch}, text);
}
