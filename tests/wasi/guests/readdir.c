/* Listing a folder in pieces of every size. */
#include "guest.h"

enum { FILES = 300, ENTRIES = FILES + 2, HEADER = sizeof(__wasi_dirent_t) };

static uint64_t cookies[ENTRIES];
static char listed[ENTRIES][8];
static uint8_t buffer[64 * 1024];

static void name_of(unsigned number, char name[8]) {
    memcpy(name, "f000", 5);
    for (unsigned i = 3; i > 0; i--, number /= 10)
        name[i] = (char)('0' + number % 10);
}

/* Reads the one entry at `cookie`, growing the buffer from `size` as guests do. False at the end.
 */
static int next(__wasi_fd_t dir, uint64_t cookie, unsigned size, __wasi_dirent_t *entry,
                char name[8]) {
    __wasi_size_t used;
    for (;; size++) {
        OK(__wasi_fd_readdir(dir, buffer, size, cookie, &used));
        CHECK(used <= size);
        if (used == 0 && size > 0)
            return 0;
        if (used < HEADER)
            continue;
        memcpy(entry, buffer, HEADER);
        CHECK(entry->d_namlen < 8);
        if (used < HEADER + entry->d_namlen)
            continue;
        memcpy(name, buffer + HEADER, entry->d_namlen);
        name[entry->d_namlen] = '\0';
        return 1;
    }
}

static unsigned list_one_by_one(__wasi_fd_t dir, unsigned size) {
    unsigned count = 0;
    uint64_t cookie = 0;
    __wasi_dirent_t entry;
    char name[8];
    for (; next(dir, cookie, size, &entry, name); count++) {
        CHECK(count < ENTRIES);
        for (unsigned i = 0; i < count; i++)
            CHECK(strcmp(listed[i], name) != 0);
        memcpy(listed[count], name, sizeof name);
        cookies[count] = cookie;
        cookie = entry.d_next;
        CHECK(entry.d_type ==
              (name[0] == '.' ? __WASI_FILETYPE_DIRECTORY : __WASI_FILETYPE_REGULAR_FILE));
    }
    return count;
}

/* All in one call gives the same, in the same order. */
static void list_at_once(__wasi_fd_t dir) {
    __wasi_size_t used;
    unsigned count = 0;
    OK(__wasi_fd_readdir(dir, buffer, sizeof buffer, 0, &used));
    CHECK(used < sizeof buffer);
    for (unsigned at = 0; at < used; count++) {
        __wasi_dirent_t entry;
        memcpy(&entry, buffer + at, HEADER);
        CHECK(entry.d_namlen == strlen(listed[count]));
        CHECK(memcmp(buffer + at + HEADER, listed[count], entry.d_namlen) == 0);
        at += HEADER + entry.d_namlen;
    }
    CHECK(count == ENTRIES);
}

/* A cookie leads to its entry again, whatever was read before. */
static void jump(__wasi_fd_t dir) {
    __wasi_dirent_t entry;
    char name[8];
    for (unsigned i = 0; i < ENTRIES; i++) {
        unsigned at = i * 7 % ENTRIES;
        CHECK(next(dir, cookies[at], 64, &entry, name));
        CHECK(strcmp(name, listed[at]) == 0);
    }
}

/* Starting over sees what has come since, also after a first look that took nothing. */
static void start_over(__wasi_fd_t dir) {
    __wasi_size_t used;
    __wasi_dirent_t entry;
    char name[8];
    int found = 0;
    OK(__wasi_fd_readdir(dir, buffer, 1, 0, &used));
    touch(dir, "extra");
    for (uint64_t cookie = 0; next(dir, cookie, 64, &entry, name); cookie = entry.d_next)
        found |= strcmp(name, "extra") == 0;
    CHECK(found);
    OK(__wasi_path_unlink_file(dir, "extra"));
}

/* Removing while listing must not skip anything: that is how guests empty a folder. */
static void empty(__wasi_fd_t dir) {
    unsigned removed = 0;
    uint64_t cookie = 0;
    __wasi_dirent_t entry;
    char name[8];
    while (next(dir, cookie, 40, &entry, name)) {
        cookie = entry.d_next;
        if (name[0] == '.')
            continue;
        OK(__wasi_path_unlink_file(dir, name));
        removed++;
    }
    CHECK(removed == FILES);
}

void _start(void) {
    __wasi_fd_t dir, fd;
    __wasi_size_t used;
    char name[8];
    OK(__wasi_path_create_directory(ROOT, "list"));
    OK(open_folder(ROOT, "list", &dir));
    start_over(dir);
    for (unsigned i = 0; i < FILES; i++) {
        name_of(i, name);
        touch(dir, name);
    }
    CHECK(list_one_by_one(dir, 0) == ENTRIES);
    CHECK(list_one_by_one(dir, 1) == ENTRIES);
    CHECK(list_one_by_one(dir, HEADER) == ENTRIES);
    CHECK(list_one_by_one(dir, 100) == ENTRIES);
    list_at_once(dir);
    jump(dir);
    empty(dir);
    CHECK(list_one_by_one(dir, 64) == 2);
    OK(__wasi_fd_close(dir));
    OK(__wasi_path_remove_directory(ROOT, "list"));

    EXPECT(INVAL, __wasi_fd_readdir(ROOT, buffer, 64, UINT64_MAX, &used));
    OK(open_at(ROOT, "hello", 0, READ, &fd));
    EXPECT(NOTDIR, __wasi_fd_readdir(fd, buffer, 64, 0, &used));
    EXPECT(BADF, __wasi_fd_readdir(99, buffer, 64, 0, &used));
}
