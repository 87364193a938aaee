/* The manifest inside of a bindle. It is written by those who publish, for those who load, and has
 * no more than the invoice lacks: the trigger, the variables and the components, under names in
 * camel case; a component's source is the digest of a parcel, its files are the name of a group of
 * parcels. (Bindles of Spin in Rust, 0.1 to 1.5; those before 0.6 call the variables "config".) */
#ifndef MANIFEST_BINDLE_H
#define MANIFEST_BINDLE_H

#include "manifest/application.h"

/* The parcel that holds it. */
#define MANIFEST_BINDLE_MEDIA_TYPE "application/vnd.fermyon.spin+toml"

/* What the invoice says. */
typedef struct manifest_invoice {
    spin_slice_t reference; /* "NAME/VERSION", of which components take their modules */
    spin_slice_t name;
    spin_slice_t version;
    spin_slice_t description; /* ptr NULL: none */
    const spin_slice_t *authors;
    size_t authors_len;
} manifest_invoice_t;

/* The group whose parcels are the files of a component. */
typedef struct manifest_group {
    spin_slice_t name; /* ptr NULL: it has no files */
    manifest_position_t at;
} manifest_group_t;

/* As manifest_parse, of a manifest inside of a bindle: brought into the form of spin.toml, with the
 * positions it has here, and held to the same rules. Every source is a SPIN_SOURCE_BINDLE;
 * `*groups` is one for each component, in the application's arena. Nothing of `invoice` is kept.
 * Errors: as manifest_parse. */
spin_error_t *manifest_parse_bindle(spin_slice_t text, const char *file,
                                    const manifest_invoice_t *invoice, spin_application_t **out,
                                    manifest_group_t **groups);

#endif
