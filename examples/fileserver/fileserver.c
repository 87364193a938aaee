/* Serves the files mounted at "/": types, ranges, validators, index pages. HEAD is answered like
 * GET; the server leaves the body out. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spin_http.h"

static const struct {
    const char *extension;
    const char *type;
} types[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"xml", "application/xml"},
    {"csv", "text/csv; charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
    {"wasm", "application/wasm"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
};

static spin_str_t text(const char *nul_terminated) {
    return (spin_str_t){nul_terminated, strlen(nul_terminated)};
}

static spin_str_t type_of(const char *path) {
    const char *name = strrchr(path, '/');
    const char *dot = strrchr(name != NULL ? name : path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot + 1, types[i].extension) == 0)
            return text(types[i].type);
    return spin_str("application/octet-stream");
}

/* ── path ────────────────────────────────────────────────────────────────────────────────── */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes into a string; NULL for a bad escape or a NUL byte. */
static char *decode(spin_str_t in) {
    char *out = spin_alloc(in.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < in.len; i++) {
        int byte = (unsigned char)in.ptr[i];
        if (byte == '%') {
            int high = i + 2 < in.len ? hex_digit(in.ptr[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(in.ptr[i + 2]) : -1;
            if (low < 0)
                return NULL;
            byte = high * 16 + low;
            i += 2;
        }
        if (byte == 0)
            return NULL;
        out[len++] = (char)byte;
    }
    out[len] = '\0';
    return out;
}

/* The mount is a sandbox already; ".." is refused so that a URL has one meaning everywhere. */
static bool climbs(const char *path) {
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += strspn(at, "/");
        if (at[0] == '.' && at[1] == '.' && (at[2] == '/' || at[2] == '\0'))
            return true;
    }
    return false;
}

static spin_str_t before(spin_str_t s, char stop) {
    const char *end = s.len != 0 ? memchr(s.ptr, stop, s.len) : NULL;
    return end != NULL ? (spin_str_t){s.ptr, (size_t)(end - s.ptr)} : s;
}

/* ── validators and ranges (RFC 9110 sections 8.8, 13, 14) ───────────────────────────────── */

static char etag[48];
static char modified[40];

static void set_validators(const struct stat *info) {
    snprintf(etag, sizeof etag, "\"%llx-%llx\"", (unsigned long long)info->st_size,
             (unsigned long long)info->st_mtim.tv_sec * 1000000000ull +
                 (unsigned long long)info->st_mtim.tv_nsec);
    struct tm parts;
    gmtime_r(&info->st_mtim.tv_sec, &parts);
    strftime(modified, sizeof modified, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

/* Whether `list` ("*", or entity tags with commas between) names our tag, weakly compared. */
static bool tag_matches(spin_str_t list) {
    size_t len = strlen(etag);
    for (size_t i = 0; i < list.len; i++) {
        if (list.ptr[i] == '*')
            return true;
        if (list.ptr[i] != '"')
            continue;
        size_t end = i + 1;
        while (end < list.len && list.ptr[end] != '"')
            end++;
        if (end < list.len && end + 1 - i == len && memcmp(list.ptr + i, etag, len) == 0)
            return true;
        i = end;
    }
    return false;
}

static bool not_modified(const spin_request_t *request) {
    spin_str_t tags = spin_request_header(request, spin_str("if-none-match"));
    if (tags.ptr != NULL)
        return tag_matches(tags);
    /* Equality is enough: clients send back the date that they were given. */
    spin_str_t since = spin_request_header(request, spin_str("if-modified-since"));
    return since.ptr != NULL && spin_str_equal(since, text(modified));
}

typedef enum range_kind { RANGE_WHOLE, RANGE_PART, RANGE_OUTSIDE } range_kind_t;

/* Reads digits at `*at`; false where there are none. */
static bool digits(spin_str_t s, size_t *at, unsigned long long *out) {
    size_t start = *at;
    *out = 0;
    for (; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; (*at)++)
        *out = *out > UINT64_MAX / 16 ? *out : *out * 10 + (unsigned)(s.ptr[*at] - '0');
    return *at > start;
}

/* One range is honoured; several, or a header that can't be read, mean the whole file. */
static range_kind_t range_of(const spin_request_t *request, unsigned long long size,
                             unsigned long long *first, unsigned long long *last) {
    *first = 0;
    *last = size - 1;
    spin_str_t range = spin_request_header(request, spin_str("range"));
    spin_str_t condition = spin_request_header(request, spin_str("if-range"));
    if (range.len < 6 || memcmp(range.ptr, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    if (condition.ptr != NULL && !spin_str_equal(condition, text(etag)) &&
        !spin_str_equal(condition, text(modified)))
        return RANGE_WHOLE;
    size_t at = 6;
    unsigned long long from = 0, to = 0;
    bool has_from = digits(range, &at, &from);
    if (at >= range.len || range.ptr[at++] != '-')
        return RANGE_WHOLE;
    bool has_to = digits(range, &at, &to);
    if (at != range.len || (!has_from && !has_to) || (has_from && has_to && to < from))
        return RANGE_WHOLE;
    if (!has_from) { /* the last `to` bytes */
        if (to == 0 || size == 0)
            return RANGE_OUTSIDE;
        *first = to < size ? size - to : 0;
        return RANGE_PART;
    }
    if (from >= size)
        return RANGE_OUTSIDE;
    *first = from;
    if (has_to && to < *last)
        *last = to;
    return RANGE_PART;
}

/* ── answers ─────────────────────────────────────────────────────────────────────────────── */

static void fail(spin_response_t *response, uint16_t status, spin_str_t message) {
    spin_response_with(response, status, spin_str("text/plain; charset=utf-8"), message);
}

/* A folder's relative links need its URL to end in a slash. Leading slashes are folded to one:
 * "//x" would name another host. */
static void redirect_to_folder(const spin_request_t *request, spin_response_t *response) {
    spin_str_t path = before(request->uri, '?');
    while (path.len > 1 && path.ptr[0] == '/' && path.ptr[1] == '/')
        path = (spin_str_t){path.ptr + 1, path.len - 1};
    char *location = spin_alloc(path.len + 2);
    snprintf(location, path.len + 2, "%.*s/", (int)path.len, path.ptr);
    spin_response_header(response, spin_str("location"), text(location));
    fail(response, 301, spin_str("Moved\n"));
}

static bool read_part(int fd, unsigned long long first, size_t len, char *to) {
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, to + done, len - done, (off_t)(first + done));
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

static void send_file(const spin_request_t *request, spin_response_t *response, int fd,
                      const struct stat *info, const char *path) {
    unsigned long long size = (unsigned long long)info->st_size, first, last;
    static char content_range[80];
    set_validators(info);
    spin_response_header(response, spin_str("etag"), text(etag));
    spin_response_header(response, spin_str("last-modified"), text(modified));
    spin_response_header(response, spin_str("accept-ranges"), spin_str("bytes"));
    if (not_modified(request)) {
        response->status = 304;
        return;
    }
    switch (range_of(request, size, &first, &last)) {
    case RANGE_OUTSIDE:
        snprintf(content_range, sizeof content_range, "bytes */%llu", size);
        spin_response_header(response, spin_str("content-range"), text(content_range));
        fail(response, 416, spin_str("Range not satisfiable\n"));
        return;
    case RANGE_PART:
        snprintf(content_range, sizeof content_range, "bytes %llu-%llu/%llu", first, last, size);
        spin_response_header(response, spin_str("content-range"), text(content_range));
        response->status = 206;
        break;
    case RANGE_WHOLE: break;
    }
    size_t len = size != 0 ? (size_t)(last - first + 1) : 0;
    char *body = malloc(len + 1);
    if (body == NULL || !read_part(fd, first, len, body)) {
        response->headers_len = 0;
        fail(response, 500, spin_str("Can't read the file\n"));
        return;
    }
    spin_response_with(response, response->status, type_of(path), (spin_str_t){body, len});
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    if (request->method != SPIN_GET && request->method != SPIN_HEAD) {
        spin_response_header(response, spin_str("allow"), spin_str("GET, HEAD"));
        fail(response, 405, spin_str("Method not allowed\n"));
        return;
    }
    spin_str_t info = before(spin_request_header(request, spin_str("spin-path-info")), '?');
    char *path = decode(info);
    if (path == NULL || climbs(path)) {
        fail(response, 400, spin_str("Bad path\n"));
        return;
    }
    size_t len = strlen(path);
    bool folder = len == 0 || path[len - 1] == '/';
    char *file = spin_alloc(len + sizeof "/" + sizeof "index.html");
    sprintf(file, "/%s%s", path + strspn(path, "/"), folder ? "index.html" : "");

    struct stat status;
    int fd = open(file, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0)
        fail(response, 404, spin_str("Not found\n"));
    else if (S_ISDIR(status.st_mode))
        redirect_to_folder(request, response);
    else if (!S_ISREG(status.st_mode))
        fail(response, 404, spin_str("Not found\n"));
    else
        send_file(request, response, fd, &status, file);
}
