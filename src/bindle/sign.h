/* Signatures of invoices (signing specification). What is signed are the name, the version, the
 * parcels' digests in their order, who signs and as what; not the labels, groups and annotations,
 * and, other than the specification says and as all that exists does, not the time. */
#ifndef BINDLE_SIGN_H
#define BINDLE_SIGN_H

#include "bindle/invoice.h"
#include "bindle/key.h"

/* Adds a signature as creator; `by` says whose it is, `at` when (seconds since 1970). What is added
 * lives in `arena`. Errors: EXISTS (the key has signed it before), IO (OpenSSL), NO_MEMORY. */
spin_error_t *bindle_sign(bindle_invoice_t *invoice, arena_t *arena, const bindle_key_t *key,
                          spin_slice_t by, int64_t at);

/* Whether the invoice can be trusted: a key of the keyring has signed it, as creator or approver,
 * and may do so; and no signature of a key of the keyring, in whatever role, is wrong. Those of
 * unknown keys don't count. Errors: DENIED (not signed, or by nobody whom the keyring knows in that
 * role), INVALID (a signature of a known key does not fit, or one key has signed twice),
 * NO_MEMORY. */
spin_error_t *bindle_verify(const bindle_invoice_t *invoice, const bindle_keyring_t *keyring);

/* What a signature covers, in `arena`. Errors: NO_MEMORY. */
spin_error_t *bindle_cleartext(const bindle_invoice_t *invoice, arena_t *arena, spin_slice_t by,
                               spin_slice_t role, spin_slice_t *out);

#endif
