/* Bindles: applications as a registry keeps them. An invoice names and signs the parcels, by
 * digest; the parcels are the modules, the files and the application's own manifest.
 *
 * Thread rule: any thread; each call blocks until it is done. */
#ifndef SPIN_BINDLE_H
#define SPIN_BINDLE_H

#include <stdbool.h>

#include "spin/error.h"
#include "spin/loader.h"
#include "spin/manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is told of a parcel that is moved: when it begins, some times a second while it goes on, and
 * when it is done, which is when the other side has said so. */
typedef struct spin_bindle_progress {
    size_t size;         /* sizeof(spin_bindle_progress_t), of the library that calls */
    const char *what;    /* the parcel's name; valid during the call */
    uint64_t done_bytes; /* of `total_bytes`, what was there before included */
    uint64_t total_bytes;
    size_t parcel;  /* this one's number, from 1 */
    size_t parcels; /* that are to be moved; those that the other side has are not counted */
    bool skipped;   /* it was not taken, as somebody else is or was uploading it */
} spin_bindle_progress_t;

/* Told from inside of the call that moves something; must not call back into it. */
typedef void (*spin_bindle_progress_fn)(const spin_bindle_progress_t *progress, void *user);

/* Where bindles are and who we are. Zero means "the default" everywhere. */
typedef struct spin_bindle_options {
    size_t size; /* sizeof(spin_bindle_options_t) */
    /* The server's API, such as "https://bindle.example/v1". NULL: $BINDLE_URL. Proxies are those
     * of the environment (http_proxy, https_proxy, no_proxy), trusted certificates the system's or
     * those of $SSL_CERT_FILE and $SSL_CERT_DIR. */
    const char *server;
    bool insecure;        /* take any certificate */
    const char *username; /* NULL: $BINDLE_USERNAME, or the one in the URL, else nobody */
    const char *password; /* NULL: $BINDLE_PASSWORD, or the one in the URL */
    /* Public keys that are trusted; an invoice must be signed by one of them. NULL: signatures are
     * not looked at. */
    const char *keyring;
    /* The key file with which invoices are signed, made on first use. NULL:
     * $XDG_DATA_HOME/spin/bindle-key.toml (or below ~/.local/share). */
    const char *key_file;
    /* Where parcels are kept. NULL: $XDG_CACHE_HOME/spin/bindle (or below ~/.cache). */
    const char *cache_dir;
    /* Whose signature it is, such as "Ann <ann@example.com>". NULL: the manifest's first author. */
    const char *label;
    uint64_t connect_timeout_ms;      /* 10,000 */
    uint64_t stall_timeout_ms;        /* without a byte moving. 30,000 */
    spin_bindle_progress_fn progress; /* may be NULL */
    void *user;
} spin_bindle_options_t;

/* Makes a bindle of the application of a local manifest (`path` as in spin_loader_load_file), signs
 * it and puts it on the server: its invoice, and the parcels that the server does not have. What
 * was interrupted is finished by the same call. `build_info`, which may be NULL, is added to the
 * version, behind a "+". `*id` is "NAME/VERSION", for spin_string_free. Errors: those of loading,
 * with position; EXISTS (the server has another bindle of that name and version, or does not take a
 * parcel), DENIED, NOT_FOUND (no such server), TIMEOUT, LIMIT, IO, INVALID (what the server says),
 * NO_MEMORY, USAGE. */
SPIN_API spin_error_t *spin_bindle_push(const char *path, const char *build_info,
                                        const spin_bindle_options_t *options, char **id);

/* The same into a folder, in the form of a standalone bindle, and without a server. Errors: as
 * above. */
SPIN_API spin_error_t *spin_bindle_prepare(const char *path, const char *build_info,
                                           const char *staging_dir,
                                           const spin_bindle_options_t *options, char **id);

/* The public key that verifies our signatures, as an entry of a keyring (TOML); the key file is
 * made where there is none. `*out` is for spin_string_free. Errors: INVALID (a damaged file, with
 * position), DENIED, IO, NO_MEMORY, USAGE. */
SPIN_API spin_error_t *spin_bindle_public_key(const spin_bindle_options_t *options, char **out);

/* Loads the application of a bindle: its invoice from the server, its parcels from the cache or
 * from there, verified by size and digest. An invoice that was loaded once is taken from the cache
 * where the server can't be reached. `reference` is "NAME/VERSION". The rest is as in
 * spin_loader_load_file; either options may be NULL. */
SPIN_API spin_error_t *spin_loader_load_bindle(const char *reference,
                                               const spin_bindle_options_t *bindle,
                                               const spin_loader_options_t *options,
                                               spin_application_t **out);

#ifdef __cplusplus
}
#endif

#endif
