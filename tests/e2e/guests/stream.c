/* Prints as many blocks of 64 KiB as the query says; block i is filled with the letter i % 26. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    static char block[64 * 1024];
    static const char head[] = "content-type: application/octet-stream\n\n";
    const char *query = getenv("QUERY_STRING");
    int blocks = query != NULL ? atoi(query) : 0;
    write(1, head, sizeof head - 1);
    for (int i = 0; i < blocks; i++) {
        memset(block, 'a' + i % 26, sizeof block);
        for (size_t done = 0; done < sizeof block;) {
            ssize_t wrote = write(1, block + done, sizeof block - done);
            if (wrote < 0)
                return 1;
            done += (size_t)wrote;
        }
    }
    return 0;
}
