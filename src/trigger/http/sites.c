#include "trigger/http/sites.h"

#include "base/alloc.h"
#include "base/error.h"
#include "manifest/application.h"
#include "manifest/check.h"
#include "net/http_target.h"

enum {
    FIRST_BUCKETS = 16,
    LONGEST_HOST = 253, /* RFC 1035, section 2.3.4, as text */
};

/* ── a table ─────────────────────────────────────────────────────────────────────────────── */

typedef struct http_sites_node {
    struct http_sites_node *next;
    uint64_t hash;
} node_t;

/* FNV-1a. Only what is configured gets into the tables, so it need not withstand an attacker. */
static const uint64_t hash_begin = 0xcbf29ce484222325u;

static uint64_t hash_byte(uint64_t hash, uint8_t byte) {
    return (hash ^ byte) * 0x100000001b3u;
}

static size_t bucket_of(uint64_t hash, size_t buckets_len) {
    return (hash ^ (hash >> 32)) & (buckets_len - 1);
}

static node_t *first_of(const http_sites_table_t *table, uint64_t hash) {
    return table->len == 0 ? NULL : table->buckets[bucket_of(hash, table->buckets_len)];
}

/* Makes room for `extra` nodes. Where there are buckets, but no memory for more of them, they only
 * get fuller. */
static bool table_reserve(http_sites_table_t *table, size_t extra) {
    size_t count = table->buckets_len == 0 ? FIRST_BUCKETS : table->buckets_len;
    while (count < table->len + extra)
        count *= 2;
    if (count == table->buckets_len)
        return true;
    node_t **buckets = mem_calloc(count, sizeof *buckets);
    if (buckets == NULL)
        return table->buckets_len > 0;
    for (size_t i = 0; i < table->buckets_len; i++)
        for (node_t *node = table->buckets[i], *next; node != NULL; node = next) {
            node_t **bucket = &buckets[bucket_of(node->hash, count)];
            next = node->next;
            node->next = *bucket;
            *bucket = node;
        }
    mem_free(table->buckets);
    table->buckets = buckets;
    table->buckets_len = count;
    return true;
}

static void table_add(http_sites_table_t *table, node_t *node) {
    node_t **bucket = &table->buckets[bucket_of(node->hash, table->buckets_len)];
    node->next = *bucket;
    *bucket = node;
    table->len++;
}

static void table_remove(http_sites_table_t *table, node_t *node) {
    node_t **link = &table->buckets[bucket_of(node->hash, table->buckets_len)];
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    table->len--;
}

/* ── what is in the tables ───────────────────────────────────────────────────────────────── */

/* A named host; or any other. */
typedef struct http_host {
    node_t node;
    size_t bases;      /* below it */
    size_t longest;    /* base there has been, in bytes: longer beginnings are not worth a look */
    spin_slice_t text; /* "a.example", and ".example" for "*.example" */
    uint8_t bytes[];
} host_t;

typedef struct site_entry site_entry_t;

/* Where a site is found. */
typedef struct base_entry {
    node_t node;
    host_t *host;
    site_entry_t *site;
    struct base_entry *next; /* of the same site */
} base_entry_t;

struct site_entry {
    node_t node;
    void *value;
    base_entry_t *places;
    spin_slice_t name;
    spin_slice_t base;
    uint8_t bytes[];
};

/* One "/" at the end counts for nothing, as in routes. */
static spin_slice_t without_slash(spin_slice_t base) {
    if (base.len > 0 && base.ptr[base.len - 1] == '/')
        base.len--;
    return base;
}

static uint64_t hash_text(uint64_t hash, spin_slice_t text) {
    for (size_t i = 0; i < text.len; i++)
        hash = hash_byte(hash, text.ptr[i]);
    return hash;
}

static uint8_t lower(uint8_t byte) {
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

/* From its end, so that all suffixes of a name are hashed in one go. */
static uint64_t hash_host(spin_slice_t text) {
    uint64_t hash = hash_begin;
    for (size_t i = text.len; i-- > 0;)
        hash = hash_byte(hash, lower(text.ptr[i]));
    return hash;
}

static uint64_t hash_below(const host_t *host) {
    return host->node.hash;
}

static site_entry_t *lookup_name(const http_sites_t *sites, spin_slice_t name) {
    uint64_t hash = hash_text(hash_begin, name);
    for (node_t *node = first_of(&sites->names, hash); node != NULL; node = node->next) {
        site_entry_t *entry = (site_entry_t *)node;
        if (node->hash == hash && slice_equal(entry->name, name))
            return entry;
    }
    return NULL;
}

static host_t *lookup_host(const http_sites_t *sites, uint64_t hash, spin_slice_t text) {
    for (node_t *node = first_of(&sites->hosts, hash); node != NULL; node = node->next) {
        host_t *host = (host_t *)node;
        if (node->hash == hash && slice_equal_ignore_case(host->text, text))
            return host;
    }
    return NULL;
}

static base_entry_t *lookup_base(const http_sites_t *sites, uint64_t hash, const host_t *host,
                                 spin_slice_t base) {
    for (node_t *node = first_of(&sites->bases, hash); node != NULL; node = node->next) {
        base_entry_t *entry = (base_entry_t *)node;
        if (node->hash == hash && entry->host == host && slice_equal(entry->site->base, base))
            return entry;
    }
    return NULL;
}

/* ── finding ─────────────────────────────────────────────────────────────────────────────── */

static spin_slice_t without_port(spin_slice_t host) {
    bool literal = host.len > 0 && host.ptr[0] == '[';
    size_t end = slice_find(host, literal ? ']' : ':') + literal;
    return spin_slice_of(host.ptr, end < host.len ? end : host.len);
}

static spin_slice_t without_dot(spin_slice_t host) {
    if (host.len > 0 && host.ptr[host.len - 1] == '.')
        host.len--;
    return host;
}

static const host_t *find_host(const http_sites_t *sites, spin_slice_t host) {
    host = without_dot(without_port(host));
    if (sites->hosts.len == 0 || host.len == 0 || host.len > LONGEST_HOST || host.ptr[0] == '.')
        return sites->any;
    uint64_t hash = hash_begin;
    const host_t *found = sites->any;
    for (size_t i = host.len; i-- > 0;) {
        hash = hash_byte(hash, lower(host.ptr[i]));
        if (host.ptr[i] != '.' || sites->wildcards == 0)
            continue;
        const host_t *wildcard = lookup_host(sites, hash, slice_from(host, i));
        if (wildcard != NULL)
            found = wildcard;
    }
    const host_t *exact = lookup_host(sites, hash, host);
    return exact != NULL ? exact : found;
}

void *http_sites_find(const http_sites_t *sites, spin_slice_t host_text, spin_slice_t path) {
    const host_t *host = find_host(sites, host_text);
    const base_entry_t *found = NULL;
    if (host == NULL)
        return NULL;
    uint64_t hash = hash_below(host);
    for (size_t i = 0;; hash = hash_byte(hash, path.ptr[i++])) {
        if (i == path.len || path.ptr[i] == '/') {
            const base_entry_t *entry = lookup_base(sites, hash, host, spin_slice_of(path.ptr, i));
            if (entry != NULL)
                found = entry;
        }
        if (i == path.len || i == host->longest)
            break;
    }
    return found == NULL ? NULL : found->site->value;
}

void *http_sites_get(const http_sites_t *sites, const char *name) {
    const site_entry_t *entry = lookup_name(sites, spin_slice(name));
    return entry == NULL ? NULL : entry->value;
}

/* ── what is refused ─────────────────────────────────────────────────────────────────────── */

static spin_error_t *check_host(const char *text) {
    spin_slice_t host = spin_slice(text);
    bool wildcard = slice_starts_with(host, SLICE_LITERAL("*."));
    spin_slice_t name = without_dot(slice_from(host, wildcard ? 2 : 0));
    const char *reason = NULL;
    if (without_port(name).len != name.len)
        reason = "a host is named without a port";
    else if (name.len == 0 || name.ptr[0] == '.' || !http_host_is_valid(name) ||
             slice_find(name, '*') < name.len || (wildcard && name.ptr[0] == '['))
        reason = "neither a host name, nor \"*.\" in front of one";
    else if (host.len > LONGEST_HOST)
        reason = "longer than a host name can be";
    return reason == NULL ? NULL : error_new(SPIN_ERROR_USAGE, "host \"%s\": %s", text, reason);
}

static spin_error_t *check_site(const http_site_t *site, spin_slice_t base) {
    spin_error_t *error = NULL;
    for (size_t i = 0; error == NULL && i < site->hosts_len; i++)
        error = check_host(site->hosts[i]);
    if (error != NULL)
        return error;
    const char *reason = check_base(base);
    for (size_t i = 0; reason == NULL && site->base != NULL && i < base.len; i++)
        if (base.ptr[i] <= ' ' || base.ptr[i] >= 0x7f || strchr("?#", base.ptr[i]) != NULL)
            reason = "no path of a request begins like that";
    return reason == NULL
               ? NULL
               : error_new(SPIN_ERROR_USAGE, "base \"%.*s\": %s", SLICE_ARG(base), reason);
}

static spin_error_t *collision(const base_entry_t *other) {
    spin_slice_t name = other->site->name;
    spin_slice_t base = other->site->base;
    spin_slice_t host = other->host->text;
    if (base.len == 0)
        base = SLICE_LITERAL("/");
    if (host.len == 0)
        return error_new(SPIN_ERROR_EXISTS,
                         "application \"%.*s\" has base \"%.*s\" for any host: give one of the two "
                         "another base, or a host",
                         SLICE_ARG(name), SLICE_ARG(base));
    return error_new(SPIN_ERROR_EXISTS,
                     "application \"%.*s\" has host \"%s%.*s\" with base \"%.*s\": give one of the "
                     "two another base, or another host",
                     SLICE_ARG(name), host.ptr[0] == '.' ? "*" : "", SLICE_ARG(host),
                     SLICE_ARG(base));
}

/* ── changing ────────────────────────────────────────────────────────────────────────────── */

spin_slice_t http_site_base(const http_site_t *site, const spin_application_t *application) {
    return site->base != NULL ? spin_slice(site->base) : spin_application_http_base(application);
}

static host_t *new_host(http_sites_t *sites, spin_slice_t text) {
    host_t *host = mem_calloc(1, sizeof *host + text.len);
    if (host == NULL)
        return NULL;
    for (size_t i = 0; i < text.len; i++)
        host->bytes[i] = lower(text.ptr[i]);
    host->text = spin_slice_of(host->bytes, text.len);
    host->node.hash = hash_host(text);
    if (text.len == 0)
        return sites->any = host;
    if (!table_reserve(&sites->hosts, 1)) {
        mem_free(host);
        return NULL;
    }
    table_add(&sites->hosts, &host->node);
    sites->wildcards += text.ptr[0] == '.';
    return host;
}

/* The host of that text (none: any), made where it is missing. */
static host_t *have_host(http_sites_t *sites, spin_slice_t text) {
    if (text.len > 0 && text.ptr[0] == '*')
        text = slice_from(text, 1);
    text = without_dot(text);
    host_t *host = text.len == 0 ? sites->any : lookup_host(sites, hash_host(text), text);
    return host != NULL ? host : new_host(sites, text);
}

static void drop_host(http_sites_t *sites, host_t *host) {
    if (host->bases > 0)
        return;
    if (host == sites->any) {
        sites->any = NULL;
    } else {
        table_remove(&sites->hosts, &host->node);
        sites->wildcards -= host->text.ptr[0] == '.';
    }
    mem_free(host);
}

static void free_place(http_sites_t *sites, base_entry_t *place) {
    place->host->bases--;
    drop_host(sites, place->host);
    mem_free(place);
}

/* Its places are in no table. */
static void free_entry(http_sites_t *sites, site_entry_t *entry) {
    for (base_entry_t *place = entry->places, *next; place != NULL; place = next) {
        next = place->next;
        free_place(sites, place);
    }
    mem_free(entry);
}

static spin_error_t *add_place(http_sites_t *sites, site_entry_t *entry, spin_slice_t host_text) {
    base_entry_t *place = mem_calloc(1, sizeof *place);
    if (place == NULL)
        return error_no_memory();
    place->host = have_host(sites, host_text);
    if (place->host == NULL) {
        mem_free(place);
        return error_no_memory();
    }
    place->host->bases++;
    place->site = entry;
    place->node.hash = hash_text(hash_below(place->host), entry->base);
    place->next = entry->places;
    entry->places = place;
    const base_entry_t *other = lookup_base(sites, place->node.hash, place->host, entry->base);
    return other == NULL || slice_equal(other->site->name, entry->name) ? NULL : collision(other);
}

static spin_error_t *fill_entry(http_sites_t *sites, site_entry_t *entry, const http_site_t *site) {
    spin_error_t *error = NULL;
    if (site->hosts_len == 0)
        error = add_place(sites, entry, (spin_slice_t){NULL, 0});
    for (size_t i = 0; error == NULL && i < site->hosts_len; i++)
        error = add_place(sites, entry, spin_slice(site->hosts[i]));
    size_t count = site->hosts_len == 0 ? 1 : site->hosts_len;
    if (error == NULL && (!table_reserve(&sites->names, 1) || !table_reserve(&sites->bases, count)))
        error = error_no_memory();
    return error;
}

/* Takes the entry out of the tables. */
static void unlink_entry(http_sites_t *sites, site_entry_t *entry) {
    for (base_entry_t *place = entry->places; place != NULL; place = place->next)
        table_remove(&sites->bases, &place->node);
    table_remove(&sites->names, &entry->node);
}

/* There is room for it: this can't fail. */
static void link_entry(http_sites_t *sites, site_entry_t *entry) {
    table_add(&sites->names, &entry->node);
    for (base_entry_t *place = entry->places; place != NULL; place = place->next) {
        table_add(&sites->bases, &place->node);
        if (entry->base.len > place->host->longest)
            place->host->longest = entry->base.len;
    }
}

spin_error_t *http_sites_put(http_sites_t *sites, const http_site_t *site, spin_slice_t base,
                             void *value) {
    spin_error_t *error = check_site(site, base);
    if (error != NULL)
        return error;
    spin_slice_t name = spin_slice(site->name);
    base = without_slash(base);
    site_entry_t *entry = mem_calloc(1, sizeof *entry + name.len + base.len);
    if (entry == NULL)
        return error_no_memory();
    entry->value = value;
    entry->name = spin_slice_of(entry->bytes, name.len);
    entry->base = spin_slice_of(entry->bytes + name.len, base.len);
    memcpy(entry->bytes, name.ptr, name.len);
    if (base.len > 0)
        memcpy(entry->bytes + name.len, base.ptr, base.len);
    entry->node.hash = hash_text(hash_begin, name);
    error = fill_entry(sites, entry, site);
    if (error != NULL) {
        free_entry(sites, entry);
        return error;
    }
    site_entry_t *old = lookup_name(sites, name);
    if (old != NULL)
        unlink_entry(sites, old);
    link_entry(sites, entry);
    if (old != NULL)
        free_entry(sites, old);
    return NULL;
}

bool http_sites_remove(http_sites_t *sites, const char *name, const void *value) {
    site_entry_t *entry = lookup_name(sites, spin_slice(name));
    if (entry == NULL || entry->value != value)
        return false;
    unlink_entry(sites, entry);
    free_entry(sites, entry);
    return true;
}

void http_sites_deinit(http_sites_t *sites) {
    for (size_t i = 0; i < sites->names.buckets_len; i++)
        while (sites->names.buckets[i] != NULL) {
            site_entry_t *entry = (site_entry_t *)sites->names.buckets[i];
            unlink_entry(sites, entry);
            free_entry(sites, entry);
        }
    mem_free(sites->names.buckets);
    mem_free(sites->hosts.buckets);
    mem_free(sites->bases.buckets);
    *sites = (http_sites_t){0};
}
