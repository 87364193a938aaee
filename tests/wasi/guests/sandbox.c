/* Every way out of a mount that paths offer. The test has laid out, beside the two mounts, a folder
 * `outside` with a file `secret`; below ROOT:
 *
 *     hello, sub/deep/file, sub/back -> ../hello, in -> sub, up -> ../outside,
 *     abs -> (the absolute path of outside), secret -> ../outside/secret, loop -> loop,
 *     far -> sub/../../outside, hop -> sub/deep/../../up
 */
#include "guest.h"

static void opening(void) {
    static const char *const escapes[] = {
        "..",
        "../outside/secret",
        "sub/../../outside/secret",
        "sub/deep/../../../outside/secret",
        "in/../../outside/secret",
        "up/secret",
        "up",
        "up/",
        "abs/secret",
        "abs",
        "secret",
        "far/secret",
        "hop/secret",
        "/",
        "/hello",
        "/etc/passwd",
        "//",
    };
    static const char *const inside[] = {
        "hello",
        "./hello",
        "sub/../hello",
        "sub/deep/../../hello",
        "in/deep/file",
        "in/deep/../../hello",
        "sub/back",
        "in/back",
        ".//in///deep/./file",
    };
    __wasi_fd_t fd;
    for (unsigned i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        EXPECT(NOTCAPABLE, open_at(ROOT, escapes[i], 0, READ, &fd));
        EXPECT(NOTCAPABLE, open_folder(ROOT, escapes[i], &fd));
    }
    for (unsigned i = 0; i < sizeof inside / sizeof *inside; i++) {
        OK(open_at(ROOT, inside[i], 0, READ, &fd));
        OK(__wasi_fd_close(fd));
    }
    EXPECT(NOENT, open_at(ROOT, "", 0, READ, &fd));
    EXPECT(NOENT, open_at(ROOT, "missing/hello", 0, READ, &fd));
    EXPECT(NOTDIR, open_at(ROOT, "hello/", 0, READ, &fd));
    EXPECT(NOTDIR, open_at(ROOT, "hello/x", 0, READ, &fd));
    EXPECT(NOTDIR, open_at(ROOT, "sub/back/", 0, READ, &fd));
    EXPECT(NOTDIR, open_at(ROOT, "hello/..", 0, READ, &fd));
    EXPECT(ISDIR, open_at(ROOT, "new/", CREAT, WRITE, &fd));
    EXPECT(LOOP, open_at(ROOT, "loop", 0, READ, &fd));
    EXPECT(LOOP, open_at(ROOT, "loop/x", 0, READ, &fd));
    EXPECT(LOOP, __wasi_path_open(ROOT, 0, "up", 0, READ, 0, 0, &fd));
    EXPECT(EXIST, open_at(ROOT, "secret", CREAT | EXCL, WRITE, &fd));
    EXPECT(NOTCAPABLE, open_at(ROOT, "secret", CREAT, WRITE, &fd));
    EXPECT(NOTCAPABLE, open_at(ROOT, "secret", TRUNC, WRITE, &fd));
}

static void below_a_folder(void) {
    __wasi_fd_t sub, fd;
    OK(open_folder(ROOT, "sub", &sub));
    EXPECT(NOTCAPABLE, open_at(sub, "../hello", 0, READ, &fd));
    EXPECT(NOTCAPABLE, open_at(sub, "back", 0, READ, &fd));
    EXPECT(NOTCAPABLE, open_at(sub, "deep/../..", 0, READ, &fd));
    OK(open_at(sub, "deep/file", 0, READ, &fd));
    OK(__wasi_fd_close(fd));
    OK(__wasi_fd_close(sub));
}

static void looking(void) {
    static const char *const escapes[] = {"../outside/secret", "up/secret", "abs/secret",
                                          "sub/../../outside", "/hello",    "far/secret"};
    static const char *const links[] = {"up", "abs", "secret", "far"};
    __wasi_filestat_t stat;
    uint8_t text[64];
    __wasi_size_t used;
    for (unsigned i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        EXPECT(NOTCAPABLE, __wasi_path_filestat_get(ROOT, 0, escapes[i], &stat));
        EXPECT(NOTCAPABLE, __wasi_path_filestat_get(ROOT, FOLLOW, escapes[i], &stat));
        EXPECT(NOTCAPABLE, __wasi_path_readlink(ROOT, escapes[i], text, sizeof text, &used));
        EXPECT(NOTCAPABLE, __wasi_path_filestat_set_times(ROOT, FOLLOW, escapes[i], 0, 0,
                                                          __WASI_FSTFLAGS_MTIM));
    }
    for (unsigned i = 0; i < sizeof links / sizeof *links; i++) {
        EXPECT(NOTCAPABLE, __wasi_path_filestat_get(ROOT, FOLLOW, links[i], &stat));
        EXPECT(NOTCAPABLE,
               __wasi_path_filestat_set_times(ROOT, FOLLOW, links[i], 0, 0, __WASI_FSTFLAGS_MTIM));
        OK(__wasi_path_filestat_get(ROOT, 0, links[i], &stat));
        CHECK(stat.filetype == __WASI_FILETYPE_SYMBOLIC_LINK);
        OK(__wasi_path_filestat_set_times(ROOT, 0, links[i], 0, 12345, __WASI_FSTFLAGS_MTIM));
        OK(__wasi_path_filestat_get(ROOT, 0, links[i], &stat));
        CHECK(stat.mtim == 12345);
    }
    /* The slash asks for what the link points to. */
    EXPECT(NOTCAPABLE, __wasi_path_filestat_get(ROOT, 0, "up/", &stat));
    EXPECT(NOTCAPABLE, __wasi_path_filestat_set_times(ROOT, 0, "up/", 0, 0, __WASI_FSTFLAGS_MTIM));
    OK(__wasi_path_readlink(ROOT, "up", text, sizeof text, &used));
    CHECK(used == 10 && memcmp(text, "../outside", 10) == 0);
    EXPECT(INVAL, __wasi_path_readlink(ROOT, "hello", text, sizeof text, &used));
    EXPECT(INVAL, __wasi_path_readlink(ROOT, "sub", text, sizeof text, &used));
}

static void changing(void) {
    static const char *const escapes[] = {"../outside/x", "up/x",  "abs/x",
                                          "/x",           "far/x", "sub/../../x"};
    __wasi_fd_t fd;
    for (unsigned i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        EXPECT(NOTCAPABLE, open_at(ROOT, escapes[i], CREAT, WRITE, &fd));
        EXPECT(NOTCAPABLE, __wasi_path_create_directory(ROOT, escapes[i]));
        EXPECT(NOTCAPABLE, __wasi_path_remove_directory(ROOT, escapes[i]));
        EXPECT(NOTCAPABLE, __wasi_path_unlink_file(ROOT, escapes[i]));
        EXPECT(NOTCAPABLE, __wasi_path_symlink("hello", ROOT, escapes[i]));
        EXPECT(NOTCAPABLE, __wasi_path_rename(ROOT, "hello", ROOT, escapes[i]));
        EXPECT(NOTCAPABLE, __wasi_path_rename(ROOT, escapes[i], ROOT, "got"));
        EXPECT(NOTCAPABLE, __wasi_path_link(ROOT, 0, "hello", ROOT, escapes[i]));
        EXPECT(NOTCAPABLE, __wasi_path_link(ROOT, 0, escapes[i], ROOT, "got"));
    }
    EXPECT(NOTCAPABLE, __wasi_path_unlink_file(ROOT, "up/secret"));
    EXPECT(NOTCAPABLE, __wasi_path_link(ROOT, 0, "up/secret", ROOT, "got"));
    EXPECT(NOTCAPABLE, __wasi_path_rename(ROOT, "up/secret", ROOT, "got"));
    EXPECT(NOTCAPABLE, __wasi_path_remove_directory(ROOT, ".."));
    EXPECT(NOTCAPABLE, __wasi_path_rename(ROOT, "..", ROOT, "got"));
    EXPECT(INVAL, __wasi_path_remove_directory(ROOT, "."));
    EXPECT(INVAL, __wasi_path_remove_directory(ROOT, "sub/.."));
    EXPECT(EXIST, __wasi_path_create_directory(ROOT, "sub/.."));
    EXPECT(NOENT, __wasi_path_create_directory(ROOT, ""));
    EXPECT(NOENT, __wasi_path_unlink_file(ROOT, ""));

    /* The links themselves may be renamed and removed; what they point to stays. */
    EXPECT(NOTDIR, __wasi_path_unlink_file(ROOT, "up/"));
    EXPECT(NOTDIR, __wasi_path_remove_directory(ROOT, "up"));
    OK(__wasi_path_rename(ROOT, "up", ROOT, "up2"));
    OK(__wasi_path_link(ROOT, 0, "up2", ROOT, "up"));
    OK(__wasi_path_unlink_file(ROOT, "up2"));
    EXPECT(PERM, __wasi_path_link(ROOT, 0, "up/", ROOT, "got"));
    EXPECT(PERM, __wasi_path_link(ROOT, 0, "secret/", ROOT, "got")); /* not even what is there */

    /* A guest may write a link that leads out, and can't follow it. */
    OK(__wasi_path_symlink("../outside/made", ROOT, "mine"));
    EXPECT(NOTCAPABLE, open_at(ROOT, "mine", CREAT, WRITE, &fd));
    OK(__wasi_path_unlink_file(ROOT, "mine"));
    EXPECT(NOTCAPABLE, __wasi_path_symlink("/etc", ROOT, "mine"));

    /* Links inside work, also to what is yet to be made. */
    OK(__wasi_path_symlink("../made", ROOT, "sub/mine"));
    OK(open_at(ROOT, "in/mine", CREAT, WRITE, &fd));
    OK(__wasi_fd_close(fd));
    OK(__wasi_path_unlink_file(ROOT, "made"));
    OK(__wasi_path_unlink_file(ROOT, "sub/mine"));
}

static void names(void) {
    static const char long_name[300] = {[0 ... 298] = 'n'};
    static char deep[5000];
    __wasi_fd_t fd;
    EXPECT(NAMETOOLONG, open_at(ROOT, long_name, CREAT, WRITE, &fd));
    EXPECT(NAMETOOLONG, __wasi_path_create_directory(ROOT, long_name));
    memset(deep, '/', sizeof deep - 1);
    deep[0] = 'a';
    EXPECT(NAMETOOLONG, open_at(ROOT, deep, 0, READ, &fd));
    EXPECT(ILSEQ, open_at(ROOT, "\xff\xfe", CREAT, WRITE, &fd));
    EXPECT(NOTDIR, __wasi_path_create_directory(1, "x"));
    EXPECT(BADF, __wasi_path_create_directory(999, "x"));
}

/* A tree deeper than any stack of ours, walked down and up again. */
static void depth(void) {
    static char path[2000];
    __wasi_filestat_t stat;
    unsigned len = 0;
    for (unsigned i = 0; i < 200; i++) {
        path[len++] = 'd';
        path[len] = '\0';
        OK(__wasi_path_create_directory(ROOT, path));
        path[len++] = '/';
    }
    unsigned deepest = len;
    for (unsigned i = 0; i < 200; i++) {
        memcpy(path + len, "../", 3);
        len += 3;
    }
    memcpy(path + len, "hello", 6);
    OK(__wasi_path_filestat_get(ROOT, 0, path, &stat));
    memcpy(path + len, "../", 4);
    EXPECT(NOTCAPABLE, __wasi_path_filestat_get(ROOT, 0, path, &stat));
    for (len = deepest; len > 0; len -= 2) {
        path[len - 1] = '\0';
        OK(__wasi_path_remove_directory(ROOT, path));
    }
}

void _start(void) {
    opening();
    below_a_folder();
    looking();
    changing();
    names();
    depth();
}
