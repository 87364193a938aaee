/* One file operation: `op` (read, write, list, stat, unlink) on `path`, both from the query; the
 * request's body is what is written. Answers the data, or 400 and the error's text. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spin_http.h"

static char out[512 * 1024];

static char *param(const spin_request_t *request, spin_str_t name) {
    spin_str_t value = spin_request_param(request, name);
    return strndup(value.ptr != NULL ? value.ptr : "", value.len);
}

static ssize_t do_read(const char *path) {
    int fd = open(path, O_RDONLY);
    return fd < 0 ? -1 : read(fd, out, sizeof out);
}

static ssize_t do_write(const char *path, spin_str_t body) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, body.ptr, body.len) != (ssize_t)body.len || close(fd) != 0)
        return -1;
    return snprintf(out, sizeof out, "wrote %zu", body.len);
}

static ssize_t do_list(const char *path) {
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -1;
    ssize_t len = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        len += snprintf(out + len, sizeof out - (size_t)len, "%s\n", entry->d_name);
    return len;
}

static ssize_t do_stat(const char *path) {
    struct stat info;
    if (stat(path, &info) != 0)
        return -1;
    return snprintf(out, sizeof out, "%s %lld", S_ISDIR(info.st_mode) ? "dir" : "file",
                    (long long)info.st_size);
}

static ssize_t run(const char *op, const char *path, spin_str_t body) {
    if (strcmp(op, "read") == 0)
        return do_read(path);
    if (strcmp(op, "write") == 0)
        return do_write(path, body);
    if (strcmp(op, "list") == 0)
        return do_list(path);
    if (strcmp(op, "stat") == 0)
        return do_stat(path);
    if (strcmp(op, "unlink") == 0)
        return unlink(path);
    errno = ENOSYS;
    return -1;
}

void spin_http_handle(const spin_request_t *request, spin_response_t *response) {
    char *op = param(request, spin_str("op")), *path = param(request, spin_str("path"));
    ssize_t len = run(op, path, request->body);
    if (len < 0) {
        len = snprintf(out, sizeof out, "%s", strerror(errno));
        response->status = 400;
    }
    spin_response_with(response, response->status, spin_str("text/plain"),
                       (spin_str_t){out, (size_t)len});
}
